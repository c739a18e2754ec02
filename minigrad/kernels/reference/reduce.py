"""Sums and products in plain array code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...device import Array, namespace


def sum(out: Array, x: Array, *, axes: tuple[int, ...]) -> None:
    """out = x summed over `axes`. Floats are summed in float64, integers and bools in int64."""
    out[...] = namespace(out).sum(x, axis=axes, dtype=_wide(x))


def prod(out: Array, x: Array, *, axis: int | None) -> None:
    """out = the product of x over `axis`, or of all; floats in float64, integers in int64."""
    out[...] = namespace(out).prod(x, axis=axis, dtype=_wide(x))


def var(out: Array, x: Array, *, axes: tuple[int, ...], correction: float) -> None:
    """out = the variance of x over `axes`, in float64."""
    out[...] = _var(x, axes, correction)


def std(out: Array, x: Array, *, axes: tuple[int, ...], correction: float) -> None:
    """out = the standard deviation of x over `axes`, in float64."""
    out[...] = namespace(x).sqrt(_var(x, axes, correction))


def _var(x: Array, axes: tuple[int, ...], correction: float) -> Any:
    xp = namespace(x)
    n = math.prod([x.shape[i] for i in axes])
    deviation = x - xp.sum(x, axis=axes, dtype=_wide(x), keepdims=True) / max(n, 1)
    squares = xp.square(xp.abs(deviation))
    return xp.sum(squares, axis=axes) / np.float64(max(n - correction, 0))


def _wide(x: Array) -> Any:
    return {"f": np.float64, "c": np.complex128}.get(x.dtype.kind, np.int64)


def norm(out: Array, x: Array, *, axes: tuple[int, ...], p: float) -> None:
    """out = the p-norm of x over `axes`, in float64."""
    xp = namespace(x)
    size = xp.abs(x)
    if math.isinf(p):
        out[...] = (xp.max if p > 0 else xp.min)(size, axis=axes)
    elif p == 0:
        out[...] = xp.sum(x != 0, axis=axes)
    elif p == 1:
        out[...] = xp.sum(size, axis=axes, dtype=np.float64)
    elif p == 2:
        out[...] = xp.sqrt(xp.sum(xp.square(size.astype(np.float64)), axis=axes))
    else:
        out[...] = xp.sum(size.astype(np.float64) ** p, axis=axes) ** (1 / p)
