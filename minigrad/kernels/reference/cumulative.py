"""Cumulative operations in array code: what a library lacks goes in log2(n) doubling steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...device import Array, namespace


def _wide(x: Array) -> Any:
    return {"f": np.float64, "c": np.complex128}.get(x.dtype.kind, np.int64)


def cumsum(out: Array, x: Array, *, axis: int, back: bool) -> None:
    """y[i] = x[0] + ... + x[i], with `back` x[i] + ... + x[n - 1]; floats in float64."""
    if back:
        out, x = namespace(x).flip(out, axis), namespace(x).flip(x, axis)
    out[...] = namespace(x).cumsum(x, axis=axis, dtype=_wide(x))


def cumprod(out: Array, x: Array, *, axis: int) -> None:
    """y[i] = x[0] x[1] ... x[i]; floats in float64."""
    out[...] = namespace(x).cumprod(x, axis=axis, dtype=_wide(x))


def recurrence(out: Array, a: Array, b: Array, *, axis: int, back: bool) -> None:
    """y[i] = b[i] + a[i] y[i - 1] from 0; with `back`, y[i + 1]. Floats in float64."""
    xp = namespace(out)
    if back:
        out, a, b = xp.flip(out, axis), xp.flip(a, axis), xp.flip(b, axis)
    total, factor = _front(b, axis).astype(_wide(b)), _front(a, axis).astype(_wide(a))
    factor[:1] = 0
    step = 1
    while step < len(total):  # total[i] is now y[i] but for factor[i] y[i - step]
        total[step:] += factor[step:] * total[:-step]
        factor[step:] = factor[step:] * factor[:-step]
        step *= 2
    _front(out, axis)[...] = total


def logcumsumexp(out: Array, x: Array, *, axis: int) -> None:
    """y[i] = log(exp(x[0]) + ... + exp(x[i])), without overflow; in float64."""
    total = _front(x, axis).astype(_wide(x))
    combine = _complex_logaddexp if x.dtype.kind == "c" else namespace(x).logaddexp
    _front(out, axis)[...] = _doubled(total, combine)


def _complex_logaddexp(a: Array, b: Array) -> Array:
    """log(exp(a) + exp(b)), around the one with the larger real part."""
    xp = namespace(a)
    larger = a.real >= b.real
    first, second = xp.where(larger, a, b), xp.where(larger, b, a)
    more = xp.log(1 + xp.exp(second - first))
    return first + xp.where(second.real == -np.inf, 0, more)


def cummax(values: Array, indices: Array, x: Array, *, axis: int) -> None:
    """The largest so far, and its latest index; NaN is largest of all."""
    _extremes(values, indices, x, axis, namespace(x).maximum)


def cummin(values: Array, indices: Array, x: Array, *, axis: int) -> None:
    """The smallest so far, and its latest index; NaN is smallest of all."""
    _extremes(values, indices, x, axis, namespace(x).minimum)


def _extremes(values: Array, indices: Array, x: Array, axis: int, choose: Any) -> None:
    xp = namespace(x)
    rows = _front(x, axis)
    best = _doubled(rows.copy(), choose)
    _front(values, axis)[...] = best
    place = xp.arange(len(rows)).reshape((-1,) + (1,) * (rows.ndim - 1))
    stands = (rows == best) | (rows != rows)
    _front(indices, axis)[...] = running_max(xp.where(stands, place, 0))


def running_max(rows: Array) -> Array:
    """The largest so far along the first axis; `rows` is overwritten."""
    return _doubled(rows, namespace(rows).maximum)


def _doubled(total: Array, combine: Callable[..., Array]) -> Array:
    """``total[i]`` combined with all before it along the first axis, by spans that double."""
    step = 1
    while step < len(total):
        total[step:] = combine(total[:-step], total[step:])
        step *= 2
    return total


def _front(x: Array, axis: int) -> Array:
    return namespace(x).moveaxis(x, axis, 0)
