"""Normalisation over dimensions, in array code. Sums are float64: their error is bounded."""

from __future__ import annotations

import math

from ...device import Array, namespace

Axes = tuple[int, ...]


def standardize(out: Array, mean: Array, var: Array, x: Array, *, axes: Axes, eps: float) -> None:
    """`x` with mean 0 and variance 1 over `axes`; also both statistics, of size 1 there."""
    xp = namespace(x)
    count = _count(x, axes)
    mean[...] = x.sum(axis=axes, dtype=float, keepdims=True) / count
    xp.subtract(x, mean, out=out)
    var[...] = (out * out).sum(axis=axes, dtype=float, keepdims=True) / count
    xp.divide(out, xp.sqrt(var + eps), out=out)


def standardize_grad(out: Array, g: Array, y: Array, var: Array, *, axes: Axes, eps: float) -> None:
    """The gradient in `x` from that in `y`: what of it changes mean or variance is lost."""
    xp = namespace(g)
    count = _count(g, axes)
    along_one = (g.sum(axis=axes, dtype=float, keepdims=True) / count).astype(g.dtype)
    along_y = ((g * y).sum(axis=axes, dtype=float, keepdims=True) / count).astype(g.dtype)
    xp.multiply(y, -along_y, out=out)
    xp.add(out, g, out=out)
    xp.subtract(out, along_one, out=out)
    xp.divide(out, xp.sqrt(var + eps), out=out)


def _count(x: Array, axes: Axes) -> float:
    """How many elements a statistic is of; NaN for none."""
    return float(math.prod([x.shape[axis] for axis in axes])) or math.nan
