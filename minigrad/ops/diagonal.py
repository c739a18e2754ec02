"""Diagonals and triangles of matrices, and writing into parts of a copy."""

from __future__ import annotations

from typing import Any

from ..device import as_strided, namespace_of
from ..dtypes import CATEGORY, INT, as_dtype
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, Spec, View
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .calling import public
from .creation import factory, place_of
from .index import SLICE, WRITE, replay_views
from .operands import axis_of, integer
from .shape import cast, clone, reshape

__all__ = [
    "diag", "diag_embed", "diagflat", "diagonal", "diagonal_scatter", "select_scatter",
    "slice_scatter", "tril", "tril_indices", "triu", "triu_indices",
]  # fmt: skip

# Diagonals -----------------------------------------------------------------------------------


def _length(rows: int, columns: int, offset: int) -> int:
    """How many places the diagonal of an (M, N) matrix has that starts at column `offset`."""
    return max(0, min(rows + min(offset, 0), columns - max(offset, 0)))


def _diagonal(x: Any, *, offset: int, dim1: int, dim2: int) -> Any:
    """The places [i, i + offset] of two dimensions, as a last one."""
    count = _length(x.shape[dim1], x.shape[dim2], offset)
    first = [slice(None)] * x.ndim
    if count:
        first[dim1], first[dim2] = slice(max(-offset, 0), None), slice(max(offset, 0), None)
    rest = [i for i in range(x.ndim) if i not in (dim1, dim2)]
    shape = (*[x.shape[i] for i in rest], count)
    strides = (*[x.strides[i] for i in rest], x.strides[dim1] + x.strides[dim2])
    return as_strided(x[tuple(first)], shape, strides)


DIAGONAL: Primitive = View(
    "diagonal",
    _diagonal,
    vjps=(lambda g, x_shape, offset, dim1, dim2: _embedded(g, x_shape, offset, dim1, dim2),),
)
EMBED: Primitive = Primitive(
    "embed",
    lambda v, *, steps, out_shape: Spec(out_shape, v.dtype),
    kernel="index.embed",
    vjps=(lambda g, steps: replay_views(g, steps),),
    formula="zeros with v in the region that steps lead to",
    complex=True,
)


def _embedded(v: Tensor, shape: Any, offset: int, dim1: int, dim2: int) -> Tensor:
    attrs = {"offset": offset, "dim1": dim1, "dim2": dim2}
    return apply(EMBED, v, steps=((DIAGONAL, attrs),), out_shape=shape)


def _two_dims(dim1: int, dim2: int, ndim: int, op: str) -> tuple[int, int]:
    if ndim < 2:
        raise RangeError(f"{op}: needs 2 dimensions or more, this has {ndim}")
    a, b = axis_of(dim1, ndim, op), axis_of(dim2, ndim, op)
    if a == b:
        raise ArgumentError(f"{op}: dim1={dim1} and dim2={dim2} are one dimension")
    return a, b


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions, as a new last one; `offset` above (positive) or below the
    main one. A view."""
    a, b = _two_dims(dim1, dim2, input.ndim, "diagonal")
    return apply(DIAGONAL, input, offset=integer(offset, "diagonal: offset"), dim1=a, dim2=b)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices that are zero but for a diagonal, the last dimension of `input`."""
    if input.ndim == 0:
        raise RangeError("diag_embed: a 0-d tensor has no dimension to lay on a diagonal")
    a, b = _two_dims(dim1, dim2, input.ndim + 1, "diag_embed")
    start = integer(offset, "diag_embed: offset")
    size = input.shape[-1] + abs(start)
    rest = iter(input.shape[:-1])
    shape = tuple([size if i in (a, b) else next(rest) for i in range(input.ndim + 1)])
    return _embedded(input, shape, start, a, b)


@public
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, a copy; or of a vector, the matrix that has it as diagonal."""
    if input.ndim not in (1, 2):
        raise ShapeError(f"diag: expected a matrix or a vector, got shape {input.shape}")
    offset = integer(diagonal, "diag: diagonal")
    return diag_embed(input, offset) if input.ndim == 1 else clone(_diagonal_of(input, offset))


def _diagonal_of(input: Tensor, offset: int) -> Tensor:
    return apply(DIAGONAL, input, offset=offset, dim1=0, dim2=1)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements of `input` on a diagonal."""
    return diag_embed(reshape(input, -1), offset)


# Triangles -----------------------------------------------------------------------------------


def _triangle(name: str) -> Primitive:
    prim: Primitive = Primitive(
        name,
        lambda x, *, diagonal: Spec(x.shape, x.dtype, memory_order(x)),
        kernel=f"shape.{name}",
        vjps=(lambda g, diagonal: apply(prim, g, diagonal=diagonal),),
        complex=True,
    )
    return prim


TRIL, TRIU = _triangle("tril"), _triangle("triu")


@public
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangles of matrices: zero above the diagonal that starts at column `diagonal`."""
    return _cut_triangle(TRIL, input, diagonal)


@public
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangles of matrices: zero below the diagonal that starts at column `diagonal`."""
    return _cut_triangle(TRIU, input, diagonal)


def _cut_triangle(prim: Primitive, input: Tensor, diagonal: int) -> Tensor:
    if input.ndim < 2:
        raise ShapeError(f"{prim.name}: expected 2 dimensions or more, got shape {input.shape}")
    return apply(prim, input, diagonal=integer(diagonal, f"{prim.name}: diagonal"))


def _indices(name: str, words: str) -> Any:
    def function(
        row: int, col: int, offset: int = 0, *, dtype: Any = "int64", device: Any = None
    ) -> Tensor:
        found, rows, columns = (
            as_dtype(dtype),
            integer(row, f"{name}: row"),
            integer(col, f"{name}: col"),
        )
        if rows < 0 or columns < 0:
            raise ArgumentError(f"{name}: sizes {rows} and {columns} must not be negative")
        if CATEGORY[found] != INT or found.itemsize < 4:
            raise DTypeError(f"{name}: dtype {found} must be int32 or int64")
        xp = namespace_of(place_of(device))
        start = integer(offset, f"{name}: offset")
        mask = xp.tri(rows, columns, start if name[:4] == "tril" else start - 1, dtype=bool)
        places = xp.nonzero(mask if name[:4] == "tril" else ~mask)
        return Tensor(xp.stack(places).astype(found))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Rows and columns, (2, n), of the places {words} of a (row, col) matrix."
    return factory(function)


tril_indices = _indices("tril_indices", "on and below a diagonal")
triu_indices = _indices("triu_indices", "on and above a diagonal")

# A part replaced, in a copy ------------------------------------------------------------------


def _scattered(input: Tensor, src: Tensor, steps: Any, op: str) -> Tensor:
    """`input` with the region that the views `steps` lead to replaced by `src`."""
    region = input.array
    for prim, attrs in steps:
        region = prim.view(region, **attrs)
    if not isinstance(src, Tensor):
        raise DTypeError(f"{op}: src must be a Tensor, got {type(src).__name__}")
    if src.shape != region.shape:
        raise ShapeError(f"{op}: src has shape {src.shape}, its place {region.shape}")
    return apply(WRITE, input, cast(src, input.dtype), steps=steps)


@public
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy of `input` with its `diagonal` replaced by `src`."""
    a, b = _two_dims(dim1, dim2, input.ndim, "diagonal_scatter")
    attrs = {"offset": integer(offset, "diagonal_scatter: offset"), "dim1": a, "dim2": b}
    return _scattered(input, src, ((DIAGONAL, attrs),), "diagonal_scatter")


@public
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` with the entry `index` along `dim` replaced by `src`."""
    if input.ndim == 0:
        raise RangeError("select_scatter: a 0-d tensor has no dimension to select from")
    axis = axis_of(dim, input.ndim, "select_scatter")
    place = integer(index, "select_scatter: index")
    if not -input.shape[axis] <= place < input.shape[axis]:
        raise RangeError(
            f"select_scatter: index {place} is out of range for dimension {axis} of {input.shape}"
        )
    view = (SLICE, {"index": (slice(None),) * axis + (place,)})
    return _scattered(input, src, (view,), "select_scatter")


@public
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Tensor:
    """A copy of `input` with ``start:end:step`` along `dim` replaced by `src`."""
    if input.ndim == 0:
        raise RangeError("slice_scatter: a 0-d tensor has no dimension to slice")
    axis = axis_of(dim, input.ndim, "slice_scatter")
    if integer(step, "slice_scatter: step") < 1:
        raise ArgumentError(f"slice_scatter: step={step} must be positive")
    view = (SLICE, {"index": (slice(None),) * axis + (slice(start, end, step),)})
    return _scattered(input, src, (view,), "slice_scatter")
