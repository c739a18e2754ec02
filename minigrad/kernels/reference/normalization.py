"""Normalisation over dimensions, in array code. Sums are float64: their error is bounded."""

from __future__ import annotations

import math

from ...device import Array, namespace

Axes = tuple[int, ...]


def normalize(
    out: Array, mean: Array, var: Array, x: Array, weight: Array, bias: Array, *, axes: Axes,
    eps: float, centre: bool,
) -> None:  # fmt: skip
    """`x` with mean 0 and variance 1 over `axes`, scaled and moved; also both statistics.

    Without `centre`, only divided by the root of its mean square.
    """
    xp = namespace(x)
    mean[...] = x.sum(axis=axes, dtype=float, keepdims=True) / count(x, axes) if centre else 0
    xp.subtract(x, mean, out=out)
    var[...] = (out * out).sum(axis=axes, dtype=float, keepdims=True) / count(x, axes)
    xp.divide(out, xp.sqrt(var + eps), out=out)
    xp.multiply(out, weight, out=out)
    xp.add(out, bias, out=out)


def normalize_grad(
    dx: Array, dweight: Array, dbias: Array, g: Array, x: Array, mean: Array, var: Array,
    weight: Array, *, axes: Axes, eps: float, centre: bool,
) -> None:  # fmt: skip
    """The gradients in `x`, `weight` and `bias` from that in the result.

    What of it would change the mean or variance of x is lost.
    """
    xp = namespace(g)
    root = xp.sqrt(var + eps)
    x_hat = (x - mean) / root
    shared = shared_axes(weight)
    dweight[...] = (g * x_hat).sum(axis=shared, dtype=float, keepdims=True)
    dbias[...] = g.sum(axis=shared, dtype=float, keepdims=True)
    xp.multiply(g, weight, out=dx)
    along_one = dx.sum(axis=axes, dtype=float, keepdims=True) / count(x, axes) if centre else 0
    along_y = (dx * x_hat).sum(axis=axes, dtype=float, keepdims=True) / count(x, axes)
    xp.subtract(dx, xp.asarray(along_one, dx.dtype), out=dx)
    xp.subtract(dx, x_hat * along_y.astype(dx.dtype), out=dx)
    xp.divide(dx, root, out=dx)
    silence(dx, g, axes)


def silence(dx: Array, g: Array, axes: Axes) -> None:
    """No gradient where none comes in, though the slope be infinite: eps of 0, or x not finite."""
    xp = namespace(g)
    xp.copyto(dx, 0, where=~(g != 0).any(axis=axes, keepdims=True))


def shared_axes(weight: Array) -> Axes:
    """The axes along which all elements have the same weight."""
    return tuple([axis for axis, n in enumerate(weight.shape) if n == 1])


def count(x: Array, axes: Axes) -> float:
    """How many elements a statistic is of; NaN for none."""
    return float(math.prod([x.shape[axis] for axis in axes])) or math.nan
