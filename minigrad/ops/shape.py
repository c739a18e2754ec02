"""Shape operations. Views share memory; the rest copy.

Every view's gradient is made of the other members of its family.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..device import device as Device
from ..device import namespace
from ..dtypes import as_dtype
from ..errors import ArgumentError, ShapeError
from ..ir import DataDependent, Primitive, Shape, Spec, View
from ..kernels.launch import broadcast_shape, memory_order
from ..layout import as_memory_format, contiguous_format, memory_format, preserve_format
from ..tensor import Tensor, ViewOf, apply, reshape_
from .operands import axis_of, sizes_of

__all__ = [
    "broadcast_tensors",
    "broadcast_to",
    "clone",
    "detach",
    "flatten",
    "permute",
    "reshape",
    "squeeze",
    "t",
    "transpose",
    "unsqueeze",
]  # fmt: skip

# Views ---------------------------------------------------------------------------------------

ALIAS: Primitive = View("alias", lambda x: x, vjps=(lambda g: g,))
PERMUTE: Primitive = View(
    "permute",
    lambda x, *, dims: x.transpose(dims),
    vjps=(lambda g, dims: g.permute(_inverse(dims)),),
)
VIEW: Primitive = View(
    "view", lambda x, *, shape: x.reshape(shape), vjps=(lambda g, x_shape: reshape(g, x_shape),)
)

VIEW_AS_DTYPE: Primitive = View("view_as_dtype", lambda x, *, dtype: x.view(dtype), vjps=(None,))


def _expand(x: Any, *, shape: Shape) -> Any:
    """Size-1 and new leading dimensions repeated with stride 0."""
    lead = len(shape) - x.ndim
    repeated = x[(None,) * lead]
    return repeated if repeated.shape == shape else namespace(x).broadcast_to(repeated, shape)


EXPAND: Primitive = View("expand", _expand, vjps=(lambda g, x_shape: g.sum_to_size(x_shape),))


def identity(input: Tensor) -> Tensor:
    """The same tensor at a new place in the graph."""
    return apply(ALIAS, input)


def permute(input: Tensor, *args: Any, dims: Any = None) -> Tensor:
    """Dimensions in a new order: ``x.permute(0, 3, 1, 2)``. A view."""
    named = sizes_of(args, dims, "permute(dims=...)")
    order = tuple([axis_of(d, input.ndim, "permute") for d in named])
    if sorted(order) != list(range(input.ndim)):
        raise ArgumentError(f"permute: dims {named} do not order {input.ndim} dimensions")
    return apply(PERMUTE, input, dims=order)


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(dims)), key=lambda i: dims[i]))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged. A view."""
    order = list(range(input.ndim))
    a, b = axis_of(dim0, input.ndim, "transpose"), axis_of(dim1, input.ndim, "transpose")
    if order:
        order[a], order[b] = order[b], order[a]
    return apply(PERMUTE, input, dims=tuple(order))


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a vector or a number as it is. A view."""
    if input.ndim > 2:
        raise ShapeError(f"t: expected at most 2 dimensions, got shape {input.shape}; use .mT")
    return apply(PERMUTE, input, dims=tuple(range(input.ndim))[::-1])


def reverse_dims(input: Tensor) -> Tensor:
    """All dimensions in reverse order. A view."""
    return apply(PERMUTE, input, dims=tuple(range(input.ndim))[::-1])


def mT(input: Tensor) -> Tensor:
    """The last two dimensions exchanged. A view."""
    if input.ndim < 2:
        raise ShapeError(f"mT: expected at least 2 dimensions, got shape {input.shape}")
    return transpose(input, -2, -1)


def view(input: Tensor, *args: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """The same memory in another shape; raises where that needs a copy (use `reshape`).

    ``x.view(dtype)``: the same bytes as numbers of another dtype, without a gradient.
    """
    first = args[0] if len(args) == 1 else None
    if isinstance(first, (np.dtype, type)):
        args, dtype = (), first
    if dtype is not None:
        return _view_as_dtype(input, as_dtype(dtype))
    sizes = _filled(sizes_of(args, size, "view(size=...)"), input, "view")
    if not _can_view(input.array, sizes):
        raise ShapeError(
            f"view: shape {input.shape} with this memory layout cannot be seen as {sizes} without "
            "a copy; use reshape, which copies when it must"
        )
    return apply(VIEW, input, shape=sizes)


def _view_as_dtype(input: Tensor, dtype: np.dtype) -> Tensor:
    old, new = input.dtype.itemsize, dtype.itemsize
    if old != new:
        if input.ndim == 0:
            raise ShapeError(f"view: 0-d {input.dtype} is not of the size of {dtype}")
        if input.array.strides[-1] != old and input.array.size:
            raise ShapeError(f"view: to be seen as {dtype}, the last dimension must be dense")
        if input.shape[-1] * old % new:
            raise ShapeError(
                f"view: the last dimension, {input.shape[-1]} of {input.dtype}, does not divide "
                f"into {dtype}"
            )
        steps = [input.storage_offset() * old, *input.array.strides[:-1]]
        if any([step % new for step in steps]):
            raise ShapeError(f"view: strides of {input.dtype}{input.shape} do not fit {dtype}")
    return opaque(apply(VIEW_AS_DTYPE, input, dtype=dtype))


def opaque(out: Tensor) -> Tensor:
    """A view through which no write can be recorded; it is an error then."""
    above = out.view_of
    assert above is not None
    out.view_of = ViewOf(above.base, None, above.base.edge)
    return out


def reshape(input: Tensor, *args: Any, shape: Any = None) -> Tensor:
    """The same elements in another shape: a view where possible, else a copy."""
    sizes = _filled(sizes_of(args, shape, "reshape(shape=...)"), input, "reshape")
    if not _can_view(input.array, sizes):
        input = contiguous(input)
    return apply(VIEW, input, shape=sizes)


def _filled(shape: Shape, input: Tensor, op: str) -> Shape:
    """`shape` with its -1 worked out; the number of elements must agree."""
    count = input.array.size
    known = math.prod([size for size in shape if size != -1])
    if min(shape, default=0) >= -1 and shape.count(-1) == 1 and known and count % known == 0:
        return tuple([count // known if size == -1 else size for size in shape])
    if -1 in shape or known != count or min(shape, default=0) < 0:
        raise ShapeError(
            f"{op}: shape {input.shape} has {count} elements, which do not fill {shape}"
        )
    return shape


def _can_view(array: Any, shape: Shape) -> bool:
    """Whether `array` can be seen in `shape` without moving memory."""
    if array.flags.c_contiguous or array.size == 0:
        return True
    # Walk old dimensions from the last, gathering runs that are evenly spaced in memory; each run
    # must be filled exactly by new dimensions.
    spacing, run, filled, position = array.strides[-1], 1, 1, len(shape) - 1
    for axis in range(array.ndim - 1, -1, -1):
        run *= array.shape[axis]
        run_ends = axis == 0 or (
            array.shape[axis - 1] != 1 and array.strides[axis - 1] != run * spacing
        )
        if not run_ends:
            continue
        while position >= 0 and (filled < run or shape[position] == 1):
            filled *= shape[position]
            position -= 1
        if filled != run:
            return False
        if axis > 0:
            spacing, run, filled = array.strides[axis - 1], 1, 1
    return position < 0


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim` merged into one."""
    if input.ndim == 0:
        return reshape(input, 1)
    start = axis_of(start_dim, input.ndim, "flatten")
    end = axis_of(end_dim, input.ndim, "flatten")
    if start > end:
        raise ArgumentError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    merged = math.prod(input.shape[start : end + 1])
    return reshape(input, (*input.shape[:start], merged, *input.shape[end + 1 :]))


def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Dimensions of size 1 left out: all, or those of `dim` that have size 1. A view."""
    if dim is None:
        axes = set(range(input.ndim))
    else:
        dims = (dim,) if isinstance(dim, int) else dim
        axes = {axis_of(d, input.ndim, "squeeze") for d in dims}
    kept = [n for i, n in enumerate(input.shape) if n != 1 or i not in axes]
    return apply(VIEW, input, shape=tuple(kept))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new dimension of size 1 at `dim`. A view."""
    axis = axis_of(dim, input.ndim + 1, "unsqueeze")
    return apply(VIEW, input, shape=(*input.shape[:axis], 1, *input.shape[axis:]))


def expand(input: Tensor, *args: Any, size: Any = None) -> Tensor:
    """Size-1 dimensions repeated without a copy; -1 keeps a size. A view."""
    shape = sizes_of(args, size, "expand(size=...)")
    lead = len(shape) - input.ndim
    if lead < 0:
        raise ShapeError(f"expand: {input.shape} has more dimensions than {shape}")
    old = (1,) * lead + input.shape
    full = tuple([o if s == -1 and i >= lead else s for i, (s, o) in enumerate(zip(shape, old))])
    if any([o not in (1, n) or n < 0 for o, n in zip(old, full, strict=True)]):
        raise ShapeError(
            f"expand: shape {input.shape} does not expand to {shape}: only sizes of 1 are repeated"
        )
    return input if full == input.shape else apply(EXPAND, input, shape=full)


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` expanded to the shape of `other`."""
    return expand(input, other.shape)


def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """`expand`: size-1 dimensions repeated without a copy. A view."""
    return expand(input, size)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
    shape = broadcast_shape([x.shape for x in tensors], "broadcast_tensors")
    return tuple([expand(x, shape) for x in tensors])


def in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``x.t_()``: the tensor becomes the view of itself that `function` gives."""

    @functools.wraps(function)
    def method(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return reshape_(input, function, *args, **kwargs)

    method.__name__ = method.__qualname__ = f"{function.__name__}_"
    method.__doc__ = f"`{function.__name__}`, of the tensor itself."
    return method


# Copies --------------------------------------------------------------------------------------

CLONE: Primitive = Primitive(
    "clone",
    lambda x: Spec(x.shape, x.dtype, memory_order(x)),
    kernel="shape.copy",
    vjps=(lambda g: g,),
    complex=True,
)
CONTIGUOUS: Primitive = Primitive(
    "contiguous",
    lambda x: Spec(x.shape, x.dtype),
    kernel="shape.copy",
    vjps=(lambda g: g,),
    complex=True,
)
CAST: Primitive = Primitive(
    "cast",
    lambda x, *, dtype: Spec(x.shape, dtype, memory_order(x)),
    kernel="shape.copy_cast",
    vjps=(lambda g, x_dtype: cast(g, x_dtype),),
    complex=True,
)


def clone(input: Tensor, *, memory_format: memory_format = preserve_format) -> Tensor:
    """A copy with memory of its own; gradients flow through it."""
    if memory_format is preserve_format:
        return apply(CLONE, input)
    return _in_order(CONTIGUOUS, input, as_memory_format(memory_format, "clone"), "clone")


def detach(input: Tensor) -> Tensor:
    """The same memory as a constant: no gradient flows through it."""
    return input.detach()


def contiguous(input: Tensor, memory_format: memory_format = contiguous_format) -> Tensor:
    """The tensor itself if its memory is in C order, or in `memory_format`; else a copy that is."""
    if memory_format is contiguous_format and input.array.flags.c_contiguous:
        return input
    chosen = as_memory_format(memory_format, "contiguous")
    if chosen is preserve_format:
        raise ArgumentError("contiguous: preserve_format is for clone and to")
    if is_contiguous(input, memory_format=chosen):
        return input
    return _in_order(CONTIGUOUS, input, chosen, "contiguous")


def _in_order(prim: Primitive, input: Tensor, chosen: memory_format, op: str) -> Tensor:
    """`prim`, which gives C order, on the dimensions in the order of a memory format."""
    order = chosen.order_of(input.ndim, op)
    if order is None:
        return apply(prim, input)
    return permute(apply(prim, permute(input, order)), _inverse(order))


def is_contiguous(input: Tensor, memory_format: memory_format = contiguous_format) -> bool:
    """Whether the memory is in C order; or in the order of `memory_format`."""
    order = as_memory_format(memory_format, "is_contiguous").order
    if order is None:
        return bool(input.array.flags.c_contiguous)
    return len(order) == input.ndim and bool(input.array.transpose(order).flags.c_contiguous)


def cast(input: Tensor, dtype: Any) -> Tensor:
    """The values in another dtype; the tensor itself if it has that dtype."""
    dtype = as_dtype(dtype)
    return input if input.dtype == dtype else apply(CAST, input, dtype=dtype)


# Crosses devices, so its kernel allocates: the one compute operation that does.
TRANSFER: Primitive = DataDependent(
    "transfer",
    lambda x, *, source, target: None,
    kernel="shape.transfer",
    vjps=(lambda g, source, target: apply(TRANSFER, g, source=target, target=source),),
)


def to(
    input: Tensor,
    *args: Any,
    device: Any = None,
    dtype: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: memory_format = preserve_format,
) -> Tensor:
    """`input` on another device or in another dtype: ``x.to("cuda")``, ``x.to(mg.float64)``.

    The tensor itself if it is so already, unless `copy`. `non_blocking` changes nothing here.
    """
    flags = [x for x in args if isinstance(x, bool)]  # non_blocking, copy
    device, dtype = destination(tuple([x for x in args if not isinstance(x, bool)]), device, dtype)
    copy = copy or flags[1:] == [True]
    chosen = as_memory_format(memory_format, "to")
    target = input.device if device is None else Device(device)
    out = input
    if target != out.device:
        out = apply(TRANSFER, out, source=out.device, target=target)
    if dtype is not None:
        out = cast(out, dtype)
    if chosen is not preserve_format:
        out = contiguous(out, chosen)
    return clone(out) if copy and out is input else out


def destination(args: tuple[Any, ...], device: Any = None, dtype: Any = None) -> tuple[Any, Any]:
    """The device and the dtype that the arguments of ``x.to(...)`` name; None where they do not."""
    for arg in args:
        if isinstance(arg, Tensor):
            device, dtype = arg.device, arg.dtype
        elif isinstance(arg, Device) or str(arg).partition(":")[0] in ("cpu", "cuda"):
            device = arg
        else:
            dtype = arg
    return device, dtype
