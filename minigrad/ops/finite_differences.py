"""Differences of neighbours, their sums by the trapezoid rule, and numerical gradients."""

from __future__ import annotations

from typing import Any

from ..dtypes import BOOL, CATEGORY
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .calling import of_tensor
from .cumulative import along, cumsum
from .elementwise import sub
from .join import cat
from .operands import axis_of
from .reduce import sum
from .shape import broadcast_to, reshape

__all__ = ["cumulative_trapezoid", "diff", "gradient", "trapezoid", "trapz"]


def _ends(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """All but the first, all but the last along `axis`."""
    return along(x, axis, slice(1, None)), along(x, axis, slice(None, -1))


def _step(x: Tensor, axis: int) -> Tensor:
    later, earlier = _ends(x, axis)
    return later ^ earlier if CATEGORY[x.dtype] == BOOL else later - earlier


@of_tensor
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Tensor:
    """``x[i + 1] - x[i]`` along `dim`, `n` times, of `input` with what is put before and after."""
    if input.ndim == 0:
        raise ShapeError("diff: a 0-d tensor has no neighbours")
    if n < 0:
        raise ArgumentError(f"diff: n={n} must not be negative")
    axis = axis_of(dim, input.ndim, "diff")
    if n == 0:
        return input.clone()
    parts = [_edge(prepend, input, axis), input, _edge(append, input, axis)]
    joined = [x for x in parts if x is not None]
    out = cat(joined, axis) if len(joined) > 1 else input
    for _ in range(min(n, out.shape[axis])):
        out = _step(out, axis)
    return out


def _edge(x: Any, input: Tensor, axis: int) -> Any:
    """`x` as it is joined to `input`: a number fills a slice of size 1."""
    if x is None or x.ndim:
        if x is not None and x.ndim != input.ndim:
            raise ShapeError(
                f"diff: prepend and append need {input.ndim} dimensions, got shape {x.shape}"
            )
        return x
    return broadcast_to(x, tuple([1 if i == axis else n for i, n in enumerate(input.shape)]))


def _areas(y: Tensor, x: Any, dx: Any, dim: int, op: str) -> tuple[Tensor, int]:
    """The areas between neighbours along `dim`, twice over."""
    axis = axis_of(dim, y.ndim, op)
    if y.ndim == 0:
        raise ShapeError(f"{op}: a 0-d tensor has no neighbours")
    if x is not None and dx is not None:
        raise DTypeError(f"{op}: takes x or dx, not both")
    later, earlier = _ends(y, axis)
    if x is None:
        return (later + earlier) * (1 if dx is None else dx), axis
    if not isinstance(x, Tensor):  # the place of dx too
        return (later + earlier) * x, axis
    return (later + earlier) * _widths(x, y, axis, op), axis


def _widths(x: Tensor, y: Tensor, axis: int, op: str) -> Tensor:
    if x.ndim == 0:
        raise ShapeError(f"{op}: x must have a dimension")
    if x.ndim == 1:
        if x.shape[0] != y.shape[axis]:
            raise ShapeError(f"{op}: x has {x.shape[0]} places, y {y.shape[axis]} along dim {axis}")
        x = reshape(x, tuple([-1 if i == axis else 1 for i in range(y.ndim)]))
    elif x.ndim < y.ndim:
        x = reshape(x, (1,) * (y.ndim - x.ndim) + x.shape)
    return _step(x, axis)


@of_tensor
def trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along `dim` by the trapezoid rule, at places `x` or `dx` apart (1)."""
    if y.ndim and y.shape[axis_of(dim, y.ndim, "trapezoid")] == 0:
        return sum(y, dim)
    areas, axis = _areas(y, x, dx, dim, "trapezoid")
    return sum(areas, axis) / 2.0


trapz = trapezoid


@of_tensor
def cumulative_trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral up to each place along `dim` by the trapezoid rule, from the second on."""
    areas, axis = _areas(y, x, dx, dim, "cumulative_trapezoid")
    return cumsum(areas, axis) / 2.0


@of_tensor
def gradient(
    input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1
) -> list[Tensor]:
    """The slope along each of `dim` (all), by second-order differences; a list, one a dimension.

    `spacing` is the distance of neighbours, or a list of distances or of tensors of places, one a
    dimension. `edge_order` 1 or 2 is the order of the differences at the ends.
    """
    dims = (
        list(range(input.ndim)) if dim is None else dim if isinstance(dim, (tuple, list)) else [dim]
    )
    axes = [axis_of(d, input.ndim, "gradient") for d in dims]
    if len(set(axes)) != len(axes):
        raise ArgumentError(f"gradient: dim {dims} names a dimension twice")
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order={edge_order} must be 1 or 2")
    return [
        _slope(input, axis, h, edge_order)
        for axis, h in zip(axes, _spacings(spacing, axes, dim, input), strict=True)
    ]


def _spacings(spacing: Any, axes: list[int], dim: Any, input: Tensor) -> list[Any]:
    if spacing is None:
        return [1] * len(axes)
    if not isinstance(spacing, (tuple, list)):
        return [spacing] * len(axes)
    if len(spacing) != len(axes):
        raise ArgumentError(
            f"gradient: {len(spacing)} spacings for {len(axes)} dimensions of shape {input.shape}"
        )
    return list(spacing)


def _slope(input: Tensor, axis: int, h: Any, edge_order: int) -> Tensor:
    n = input.shape[axis]
    if n < edge_order + 1:
        raise ShapeError(
            f"gradient: dimension {axis} of shape {input.shape} needs {edge_order + 1} elements"
        )
    if isinstance(h, Tensor) and h.ndim:
        return _uneven_slope(input, axis, h, edge_order)
    return _even_slope(input, axis, h, edge_order)


def _cut(x: Tensor, axis: int, start: int, stop: int | None) -> Tensor:
    return along(x, axis, slice(start, stop))


def _even_slope(x: Tensor, axis: int, h: Any, edge_order: int) -> Tensor:
    n = x.shape[axis]
    first, second = _cut(x, axis, 0, 1), _cut(x, axis, 1, 2)
    last, before = _cut(x, axis, n - 1, n), _cut(x, axis, n - 2, n - 1)
    middle = sub(_cut(x, axis, 2, n), _cut(x, axis, 0, n - 2)) / (2 * h)
    if edge_order == 1:
        return cat([(second - first) / h, middle, (last - before) / h], axis)
    third, earlier = _cut(x, axis, 2, 3), _cut(x, axis, n - 3, n - 2)
    start = (first * -1.5 + second * 2.0 - third * 0.5) / h
    end = (earlier * 0.5 - before * 2.0 + last * 1.5) / h
    return cat([start, middle, end], axis)


def _uneven_slope(x: Tensor, axis: int, places: Tensor, edge_order: int) -> Tensor:
    n = x.shape[axis]
    if places.shape != (n,):
        raise ShapeError(f"gradient: spacing {places.shape} must be the ({n},) places along {axis}")
    shape = tuple([-1 if i == axis else 1 for i in range(x.ndim)])
    steps = reshape(places[1:] - places[:-1], shape)
    a, b = _cut(steps, axis, 0, n - 2), _cut(steps, axis, 1, None)  # before, after
    rows = [_cut(x, axis, i, n - 2 + i) for i in range(3)]
    middle = (
        -b / (a * (a + b)) * rows[0] + (b - a) / (a * b) * rows[1] + a / (b * (a + b)) * rows[2]
    )
    if edge_order == 1:
        first = (_cut(x, axis, 1, 2) - _cut(x, axis, 0, 1)) / _cut(steps, axis, 0, 1)
        last = (_cut(x, axis, n - 1, n) - _cut(x, axis, n - 2, n - 1)) / _cut(
            steps, axis, n - 2, None
        )
        return cat([first, middle, last], axis)
    a, b = _cut(steps, axis, 0, 1), _cut(steps, axis, 1, 2)
    start = _edge_slope(a, b, [_cut(x, axis, i, i + 1) for i in range(3)])
    b, a = _cut(steps, axis, n - 3, n - 2), _cut(steps, axis, n - 2, None)
    end = -_edge_slope(a, b, [_cut(x, axis, n - i, n - i + 1) for i in (1, 2, 3)])
    return cat([start, middle, end], axis)


def _edge_slope(a: Tensor, b: Tensor, rows: list[Tensor]) -> Tensor:
    """The slope at rows[0] of the parabola through three rows, `a` and then `b` apart."""
    total = a + b
    return (
        -(total + a) / (a * total) * rows[0] + total / (a * b) * rows[1] - a / (b * total) * rows[2]
    )
