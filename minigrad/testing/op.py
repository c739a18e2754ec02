"""The description of an operation that `check_op` tests: one row of a table."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..device import device as Device
from ..device import namespace_of, to_device
from ..dtypes import (
    bool_,
    complex128,
    float64,
    int64,
    is_complex,
    is_differentiable,
    is_float,
    uint8,
)
from ..tensor import Tensor


@dataclass(frozen=True)
class Draw:
    """A tensor of the dtype under test, uniform in [low, high); integers are the floors."""

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0


@dataclass(frozen=True)
class Sample:
    """Arguments to call an operation with. A `Draw` or an array of floats becomes a tensor of the
    dtype under test, another array (indices, masks) a tensor as it is, inside lists too; the rest
    is passed on. Where the operation is not `smooth`, differences do not check its gradient."""

    args: tuple[Any, ...]
    attrs: dict[str, Any]
    smooth: bool = True


def sample(*args: Any, smooth: bool = True, **attrs: Any) -> Sample:
    """The `Sample` of a call: ``sample(Draw((2, 3)), dim=1)``."""
    return Sample(args, attrs, smooth)


@dataclass(frozen=True)
class Op:
    """One operation, and what is true of it.

    Args:
        name: what failures are named and random draws are keyed by.
        function: takes Tensors, returns a Tensor or a sequence of them.
        oracle: the same of NumPy arrays, written independently.
        samples: calls to try, made by `sample`.
        kinds: dtypes of the drawn inputs: "f" floats, "i" integers, "b" bools, "c" complex numbers,
            "d" floats of 32 and 64 bits only.
        result: dtypes of the outputs: "same" as the drawn inputs, "float" (float32 for integers),
            "wide" (int64 for integers), "truth" (bool, but uint8 for uint8), "real" (that of a
            complex dtype's parts), "complex" (the other way), or a dtype; a tuple if they differ.
        broadcasts: drawn inputs broadcast: more shapes are tried, 0-d and empty ones among them.
        differentiable: gradients flow from drawn floats to the outputs.
        rounds_once: a result in 16-bit floats is the float32 result, rounded.
        transfers: may copy between host and device, or wait for the device.
    """

    name: str
    function: Callable[..., Any]
    oracle: Callable[..., Any]
    samples: tuple[Sample, ...]
    kinds: str = "f"
    result: Any = "same"
    broadcasts: bool = False
    differentiable: bool = True
    rounds_once: bool = True
    transfers: bool = False

    def cases(self, device: str = "cpu") -> list[Case]:
        """Every sample with its values drawn."""
        samples = list(self.samples)
        if self.broadcasts:
            samples += _broadcast_samples(samples[0])
        return [Case(self, s, number, Device(device)) for number, s in enumerate(samples)]


def _broadcast_samples(first: Sample) -> Iterator[Sample]:
    """`first` in shapes that broadcast: a column and a row, numbers, empty ones."""
    count = sum([isinstance(x, Draw) for x in first.args])
    groups = [((3, 1), (1, 4), (4,)), ((2, 1, 2), (3, 1), ()), ((), (), ()), ((0, 2), (2,), (1, 1))]
    for group in groups:
        for shapes in sorted({group[:count], group[:count][::-1]}):
            left = iter(shapes)
            args = [
                Draw(next(left), x.low, x.high) if isinstance(x, Draw) else x for x in first.args
            ]
            yield Sample(tuple(args), first.attrs, first.smooth)


class Case:
    """A sample with its values drawn, on a device."""

    def __init__(self, op: Op, sample: Sample, number: int, place: Device) -> None:
        self.op, self.sample, self.place = op, sample, place
        self.random = np.random.default_rng([zlib.crc32(op.name.encode()), number])
        self.values = [
            self.random.uniform(x.low, x.high, x.shape) if isinstance(x, Draw) else x
            for x in _leaves(sample.args)
        ]
        self.drawn = [x.dtype.kind == "f" for x in self.values]

    def arrays(self, dtype: np.dtype) -> list[np.ndarray]:
        """The inputs; those that are drawn in `dtype`."""
        return [_in_dtype(x, dtype) if d else x for x, d in zip(self.values, self.drawn)]

    def tensors(self, arrays: list[np.ndarray], layout: Any = None) -> list[Tensor]:
        """`arrays` on the device; the drawn ones require grad if their dtype can."""
        found = []
        for x, drawn in zip(arrays, self.drawn):
            array = to_device(x.copy(), self.place)
            if drawn and layout is not None:
                array = layout(namespace_of(self.place), array)
            found.append(Tensor(array).requires_grad_(drawn and is_differentiable(x.dtype)))
        return found

    def __call__(self, tensors: list[Tensor]) -> list[Tensor]:
        """The outputs."""
        args = _replaced(self.sample.args, iter(tensors))
        return _several(self.op.function(*args, **self.sample.attrs))

    def floats(self, tensors: list[Tensor]) -> list[Tensor]:
        """The outputs that may have gradients."""
        return [out for out in self(tensors) if is_differentiable(out.dtype)]

    def expected(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """What the oracle says: in float64 or complex128, and in int64 but for bools."""
        wide: dict[str, np.dtype] = {"f": float64, "c": complex128, "i": int64, "u": int64}
        wide["b"] = int64 if self.op.result == "float" else bool_
        ready = [x.astype(wide[x.dtype.kind]) if d else x for x, d in zip(arrays, self.drawn)]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            args = _replaced(self.sample.args, iter(ready))
            return [np.asarray(x) for x in _several(self.op.oracle(*args, **self.sample.attrs))]

    def __str__(self) -> str:
        shapes = ", ".join([str(x.shape) for x in self.values])
        attrs = "".join([f", {name}={value!r}" for name, value in self.sample.attrs.items()])
        return f"{self.op.name}({shapes}{attrs}) on {self.place}"


def _leaves(args: Any) -> Iterator[Any]:
    for x in args:
        if isinstance(x, (Draw, np.ndarray)):
            yield x
        elif isinstance(x, (list, tuple)):
            yield from _leaves(x)


def _replaced(args: Any, values: Iterator[Any]) -> Any:
    """`args` with the next of `values` in the place of each draw and array."""
    found = []
    for x in args:
        if isinstance(x, (Draw, np.ndarray)):
            found.append(next(values))
        else:
            found.append(_replaced(x, values) if isinstance(x, (list, tuple)) else x)
    return type(args)(found)


def _in_dtype(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Drawn floats in another dtype, with no negative ones if it is unsigned."""
    if is_float(dtype):
        return x.astype(dtype)
    if is_complex(dtype):  # turned by angles below a quarter: a domain away from zero stays so
        turns = np.cos(np.arange(x.size)).reshape(x.shape)
        return np.asarray(np.where(np.isfinite(x), x, 0) * np.exp(1j * turns), dtype)
    whole = np.floor(np.nan_to_num(x, nan=0.0, posinf=3.0, neginf=-3.0)).astype(int64)
    kept = np.abs(whole) if dtype == uint8 else whole % 2 if dtype == bool_ else whole
    return np.asarray(kept, dtype)


def _several(out: Any) -> list[Any]:
    return list(out) if isinstance(out, (list, tuple)) else [out]
