"""Views by strides: windows that overlap, memory seen in any shape; and views, as copies."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..device import Array, byte_bounds, memory_of, namespace_of, overlaps
from ..device import as_strided as strided_view
from ..errors import ArgumentError, RangeError, ShapeError
from ..ir import Primitive, Shape, Spec, View
from ..tensor import Tensor, apply
from .calling import public
from .complex import view_as_complex, view_as_real
from .convert import storage_offset as offset_of
from .diagonal import diagonal
from .gather import INDEX_ADD, TAKE
from .operands import axis_of, integer, shape_of
from .scatter import PUT
from .shape import (
    CONTIGUOUS,
    cast,
    expand,
    in_place,
    opaque,
    permute,
    reshape,
    squeeze,
    t,
    transpose,
    unsqueeze,
    view,
)
from .split import select, split, split_with_sizes, unbind

__all__ = [
    "alias_copy", "as_strided", "as_strided_", "as_strided_copy", "as_strided_scatter",
    "detach_copy", "diagonal_copy", "expand_copy", "permute_copy", "select_copy", "slice_copy",
    "split_copy", "split_with_sizes_copy", "squeeze_copy", "t_copy", "transpose_copy",
    "unbind_copy", "unfold_copy", "unsqueeze_copy", "view_as_complex_copy", "view_as_real_copy",
    "view_copy",
]  # fmt: skip

# Windows along a dimension -------------------------------------------------------------------


def _windows(x: Array, *, dim: int, size: int, step: int) -> Array:
    count = (x.shape[dim] - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
    along = x.strides[dim]
    strides = (*x.strides[:dim], along * step, *x.strides[dim + 1 :], along)
    return strided_view(x, shape, strides)


UNFOLD: Primitive = View(
    "windows",
    _windows,
    vjps=(
        lambda g, x_shape, dim, size, step: apply(
            ADD_WINDOWS, g, dim=dim, size=size, step=step, out_shape=x_shape
        ),
    ),
)
ADD_WINDOWS: Primitive = Primitive(
    "add_windows",
    lambda v, *, dim, size, step, out_shape: Spec(out_shape, v.dtype),
    kernel="shape.add_windows",
    vjps=(lambda g, dim, size, step: apply(UNFOLD, g, dim=dim, size=size, step=step),),
    formula="zeros with every window added where it was read",
    complex=True,
)


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` along a dimension, each `step` on, (..., windows, ..., size). A view."""
    length, stride = integer(size, "unfold: size"), integer(step, "unfold: step")
    axis = axis_of(dimension, self.ndim, "unfold")
    most = self.shape[axis] if self.ndim else 1
    if stride <= 0 or not 0 <= length <= most:
        raise ArgumentError(
            f"unfold: windows of {length} in steps of {stride} do not fit dimension {dimension} of "
            f"size {most}: step must be positive, size from 0 to {most}"
        )
    if self.ndim == 0:
        return reshape(self, 1)[:length]
    return apply(UNFOLD, self, dim=axis, size=length, step=stride)


# Memory in any shape -------------------------------------------------------------------------


def _from(x: Array, *, size: Shape, stride: Shape, shift: int, geometry: Any) -> Array:
    """`shift` elements on from the first of `x`, which may be backwards."""
    item = x.itemsize
    first = x[(slice(0, 1),) * x.ndim].reshape(-1)
    direction = item if shift >= 0 else -item
    start = strided_view(first, (abs(shift) + 1,), (direction,))[-1:]
    return strided_view(start, size, tuple([s * item for s in stride]))


def _places(size: Shape, stride: Shape, shift: int, device: Any) -> Tensor:
    """How many elements after the first one of the input each element is, a vector."""
    xp = namespace_of(device)
    places = xp.full((1,) * len(size), shift, np.int64)
    for axis, (n, step) in enumerate(zip(size, stride)):
        places = places + xp.arange(n).reshape((-1,) + (1,) * (len(size) - 1 - axis)) * step
    return Tensor(places.reshape(-1))


def _reach(size: Shape, stride: Shape, shift: int) -> tuple[int, int]:
    """The first and the last of these places."""
    if 0 in size:
        return 0, 0
    ends = [(n - 1) * s for n, s in zip(size, stride)]
    return shift + sum([min(e, 0) for e in ends]), shift + sum([max(e, 0) for e in ends])


def _as_strided_vjp(g: Tensor, size: Any, stride: Any, shift: int, geometry: Any) -> Tensor:
    """The cotangents added in memory, then read where the input is. Memory that the input reads
    several times gives each of these an equal share."""
    shape, strides = geometry
    bounds = (*_reach(size, stride, shift), *_reach(shape, strides, 0))
    low, span = min(bounds), max(bounds) - min(bounds) + 1
    theirs = _places(size, stride, shift - low, g.device)
    ours = _places(shape, strides, -low, g.device)
    memory = apply(INDEX_ADD, reshape(g, -1), theirs, dim=0, out_shape=(span,))
    found = apply(TAKE, memory, ours, dim=0)
    if overlaps(shape, strides, 1):
        ones = g.new_ones(ours.shape)
        shares = apply(INDEX_ADD, ones, ours, dim=0, out_shape=(span,))
        found = found / apply(TAKE, shares, ours, dim=0)
    return reshape(found, shape)


AS_STRIDED: Primitive = View("as_strided", _from, vjps=(_as_strided_vjp,))


def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """The memory of `input` in any shape: strides and offset count elements. A view.

    All of it must lie within that memory. A recorded in-place write through it is an error.
    """
    return opaque(apply(AS_STRIDED, input, **_placed(input, size, stride, storage_offset)))


as_strided_ = in_place(as_strided)


def _placed(
    input: Tensor, size: Any, stride: Any, offset: Any, op: str = "as_strided"
) -> dict[str, Any]:
    """The attributes of the view, after checks."""
    shape, steps = shape_of((size,)), shape_of((stride,))
    if len(shape) != len(steps):
        raise ArgumentError(f"{op}: size {shape} and stride {steps} must be as long")
    if not input.array.size:
        raise ArgumentError(f"{op}: the input, of shape {input.shape}, has no memory to look at")
    if any([n < 0 for n in (*shape, *steps)]):
        raise ArgumentError(f"{op}: size {shape} and stride {steps} must not be negative")
    at = offset_of(input)
    start = at if offset is None else integer(offset, f"{op}: storage_offset")
    low, high = byte_bounds(memory_of(input.array))
    elements = (high - low) // input.array.itemsize
    last = start + sum([(n - 1) * s for n, s in zip(shape, steps)])
    if start < 0 or last >= elements:
        raise ArgumentError(
            f"{op}: size {shape}, stride {steps} and offset {start} reach from element {start} to "
            f"{last} of a memory of {elements}"
        )
    own = tuple([s // input.array.itemsize for s in input.array.strides])
    return {"size": shape, "stride": steps, "shift": start - at, "geometry": (input.shape, own)}


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """A copy of `input`, which must be dense, with `src` where `as_strided` would read."""
    op = "as_strided_scatter"
    attrs = _placed(input, size, stride, storage_offset, op)
    where = attrs["size"], attrs["stride"], attrs["shift"]
    if src.shape != attrs["size"]:
        raise ShapeError(f"{op}: src has shape {src.shape}, its place {attrs['size']}")
    first, last = _reach(*where)
    if not input.array.flags.c_contiguous or first < 0 or last >= input.array.size:
        raise ArgumentError(f"{op}: the input must be contiguous, and hold all places written")
    if overlaps(attrs["size"], attrs["stride"], 1):
        raise ArgumentError(f"{op}: size {size} and stride {stride} write one place several times")
    value = cast(reshape(src, -1), input.dtype)
    out = apply(PUT, reshape(input, -1), _places(*where, input.device), value, dim=0)
    return reshape(out, input.shape)


# Views, as copies ----------------------------------------------------------------------------


def _slice(
    input: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Tensor:
    if input.ndim == 0:
        raise RangeError("slice_copy: a 0-d tensor has no dimension to slice")
    axis = axis_of(dim, input.ndim, "slice_copy")
    if integer(step, "slice_copy: step") < 1:
        raise ArgumentError(f"slice_copy: step={step} must be positive")
    return input[(slice(None),) * axis + (slice(start, end, step),)]


def _copied(view: Callable[..., Any], name: str) -> Callable[..., Any]:
    """What the view gives, with memory of its own."""

    @functools.wraps(view)
    def function(*args: Any, **kwargs: Any) -> Any:
        seen = view(*args, **kwargs)
        several = isinstance(seen, tuple)
        return tuple([_dense(x) for x in seen]) if several else _dense(seen)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`{name.removesuffix('_copy')}`, as a copy."
    return public(function)


def _dense(x: Tensor) -> Tensor:
    return apply(CONTIGUOUS, x)


alias_copy = _copied(lambda input: input, "alias_copy")
as_strided_copy = _copied(as_strided, "as_strided_copy")
detach_copy = _copied(lambda input: input.detach(), "detach_copy")
diagonal_copy = _copied(diagonal, "diagonal_copy")
expand_copy = _copied(expand, "expand_copy")
permute_copy = _copied(permute, "permute_copy")
select_copy = _copied(select, "select_copy")
slice_copy = _copied(_slice, "slice_copy")
split_copy = _copied(split, "split_copy")
split_with_sizes_copy = _copied(split_with_sizes, "split_with_sizes_copy")
squeeze_copy = _copied(squeeze, "squeeze_copy")
t_copy = _copied(t, "t_copy")
transpose_copy = _copied(transpose, "transpose_copy")
unbind_copy = _copied(unbind, "unbind_copy")
unfold_copy = _copied(unfold, "unfold_copy")
unsqueeze_copy = _copied(unsqueeze, "unsqueeze_copy")
view_as_complex_copy = _copied(view_as_complex, "view_as_complex_copy")
view_as_real_copy = _copied(view_as_real, "view_as_real_copy")
view_copy = _copied(view, "view_copy")
