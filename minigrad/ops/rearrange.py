"""Elements in another order or repeated: dimensions moved, flipped, rolled, tiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..dtypes import CATEGORY, INT
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import DataDependent, Primitive, Shape, Spec
from ..kernels.launch import broadcast_shape, memory_order
from ..tensor import Tensor, apply
from .complex import conj
from .operands import axes_of, axis_of, integer, shape_of, sizes_of
from .shape import CONTIGUOUS, contiguous, expand, permute, reshape, transpose, unsqueeze, view

__all__ = [
    "adjoint", "broadcast_shapes", "flip", "fliplr", "flipud", "moveaxis", "movedim", "ravel",
    "repeat_interleave", "roll", "rot90", "swapaxes", "swapdims", "tile", "unflatten",
]  # fmt: skip

# Dimensions ----------------------------------------------------------------------------------


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose`: two dimensions exchanged. A view."""
    return transpose(input, dim0, dim1)


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose`: two dimensions exchanged. A view."""
    return transpose(input, axis0, axis1)


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """The dimensions `source` moved to the places `destination`; the others keep their order."""
    several = isinstance(source, (list, tuple)), isinstance(destination, (list, tuple))
    if several[0] != several[1]:
        raise DTypeError("movedim: source and destination must both be integers or both be lists")
    froms, tos = [
        [axis_of(d, input.ndim, "movedim") for d in (dims if several[0] else (dims,))]
        for dims in (source, destination)
    ]
    if len(froms) != len(tos) or len(set(froms)) != len(froms) or len(set(tos)) != len(tos):
        raise ArgumentError(
            f"movedim: source {source} and destination {destination} must name as many dimensions, "
            "none of them twice"
        )
    if input.ndim == 0:
        return permute(input, ())
    order = [d for d in range(input.ndim) if d not in froms]
    for place, dim in sorted(zip(tos, froms)):
        order.insert(place, dim)
    return permute(input, order)


moveaxis = movedim


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, complex numbers conjugated. A view of real tensors."""
    if input.ndim < 2:
        raise ShapeError(f"adjoint: expected a matrix or a batch of them, got {input.shape}")
    return conj(transpose(input, -2, -1))


def mH(input: Tensor) -> Tensor:
    """`adjoint`; a number as it is. A view of real tensors."""
    return adjoint(input) if input.ndim else conj(input)


def H(input: Tensor) -> Tensor:
    """The adjoint of a matrix. A view of real tensors."""
    if input.ndim not in (0, 2):
        raise ShapeError(f"H: expected a matrix, got shape {input.shape}; use .mH")
    return mH(input)


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension: a view of dense tensors, else a copy."""
    return reshape(contiguous(input), -1)


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """The dimension `dim` seen as several, of `sizes`; one of them may be -1. A view."""
    axis = axis_of(dim, input.ndim, "unflatten")
    new = shape_of((sizes,))
    if not new:
        raise ArgumentError("unflatten: sizes must not be empty")
    size = input.shape[axis] if input.ndim else 1
    known = 1
    for n in new:
        known *= n if n != -1 else 1
    holes = new.count(-1)
    fits = known == size if not holes else holes == 1 and known > 0 and size % known == 0
    if not fits or min(new) < -1:
        raise ShapeError(
            f"unflatten: sizes {new} do not make up dimension {dim} of shape {input.shape}"
        )
    new = tuple([size // known if n == -1 else n for n in new])
    return view(input, (*input.shape[:axis], *new, *input.shape[axis + 1 :]))


def broadcast_shapes(*shapes: Any) -> Shape:
    """The shape that tensors of these shapes broadcast to; an integer n stands for (n,)."""
    listed = [shape_of((s,)) for s in shapes]
    if any([n < 0 for shape in listed for n in shape]):
        raise ShapeError(f"broadcast_shapes: sizes must not be negative: {listed}")
    return broadcast_shape(listed, "broadcast_shapes") if listed else ()


# Order ---------------------------------------------------------------------------------------

FLIP: Primitive = Primitive(
    "flip",
    lambda x, *, dims: Spec(x.shape, x.dtype, memory_order(x)),
    kernel="shape.flip",
    complex=True,
    vjps=(lambda g, dims: apply(FLIP, g, dims=dims),),
)
ROLL: Primitive = Primitive(
    "roll",
    lambda x, *, shifts, dims: Spec(x.shape, x.dtype, memory_order(x)),
    kernel="shape.roll",
    complex=True,
    vjps=(lambda g, shifts, dims: apply(ROLL, g, shifts=tuple([-s for s in shifts]), dims=dims),),
)


def flip(input: Tensor, *args: Any, dims: Any = None) -> Tensor:
    """The elements in reverse order along `dims`. A copy."""
    named = sizes_of(args, dims, "flip(dims=...)")
    axes = axes_of(named, input.ndim, "flip") if named else ()
    return apply(FLIP, input, dims=axes)


def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order: `flip` along dimension 1."""
    if input.ndim < 2:
        raise ShapeError(f"fliplr: expected 2 dimensions or more, got shape {input.shape}")
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order: `flip` along dimension 0."""
    if input.ndim < 1:
        raise ShapeError(f"flipud: expected 1 dimension or more, got shape {input.shape}")
    return flip(input, 0)


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved on by `shifts` along `dims`; what leaves the end enters at the start.

    Without `dims` the tensor counts as one long vector.
    """
    steps = shape_of((shifts,))
    if dims is None or dims == ():
        if len(steps) != 1:
            raise ArgumentError(f"roll: without dims, shifts must be one number, got {shifts}")
        return reshape(apply(ROLL, reshape(input, -1), shifts=steps, dims=(0,)), input.shape)
    places = shape_of((dims,))
    if len(places) != len(steps):
        raise ArgumentError(f"roll: shifts {steps} and dims {places} must be as many")
    if input.ndim == 0:
        raise RangeError(f"roll: a 0-d tensor has no dimension {places[0]}")
    axes = tuple([axis_of(d, input.ndim, "roll") for d in places])
    return apply(ROLL, input, shifts=steps, dims=axes)


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by 90 degrees `k` times in the plane of `dims`, from the first to the second."""
    named = shape_of((dims,))
    if len(named) != 2 or input.ndim < 2:
        raise ArgumentError(
            f"rot90: dims must name 2 dimensions of at least 2, got {named} of {input.ndim}"
        )
    a, b = [axis_of(d, input.ndim, "rot90") for d in named]
    if a == b:
        raise ArgumentError(f"rot90: dims {named} name one dimension twice")
    turns = integer(k, "rot90: k") % 4
    if turns == 0:
        return input.clone()
    if turns == 2:
        return flip(input, (a, b))
    return transpose(flip(input, b if turns == 1 else a), a, b)


# Repeats -------------------------------------------------------------------------------------


def repeat(input: Tensor, *args: Any, repeats: Any = None) -> Tensor:
    """The tensor laid out `repeats` times along each dimension, new leading ones included."""
    counts = sizes_of(args, repeats, "repeat(repeats=...)")
    lead = len(counts) - input.ndim
    if lead < 0 or any([n < 0 for n in counts]):
        raise ShapeError(
            f"repeat: {counts} must give a number of repeats, none negative, for each dimension of "
            f"shape {input.shape}"
        )
    sizes = (1,) * lead + input.shape
    between = [n for size in sizes for n in (1, size)]
    spread = [n for pair in zip(counts, sizes, strict=True) for n in pair]
    laid = apply(CONTIGUOUS, expand(reshape(input, between), spread))
    return reshape(laid, [n * m for n, m in zip(counts, sizes, strict=True)])


def tile(input: Tensor, *args: Any, dims: Any = None) -> Tensor:
    """`repeat`, where missing leading counts are 1."""
    counts = sizes_of(args, dims, "tile(dims=...)")
    return repeat(input, (1,) * (input.ndim - len(counts)) + counts)


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each entry along `dim` repeated: `repeats` times, or as `repeats`, a vector, says for each.

    Without `dim` the tensor counts as one long vector. ``repeat_interleave(repeats)`` gives the
    index of the entry at each place.
    """
    if repeats is None:
        return _places(input, None, output_size)
    return repeat_entries(input, repeats, dim, output_size=output_size)


def repeat_entries(
    input: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """`repeat_interleave` of a tensor: its entries along `dim`, each repeated."""
    if dim is None:
        input, dim = ravel(input), 0
    axis = axis_of(dim, input.ndim, "repeat_interleave")
    if input.ndim == 0:
        raise RangeError(f"repeat_interleave: a 0-d tensor has no dimension {dim}")
    if isinstance(repeats, Tensor):
        if repeats.array.size == 1:
            repeats = expand(reshape(repeats, 1), input.shape[axis])
        return input.index_select(axis, _places(repeats, input.shape[axis], output_size))
    count, size = integer(repeats, "repeat_interleave: repeats"), input.shape[axis]
    if count < 0 or output_size not in (None, count * size):
        raise ArgumentError(
            f"repeat_interleave: repeats={count} must not be negative, and output_size, if given, "
            f"must be {count * size}, got {output_size}"
        )
    spread = [*input.shape[: axis + 1], count, *input.shape[axis + 1 :]]
    laid = apply(CONTIGUOUS, expand(unsqueeze(input, axis + 1), spread))
    return reshape(laid, [*input.shape[:axis], count * size, *input.shape[axis + 1 :]])


# Its kernel allocates: the length depends on values.
REPEAT_PLACES: Primitive = DataDependent(
    "repeat_places", lambda repeats, *, total: None, kernel="shape.repeat_places"
)


def _places(repeats: Tensor, size: int | None, output_size: int | None) -> Tensor:
    """For each place of the result, the entry it comes from."""
    if repeats.ndim != 1 or CATEGORY[repeats.dtype] != INT:
        raise ArgumentError(
            f"repeat_interleave: repeats must be a vector of integers, got {repeats.dtype} "
            f"of shape {repeats.shape}"
        )
    if size is not None and repeats.array.size != size:
        raise ArgumentError(
            f"repeat_interleave: repeats has {repeats.array.size} entries for a dimension of {size}"
        )
    total = int(repeats.array.sum()) if repeats.array.size else 0
    if repeats.array.size and int(repeats.array.min()) < 0:
        raise ArgumentError("repeat_interleave: repeats must not be negative")
    if output_size not in (None, total):
        raise ArgumentError(
            f"repeat_interleave: the result has {total} entries, output_size says {output_size}"
        )
    return apply(REPEAT_PLACES, repeats, total=total)
