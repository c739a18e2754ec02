"""Shape operations. Views share memory; the rest copy.

Every view's gradient is made of the other members of its family.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..device import device as Device
from ..device import namespace
from ..dtypes import as_dtype, promote_types
from ..errors import ArgumentError, ShapeError
from ..ir import DataDependent, Primitive, Shape, Spec, View
from ..kernels.launch import broadcast_shape, memory_order
from ..tensor import Tensor, apply
from .calling import public
from .operands import axis_of, shape_of

__all__ = [
    "broadcast_tensors", "broadcast_to", "cat", "concat", "concatenate", "flatten", "permute",
    "reshape", "squeeze", "stack", "t", "transpose", "unsqueeze",
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


def _expand(x: Any, *, shape: Shape) -> Any:
    """Size-1 and new leading dimensions repeated with stride 0."""
    lead = len(shape) - x.ndim
    repeated = x[(None,) * lead]
    return repeated if repeated.shape == shape else namespace(x).broadcast_to(repeated, shape)


EXPAND: Primitive = View("expand", _expand, vjps=(lambda g, x_shape: g.sum_to_size(x_shape),))


def identity(input: Tensor) -> Tensor:
    """The same tensor at a new place in the graph."""
    return apply(ALIAS, input)


def permute(input: Tensor, *dims: Any) -> Tensor:
    """Dimensions in a new order: ``x.permute(0, 3, 1, 2)``. A view."""
    order = tuple([axis_of(d, input.ndim, "permute") for d in shape_of(dims)])
    if sorted(order) != list(range(input.ndim)):
        raise ArgumentError(f"permute: dims {dims} do not order {input.ndim} dimensions")
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


def view(input: Tensor, *shape: Any) -> Tensor:
    """The same memory in another shape; raises where that needs a copy (use `reshape`)."""
    sizes = _filled(shape_of(shape), input, "view")
    if not _can_view(input.array, sizes):
        raise ShapeError(
            f"view: shape {input.shape} with this memory layout cannot be seen as {sizes} without "
            "a copy; use reshape, which copies when it must"
        )
    return apply(VIEW, input, shape=sizes)


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape: a view where possible, else a copy."""
    sizes = _filled(shape_of(shape), input, "reshape")
    if not _can_view(input.array, sizes):
        input = contiguous(input)
    return apply(VIEW, input, shape=sizes)


def _filled(shape: Shape, input: Tensor, op: str) -> Shape:
    """`shape` with its -1 worked out; the number of elements must agree."""
    count = input.array.size
    known = math.prod([size for size in shape if size != -1])
    if shape.count(-1) == 1 and known and count % known == 0:
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


def expand(input: Tensor, *sizes: Any) -> Tensor:
    """Size-1 dimensions repeated without a copy; -1 keeps a size. A view."""
    shape = shape_of(sizes)
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


broadcast_to = expand


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
    shape = broadcast_shape([x.shape for x in tensors], "broadcast_tensors")
    return tuple([expand(x, shape) for x in tensors])


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


def clone(input: Tensor) -> Tensor:
    """A copy with memory of its own; gradients flow through it."""
    return apply(CLONE, input)


def contiguous(input: Tensor) -> Tensor:
    """The tensor itself if its memory is in C order, else a copy that is."""
    return input if input.array.flags.c_contiguous else apply(CONTIGUOUS, input)


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


def to(input: Tensor, *args: Any, device: Any = None, dtype: Any = None) -> Tensor:
    """`input` on another device or in another dtype: ``x.to("cuda")``, ``x.to(mg.float64)``."""
    device, dtype = destination(args, device, dtype)
    target = input.device if device is None else Device(device)
    if target != input.device:
        input = apply(TRANSFER, input, source=input.device, target=target)
    return input if dtype is None else cast(input, dtype)


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


# Joining -------------------------------------------------------------------------------------


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
    parts = list(tensors)
    if not parts:
        raise ArgumentError("cat: expected at least one tensor")
    parts = [x for x in parts if x.shape != (0,)] or parts[
        :1
    ]  # as PyTorch: an empty 1-D is skipped
    axis = axis_of(dim, parts[0].ndim, "cat")
    for x in parts:
        if x.ndim != parts[0].ndim or any(
            [i != axis and m != n for i, (m, n) in enumerate(zip(x.shape, parts[0].shape))]
        ):
            raise ShapeError(
                f"cat: shapes {[x.shape for x in parts]} must agree except at dim {axis}"
            )
    if parts[0].ndim == 0:
        raise ShapeError("cat: 0-d tensors have no dimension to join along; use stack")
    dtype = parts[0].dtype
    for x in parts[1:]:
        dtype = promote_types(dtype, x.dtype)
    return apply(CAT, *[cast(x, dtype) for x in parts], dim=axis)


concat = concatenate = cat


@public
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new dimension."""
    parts = list(tensors)
    if not parts:
        raise ArgumentError("stack: expected at least one tensor")
    if any([x.shape != parts[0].shape for x in parts]):
        raise ShapeError(f"stack: shapes {[x.shape for x in parts]} must be equal")
    axis = axis_of(dim, parts[0].ndim + 1, "stack")
    return cat([unsqueeze(x, axis) for x in parts], axis)


# Padding -------------------------------------------------------------------------------------


def _pad_spec(x: Any, *, widths: tuple[tuple[int, int], ...], value: float) -> Spec:
    shape = tuple([n + low + high for n, (low, high) in zip(x.shape, widths, strict=True)])
    return Spec(shape, x.dtype, memory_order(x))


def _pad_vjp(g: Tensor, widths: Any, x_shape: Shape) -> Tensor:
    inner = [slice(low, low + n) for n, (low, _) in zip(x_shape, widths, strict=True)]
    return g[tuple(inner)]


PAD: Primitive = Primitive("pad", _pad_spec, kernel="shape.pad", vjps=(_pad_vjp,), complex=True)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """`input` with a constant border. `pad` is (before, after) of the last dimension, then of the
    one before it, and so on; negative widths cut."""
    if mode != "constant":
        raise ArgumentError(f"pad: mode {mode!r} is not available, only 'constant'")
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ArgumentError(f"pad: {list(pad)} does not give pairs for {input.ndim} dimensions")
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    widths = [(0, 0)] * (input.ndim - len(pairs)) + pairs
    cuts = tuple(
        [slice(max(0, -low), n - max(0, -high)) for n, (low, high) in zip(input.shape, widths)]
    )
    grown = tuple([(max(0, low), max(0, high)) for low, high in widths])
    cut = input[cuts] if any([low < 0 or high < 0 for low, high in widths]) else input
    return apply(PAD, cut, widths=grown, value=value)
