"""Counting: how many elements fall into each bin, how often each integer occurs."""

from __future__ import annotations

import builtins
import math
from typing import Any

from ..dtypes import CATEGORY, INT, float32, float64, int64
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..tensor import Tensor, apply
from . import return_types
from .calling import of_tensor
from .choice import where
from .creation import linspace, ones, zeros
from .extreme import amax, amin
from .gather import INDEX_ADD
from .operands import need_float
from .reduce import sum
from .search import bucketize
from .shape import cast, reshape

__all__ = ["bincount", "histc", "histogram", "histogramdd"]


def _range(low: float, high: float, op: str) -> tuple[float, float]:
    """The outermost edges, which must be finite, in order, and not the same."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ArgumentError(f"{op}: the range from {low} to {high} is not finite")
    if low > high:
        raise ArgumentError(f"{op}: the range from {low} to {high} ends before it starts")
    return (low - 0.5, high + 0.5) if low == high else (low, high)


def _extremes(input: Tensor) -> tuple[float, float]:
    if not input.array.size:
        return 0.0, 1.0
    return float(amin(input.detach()).item()), float(amax(input.detach()).item())


def _totals(weights: Tensor, bins: Tensor, inside: Tensor, count: int) -> Tensor:
    """The `weights` (N,) that are `inside`, added up by their `bins` (N,): (count,)."""
    bins = where(inside, cast(bins, int64), count)  # one bin more for all others
    return apply(INDEX_ADD, weights, bins, dim=0, out_shape=(count + 1,))[:-1].contiguous()


@of_tensor
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal bins from `min` to `max`.

    If both are equal, from the smallest element to the largest. Others are not counted.
    """
    need_float(input, "histc")
    if bins < 1:
        raise ArgumentError(f"histc: bins={bins} must be positive")
    low, high = _range(*(_extremes(input) if min == max else (min, max)), "histc")
    x = reshape(input.detach(), -1)
    inside = (x >= low) & (x <= high)
    place = cast(where(inside, (x - low) * bins / (high - low), 0.0), int64)
    place = where(place == bins, bins - 1, place)  # the last bin has its right edge
    counted = _totals(ones(x.shape, dtype=int64, device=x.device), place, inside, bins)
    return cast(counted, input.dtype)


@of_tensor
def histogram(
    input: Tensor, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    """(hist, bin_edges): the elements, or their `weight`, in each bin.

    `bins` is how many equal bins there are over `range` (by default, smallest to largest), or the
    edges themselves. With `density`, divided by the total and the bins' widths. No gradient.
    """
    if input.dtype not in (float32, float64):
        raise DTypeError(f"histogram: needs float32 or float64, got {input.dtype}; use x.float()")
    edges = _edges(input, bins, range)
    count = edges.shape[0] - 1
    x = reshape(input.detach(), -1)
    if weight is not None and weight.shape != input.shape:
        raise ShapeError(f"histogram: weight {weight.shape} must fit the input {input.shape}")
    if weight is not None and weight.dtype != input.dtype:
        raise DTypeError(f"histogram: weight is {weight.dtype}, the input {input.dtype}")
    place, inside = _places(x, edges)
    hist = _totals(_amounts(x, weight), place, inside, count)
    if density:
        hist = hist / sum(hist) / cast(edges[1:] - edges[:-1], float64)
    return return_types.histogram(
        cast(hist, input.dtype), edges.clone() if isinstance(bins, Tensor) else edges
    )


def _edges(input: Tensor, bins: Any, range: Any) -> Tensor:
    if isinstance(bins, Tensor):
        if range is not None:
            raise DTypeError("histogram: takes the edges as bins, or a range, not both")
        if bins.ndim != 1 or not bins.shape[0]:
            raise ShapeError(f"histogram: the edges must be a vector, got shape {bins.shape}")
        if bins.dtype != input.dtype:
            raise DTypeError(f"histogram: the edges are {bins.dtype}, the input {input.dtype}")
        return bins.detach()
    if bins < 1:
        raise ArgumentError(f"histogram: bins={bins} must be positive")
    low, high = _extremes(input) if range is None else range
    low, high = _range(low, high, "histogram")
    return linspace(low, high, bins + 1, dtype=input.dtype, device=input.device)


@of_tensor
def histogramdd(
    input: Tensor, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    """(hist, bin_edges) of points (..., D): how many, or their `weight` (...), lie in each box.

    `bins` is a number, one a dimension, or the edges of each dimension; `range` are the outermost
    edges, low and high of each dimension in a row. `bin_edges` is a tuple of D vectors.
    """
    if input.dtype not in (float32, float64):
        raise DTypeError(f"histogramdd: needs float32 or float64, got {input.dtype}")
    if input.ndim < 2:
        raise ShapeError(f"histogramdd: needs points (N, D), got shape {input.shape}")
    D = input.shape[-1]
    each = list(bins) if isinstance(bins, (tuple, list)) else [bins] * D
    if len(each) != D or (range is not None and len(range) != 2 * D):
        raise ArgumentError(f"histogramdd: {len(each)} bins, range {range} for {D} dimensions")
    if weight is not None and weight.shape != input.shape[:-1]:
        raise ShapeError(
            f"histogramdd: weight {weight.shape} must fit the points {input.shape[:-1]}"
        )
    points = reshape(input.detach(), (math.prod(input.shape[:-1]), D))
    columns = [points[:, d] for d in builtins.range(D)]
    bounds = [None if range is None else range[2 * d : 2 * d + 2] for d in builtins.range(D)]
    edges = [_edges(x, b, r) for x, b, r in zip(columns, each, bounds, strict=True)]
    place, inside = None, None
    for x, e in zip(columns, edges, strict=True):
        at, within = _places(x, e)
        place = at if place is None else place * (e.shape[0] - 1) + at
        inside = within if inside is None else inside & within
    sizes = tuple([e.shape[0] - 1 for e in edges])
    hist = _totals(_amounts(points[:, 0], weight), place, inside, math.prod(sizes))  # type: ignore[arg-type]
    hist = reshape(hist, sizes)
    if density:
        hist = hist / sum(hist)
        for d, e in enumerate(edges):
            widths = cast(e[1:] - e[:-1], float64)
            hist = hist / reshape(widths, (-1,) + (1,) * (D - d - 1))
    return return_types.histogramdd(cast(hist, input.dtype), tuple(edges))


def _amounts(x: Tensor, weight: Any) -> Tensor:
    """What each element counts, (N,), in float64."""
    if weight is None:
        return ones(x.shape, dtype=float64, device=x.device)
    return cast(reshape(weight.detach(), -1), float64)


def _places(x: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
    """(the bin of each element, whether it is in any); the last bin has its right edge."""
    count = edges.shape[0] - 1
    inside = (x >= edges[0]) & (x <= edges[-1])
    place = bucketize(x, edges, right=True) - 1
    return where(place == count, count - 1, place), inside


@of_tensor
def bincount(input: Tensor, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often 0, 1, 2, ... occur in `input` (N,), or the sum of their `weights` (N,)."""
    if CATEGORY[input.dtype] != INT:
        raise DTypeError(f"bincount: needs integers, got {input.dtype}")
    if minlength < 0:
        raise ArgumentError(f"bincount: minlength={minlength} must not be negative")
    if input.ndim != 1:
        raise ShapeError(f"bincount: needs a vector, got shape {input.shape}")
    if weights is not None and weights.shape != input.shape:
        raise ShapeError(f"bincount: weights {weights.shape} must fit the input {input.shape}")
    dtype = int64 if weights is None else float32 if weights.dtype == float32 else float64
    if not input.shape[0]:
        return zeros(minlength, dtype=int64, device=input.device)
    low, high = int(amin(input).item()), int(amax(input).item())
    if low < 0:
        raise RangeError(f"bincount: {low} is negative")
    if weights is None:
        amounts = ones(input.shape, dtype=int64, device=input.device)
    else:
        amounts = cast(weights.detach(), float64)
    count = max(high + 1, minlength)
    out = apply(INDEX_ADD, amounts, cast(input, int64), dim=0, out_shape=(count,))
    return cast(out, dtype)
