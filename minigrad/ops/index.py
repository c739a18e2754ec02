"""Reading and writing by index.

Slices are views. Integer index tensors are turned into one flat index along one dimension, so a
single pair of operations, `take` and its adjoint `index_add`, carries all of advanced indexing;
boolean masks become integers first. An integer beside index tensors is applied first, as PyTorch
does (NumPy counts it among the index arrays, which can put the result's dimensions elsewhere).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..device import CPU
from ..dtypes import CATEGORY, INT, bool_, int64
from ..errors import DeviceError, DTypeError, RangeError, ShapeError
from ..ir import DataDependent, Primitive, Shape, Spec, View
from ..kernels.launch import broadcast_shape, memory_order
from ..tensor import Scalar, Tensor, apply, log_write, rebind_, records_write, write_
from .calling import public
from .creation import arange, tensor
from .elementwise import where
from .operands import as_operand, axis_of
from .shape import cast, expand, reshape, to, unsqueeze

__all__ = ["gather", "index_select", "nonzero"]

# Slices --------------------------------------------------------------------------------------

SLICE: Primitive = View(
    "slice",
    lambda x, *, index: x[(*index, ...)],  # ... keeps a single element an array
    vjps=(lambda g, x_shape, index: apply(PLACE, g, index=index, out_shape=x_shape),),
)
PLACE: Primitive = Primitive(
    "place",
    lambda v, *, index, out_shape: Spec(out_shape, v.dtype),
    kernel="index.place",
    vjps=(lambda g, index: apply(SLICE, g, index=index),),
    formula="zeros(out_shape) with v at index",
    complex=True,
)


def replay_views(x: Tensor, steps: Any) -> Tensor:
    """The view operations of `steps` applied to `x`."""
    for prim, attrs in steps:
        x = apply(prim, x, **attrs)
    return x


WRITE: Primitive = Primitive(
    "write",
    lambda x, v, *, steps: Spec(x.shape, x.dtype, memory_order(x)),
    kernel="index.write",
    vjps=(
        lambda g, steps: apply(WRITE, g, Scalar(0), steps=steps),
        lambda g, steps: replay_views(g, steps),
    ),
    formula="x with the region that steps lead to replaced by v",
    complex=True,
)

# Integer index along one dimension -----------------------------------------------------------


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
PUT: Primitive = Primitive(
    "put",
    lambda x, index, v, *, dim: Spec(x.shape, x.dtype, memory_order(x)),
    kernel="index.put",
    vjps=(
        lambda g, index, v_shape, dim: apply(PUT, g, index, g.new_zeros(v_shape), dim=dim),
        None,
        lambda g, index, dim: apply(TAKE, g, index, dim=dim),
    ),
    formula="x with v at index along dim",
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


@public
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Indices of the non-zero elements, an (n, ndim) tensor; or one index tensor a dimension."""
    found = apply(NONZERO, input)
    return tuple([found[:, i] for i in range(input.ndim)]) if as_tuple else found


@public
def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for dim 0: an element along `dim` for each index."""
    axis = axis_of(dim, input.ndim, "gather")
    if input.ndim == index.ndim == 0:
        return reshape(gather(reshape(input, 1), 0, reshape(index, 1)), ())
    others_fit = index.ndim == input.ndim and all(
        [i == axis or n <= m for i, (n, m) in enumerate(zip(index.shape, input.shape, strict=True))]
    )
    if not others_fit:
        raise ShapeError(
            f"gather: index {index.shape} must have the dimensions of input {input.shape}, and be "
            f"no larger except along dim {axis}"
        )
    cut = tuple([slice(None) if i == axis else slice(n) for i, n in enumerate(index.shape)])
    whole = all([i == axis or n == m for i, (n, m) in enumerate(zip(index.shape, input.shape))])
    checked = checked_index(index, input.shape[axis], "gather")
    return apply(GATHER, input if whole else input[cut], checked, dim=axis)


@public
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The entries of `input` along `dim` that `index`, a vector, names."""
    axis = axis_of(dim, input.ndim, "index_select")
    if index.ndim > 1:
        raise ShapeError(f"index_select: index must be a vector, got shape {index.shape}")
    checked = checked_index(reshape(index, -1), input.shape[axis], "index_select")
    return apply(TAKE, input, checked, dim=axis)


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Rows of `weight` (V, D) at the integers `input` (...), giving (..., D).

    The row `padding_idx` gets no gradient.
    """
    if weight.ndim != 2:
        raise ShapeError(f"embedding: weight must be (V, D), got shape {weight.shape}")
    index = checked_index(input, weight.shape[0], "embedding", negative=False)
    if padding_idx is not None:
        rows = weight.shape[0]
        if not -rows <= padding_idx < rows:
            raise RangeError(f"embedding: padding_idx={padding_idx} is no row of {rows}")
        row = padding_idx % rows
        padding = unsqueeze(input == row, -1)
        out = apply(TAKE, weight, index, dim=0)
        return where(padding, out.detach(), out)
    return apply(TAKE, weight, index, dim=0)


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """A new last dimension that is 1 at each integer and 0 elsewhere, int64."""
    count = int(input.array.max()) + 1 if num_classes < 0 else num_classes
    classes = arange(count, device=input.device)
    checked_index(input, count, "one_hot", negative=False)
    return cast(unsqueeze(input, -1) == classes, int64)


def checked_index(index: Tensor, size: int, op: str, negative: bool = True) -> Tensor:
    """`index` as int64; RangeError shows a value outside [-size, size), or [0, size).

    On a GPU reading the values would stop the stream: there an index out of range gives NaN.
    """
    if CATEGORY[index.dtype] != INT:
        raise DTypeError(f"{op}: an index must be integers, got {index.dtype}")
    array = index.array
    if isinstance(array, np.ndarray) and array.size:
        low, high = int(array.min()), int(array.max())
        lowest = -size if negative else 0
        if low < lowest or high >= size:
            bad = low if low < lowest else high
            raise RangeError(f"{op}: index {bad} is out of range for a dimension of size {size}")
        if low < 0:
            index = Tensor(np.where(array < 0, array + size, array))
    return cast(index, int64)


# x[...] --------------------------------------------------------------------------------------


def getitem(input: Tensor, index: Any) -> Tensor:
    """``input[index]``: slices, integers, None and ... give views; tensors and lists copies."""
    basic, advanced = _parse(input, index)
    seen = apply(SLICE, input, index=basic) if _does_something(basic, input) else input
    if not advanced:
        return seen if seen is not input else apply(SLICE, input, index=basic)
    merged, flat, dim = _one_dimension(seen, advanced)
    return apply(TAKE, merged, flat, dim=dim)


def setitem(input: Tensor, index: Any, value: Any) -> None:
    """``input[index] = value``, in place; `value` broadcasts and is cast."""
    basic, advanced = _parse(input, index)
    found = as_operand(value)
    if found is None:
        found = tensor(value, dtype=input.dtype, device=input.device)
    if isinstance(found, Scalar):
        found = input.new_full((), found.array)
    if found.ndim > 0 and found.device != input.device:
        raise DeviceError(f"setitem: the tensor is on {input.device}, the value on {found.device}")
    found = cast(found.to(input.device), input.dtype)
    if not advanced:
        target = apply(SLICE, input, index=basic)
        _write_into(target, _fitted(found, target.shape))
        return
    _put(input, basic, advanced, found)


def _write_into(target: Tensor, value: Tensor) -> None:
    if records_write(target, (value,)):
        write_(target, value)
    else:
        target.array[...] = value.array
        log_write(target)


def _fitted(value: Tensor, shape: Shape) -> Tensor:
    """`value` broadcast to the region it is written to."""
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = reshape(value, value.shape[1:])
    try:
        return expand(value, shape)
    except ShapeError:
        raise ShapeError(
            f"setitem: a value of shape {value.shape} does not fill the indexed shape {shape}"
        ) from None


def _put(input: Tensor, basic: Any, advanced: dict[int, Tensor], value: Tensor) -> None:
    """A write through index tensors: memory first, then the graph."""
    target = apply(SLICE, input, index=basic)
    merged, flat, dim = _one_dimension(target, advanced)
    region = (*merged.shape[:dim], *flat.shape, *merged.shape[dim + 1 :])
    value = _fitted(value, region)
    recorded = records_write(target, (value,))
    new = _unmerged(apply(PUT, merged, flat, value, dim=dim), target, advanced)
    target.array[...] = new.array
    log_write(target)
    if recorded:
        rebind_(target, new)


def _unmerged(out: Tensor, target: Tensor, advanced: dict[int, Tensor]) -> Tensor:
    """The inverse of the permutation and merge that `_one_dimension` made."""
    order = _front_order(target.ndim, advanced)
    if order is None:
        return reshape(out, target.shape)
    moved = reshape(out, tuple([target.shape[i] for i in order]))
    return moved.permute(tuple(np.argsort(order).tolist()))


def _parse(input: Tensor, index: Any) -> tuple[tuple[Any, ...], dict[int, Tensor]]:
    """An index as (slices and integers, {dimension of the sliced tensor: index tensor})."""
    parts = list(index) if isinstance(index, tuple) else [index]
    parts = [_part(p) for p in parts]
    used = 0
    for p in parts:
        used += 0 if p is None or p is Ellipsis else _width(p)
    if used > input.ndim:
        raise RangeError(f"index: {used} indices for a tensor of shape {input.shape}")
    dots = [i for i, p in enumerate(parts) if p is Ellipsis]
    if len(dots) > 1:
        raise RangeError("index: only one ... is possible")
    rest = [slice(None)] * (input.ndim - used)
    if dots:
        parts[dots[0] : dots[0] + 1] = rest
    else:
        parts += rest
    return _split(input, parts)


def _split(input: Tensor, parts: list[Any]) -> tuple[tuple[Any, ...], dict[int, Tensor]]:
    basic: list[Any] = []
    advanced: dict[int, Tensor] = {}
    source = result = 0  # dimension of the input, dimension of the sliced tensor
    for p in parts:
        if p is None:
            basic.append(None)
            result += 1
        elif isinstance(p, slice):
            basic.append(p)
            source, result = source + 1, result + 1
        elif isinstance(p, Tensor) and p.dtype == bool_ and p.ndim == 0:
            # x[True] adds a dimension of size 1 and takes all of it, x[False] none of it.
            basic.append(None)
            advanced[result] = input.new_full((int(p.item()),), 0, dtype=int64)
            result += 1
        elif isinstance(p, Tensor):
            for column in _integers(p, input.shape[source : source + _width(p)]):
                basic.append(slice(None))
                checked = checked_index(column, input.shape[source], "index")
                on_cpu = checked.device == CPU  # such an index goes where the input is
                advanced[result] = to(checked, device=input.device) if on_cpu else checked
                source, result = source + 1, result + 1
        else:
            size = input.shape[source]
            if not -size <= p < size:
                raise RangeError(
                    f"index: {p} is out of range for dimension {source} of shape {input.shape}"
                )
            basic.append(p)
            source += 1
    return tuple(basic), advanced


def _part(p: Any) -> Any:
    """One part of an index in canonical form."""
    if p is None or p is Ellipsis:
        return p
    if isinstance(p, slice):
        return slice(_number(p.start), _number(p.stop), _number(p.step))
    if isinstance(p, (bool, np.bool_)):
        return tensor(bool(p))
    if isinstance(p, (int, np.integer)):
        return int(p)
    if isinstance(p, (list, np.ndarray, range)):
        p = tensor(list(p) if isinstance(p, range) else p)
        p = p if p.array.size else cast(p, int64)
    if not isinstance(p, Tensor):
        raise DTypeError(f"index: {type(p).__name__} cannot be an index")
    if CATEGORY[p.dtype] > INT:
        raise DTypeError(f"index: a tensor index must be integers or bools, got {p.dtype}")
    return int(p.item()) if p.ndim == 0 and p.dtype != bool_ else p


def _number(bound: Any) -> Any:
    return int(bound) if isinstance(bound, (Tensor, np.integer)) else bound


def _width(p: Any) -> int:
    """How many dimensions of the input a part takes."""
    return p.ndim if isinstance(p, Tensor) and p.dtype == bool_ else 1


def _integers(p: Tensor, sizes: Shape) -> tuple[Tensor, ...]:
    """An index tensor as integer tensors, one a dimension it takes."""
    if p.dtype != bool_:
        return (p,)
    if p.shape != sizes:
        raise RangeError(f"index: a mask of shape {p.shape} does not fit dimensions {sizes}")
    return nonzero(p, as_tuple=True)


def _does_something(basic: tuple[Any, ...], input: Tensor) -> bool:
    return len(basic) != input.ndim or any([p != slice(None) for p in basic])


def _front_order(ndim: int, advanced: dict[int, Tensor]) -> tuple[int, ...] | None:
    """The order that brings index dimensions together at the front; None if they are adjacent."""
    dims = list(advanced)
    if dims == list(range(dims[0], dims[0] + len(dims))):
        return None
    return (*dims, *[i for i in range(ndim) if i not in advanced])


def _one_dimension(x: Tensor, advanced: dict[int, Tensor]) -> tuple[Tensor, Tensor, int]:
    """(`x` with its indexed dimensions merged into one, the flat index into it, its place)."""
    order = _front_order(x.ndim, advanced)
    moved = x if order is None else x.permute(order)
    dim = next(iter(advanced)) if order is None else 0
    sizes = moved.shape[dim : dim + len(advanced)]
    shape = broadcast_shape([i.shape for i in advanced.values()], "index")
    rest = moved.shape[dim + len(advanced) :]
    total = math.prod(sizes)
    merged = moved if len(sizes) == 1 else reshape(moved, (*moved.shape[:dim], total, *rest))
    return merged, expand(_flat_index(list(advanced.values()), sizes), shape), dim


def _flat_index(parts: list[Tensor], sizes: Shape) -> Tensor:
    """The index tensors of merged dimensions as one index. On a GPU they were not checked: there
    negative ones still count from the end, and one out of range makes the whole out of range."""
    flat, bad = parts[0], None
    for i, (part, size) in enumerate(zip(parts, sizes, strict=True)):
        if len(parts) > 1 and not isinstance(part.array, np.ndarray):
            outside = (part < -size) | (part >= size)
            bad = outside if bad is None else bad | outside
            part = where(part < 0, part + size, part)
        flat = part if i == 0 else flat * size + part
    return flat if bad is None else where(bad, math.prod(sizes), flat)
