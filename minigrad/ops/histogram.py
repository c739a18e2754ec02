"""Counting: how many elements fall into each bin, how often each integer occurs."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import CATEGORY, INT, float32, float64, int64
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..tensor import Tensor, apply
from . import return_types
from .calling import of_tensor
from .creation import linspace, ones, zeros
from .elementwise import where
from .extreme import amax, amin
from .gather import INDEX_ADD
from .operands import need_float
from .reduce import sum
from .search import bucketize
from .shape import cast, reshape

__all__ = ["bincount", "histc", "histogram"]


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
    weights = ones(x.shape, dtype=float64, device=x.device)
    if weight is not None:
        weights = cast(reshape(weight.detach(), -1), float64)
    inside = (x >= edges[0]) & (x <= edges[-1])
    place = bucketize(x, edges, right=True) - 1
    place = where(place == count, count - 1, place)
    hist = _totals(weights, place, inside, count)
    if density:
        hist = hist / sum(hist) / cast(edges[1:] - edges[:-1], float64)
    return return_types.histogram(cast(hist, input.dtype), edges)


def _edges(input: Tensor, bins: Any, range: Any) -> Tensor:
    if isinstance(bins, Tensor):
        if range is not None:
            raise DTypeError("histogram: takes the edges as bins, or a range, not both")
        if bins.ndim != 1 or not bins.shape[0]:
            raise ShapeError(f"histogram: the edges must be a vector, got shape {bins.shape}")
        if bins.dtype != input.dtype:
            raise DTypeError(f"histogram: the edges are {bins.dtype}, the input {input.dtype}")
        return bins.detach().clone()
    if bins < 1:
        raise ArgumentError(f"histogram: bins={bins} must be positive")
    low, high = _extremes(input) if range is None else range
    low, high = _range(low, high, "histogram")
    return linspace(low, high, bins + 1, dtype=input.dtype, device=input.device)


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
