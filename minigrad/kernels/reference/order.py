"""Sorting in array code. NumPy and CuPy put NaN last."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...device import Array, namespace
from .cumulative import running_max


def argsort(out: Array, x: Array, *, axis: int, descending: bool) -> None:
    """The indices that sort `x`; equal elements keep their order either way."""
    out[...] = _argsort(x, axis, descending)


def _argsort(x: Array, axis: int, descending: bool) -> Array:
    xp = namespace(x)
    if not descending:
        return xp.argsort(x, axis=axis, kind="stable")
    order = xp.argsort(xp.flip(x, axis), axis=axis, kind="stable")
    return x.shape[axis] - 1 - xp.flip(order, axis)


def mode(out: Array, x: Array, *, axis: int) -> None:
    """The last index of the most frequent value, of several the smallest; NaNs are all unlike."""
    xp = namespace(x)
    order = xp.moveaxis(xp.argsort(x, axis=axis, kind="stable"), axis, 0)
    ordered = xp.take_along_axis(xp.moveaxis(x, axis, 0), order, axis=0)
    place = xp.arange(len(ordered)).reshape((-1,) + (1,) * (x.ndim - 1))
    starts = xp.broadcast_to(place, ordered.shape).copy()
    starts[1:] = xp.where(ordered[1:] != ordered[:-1], starts[1:], 0)
    so_far = place - running_max(starts)  # how many equal ones came before
    most = xp.expand_dims(xp.argmax(so_far, axis=0), 0)
    xp.moveaxis(out, axis, 0)[...] = xp.take_along_axis(order, most, axis=0)


def median(out: Array, x: Array, *, axis: int, ignore_nan: bool) -> None:
    """The index of the lower median; a NaN's, if there is one and it is not to be ignored."""
    xp = namespace(x)
    order = xp.argsort(x, axis=axis, kind="stable")
    numbers = xp.sum(x == x, axis=axis, keepdims=True)
    out[...] = xp.take_along_axis(order, _middle(xp, numbers, x.shape[axis], ignore_nan), axis=axis)


def middle(out: Array, x: Array, *, axes: Any, ignore_nan: bool) -> None:
    """The lower median of all elements; NaN of none."""
    xp = namespace(x)
    if x.size == 0:
        out[...] = np.nan if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        return
    place = _middle(xp, xp.sum(x == x), x.size, ignore_nan)
    out[...] = xp.take(xp.sort(xp.ravel(x)), place)


def _middle(xp: Any, numbers: Any, size: int, ignore_nan: bool) -> Any:
    """Where the median stands in a sorted row, of which the first `numbers` are not NaN."""
    if ignore_nan:
        return xp.maximum(numbers - 1, 0) // 2
    return xp.where(numbers == size, (size - 1) // 2, numbers)


def unique(rows: Array, *, ordered: bool) -> tuple[Array, Array, Array]:
    """(a row of each group of equal rows, the group of each row, how many rows a group has).

    In order, or, if not `ordered`, groups of neighbours. NaNs are all unlike.
    """
    xp = namespace(rows)
    N = len(rows)
    if not ordered or N == 0:
        order = xp.arange(N)
    elif rows.shape[1] == 1:
        order = xp.argsort(rows[:, 0], kind="stable")
    else:
        order = xp.lexsort(xp.flip(rows, 1).T)
    lined = rows[order]
    starts = xp.ones(N, bool)
    starts[1:] = (lined[1:] != lined[:-1]).any(axis=1)
    first = xp.flatnonzero(starts)
    group = xp.empty(N, np.int64)
    group[order] = xp.cumsum(starts, dtype=np.int64) - 1
    count = xp.empty(len(first), np.int64)
    count[:-1] = first[1:] - first[:-1]
    count[-1:] = N - first[-1:]
    return order[first].astype(np.int64), group, count
