"""The libraries that speak PyTorch's API, from the same source: minigrad, torch, torch.compile."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .row import Arrays, Run, Workload, seconds_of


@dataclass(frozen=True)
class Api:
    """A library, and how a user who wants it fast calls it."""

    lib: Any
    # PyTorch's updates in one kernel: ahead of `foreach` by 2 to 30 % in every row, and no slower
    # than a compiled update but for the LSTM's.
    optimizer: dict[str, bool] = field(default_factory=dict)
    compile: Callable[..., Any] = lambda f, **options: f
    channels_last: bool = False

    def tensor(self, array: Any) -> Any:
        """`array` as a tensor, images in the memory format."""
        x = self.lib.tensor(array)
        if self.channels_last and x.ndim == 4:
            return x.contiguous(memory_format=self.lib.channels_last)
        return x

    def model(self, net: Any) -> Any:
        """`net`, its kernels in the memory format."""
        return net.to(memory_format=self.lib.channels_last) if self.channels_last else net


class Library:
    """One of them, set to a number of threads."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.lib = importlib.import_module("minigrad" if name == "minigrad" else "torch")
        self.lib.set_num_threads(threads)
        self.version = self.lib.__version__

    def candidates(
        self, name: str, row: Workload, data: Arrays, weights: Arrays | None, seed: int
    ) -> list[Callable[[], Run]]:
        """Ways to build the row, of which the fastest is timed."""

        def built(api: Api) -> Run:
            self.lib.manual_seed(seed)
            return row.build(api, data, weights)

        return [lambda api=api: built(api) for api in self.ways(row)]

    def peak(self) -> float:
        """Products a second of large matrices."""
        n = 1536
        a, b = self.lib.rand(n, n), self.lib.rand(n, n)
        run = Run(lambda: a @ b, dict, {})
        return 2 * n**3 / min([seconds_of(run, 1) for _ in range(12)])

    def ways(self, row: Workload) -> list[Api]:
        """The settings worth trying.

        Compiling takes so long that one has to do: the default. "max-autotune" and `cpp_wrapper`
        are within 5 % of it, channels last is ahead by 10 % on the CNN.
        """
        if self.name == "torch.compile":
            if not row.compiles:
                return []
            self.lib._dynamo.reset()
            compile = self.lib.compile
            return [
                Api(
                    self.lib,
                    {"fused": True},
                    lambda f, **options: compile(f, options=options or None),
                    row.images,
                )
            ]
        options = {} if self.name == "minigrad" else {"fused": True}
        formats = (False, True) if row.images else (False,)
        return [Api(self.lib, options, channels_last=last) for last in formats]
