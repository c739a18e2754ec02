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
