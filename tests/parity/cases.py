"""What a case is: a call in neutral form, and what PyTorch made of it.

A call's arguments are plain Python values, with `Array`, `DType` and `Device` where a library has
its own type, so that either library can be handed the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

DTYPES: dict[str, np.dtype] = {
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    **{
        name: np.dtype(name)
        for name in (
            "float16 float32 float64 complex64 complex128 uint8 int8 int16 int32 int64 bool"
        ).split()
    },
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


@dataclass(frozen=True)
class DType:
    """A data type, by its name."""

    name: str


@dataclass(frozen=True)
class Device:
    """A device, by its type."""

    name: str


@dataclass
class Array:
    """A tensor: its values; its strides, in elements, if not contiguous; whether it wants grad."""

    data: np.ndarray
    strides: tuple[int, ...] | None = None
    grad: bool = False

    def laid_out(self) -> np.ndarray:
        """A fresh array of these values in this layout."""
        if self.strides is None:
            return self.data.copy()
        shape, itemsize = self.data.shape, self.data.itemsize
        extent = 1 + sum([(n - 1) * s for n, s in zip(shape, self.strides)])
        buffer = np.zeros(extent if self.data.size else 0, self.data.dtype)
        strides = [s * itemsize for s in self.strides]
        view = np.lib.stride_tricks.as_strided(buffer, shape, strides)
        view[...] = self.data
        return view

    def __repr__(self) -> str:
        text = np.array2string(self.data, threshold=12, separator=", ", precision=6)
        text = " ".join(text.split())
        extra = f", strides={self.strides}" if self.strides else ""
        extra += ", requires_grad=True" if self.grad else ""
        return f"{NAMES[self.data.dtype]}{list(self.data.shape)}({text}{extra})"


@dataclass
class Named:
    """A named tuple of results."""

    fields: tuple[str, ...]
    items: tuple[Any, ...]


@dataclass
class Outcome:
    """What a call did: raised, or returned and wrote."""

    raises: tuple[str, ...] = ()  # the built-in ancestors of the exception, nearest first
    value: Any = None
    shares: tuple[bool, ...] = ()  # for each tensor returned: is it on memory of an input?
    differentiable: tuple[bool, ...] = ()  # and does it require grad?
    grads: tuple[Array | None, ...] = ()  # in each input that wants grad
    written: dict[int, Array] = field(default_factory=dict)  # inputs changed by the call
    message: str = ""  # of the exception; shown, never compared


@dataclass
class Case:
    """A call ``function(*args, **kwargs)`` and the outcome of each of its forms.

    The forms are "function" (``torch.add(x, y)``), "method" (``x.add(y)``) and "inplace"
    (``x.add_(y)``).
    """

    function: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    origin: str = "sample"
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def shown(self, form: str = "function") -> str:
        """The call as text, to reproduce it."""
        args = [show(a) for a in self.args] + [f"{k}={show(v)}" for k, v in self.kwargs.items()]
        name = self.function.removeprefix("torch.")
        if form == "function" and not name.startswith("Tensor."):
            return f"{name}({', '.join(args)})"
        name = name.rpartition(".")[2] + ("_" if form == "inplace" else "")
        return f"{args[0]}.{name}({', '.join(args[1:])})"


def show(value: Any) -> str:
    """A neutral value as text."""
    if isinstance(value, (DType, Device)):
        return value.name
    if isinstance(value, list):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(show, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, Named):
        return "named" + str(value.fields) + show(value.items)
    return repr(value)


def leaves(value: Any, kind: type | tuple[type, ...] = Array) -> Iterator[Any]:
    """Every `kind` inside `value`, in order."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves(part, kind)
    elif isinstance(value, dict):
        yield from leaves(list(value.values()), kind)
    elif isinstance(value, Named):
        yield from leaves(value.items, kind)
    elif isinstance(value, slice):
        yield from leaves([value.start, value.stop, value.step], kind)


def cotangent(shape: tuple[int, ...], dtype: np.dtype, index: int) -> np.ndarray:
    """Fixed weights of output number `index`: multiples of 1/64 in [-1, 1), none of them zero."""
    size = int(np.prod(shape))

    def weights(salt: int) -> np.ndarray:
        mixed = (np.arange(size, dtype=np.uint64) + np.uint64(salt)) * np.uint64(2654435761)
        steps = ((mixed & np.uint64(0xFFFFFFFF)) >> np.uint64(25)).astype(np.int64) - 64
        return np.where(steps == 0, 1, steps) / 64

    out = weights(17 * index + 1)
    if dtype.kind == "c":
        out = out + 1j * weights(17 * index + 9)
    return out.reshape(shape).astype(dtype)
