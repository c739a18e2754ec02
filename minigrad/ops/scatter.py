"""Writing by integer index: out of place here; the in-place twins are in the table of methods.

`put` replaces whole entries along one dimension; `scatter` replaces an element for each index,
where `gather` would read, and `scatter_reduce` combines it with what is there. The functions named
`index_*` take a vector of indices along one dimension: their index is spread over the source first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import STORAGE_ONLY, bool_, float32, int32, int64
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Elementwise, Primitive, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .calling import public
from .choice import where
from .compare import isnan
from .creation import arange
from .gather import GATHER, SCATTER_ADD, TAKE, checked_index
from .operands import axis_of, need_tensor, scalar_like
from .shape import cast, expand, reshape

__all__ = [
    "index_add", "index_copy", "index_fill", "index_reduce", "put", "scatter", "scatter_add",
    "scatter_reduce",
]  # fmt: skip


def _like_input(x: Any, index: Any, v: Any, **_: Any) -> Spec:
    return Spec(x.shape, x.dtype, memory_order(x))


PUT: Primitive = Primitive(
    "put",
    lambda x, index, v, *, dim: _like_input(x, index, v),
    kernel="index.put",
    vjps=(
        lambda g, index, v_shape, dim: apply(PUT, g, index, g.new_zeros(v_shape), dim=dim),
        None,
        lambda g, index, dim: apply(TAKE, g, index, dim=dim),
    ),
    formula="x with v at index along dim",
    complex=True,
)
SCATTER: Primitive = Primitive(
    "scatter",
    lambda x, index, v, *, dim: _like_input(x, index, v),
    kernel="index.scatter",
    vjps=(
        lambda g, index, dim: _cleared(g, index, dim),
        None,
        lambda g, index, dim: apply(GATHER, g, index, dim=dim),
    ),
    formula="x with v where gather would read",
    complex=True,
)


def _cleared(g: Tensor, index: Tensor, dim: int) -> Tensor:
    """`g`, with zeros where `scatter` writes."""
    return apply(SCATTER, g, index, expand(g.new_zeros(()), index.shape), dim=dim)


def _reduction(name: str, **gradient: Any) -> Primitive:
    return Primitive(
        f"scatter_{name}",
        lambda x, index, v, *, dim, reduce, include_self: _like_input(x, index, v),
        kernel="index.scatter_reduce",
        **gradient,
    )


def _extreme_vjp(
    needs: Any, g: Tensor, x: Tensor, index: Tensor, v: Tensor, y: Tensor, dim: int,
    include_self: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Elements that equal the extreme share the gradient, as in `amax`; a NaN is the extreme."""
    x_is = cast((x == y) | isnan(x), g.dtype)
    v_is = cast((v == apply(GATHER, y, index, dim=dim)) | isnan(v), g.dtype)
    if not include_self:
        x_is = where(_written(x, index, dim), 0, x_is)
    held = apply(SUM, x_is, index, v_is, dim=dim, reduce="sum", include_self=True)
    share = g / where(held == 0, 1, held)
    return share * x_is, None, apply(GATHER, share, index, dim=dim) * v_is


def _written(x: Tensor, index: Tensor, dim: int) -> Tensor:
    """Where in `x` there is an index to."""
    nowhere = x.new_full(x.shape, False, dtype=bool_)
    there = expand(x.new_full((), True, dtype=bool_), index.shape)
    return apply(SCATTER, nowhere, index, there, dim=dim)


def _product_vjp(
    needs: Any, g: Tensor, x: Tensor, index: Tensor, v: Tensor, y: Tensor, dim: int,
    include_self: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """The product of all other factors: divided out, or multiplied anew without a lone zero."""
    attrs = {"dim": dim, "reduce": "prod", "include_self": include_self}
    g_x = g_v = None
    if needs[0]:
        factor = where(x == 0, 1, x)
        g_x = g * (apply(PRODUCT, factor, index, v, **attrs) / factor)
        if not include_self:
            g_x = _cleared(g_x, index, dim)
    if needs[2]:
        zero = v == 0
        zeros = apply(SCATTER_ADD, cast(zero, g.dtype), index, dim=dim, out_shape=x.shape)
        lone = zero & (apply(GATHER, zeros, index, dim=dim) == 1)
        without = apply(PRODUCT, x, index, where(lone, 1, v), **attrs)
        others = apply(GATHER, without, index, dim=dim)
        divided = apply(GATHER, y, index, dim=dim) / where(zero, 1, v)
        g_v = apply(GATHER, g, index, dim=dim) * where(lone, others, divided)
    return g_x, None, g_v


SUM = _reduction(
    "sum",
    vjps=(
        lambda g, index, dim, include_self: g if include_self else _cleared(g, index, dim),
        None,
        lambda g, index, dim: apply(GATHER, g, index, dim=dim),
    ),
    complex=True,
)
PRODUCT = _reduction("product", vjp=_product_vjp)
EXTREME = _reduction("extreme", vjp=_extreme_vjp)
_REDUCTIONS = {"sum": SUM, "prod": PRODUCT, "amax": EXTREME, "amin": EXTREME}


FLOOR_DIVIDE = Elementwise("integer_mean", "a // b", "a b")


def combined(
    x: Tensor, axis: int, index: Tensor, v: Tensor, reduce: str, include_self: bool = True
) -> Tensor:
    """`x` with `v` combined into it where `gather` would read."""
    attrs = {"dim": axis, "include_self": include_self}
    if reduce != "mean":
        return apply(_REDUCTIONS[reduce], x, index, v, reduce=reduce, **attrs)
    if x.dtype == bool_:
        raise DTypeError("scatter_reduce: there is no mean of bools; convert them first")
    wide = float32 if x.dtype in STORAGE_ONLY else x.dtype  # rounded once
    total = apply(SUM, cast(x, wide), index, cast(v, wide), reduce="sum", **attrs)
    ones = expand(x.new_full((), 1, dtype=int64), index.shape)
    start = x.new_full(x.shape, int(include_self), dtype=int64)
    count = apply(SUM, start, index, ones, reduce="sum", dim=axis, include_self=True)
    count = where(count == 0, 1, count)
    if x.is_floating_point():
        return cast(total / count, x.dtype)
    return cast(apply(FLOOR_DIVIDE, total, count), x.dtype)


# scatter: an element for each index ------------------------------------------------------------


def _scattered(
    op: str, input: Tensor, dim: int, index: Tensor, src: Any, write: Callable[..., Tensor]
) -> Tensor:
    """``write(x, axis, index, v)`` on checked operands, with 0-d ones seen as vectors."""
    axis = axis_of(dim, input.ndim, op)
    if src is not None and not isinstance(src, Tensor):
        raise DTypeError(f"{op}: src must be a Tensor, got {type(src).__name__}")
    if src is not None and src.dtype != input.dtype:
        raise DTypeError(f"{op}: input is {input.dtype} and src {src.dtype}; they must be equal")
    index = checked_index(index, input.shape[axis] if input.ndim else 1, op)
    if index.array.size == 0:
        return input.clone()
    x, i = (reshape(t, -1) if t.ndim == 0 else t for t in (input, index))
    v = reshape(src, -1) if src is not None and src.ndim == 0 else src
    shapes = f"input {input.shape}, index {index.shape}"
    if src is not None:
        shapes += f", src {src.shape}"
    if x.ndim != i.ndim or (v is not None and v.ndim != i.ndim):
        raise ShapeError(f"{op}: {shapes} must have as many dimensions as each other")
    if any([n > m and d != axis for d, (n, m) in enumerate(zip(i.shape, x.shape))]):
        raise ShapeError(f"{op}: {shapes}: index may be no larger than input except at dim {axis}")
    if v is not None and any([n > m for n, m in zip(i.shape, v.shape)]):
        raise ShapeError(f"{op}: {shapes}: index may be no larger than src")
    if v is not None and v.shape != i.shape:
        v = v[tuple([slice(n) for n in i.shape])]
    return reshape(write(x, axis, i, v), input.shape)


@public
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
    reduce: str | None = None,
) -> Tensor:  # fmt: skip
    """`input` with `src` (a tensor or a number) where `gather` would read:
    ``out[index[i][j]][j] = src[i][j]`` for dim 0. Where an index repeats, one of the values stays.

    `reduce` "add" or "multiply" combines with what is there instead.

    Raises:
        RangeError: an index outside [0, n), for n entries along `dim`.
    """
    if reduce not in (None, "add", "multiply"):
        raise ArgumentError(f"scatter: reduce must be 'add' or 'multiply', got {reduce!r}")
    if (src is None) == (value is None):
        raise DTypeError("scatter: give one of src and value")
    given = src if value is None else value
    number = None if isinstance(given, Tensor) else scalar_like(given, input, "scatter")

    def write(x: Tensor, axis: int, i: Tensor, v: Tensor | None) -> Tensor:
        found = expand(number, i.shape) if v is None else v  # type: ignore[arg-type]
        if reduce is None:
            return apply(SCATTER, x, i, found, dim=axis)
        return combined(x, axis, i, found, {"add": "sum", "multiply": "prod"}[reduce])

    return _scattered("scatter", input, dim, index, given if number is None else None, write)


@public
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with `src` added where `gather` would read: ``out[index[i][j]][j] += src[i][j]`` for
    dim 0. On the CPU sums are in the order of the index.

    Raises:
        RangeError: an index outside [0, n), for n entries along `dim`.
    """
    need_tensor(src, "scatter_add", "src")
    return _scattered(
        "scatter_add", input, dim, index, src, lambda x, axis, i, v: combined(x, axis, i, v, "sum")
    )


@public
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`input` with `src` combined into it where `gather` would read, by `reduce`: "sum", "prod",
    "mean", "amax" or "amin". Without `include_self`, what is written to does not count itself.

    Raises:
        RangeError: an index outside [0, n), for n entries along `dim`.
    """
    _check_reduce(reduce, "scatter_reduce", ("sum", "prod", "mean", "amax", "amin"))
    need_tensor(src, "scatter_reduce", "src")
    return _scattered(
        "scatter_reduce", input, dim, index, src,
        lambda x, axis, i, v: combined(x, axis, i, v, reduce, include_self),
    )  # fmt: skip


def _check_reduce(reduce: str, op: str, known: tuple[str, ...]) -> None:
    if reduce not in known:
        raise ArgumentError(f"{op}: reduce must be one of {', '.join(known)}, got {reduce!r}")


# index_*: entries along one dimension ----------------------------------------------------------


def _entries(
    op: str, input: Tensor, dim: int, index: Tensor, source: Tensor,
    dtypes: tuple[np.dtype, ...] = (int32, int64),
) -> tuple[Tensor, int, Tensor, Tensor]:  # fmt: skip
    """(input, axis, index vector, source), checked, with 0-d ones seen as vectors."""
    axis = axis_of(dim, input.ndim, op)
    need_tensor(source, op, "source")
    if source.dtype != input.dtype:
        raise DTypeError(f"{op}: input is {input.dtype} and source {source.dtype}, not the same")
    if isinstance(index, Tensor) and index.ndim > 1:
        raise RangeError(f"{op}: index must be a vector, got shape {index.shape}")
    size = input.shape[axis] if input.ndim else 1
    index = reshape(checked_index(index, size, op, dtypes=dtypes), -1)
    x, v = (reshape(t, -1) if t.ndim == 0 else t for t in (input, source))
    wanted = (*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :])
    if v.shape != wanted:
        raise ShapeError(
            f"{op}: source has shape {source.shape}, but {index.shape[0]} indices along dim {axis} "
            f"of input {input.shape} need {wanted}"
        )
    return x, axis, index, v


def spread(index: Tensor, axis: int, shape: tuple[int, ...]) -> Tensor:
    """A vector of indices along `axis`, repeated over the other dimensions of `shape`."""
    lone = [-1 if i == axis else 1 for i in range(len(shape))]
    return expand(reshape(index, lone), shape)


@public
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1
) -> Tensor:
    """`input` with ``alpha * source`` added to the entries along `dim` that `index` names.

    Raises:
        RangeError: an index outside [0, n), for n entries along `dim`.
    """
    x, axis, i, v = _entries("index_add", input, dim, index, source)
    if alpha != 1:
        v = cast(v * scalar_like(alpha, v, "index_add"), v.dtype)
    return reshape(combined(x, axis, spread(i, axis, v.shape), v, "sum"), input.shape)


@public
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *,
    include_self: bool = True,
) -> Tensor:  # fmt: skip
    """`input` with `source` combined into the entries along `dim` that `index` names, by `reduce`:
    "prod", "mean", "amax" or "amin".

    Raises:
        RangeError: an index outside [0, n), for n entries along `dim`.
    """
    _check_reduce(reduce, "index_reduce", ("prod", "mean", "amax", "amin"))
    x, axis, i, v = _entries("index_reduce", input, dim, index, source)
    out = combined(x, axis, spread(i, axis, v.shape), v, reduce, include_self)
    return reshape(out, input.shape)


@public
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """`input` with the entries along `dim` that `index` names replaced by those of `source`.

    Raises:
        RangeError: an index outside [0, n), for n entries along `dim`.
    """
    x, axis, i, v = _entries("index_copy", input, dim, index, source, (int64,))
    return reshape(apply(PUT, x, i, v, dim=axis), input.shape)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """`input` with the entries along `dim` that `index` names set to `value`, a number or a 0-d
    tensor.

    Raises:
        RangeError: an index outside [-n, n), for n entries along `dim`.
    """
    op = "index_fill"
    axis = axis_of(dim, input.ndim, op)
    if isinstance(index, Tensor) and index.ndim > 1:
        raise ShapeError(f"{op}: index must be a vector, got shape {index.shape}")
    size = input.shape[axis] if input.ndim else 1
    i = reshape(checked_index(index, size, op, negative=True, dtypes=(int64,)), -1)
    x = reshape(input, -1) if input.ndim == 0 else input
    fill = scalar_like(value, input, op)
    nowhere = x.new_full((x.shape[axis],), False, dtype=bool_)
    there = apply(PUT, nowhere, i, expand(x.new_full((), True, dtype=bool_), i.shape), dim=0)
    lone = [-1 if d == axis else 1 for d in range(x.ndim)]
    return reshape(where(reshape(there, lone), fill, x), input.shape)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with its elements, counted in C order, that `index` names replaced by those of
    `source`, or with these added to them. Negative indices count from the end.

    Raises:
        RangeError: an index outside [-n, n), for n elements.
    """
    need_tensor(source, "put", "source")
    if source.dtype != input.dtype:
        raise DTypeError(f"put: input is {input.dtype} and source {source.dtype}, not the same")
    i = checked_index(index, input.array.size, "put", negative=True, dtypes=(int64,))
    if i.array.size != source.array.size:
        raise RangeError(f"put: {i.array.size} indices for {source.array.size} source elements")
    flat, i, v = (reshape(t, -1) for t in (input, i, source))
    out = combined(flat, 0, i, v, "sum") if accumulate else apply(PUT, flat, i, v, dim=0)
    return reshape(out, input.shape)


def fill_diagonal(input: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """`input` with its main diagonal set to a number; a tall matrix's starts anew with `wrap`."""
    shape = input.shape
    if len(shape) < 2:
        raise ShapeError(f"fill_diagonal_: needs at least 2 dimensions, got shape {shape}")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError(f"fill_diagonal_: more than 2 dimensions must be equal, got {shape}")
    step = sum([int(np.prod(shape[i + 1 :])) for i in range(len(shape))])
    end = input.array.size if wrap and len(shape) == 2 else min(shape) * step
    places = arange(0, min(end, input.array.size), step, device=input.device)
    fill = scalar_like(fill_value, input, "fill_diagonal_")
    flat = reshape(input, -1)
    return reshape(apply(PUT, flat, places, expand(fill, places.shape), dim=0), shape)
