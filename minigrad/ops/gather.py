"""Reading by integer index.

`take` reads whole entries along one dimension, `gather` an element for each index; their adjoints
are `index_add` and `scatter_add`. All other reads by index are made of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..device import empty
from ..dtypes import CATEGORY, INT, int32, int64
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import DataDependent, Primitive, Shape, Spec
from ..kernels.launch import broadcast_shape
from ..tensor import Tensor, apply
from .calling import public
from .choice import where
from .creation import full
from .join import cat
from .operands import axis_of
from .shape import cast, expand, reshape

__all__ = [
    "argwhere", "gather", "index_select", "nonzero", "nonzero_static", "take", "take_along_dim",
    "unravel_index",
]  # fmt: skip


def _take_spec(x: Any, index: Any, *, dim: int) -> Spec:
    return Spec((*x.shape[:dim], *index.shape, *x.shape[dim + 1 :]), x.dtype)


TAKE: Primitive = Primitive(
    "take",
    _take_spec,
    kernel="index.take",
    vjps=(
        lambda g, index, x_shape, dim: apply(INDEX_ADD, g, index, dim=dim, out_shape=x_shape),
        None,
    ),
    complex=True,
)
INDEX_ADD: Primitive = Primitive(
    "index_add",
    lambda v, index, *, dim, out_shape: Spec(out_shape, v.dtype),
    kernel="index.index_add",
    vjps=(lambda g, index, dim: apply(TAKE, g, index, dim=dim), None),
    formula="zeros with v added at index along dim",
    complex=True,
)
GATHER: Primitive = Primitive(
    "gather",
    lambda x, index, *, dim: Spec(index.shape, x.dtype),
    kernel="index.gather",
    vjps=(
        lambda g, index, x_shape, dim: apply(SCATTER_ADD, g, index, dim=dim, out_shape=x_shape),
        None,
    ),
    formula="y[i][j] = x[index[i][j]][j] for dim 0",
    complex=True,
)
SCATTER_ADD: Primitive = Primitive(
    "scatter_add",
    lambda v, index, *, dim, out_shape: Spec(out_shape, v.dtype),
    kernel="index.scatter_add",
    vjps=(lambda g, index, dim: apply(GATHER, g, index, dim=dim), None),
    formula="zeros(out_shape) with v added where gather would read",
    complex=True,
)
NONZERO: Primitive = DataDependent("nonzero", lambda x: None, kernel="index.nonzero")


def checked_index(
    index: Any,
    size: int,
    op: str,
    negative: bool = False,
    dtypes: tuple[np.dtype, ...] = (int32, int64),
) -> Tensor:
    """`index` as int64; RangeError shows a value outside [0, size), or [-size, size).

    On a GPU reading the values would stop the stream: there an index out of range gives NaN.
    """
    if not isinstance(index, Tensor):
        raise DTypeError(f"{op}: index must be a Tensor, got {type(index).__name__}")
    if index.dtype not in dtypes:
        names = " or ".join([str(d) for d in dtypes])
        raise DTypeError(
            f"{op}: an index must be {names}, got {index.dtype}; convert it with index.long()"
        )
    array = index.array
    if not isinstance(array, np.ndarray):
        index = cast(index, int64)
        return index if negative else where(index < 0, size, index)
    if array.size:
        low, high = int(array.min()), int(array.max())
        lowest = -size if negative else 0
        if low < lowest or high >= size:
            bad = low if low < lowest else high
            raise RangeError(f"{op}: index {bad} is out of range for a dimension of size {size}")
        if low < 0:
            index = Tensor(np.where(array < 0, array + size, array))
    return cast(index, int64)


def _nothing(input: Tensor, shape: Shape) -> Tensor:
    """An empty tensor of `shape` of `input`; PyTorch asks no more of an empty index."""
    none = Tensor(empty((0,), int64, input.device))
    return reshape(apply(TAKE, reshape(input, -1), none, dim=0), shape)


@public
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for dim 0: an element along `dim` for each index.

    `sparse_grad` is taken for PyTorch's sake: gradients are dense.

    Raises:
        RangeError: an index outside [0, n), for n entries along `dim`.
        ShapeError: `index` larger than `input` in another dimension.
    """
    axis = axis_of(dim, input.ndim, "gather")
    if isinstance(index, Tensor) and index.array.size == 0:
        return _nothing(input, index.shape)
    sized = checked_index(index, input.shape[axis] if input.ndim else 1, "gather")
    if max(sized.ndim, 1) != max(input.ndim, 1):
        raise ShapeError(
            f"gather: index of shape {index.shape} must have as many dimensions as the input of "
            f"shape {input.shape}"
        )
    if input.ndim == 0 or sized.ndim == 0:
        found = apply(GATHER, reshape(input, -1), reshape(sized, -1), dim=0)
        return reshape(found, sized.shape)
    sizes = list(enumerate(zip(sized.shape, input.shape)))
    if any([i != axis and n > m for i, (n, m) in sizes]):
        raise ShapeError(
            f"gather: index {index.shape} may be no larger than input {input.shape}, except along "
            f"dim {axis}"
        )
    cut = tuple([slice(None) if i == axis else slice(n) for i, (n, _) in sizes])
    whole = all([i == axis or n == m for i, (n, m) in sizes])
    return apply(GATHER, input if whole else input[cut], sized, dim=axis)


@public
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The entries of `input` along `dim` that `index`, a vector, names.

    Raises:
        RangeError: an index outside [0, n), for n entries along `dim`.
    """
    axis = axis_of(dim, input.ndim, "index_select")
    if isinstance(index, Tensor) and index.ndim > 1:
        raise RangeError(f"index_select: index must be a vector, got shape {index.shape}")
    checked = checked_index(index, input.shape[axis] if input.ndim else 1, "index_select")
    if input.ndim == 0:
        if checked.array.size != 1:
            raise ShapeError(
                f"index_select: a 0-d input takes one index, got {checked.array.size} of them"
            )
        return reshape(apply(TAKE, reshape(input, 1), reshape(checked, 1), dim=0), ())
    return apply(TAKE, input, reshape(checked, -1), dim=axis)


@public
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of `input`, counted in C order, that `index` names; in the shape of `index`.

    Negative ones count from the end.

    Raises:
        RangeError: an index outside [-n, n), for n elements.
    """
    checked = checked_index(index, input.array.size, "take", negative=True, dtypes=(int64,))
    return apply(TAKE, reshape(input, -1), checked, dim=0)


@public
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """An element of `input` along `dim` for each of `indices`, which broadcasts against `input`.

    What `argmax` and `argsort` gave is read back by it. Without `dim`, `input` is read as a vector.

    Raises:
        RangeError: an index outside [-n, n), for n entries along `dim`.
    """
    op = "take_along_dim"
    if dim is None:
        input, indices, dim = reshape(input, -1), reshape(indices, -1), 0
    if input.ndim != indices.ndim:
        raise ShapeError(
            f"{op}: input of shape {input.shape} and indices of shape {indices.shape} must have "
            "as many dimensions; use unsqueeze"
        )
    axis = axis_of(dim, input.ndim, op)
    size = input.shape[axis] if input.ndim else 1
    index = checked_index(indices, size, op, negative=True, dtypes=(int64,))
    if input.ndim == 0:
        return gather(input, 0, index)
    one = [(*x.shape[:axis], 1, *x.shape[axis + 1 :]) for x in (input, index)]
    common = broadcast_shape(one, op)
    wide = (*common[:axis], index.shape[axis], *common[axis + 1 :])
    source = expand(input, (*common[:axis], size, *common[axis + 1 :]))
    return apply(GATHER, source, expand(index, wide), dim=axis)


@public
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Indices of the non-zero elements, an (n, ndim) tensor; or one index tensor a dimension."""
    if as_tuple and input.ndim == 0:
        input = reshape(input, 1)
    found = apply(NONZERO, input)
    return tuple([found[:, i] for i in range(input.ndim)]) if as_tuple else found


def argwhere(input: Tensor) -> Tensor:
    """Indices of the non-zero elements, an (n, ndim) tensor."""
    return apply(NONZERO, input)


@public
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """`nonzero` in a fixed number of rows: cut to `size`, or filled up with `fill_value`."""
    if size < 0:
        raise ArgumentError(f"nonzero_static: size must not be negative, got {size}")
    found = apply(NONZERO, input)[:size]
    missing = (size - found.shape[0], input.ndim)
    return cat([found, full(missing, fill_value, dtype=int64, device=input.device)])


UNRAVEL: Primitive = DataDependent(
    "unravel_index", lambda index, *, shape: None, kernel="index.unravel_index"
)


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Flat indices into a tensor of `shape` as an index a dimension: for dimension i,
    ``indices // (product of the later sizes) % shape[i]``."""
    if not isinstance(indices, Tensor) or CATEGORY[indices.dtype] != INT:
        what = indices.dtype if isinstance(indices, Tensor) else type(indices).__name__
        raise DTypeError(f"unravel_index: indices must be a tensor of integers, got {what}")
    sizes = (shape,) if isinstance(shape, int) else tuple([int(n) for n in shape])
    if min(sizes, default=1) < 0:
        raise ArgumentError(f"unravel_index: shape must not be negative, got {sizes}")
    return apply(UNRAVEL, cast(indices, int64), shape=sizes)
