"""Tensors joined: end to end, stacked, in blocks, as coordinates."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..device import to_device
from ..dtypes import bool_, int64, promote_types
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .calling import public
from .constant_pad import pad
from .creation import zeros
from .operands import axis_of, integer, tensors_of
from .shape import broadcast_tensors, cast, reshape, unsqueeze

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "cartesian_prod", "cat",
    "column_stack", "combinations", "concat", "concatenate", "dstack", "hstack", "meshgrid",
    "row_stack", "stack", "vander", "vstack",
]  # fmt: skip


def _cat_spec(*tensors: Any, dim: int) -> Spec:
    first = tensors[0]
    total = sum([x.shape[dim] for x in tensors])
    shape = (*first.shape[:dim], total, *first.shape[dim + 1 :])
    return Spec(shape, first.dtype, memory_order(first))


def _cat_vjp(needs: Any, g: Tensor, tensors_shape: Any, dim: int) -> list[Tensor | None]:
    gradients: list[Tensor | None] = []
    start = 0
    for need, shape in zip(needs, tensors_shape, strict=True):
        stop = start + shape[dim]
        gradients.append(g[(slice(None),) * dim + (slice(start, stop),)] if need else None)
        start = stop
    return gradients


CAT: Primitive = Primitive("cat", _cat_spec, kernel="shape.cat", vjp=_cat_vjp, complex=True)


@public
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension; the other sizes must agree."""
    return _cat(tensors_of(tensors, "cat"), dim, "cat")


concat = concatenate = cat


def _cat(parts: list[Tensor], dim: int, op: str) -> Tensor:
    if any([x.ndim == 0 for x in parts]):
        raise ShapeError(f"{op}: a 0-d tensor has no dimension to join along; use stack")
    # As in PyTorch, an empty vector fits anything, and is left out.
    kept = [x for x in parts if x.shape != (0,)] or parts[:1]
    axis = axis_of(dim, kept[0].ndim, op)
    for x in kept:
        if x.ndim != kept[0].ndim or any(
            [i != axis and m != n for i, (m, n) in enumerate(zip(x.shape, kept[0].shape))]
        ):
            shapes = [x.shape for x in kept]
            raise ShapeError(f"{op}: shapes {shapes} must agree except at dim {axis}")
    dtype = parts[0].dtype
    for x in parts[1:]:
        dtype = promote_types(dtype, x.dtype)
    return apply(CAT, *[cast(x, dtype) for x in kept], dim=axis)


@public
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new dimension."""
    parts = tensors_of(tensors, "stack")
    if any([x.shape != parts[0].shape for x in parts]):
        raise ShapeError(f"stack: shapes {[x.shape for x in parts]} must be equal")
    axis = axis_of(dim, parts[0].ndim + 1, "stack")
    return _cat([unsqueeze(x, axis) for x in parts], axis, "stack")


@public
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side: along dimension 1, vectors and numbers along dimension 0."""
    parts = [_at_least_1d(x) for x in tensors_of(tensors, "hstack")]
    return _cat(parts, 0 if parts[0].ndim == 1 else 1, "hstack")


@public
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors as rows, one below the other: along dimension 0, vectors as rows of a matrix."""
    return _cat([_at_least_2d(x) for x in tensors_of(tensors, "vstack")], 0, "vstack")


row_stack = vstack


@public
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one behind the other: along dimension 2."""
    return _cat([_at_least_3d(x) for x in tensors_of(tensors, "dstack")], 2, "dstack")


@public
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Vectors and numbers as columns of a matrix; tensors of more dimensions as `hstack` does."""
    parts = tensors_of(tensors, "column_stack")
    columns = [reshape(x, (x.array.size, 1)) if x.ndim <= 1 else x for x in parts]
    return _cat(columns, 1, "column_stack")


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a matrix that is zero elsewhere; vectors count as rows."""
    if not tensors:
        return zeros(1, 0)
    parts = tensors_of(tensors, "block_diag")
    if any([x.ndim > 2 for x in parts]):
        raise ShapeError(
            f"block_diag: expected matrices, vectors or numbers, got shapes "
            f"{[x.shape for x in parts]}"
        )
    blocks = [_at_least_2d(x) for x in parts]
    width = sum([x.shape[1] for x in blocks])
    rows, left = [], 0
    for x in blocks:
        rows.append(pad(x, (left, width - left - x.shape[1])))
        left += x.shape[1]
    return _cat(rows, 0, "block_diag")


# Dimensions added ----------------------------------------------------------------------------


def _at_least_1d(x: Tensor) -> Tensor:
    return reshape(x, 1) if x.ndim == 0 else x


def _at_least_2d(x: Tensor) -> Tensor:
    return unsqueeze(_at_least_1d(x), 0) if x.ndim < 2 else x


def _at_least_3d(x: Tensor) -> Tensor:
    return unsqueeze(_at_least_2d(x), -1) if x.ndim < 3 else x


def _each(function: Any, tensors: tuple[Any, ...], op: str) -> Any:
    """`function` of one tensor, or of each of several: a tuple then."""
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return function(tensors[0])
    several = tensors[0] if len(tensors) == 1 else tensors
    return tuple([function(x) for x in tensors_of(several, op)])


def atleast_1d(*tensors: Any) -> Any:
    """A number as a vector of one element, other tensors as they are; of several, a tuple."""
    return _each(_at_least_1d, tensors, "atleast_1d")


def atleast_2d(*tensors: Any) -> Any:
    """Numbers and vectors as a matrix of one row, other tensors as they are; several: a tuple."""
    return _each(_at_least_2d, tensors, "atleast_2d")


def atleast_3d(*tensors: Any) -> Any:
    """Tensors with at least 3 dimensions: (), (N,) and (M, N) become (1, 1, 1), (1, N, 1) and
    (M, N, 1). Of several, a tuple."""
    return _each(_at_least_3d, tensors, "atleast_3d")


# Coordinates ---------------------------------------------------------------------------------


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: vector i repeated along all dimensions but its own, i.

    ``indexing="xy"`` exchanges the first two dimensions. Views.
    """
    several = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    parts = tensors_of(several, "meshgrid")
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing must be 'ij' or 'xy', got {indexing!r}")
    if any([x.ndim > 1 for x in parts]):
        raise ShapeError(f"meshgrid: expected vectors, got shapes {[x.shape for x in parts]}")
    if any([x.dtype != parts[0].dtype for x in parts]):
        raise DTypeError(f"meshgrid: dtypes {[str(x.dtype) for x in parts]} must be equal")
    swapped = indexing == "xy" and len(parts) > 1
    if swapped:
        parts[:2] = parts[1::-1]
    count = len(parts)
    lines = [
        reshape(x, (1,) * i + (x.array.size,) + (1,) * (count - 1 - i)) for i, x in enumerate(parts)
    ]
    grids = [*broadcast_tensors(*lines)]
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every choice of an element from each vector, a row each: (N1·N2·..., number of vectors)."""
    parts = tensors_of(tensors, "cartesian_prod")
    if any([x.ndim != 1 for x in parts]):
        raise ShapeError(f"cartesian_prod: expected vectors, got shapes {[x.shape for x in parts]}")
    if len(parts) == 1:
        return parts[0]
    return stack([reshape(grid, -1) for grid in meshgrid(*parts)], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of `r` elements of a vector, a row each: (n over r, r)."""
    if input.ndim != 1:
        raise ShapeError(f"combinations: expected a vector, got shape {input.shape}")
    count = integer(r, "combinations: r")
    if count < 0:
        raise ArgumentError(f"combinations: r={count} must not be negative")
    if count == 0:
        return input.new_empty(0)
    pick = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array([*pick(range(input.shape[0]), count)], np.int64).reshape(-1, count)
    index = Tensor(to_device(places.reshape(-1), input.device))
    return reshape(input.index_select(0, index), places.shape)


_MOST_POWERS = 1 << 16


def vander(x: Tensor, N: int | None = None, *, increasing: bool = False) -> Tensor:
    """The powers of a vector as columns, from N - 1 (its length - 1) down to 0; or up."""
    if x.ndim != 1:
        raise ShapeError(f"vander: expected a vector, got shape {x.shape}")
    count = x.shape[0] if N is None else integer(N, "vander: N")
    if count < 0:
        raise ArgumentError(f"vander: N={count} must not be negative")
    if count > _MOST_POWERS:
        raise ArgumentError(f"vander: N={count} is more than {_MOST_POWERS}, the most there is")
    base = cast(x, int64) if x.dtype == bool_ else x
    if count == 0:
        return base.new_empty((x.shape[0], 0))
    powers = [base.new_ones(x.shape)]
    for _ in range(count - 1):
        powers.append(powers[-1] * base)
    return stack(powers if increasing else powers[::-1], 1)
