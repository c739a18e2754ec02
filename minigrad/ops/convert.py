"""What a tensor is: its place in memory, its dtype's kind, and how dtypes mix."""

from __future__ import annotations

from typing import Any

from ..device import byte_bounds, memory_of
from ..tensor import Tensor
from .operands import axis_of

__all__: list[str] = []


def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements further in memory the next entry of each dimension is; or of `dim`."""
    steps = tuple([s // self.array.itemsize for s in self.array.strides])
    return steps if dim is None else steps[axis_of(dim, self.ndim, "stride")]


def storage_offset(self: Tensor) -> int:
    """How many elements into its memory the first one is."""
    start = byte_bounds(memory_of(self.array))[0]
    return (data_ptr(self) - start) // self.array.itemsize


def data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    first = self.array[(slice(0, 1),) * self.ndim] if self.array.size else self.array
    return byte_bounds(first)[0]
