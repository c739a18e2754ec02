"""Sums on the CPU: float64 totals of fixed blocks, so the same bits for any number of threads.

x is seen in the order of its memory, as runs of axes that are kept and reduced in turn. Each pass
sums the innermost reduced run: (A, R, B) -> (A, B), with B the kept elements inside it.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from ...device import Array
from .jit import kernel, launch

_BLOCK = 1 << 16  # elements that one thread adds up
_SMALL = 1 << 12  # elements for which NumPy, though slower at summing, is done sooner
# A sum of neighbours is vectorised only if LLVM may regroup it; NaNs and infinities are kept.
_REGROUP = frozenset({"reassoc", "nsz"})


@kernel("const(T[:, ::1]), float64[:, ::1], int64, int64, int64", fastmath=_REGROUP)
def sum_rows(x: Array, out: Array, block: int, first: int, last: int) -> None:
    """out (A, blocks) from x (A, R): sums of `block` neighbours. A task is one of them."""
    _, R = x.shape
    _, blocks = out.shape
    for task in range(first, last):
        a, b = task // blocks, task % blocks
        total = 0.0
        part = x[a, b * block : min(R, (b + 1) * block)]
        for i in range(part.size):
            total += part[i]
        out[a, b] = total


@kernel("const(T[:, :, ::1]), float64[:, :, ::1], int64, int64, int64")
def sum_columns(x: Array, out: Array, block: int, first: int, last: int) -> None:
    """out (A, blocks, B) from x (A, R, B): sums of `block` rows. A task is one of them."""
    _, R, B = x.shape
    _, blocks, _ = out.shape
    for task in range(first, last):
        a, b = task // blocks, task % blocks
        start, stop = b * block, min(R, (b + 1) * block)
        fours = start + (stop - start) // 4 * 4
        for c in range(B):
            out[a, b, c] = 0.0
        for r in range(start, fours, 4):  # totals are read and written once in four rows
            for c in range(B):
                left = np.float64(x[a, r, c]) + np.float64(x[a, r + 1, c])
                right = np.float64(x[a, r + 2, c]) + np.float64(x[a, r + 3, c])
                out[a, b, c] += left + right
        for r in range(fours, stop):
            for c in range(B):
                out[a, b, c] += x[a, r, c]


def sum(out: Array, x: Array, *, axes: tuple[int, ...]) -> None:
    """out = x summed over `axes`. Floats are summed in float64, integers and bools in int64."""
    if x.dtype.kind != "f":
        wide = np.complex128 if x.dtype.kind == "c" else np.int64
        out[...] = np.sum(x, axis=axes, dtype=wide)
        return
    if x.size <= _SMALL:
        out[...] = np.sum(x, axis=axes, dtype=np.float64)
        return
    reduced = {axis % x.ndim for axis in axes}
    order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    total = np.ascontiguousarray(x.transpose(order))
    runs = [
        (is_reduced, math.prod([x.shape[axis] for axis in run]))
        for is_reduced, run in itertools.groupby(order, reduced.__contains__)
    ]
    while any(is_reduced for is_reduced, _ in runs):
        inside = 1 if runs[-1][0] else runs.pop()[1]
        _, size = runs.pop()
        total = _sum_middle(total.reshape(-1, size, inside))
        outside = runs.pop()[1] if runs else 1
        runs.append((False, outside * inside))
    kept = [axis for axis in order if axis not in reduced]
    position = [sorted(kept).index(axis) for axis in kept]
    out.transpose(position)[...] = total.reshape([x.shape[axis] for axis in kept])


def _sum_middle(x: Array) -> Array:
    """x (A, R, B) summed over R, block by block: (A, B) in float64."""
    while x.shape[1] > 1 or x.dtype != np.float64:
        A, R, B = x.shape
        block = max(2, _BLOCK // B)
        blocks = -(-R // block)
        out = np.empty((A, blocks, B))
        work = 0.15 * x.size
        if B == 1:
            launch(sum_rows, A * blocks, x[..., 0], out[..., 0], block, nanoseconds=work)
        else:
            launch(sum_columns, A * blocks, x, out, block, nanoseconds=work)
        x = out
    return x
