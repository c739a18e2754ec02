"""What a tensor is: its place in memory, its kind of dtype; and how dtypes mix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..device import byte_bounds, memory_of
from ..dtypes import (
    BOOL,
    CATEGORY,
    COMPLEX,
    FLOAT,
    INT,
    as_dtype,
    bfloat16,
    bool_,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    is_float,
    result_dtype,
    uint8,
)
from ..errors import DTypeError, ShapeError
from ..kernels.launch import memory_order
from ..layout import layout, preserve_format, strided
from ..tensor import Tensor
from .operands import as_operand, axis_of
from .shape import to

__all__ = [
    "can_cast", "get_device", "is_floating_point", "is_nonzero", "is_same_size", "is_signed",
    "numel", "result_type",
]  # fmt: skip

# Memory --------------------------------------------------------------------------------------


def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements further in memory the next entry of each dimension is; or of `dim`."""
    steps = tuple([s // self.array.itemsize for s in self.array.strides])
    return steps if dim is None else steps[axis_of(dim, self.ndim, "stride")]


def size(self: Tensor, dim: int | None = None) -> Any:
    """Its shape, or the size of one dimension."""
    return self.shape if dim is None else self.shape[axis_of(dim, self.ndim, "size")]


def storage_offset(self: Tensor) -> int:
    """How many elements into its memory the first one is."""
    start = byte_bounds(memory_of(self.array))[0]
    return (data_ptr(self) - start) // self.array.itemsize


def data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    first = self.array[(slice(0, 1),) * self.ndim] if self.array.size else self.array
    return byte_bounds(first)[0]


def get_device(self: Tensor) -> int:
    """The index of the GPU that holds it; -1 on the CPU."""
    return -1 if self.device.type == "cpu" else self.device.index or 0


def dim_order(self: Tensor) -> tuple[int, ...]:
    """Its dimensions from the outermost to the innermost in memory."""
    return memory_order(self.array) or tuple(range(self.ndim))


def layout_of(self: Tensor) -> layout:
    """How it is stored: `strided`, as every tensor is."""
    return strided


# Kinds ---------------------------------------------------------------------------------------


def numel(input: Tensor) -> int:
    """How many elements it has."""
    return int(input.array.size)


def is_floating_point(input: Tensor) -> bool:
    """Whether its dtype is a floating-point type."""
    return is_float(input.dtype)


def is_signed(input: Tensor) -> bool:
    """Whether its dtype holds negative numbers."""
    return input.dtype not in (uint8, bool_)


def is_nonzero(input: Tensor) -> bool:
    """Whether its only element is not zero."""
    if input.array.size != 1:
        raise ShapeError(f"is_nonzero: expected one element, got shape {input.shape}")
    return bool(input)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether both have one shape."""
    return input.shape == other.shape


# Dtypes --------------------------------------------------------------------------------------


_RESULT_TYPE = frozenset("tensor other tensor1 tensor2 scalar scalar1 scalar2".split())


def result_type(*args: Any, **named: Any) -> np.dtype:
    """The dtype of an operation on two tensors or numbers: ``result_type(x, 1.5)``."""
    values = [*args, *named.values()]
    operands = [as_operand(x) for x in values]
    if len(values) != 2 or None in operands or not _RESULT_TYPE.issuperset(named):
        kinds = ", ".join([type(x).__name__ for x in values])
        raise DTypeError(f"result_type: expected two tensors or numbers, got {kinds}")
    return result_dtype(*[x.array for x in operands])  # type: ignore[union-attr]


def can_cast(from_: Any, to: Any) -> bool:
    """Whether a result of dtype `from_` may be written into `to`: kinds widen from bool to integer,
    float and complex."""
    kinds = CATEGORY[as_dtype(from_)], CATEGORY[as_dtype(to)]
    return not (
        (kinds[0] == COMPLEX and kinds[1] != COMPLEX)
        or (kinds[0] == FLOAT and kinds[1] == INT)
        or (kinds[0] != BOOL and kinds[1] == BOOL)
    )


def _cast_to(name: str, dtype: np.dtype) -> Callable[..., Tensor]:
    def method(self: Tensor, memory_format: Any = preserve_format) -> Tensor:
        return to(self, dtype=dtype, memory_format=memory_format)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Its values as {dtype}."
    return method


# ``x.float()`` and kin.
CASTS = {
    name: _cast_to(name, dtype)
    for name, dtype in {
        "float": float32, "double": float64, "half": float16, "bfloat16": bfloat16, "int": int32,
        "long": int64, "short": int16, "char": int8, "byte": uint8, "bool": bool_,
        "cfloat": complex64, "cdouble": complex128,
    }.items()
}  # fmt: skip

_TYPES = {
    float32: "Float", float64: "Double", float16: "Half", bfloat16: "BFloat16", int32: "Int",
    int64: "Long", int16: "Short", int8: "Char", uint8: "Byte", bool_: "Bool",
    complex64: "ComplexFloat", complex128: "ComplexDouble",
}  # fmt: skip


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The values in another dtype; without one, the name of this type, ``"torch.FloatTensor"``.

    The names are PyTorch's, so that programs that compare them go on.
    """
    place = "" if self.device.type == "cpu" else "cuda."
    if dtype is None:
        return f"torch.{place}{_TYPES[self.dtype]}Tensor"
    if isinstance(dtype, str) and dtype.endswith("Tensor"):
        words = dtype.removesuffix("Tensor").split(".")
        found = {name: known for known, name in _TYPES.items()}.get(words[-1])
        if found is None:
            raise DTypeError(f"type: unknown type {dtype!r}")
        return to(self, device="cuda" if "cuda" in words else "cpu", dtype=found)
    return to(self, dtype=as_dtype(dtype))


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The values in the dtype and on the device of `other`."""
    return to(self, other)


def cpu(self: Tensor, memory_format: Any = preserve_format) -> Tensor:
    """The tensor on the CPU."""
    return to(self, device="cpu", memory_format=memory_format)


def cuda(
    self: Tensor,
    device: Any = None,
    non_blocking: bool = False,
    memory_format: Any = preserve_format,
) -> Tensor:
    """The tensor on the GPU."""
    place = "cuda" if device is None else device
    return to(self, device=place, memory_format=memory_format)
