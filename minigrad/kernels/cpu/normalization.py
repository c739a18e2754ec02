"""Normalisation on the CPU: array code around the threaded sums of `reduce`."""

from __future__ import annotations

import math

import numpy as np

from ...device import Array
from . import reduce

Axes = tuple[int, ...]


def standardize(out: Array, mean: Array, var: Array, x: Array, *, axes: Axes, eps: float) -> None:
    """`x` with mean 0 and variance 1 over `axes`; also both statistics, of size 1 there."""
    mean[...] = _mean(x, axes)
    np.subtract(x, mean, out=out)
    var[...] = _mean(out * out, axes)
    np.multiply(out, 1 / np.sqrt(var + np.asarray(eps, var.dtype)), out=out)


def standardize_grad(out: Array, g: Array, y: Array, var: Array, *, axes: Axes, eps: float) -> None:
    """The gradient in `x` from that in `y`: what of it changes mean or variance is lost."""
    np.multiply(y, -_mean(g * y, axes).astype(g.dtype), out=out)
    np.add(out, g, out=out)
    np.subtract(out, _mean(g, axes).astype(g.dtype), out=out)
    np.multiply(out, 1 / np.sqrt(var + np.asarray(eps, var.dtype)), out=out)


def _mean(x: Array, axes: Axes) -> Array:
    """In float64, of size 1 along `axes`; NaN of no elements."""
    kept = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    total = np.empty([n for axis, n in enumerate(x.shape) if axis not in axes])
    reduce.sum(total, x, axes=axes)
    count = math.prod([x.shape[axis] for axis in axes])
    return total.reshape(kept) / (count or math.nan)
