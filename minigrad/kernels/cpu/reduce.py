"""Sums on the CPU, of fixed blocks in a fixed order, so the same bits for any number of threads.

x is seen in the order of its memory, as runs of axes that are kept and reduced in turn. Each pass
sums the innermost reduced run: (A, R, B) -> (A, B), with B the kept elements inside it.

Short parts are added up in x's own dtype, where vectors are twice as long and nothing is
converted; all else in float64. So errors do not grow with the length of a sum, and a total that
float32 could not hold in between is added up again in float64 alone.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from ...device import Array
from .jit import kernel, launch

_BLOCK = 1 << 15  # elements that one task adds up
_PART = 512  # elements added up in x's own dtype: some 16 in each of a vector's places
_SMALL = 1 << 12  # elements for which NumPy, though slower at summing, is done sooner
_WIDE = 256  # columns from which a row is worth a loop
_NANOSECONDS = 0.015  # a byte, on one core
# A sum of neighbours is vectorised only if LLVM may regroup it; NaNs and infinities are kept.
_REGROUP = frozenset({"reassoc", "nsz"})


@kernel("const(T[:, ::1]), float64[::1], int64, int64, int64", fastmath=_REGROUP)
def sum_rows(x: Array, out: Array, part: int, first: int, last: int) -> None:
    """out (A,) from x (A, R). A task is a row."""
    _, R = x.shape
    for a in range(first, last):
        row = x[a]
        total = 0.0
        for p in range(-(-R // part)):
            few = row[p * part : (p + 1) * part]
            short = x.dtype.type(0)
            for i in range(few.size):
                short += few[i]
            total += short
        if not np.isfinite(total):
            total = 0.0
            for i in range(R):
                total += row[i]
        out[a] = total


@kernel("const(T[:, :, ::1]), float64[:, :, ::1], int64, int64, int64", fastmath=_REGROUP)
def sum_columns(x: Array, out: Array, block: int, first: int, last: int) -> None:
    """out (A, blocks, B) from x (A, R, B): sums of `block` rows. A task is one of them."""
    _, R, B = x.shape
    _, blocks, _ = out.shape
    for task in range(first, last):
        a = task // blocks
        b = task - a * blocks
        start, stop = b * block, min(R, (b + 1) * block)
        out[a, b] = 0.0
        for r in range(start, stop - 7, 8):  # totals are read and written once in eight rows
            for c in range(B):
                low = (x[a, r, c] + x[a, r + 1, c]) + (x[a, r + 2, c] + x[a, r + 3, c])
                high = (x[a, r + 4, c] + x[a, r + 5, c]) + (x[a, r + 6, c] + x[a, r + 7, c])
                out[a, b, c] += low + high
        rest = start + (stop - start) // 8 * 8
        finite = True
        for c in range(B):
            finite &= np.isfinite(out[a, b, c])
        if not finite:
            rest = start
            out[a, b] = 0.0
        for r in range(rest, stop):
            for c in range(B):
                out[a, b, c] += x[a, r, c]


def sum(out: Array, x: Array, *, axes: tuple[int, ...]) -> None:
    """out = x summed over `axes`. Floats are summed in float64, integers and bools in int64."""
    if x.dtype.kind != "f":
        wide = np.complex128 if x.dtype.kind == "c" else np.int64
        out[...] = np.add.reduce(x, axes, wide)
        return
    if x.size <= _SMALL:
        out[...] = np.add.reduce(x, axes, np.float64)
        return
    if axes and _is_one_run(x, out, axes):
        first, last = axes[0], axes[-1]
        inside = math.prod(x.shape[last + 1 :])
        size = math.prod(x.shape[first : last + 1])
        out.reshape(-1, inside)[...] = _sum_middle(x.reshape(-1, size, inside))
        return
    order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    total = np.ascontiguousarray(x.transpose(order))
    runs = [
        (is_reduced, math.prod([x.shape[axis] for axis in run]))
        for is_reduced, run in itertools.groupby(order, axes.__contains__)
    ]
    while any(is_reduced for is_reduced, _ in runs):
        inside = 1 if runs[-1][0] else runs.pop()[1]
        _, size = runs.pop()
        total = _sum_middle(total.reshape(-1, size, inside))
        outside = runs.pop()[1] if runs else 1
        runs.append((False, outside * inside))
    kept = [axis for axis in order if axis not in axes]
    position = [sorted(kept).index(axis) for axis in kept]
    out.transpose(position)[...] = total.reshape([x.shape[axis] for axis in kept])


def _is_one_run(x: Array, out: Array, axes: tuple[int, ...]) -> bool:
    together = axes[-1] - axes[0] == len(axes) - 1
    return together and x.flags.c_contiguous and out.flags.c_contiguous


def _sum_middle(x: Array) -> Array:
    """x (A, R, B) summed over R: (A, B) in float64."""
    while x.shape[1] > 1 or x.dtype != np.float64:
        x = _sum_rows(x[..., 0])[..., None] if x.shape[2] == 1 else _sum_columns(x)
    return x[:, 0]


def _sum_rows(x: Array) -> Array:
    """x (A, R) in float64: (A, 1), or (1, blocks) of a single long row."""
    A, R = x.shape
    blocks = R // _BLOCK if A == 1 else 0
    rest = x[:, blocks * _BLOCK :]
    if blocks < 2:
        blocks, rest = 0, x
    out = np.empty(blocks + A)
    work = _NANOSECONDS * x.nbytes
    if blocks:
        rows = x[:, : blocks * _BLOCK].reshape(blocks, _BLOCK)
        launch(sum_rows, blocks, rows, out[:blocks], _PART, nanoseconds=work)
        work = 0
    launch(sum_rows, A, rest, out[blocks:], _PART, nanoseconds=work)
    return out[None] if blocks else out[:, None]


def _sum_columns(x: Array) -> Array:
    """x (A, R, B), block by block: (A, blocks, B) in float64."""
    A, R, B = x.shape
    beside = max(1, min(_WIDE // B, R // 8)) if A == 1 else 1  # rows seen as one
    long, width = R // beside, beside * B
    block = max(8, _BLOCK // width // 8 * 8)
    blocks = -(-long // block)
    out = np.empty((A, blocks, width))
    rows = x[:, : long * beside].reshape(A, long, width)
    launch(sum_columns, A * blocks, rows, out, block, nanoseconds=_NANOSECONDS * x.nbytes)
    out = out.reshape(A, blocks * beside, B)
    return np.concatenate([out, x[:, long * beside :]], axis=1) if long * beside < R else out
