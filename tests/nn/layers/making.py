"""What a row of the table of modules is made of, and how a module is observed, in either library.

`lib` is `minigrad` or `torch`: a row builds and runs the same program on both.
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Layer:
    """A module with its settings, and inputs to run it on.

    Args:
        name: what failures are named and random draws are keyed by; the first word is the class.
        build: ``build(lib)`` makes the module.
        inputs: NumPy arrays, or the shapes of arrays to draw (see `draw`). Floats get gradients.
        call: ``call(lib, module, *inputs)`` runs it, if not by ``module(*inputs)``; the result may
            be tensors in tuples, lists and dicts, nested.
        random: training draws random numbers: the outputs of training are not compared.
        twice: the second derivative is checked, by differences: not where slopes jump.
        state: how to draw the state, ``state(name, shape, rng)``, where `draw_state` does not suit.
    """

    name: str
    build: Callable[[Any], Any]
    inputs: tuple[Any, ...] = ()
    call: Callable[..., Any] | None = None
    random: bool = False
    twice: bool = True
    state: Callable[[str, tuple[int, ...], np.random.Generator], np.ndarray] | None = None


def layer(name: str, build: Callable[[Any], Any], *inputs: Any, **facts: Any) -> Layer:
    """``layer("Linear", lambda lib: lib.nn.Linear(4, 3), (2, 4))``."""
    return Layer(name, build, inputs, **facts)


def rng_of(row: Layer, purpose: str) -> np.random.Generator:
    """A generator of its own for a row and purpose: rows may be added and reordered freely."""
    return np.random.default_rng(zlib.crc32(f"{row.name}: {purpose}".encode()))


def draw(row: Layer) -> list[np.ndarray]:
    """The row's inputs; drawn numbers are normal, float64."""
    rng = rng_of(row, "inputs")
    return [rng.standard_normal(x) if isinstance(x, tuple) else np.asarray(x) for x in row.inputs]


def draw_state(row: Layer, name: str, like: np.ndarray) -> np.ndarray:
    """Values for a parameter or buffer: small normal numbers, positive for variances."""
    rng = rng_of(row, name)
    if row.state is not None:
        return np.asarray(row.state(name, like.shape, rng), like.dtype)
    if like.dtype.kind != "f":
        return like
    if "running_var" in name:
        return rng.uniform(0.5, 1.5, like.shape).astype(like.dtype)
    return (0.5 * rng.standard_normal(like.shape)).astype(like.dtype)


def array(x: Any) -> np.ndarray:
    """A copy of a tensor's values, from any device."""
    return np.array(x.detach().cpu().numpy())


def leaves(value: Any) -> list[Any]:
    """The tensors in a nested result, in order."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [leaf for entry in value.values() for leaf in leaves(entry)]
    if isinstance(value, Sequence):
        return [leaf for entry in value for leaf in leaves(entry)]
    return [value]


def prepared(lib: Any, row: Layer, dtype: str = "float64", device: str = "cpu") -> Any:
    """The row's module with the state that `draw_state` gives."""
    module = row.build(lib)
    state = {n: draw_state(row, n, array(t)) for n, t in module.state_dict().items()}
    module.load_state_dict({name: lib.tensor(value) for name, value in state.items()})
    return module.to(getattr(lib, dtype)).to(device)


def tensors(lib: Any, row: Layer, dtype: str = "float64", device: str = "cpu") -> list[Any]:
    """The row's inputs as tensors, floats of `dtype` and wanting gradients."""
    made = []
    for value in draw(row):
        x = lib.tensor(value.astype(dtype) if value.dtype.kind == "f" else value).to(device)
        made.append(x.requires_grad_() if value.dtype.kind == "f" else x)
    return made


def run(lib: Any, row: Layer, module: Any, inputs: list[Any]) -> Any:
    return module(*inputs) if row.call is None else row.call(lib, module, *inputs)


def floats(lib: Any, outputs: Any) -> list[Any]:
    return [y for y in leaves(outputs) if y.is_floating_point()]


def score(lib: Any, row: Layer, outputs: Any) -> Any:
    """One number that depends on every float output, each element with a weight of its own."""
    rng = rng_of(row, "weights")
    total: Any = 0.0
    for y in floats(lib, outputs):
        if y.requires_grad:
            weights = np.asarray(rng.standard_normal(tuple(y.shape)))
            total = total + (y * lib.tensor(weights).to(y)).sum()
    return total


def observe(
    lib: Any, row: Layer, dtype: str = "float64", device: str = "cpu"
) -> dict[str, np.ndarray]:
    """In training and in eval: outputs, gradients of inputs and parameters, buffers afterwards."""
    seen: dict[str, np.ndarray] = {}
    for mode in ("train", "eval"):
        if mode == "train" and row.random:
            continue
        module = prepared(lib, row, dtype, device).train(mode == "train")
        inputs = tensors(lib, row, dtype, device)
        outputs = run(lib, row, module, inputs)
        for i, y in enumerate(leaves(outputs)):
            seen[f"{mode} output {i}"] = array(y)
        total = score(lib, row, outputs)
        if getattr(total, "requires_grad", False):
            total.backward()
        for i, x in enumerate(inputs):
            if x.is_floating_point() and x.grad is not None:
                seen[f"{mode} gradient of input {i}"] = array(x.grad)
        for name, p in module.named_parameters():
            if p.grad is not None:
                seen[f"{mode} gradient of {name}"] = array(p.grad)
        for name, b in module.named_buffers():
            seen[f"{mode} buffer {name}"] = array(b)
    return seen


def anatomy(lib: Any, row: Layer) -> dict[str, Any]:
    """What a module is made of: its text, its state's names, shapes and dtypes, how they start."""
    lib.manual_seed(0)
    module = row.build(lib)
    parameters = {name for name, _ in module.named_parameters()}
    start = {}
    for name, t in module.state_dict().items():
        values = array(t).astype(float).ravel()
        start[name] = {
            "shape": list(t.shape),
            "dtype": str(array(t).dtype),
            "parameter": name in parameters,
            "least": float(values.min()) if values.size else 0.0,
            "most": float(values.max()) if values.size else 0.0,
            "deviation": float(values.std()) if values.size else 0.0,
        }
    return {"repr": repr(module).replace("torch.float", "float"), "state": start}


def arguments(function: Any) -> str:
    """The arguments but self, as they are written: ``"p=2, eps=1e-06, *, keepdim=False"``."""
    found, named = [], False
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.KEYWORD_ONLY and not named:
            found.append("*")
        named = named or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        number = isinstance(p.default, int | float) and not isinstance(p.default, bool)
        value = f"{p.default:g}" if number else getattr(p.default, "__name__", repr(p.default))
        found.append(star + p.name + ("" if p.default is p.empty else f"={value}"))
    return ", ".join(found[1:] if found[:1] == ["self"] else found)
