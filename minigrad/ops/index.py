"""Reading and writing by index.

Slices are views. Integer index tensors are turned into one flat index along one dimension, so a
single pair of operations, `take` and its adjoint `index_add`, carries all of advanced indexing;
boolean masks become integers first. An integer beside index tensors is applied first, as PyTorch
does (NumPy counts it among the index arrays, which can put the result's dimensions elsewhere).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..device import CPU
from ..dtypes import CATEGORY, INT, bool_, int32, int64, uint8
from ..errors import ArgumentError, DeviceError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, Shape, Spec, View
from ..kernels.launch import broadcast_shape, memory_order
from ..tensor import Scalar, Tensor, apply, log_write, rebind_, records_write, write_
from .choice import where
from .creation import tensor
from .gather import TAKE, checked_index, nonzero
from .operands import need_tensor, scalar_like
from .scatter import PUT, combined, spread
from .shape import cast, clone, expand, reshape, to

__all__ = ["index_put"]

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

# x[...] --------------------------------------------------------------------------------------


def getitem(input: Tensor, index: Any) -> Tensor:
    """``input[index]``: slices, integers, None and ... give views; tensors and lists copies."""
    basic, advanced, _ = _parse(input, index)
    seen = apply(SLICE, input, index=basic) if _does_something(basic, input) else input
    if not advanced:
        return seen if seen is not input else apply(SLICE, input, index=basic)
    merged, flat, dim = _one_dimension(seen, advanced)
    return apply(TAKE, merged, flat, dim=dim)


def setitem(input: Tensor, index: Any, value: Any) -> None:
    """``input[index] = value``, in place; `value` broadcasts. A number is cast, and so is a tensor
    beside slices and integers; beside index tensors its dtype must be that of `input`."""
    parsed = _parse(input, index)
    found = value if isinstance(value, Tensor) else _value(value, input)
    if found.ndim > 0 and found.device != input.device:
        raise DeviceError(f"setitem: the tensor is on {input.device}, the value on {found.device}")
    fills = parsed.lone_mask and found.array.size == 1
    if parsed.advanced and found.dtype != input.dtype and not fills:
        raise DTypeError(
            f"setitem: beside index tensors a value must have the dtype of the tensor, "
            f"{input.dtype}, got {found.dtype}; convert it with value.to({input.dtype})"
        )
    write_at(input, parsed, cast(found.to(input.device), input.dtype), "setitem")


def _value(value: Any, input: Tensor) -> Tensor:
    """What is not a Tensor, as a value to write into `input`."""
    if isinstance(value, (bool, int, float, complex, np.generic)):
        return scalar_like(value, input, "setitem")
    return tensor(value, dtype=input.dtype, device=input.device)


def index_put(
    input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False
) -> Tensor:
    """`input` with ``input[indices] = values``, or ``+=`` where repeated indices add up.

    Raises:
        RangeError: an index out of range.
    """
    return index_put_(clone(input), indices, values, accumulate)


def index_put_(
    input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False
) -> Tensor:
    """``input[indices] = values`` in place, or ``+=`` where repeated indices add up."""
    if not isinstance(indices, (tuple, list)):
        raise DTypeError(f"index_put: indices must be a tuple, got {type(indices).__name__}")
    for x in indices:
        need_tensor(x, "index_put", "each of indices")
    need_tensor(values, "index_put", "values")
    if values.dtype != input.dtype:
        raise DTypeError(
            f"index_put: values must have the dtype of the input, {input.dtype}, got {values.dtype}"
        )
    if not indices:
        raise ArgumentError("index_put: needs at least one index tensor")
    write_at(input, _parse(input, tuple(indices)), values, "index_put", accumulate)
    return input


def write_at(
    input: Tensor, index: Parsed, value: Tensor, op: str, accumulate: bool = False
) -> None:
    """`value` written to a parsed index of `input`, or added to what is there."""
    target = apply(SLICE, input, index=index.basic)
    if index.advanced:
        _put(target, index.advanced, value, op, accumulate)
        return
    value = _fitted(value, target.shape, op)
    _write_into(target, target + value if accumulate else value, op)


def _write_into(target: Tensor, value: Tensor, op: str) -> None:
    if records_write(target, (value,), op):
        write_(target, value)
    else:
        target.array[...] = value.array
        log_write(target)


def _fitted(value: Tensor, shape: Shape, op: str) -> Tensor:
    """`value` broadcast to the region it is written to."""
    given = value.shape
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = reshape(value, value.shape[1:])
    try:
        return expand(value, shape)
    except ShapeError:
        raise ShapeError(
            f"{op}: a value of shape {given} does not fill the indexed shape {shape}"
        ) from None


def _put(
    target: Tensor, advanced: dict[int, Tensor], value: Tensor, op: str, accumulate: bool
) -> None:
    """A write through index tensors: memory first, then the graph."""
    merged, flat, dim = _one_dimension(target, advanced)
    region = (*merged.shape[:dim], *flat.shape, *merged.shape[dim + 1 :])
    value = _fitted(value, region, op)
    recorded = records_write(target, (value,), op)
    if accumulate:
        v = reshape(value, (*merged.shape[:dim], flat.array.size, *merged.shape[dim + 1 :]))
        found = combined(merged, dim, spread(reshape(flat, -1), dim, v.shape), v, "sum")
    else:
        found = apply(PUT, merged, flat, value, dim=dim)
    new = _unmerged(found, target, advanced)
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


# What an index says ----------------------------------------------------------------------------


class Parsed(NamedTuple):
    """An index: slices and integers first, which make a view, then index tensors into that."""

    basic: tuple[Any, ...]
    advanced: dict[int, Tensor]  # by dimension of the view
    lone_mask: bool  # whether it is a mask, with nothing but full slices beside it


def _parse(input: Tensor, index: Any) -> Parsed:
    parts = [_part(p) for p in (index if _is_tuple(index) else (index,))]
    used = 0
    for p in parts:
        used += 0 if p is None or p is Ellipsis else _width(p)
    if used > input.ndim:
        remedy = "; x.item() reads a 0-d tensor" if input.ndim == 0 else ""
        raise RangeError(f"index: {used} indices for a tensor of shape {input.shape}{remedy}")
    dots = [i for i, p in enumerate(parts) if p is Ellipsis]
    if len(dots) > 1:
        raise RangeError("index: only one ... is possible")
    rest = [slice(None)] * (input.ndim - used)
    if dots:
        parts[dots[0] : dots[0] + 1] = rest
    else:
        parts += rest
    others = [p for p in parts if not (isinstance(p, slice) and p == slice(None))]
    lone_mask = len(others) == 1 and isinstance(others[0], Tensor) and others[0].dtype == bool_
    return Parsed(*_split(input, parts), lone_mask)


def _is_tuple(index: Any) -> bool:
    """Whether an index is one a dimension: a tuple, or as in PyTorch a list that holds another
    sequence, slice, tensor, None or ...: ``x[[[0, 1], [1, 0]]]`` is ``x[[0, 1], [1, 0]]``."""
    if isinstance(index, tuple):
        return True
    if not isinstance(index, list) or len(index) >= 32:
        return False
    kinds = (list, tuple, range, np.ndarray, Tensor, slice, type(None), type(Ellipsis))
    return any([isinstance(p, kinds) for p in index])


def _split(input: Tensor, parts: list[Any]) -> tuple[tuple[Any, ...], dict[int, Tensor]]:
    basic: list[Any] = []
    advanced: dict[int, Tensor] = {}
    source = result = 0  # dimension of the input, dimension of the view
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
            for column in _integers(p, input.shape, source):
                basic.append(slice(None))
                checked = checked_index(column, input.shape[source], "index", negative=True)
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
    """One part of an index in canonical form: None, ..., a slice, an int, or a Tensor of integers
    or bools."""
    if p is None or p is Ellipsis:
        return p
    if isinstance(p, slice):
        if p.step is not None and _number(p.step) == 0:
            raise ArgumentError("index: the step of a slice cannot be zero")
        return slice(_number(p.start), _number(p.stop), _number(p.step))
    if isinstance(p, bool):
        return tensor(p)
    if isinstance(p, (int, np.integer)):
        return int(p)
    if isinstance(p, (list, tuple, np.ndarray, range)):
        p = tensor(list(p) if isinstance(p, range) else p)
        p = p if p.array.size or p.dtype == bool_ else cast(p, int64)
    if not isinstance(p, Tensor):
        kind = DTypeError if isinstance(p, str) else RangeError
        raise kind(
            "index: only integers, slices, ..., None, bools, and tensors or lists of integers or "
            f"bools can be an index, got {type(p).__name__}"
        )
    if p.dtype == uint8:
        p = p != 0  # a mask, as in PyTorch
    if p.ndim == 0 and CATEGORY[p.dtype] == INT:
        return int(p.item())
    if p.dtype not in (bool_, int32, int64):
        raise RangeError(
            f"index: a tensor index must be int64, int32, uint8 or bool, got {p.dtype}; convert it "
            "with .long()"
        )
    return p


def _number(bound: Any) -> Any:
    if bound is None or isinstance(bound, int):
        return bound
    if isinstance(bound, Tensor) and CATEGORY[bound.dtype] > INT:
        raise DTypeError(f"index: a bound of a slice must be an integer, got {bound.dtype}")
    return operator.index(bound)


def _width(p: Any) -> int:
    """How many dimensions of the input a part takes."""
    return p.ndim if isinstance(p, Tensor) and p.dtype == bool_ else 1


def _integers(p: Tensor, shape: Shape, first: int) -> tuple[Tensor, ...]:
    """An index tensor as integer tensors, one for each dimension from `first` that it takes."""
    if p.dtype != bool_:
        return (p,)
    if p.shape != shape[first : first + p.ndim]:
        raise RangeError(
            f"index: a mask of shape {p.shape} does not fit shape {shape} from dimension {first}"
        )
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
    try:
        shape = broadcast_shape([i.shape for i in advanced.values()], "index")
    except ShapeError as error:
        raise RangeError(str(error)) from None
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
