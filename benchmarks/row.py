"""What a row of the tables is: a workload, and what building it for one library gives."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Arrays: TypeAlias = dict[str, np.ndarray]


def nothing() -> None:
    """The wait of a library whose calls return when the work is done."""


class Run(NamedTuple):
    """A workload built for one library, ready to be timed."""

    step: Callable[[], Any]  # the work
    evidence: Callable[[], Arrays]  # what must agree between libraries before timing
    weights: Arrays  # where it starts, by PyTorch's names
    wait: Callable[[], Any] = nothing  # until the steps before have ended


class Workload(NamedTuple):
    """A row. `build(api, data, weights)` builds it for what speaks PyTorch's API (`pytorch_api`).

    Weights None are the library's own. Other peers have builders in files of their own, by the
    row's name. `flops(minigrad)` counts a step's products, a multiply and an add for each term;
    None where they are not what the row spends its time on.
    """

    title: str
    data: Callable[[np.random.Generator], Arrays]
    build: Callable[[Any, Arrays, Arrays | None], Run]
    flops: Callable[[Any], float] | None = None
    images: bool = False  # its inputs are (N, C, H, W): worth trying channels last
    compiles: bool = True  # worth compiling: more than one operation
    wheel: str = ""  # what has its weights, to be installed by hand


def as_array(x: Any) -> np.ndarray:
    """A copy of a tensor's values, which later steps leave alone."""
    return np.array(x.detach().numpy())


def seconds_of(run: Run, group: int) -> float:
    """The time of a step, measured over `group` of them."""
    step = run.step
    start = perf_counter()
    for _ in range(group):
        step()
    run.wait()
    return (perf_counter() - start) / group
