"""Layers that change the shape, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import DTypeError, ShapeError
from ..ops.operands import axis_of
from ..tensor import Tensor
from .module import Module

__all__ = ["Flatten", "Identity", "Unflatten"]


class Identity(Module):
    """Returns its input; any arguments are taken, so it stands in for any layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        return input


class Flatten(Module):
    """Dimensions `start_dim` to `end_dim` become one: (N, C, H, W) -> (N, C H W) by default."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Dimension `dim` becomes several, of `unflattened_size`; one of them may be -1.

    Raises:
        DTypeError: `unflattened_size` is no tuple or list of integers.
        ShapeError: the dimension is not of that size.
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        sizes = unflattened_size
        if not isinstance(sizes, (tuple, list)) or not all([isinstance(n, int) for n in sizes]):
            raise DTypeError(f"Unflatten: unflattened_size={sizes!r} must be a tuple of integers")
        self.dim, self.unflattened_size = dim, sizes

    def forward(self, input: Tensor) -> Tensor:
        axis, shape = axis_of(self.dim, input.ndim, "Unflatten"), input.shape
        if not shape:
            raise ShapeError("Unflatten: a single number has no dimension to unflatten")
        return input.reshape(*shape[:axis], *self.unflattened_size, *shape[axis + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
