"""Softmax on the CPU: rows of neighbours, or bands of columns where the dimension is not innermost.

Letters: A rows outside, R elements of the dimension, B elements inside it. In a band, a vector
holds as many columns, and no sum or maximum goes across it.
"""

from __future__ import annotations

import math

import numpy as np

from ...device import Array
from .jit import Kernel, kernel, launch
from .math import exp, largest

_REGROUP = frozenset({"reassoc", "nsz", "contract"})
_BAND = 64  # columns
_RUN = 4096  # elements whose sum is kept in the array's dtype, before it is added in float64


@kernel("T[:, ::1], const(T[:, ::1]), boolean, int64, int64", fastmath=_REGROUP)
def softmax_rows(out: Array, x: Array, logarithm: bool, first: int, last: int) -> None:
    """A task is a row of out (A, R)."""
    one = x.dtype.type(1)
    for a in range(first, last):
        top, total = largest(x[a]), 0.0
        for start in range(0, x.shape[1], _RUN):
            run, exps = x[a, start : start + _RUN], out[a, start : start + _RUN]
            part = x.dtype.type(0)
            for i in range(run.size):
                y = exp(run[i] - top)
                exps[i] = y
                part += y
            total += part
        row, found = x[a], out[a]
        if logarithm:
            shift = x.dtype.type(np.log(total))
            for i in range(row.size):
                found[i] = (row[i] - top) - shift
        else:
            share = one / x.dtype.type(total)
            for i in range(row.size):
                found[i] *= share


@kernel("T[:, ::1], const(T[:, ::1]), const(T[:, ::1]), boolean, int64, int64", fastmath=_REGROUP)
def softmax_rows_grad(
    dx: Array, g: Array, y: Array, logarithm: bool, first: int, last: int
) -> None:
    """A task is a row of dx (A, R)."""
    for a in range(first, last):
        total = 0.0
        for start in range(0, g.shape[1], _RUN):
            above, below = g[a, start : start + _RUN], y[a, start : start + _RUN]
            part = g.dtype.type(0)
            if logarithm:
                for i in range(above.size):
                    part += above[i]
            else:
                for i in range(above.size):
                    part += above[i] * below[i]
            total += part
        mean = g.dtype.type(total)
        above, below, found = g[a], y[a], dx[a]
        if logarithm:
            for i in range(found.size):
                found[i] = above[i] - exp(below[i]) * mean
        else:
            for i in range(found.size):
                found[i] = below[i] * (above[i] - mean)


@kernel("T[:, :, ::1], const(T[:, :, ::1]), boolean, int64, int64")
def softmax_bands(out: Array, x: Array, logarithm: bool, first: int, last: int) -> None:
    """A task is a band of out (A, R, B), bands of a row side by side."""
    _, R, B = x.shape
    bands = (B + _BAND - 1) // _BAND
    top, shift, total = np.empty(_BAND, x.dtype), np.empty(_BAND, x.dtype), np.empty(_BAND)
    for task in range(first, last):
        a, start = task // bands, task % bands * _BAND
        stop = min(B, start + _BAND)
        row = x[a, 0, start:stop]
        for c in range(row.size):
            top[c], total[c] = row[c], 0.0
        for r in range(1, R):
            row = x[a, r, start:stop]
            for c in range(row.size):
                top[c] = row[c] if row[c] > top[c] or row[c] != row[c] else top[c]
        for r in range(R):
            row, found = x[a, r, start:stop], out[a, r, start:stop]
            for c in range(row.size):
                y = exp(row[c] - top[c])
                found[c] = y
                total[c] += y
        for c in range(stop - start):
            shift[c] = np.log(total[c]) if logarithm else 1 / total[c]
        for r in range(R):
            row, found = x[a, r, start:stop], out[a, r, start:stop]
            if logarithm:
                for c in range(row.size):
                    found[c] = (row[c] - top[c]) - shift[c]
            else:
                for c in range(row.size):
                    found[c] *= shift[c]


@kernel("T[:, :, ::1], const(T[:, :, ::1]), const(T[:, :, ::1]), boolean, int64, int64")
def softmax_bands_grad(
    dx: Array, g: Array, y: Array, logarithm: bool, first: int, last: int
) -> None:
    """A task is a band of dx (A, R, B)."""
    _, R, B = g.shape
    bands = (B + _BAND - 1) // _BAND
    total, mean = np.empty(_BAND), np.empty(_BAND, g.dtype)
    for task in range(first, last):
        a, start = task // bands, task % bands * _BAND
        stop = min(B, start + _BAND)
        total[:] = 0.0
        for r in range(R):
            above, below = g[a, r, start:stop], y[a, r, start:stop]
            for c in range(above.size):
                total[c] += above[c] if logarithm else above[c] * below[c]
        for c in range(_BAND):
            mean[c] = total[c]
        for r in range(R):
            above, below, found = g[a, r, start:stop], y[a, r, start:stop], dx[a, r, start:stop]
            if logarithm:
                for c in range(found.size):
                    found[c] = above[c] - exp(below[c]) * mean[c]
            else:
                for c in range(found.size):
                    found[c] = below[c] * (above[c] - mean[c])


def softmax(out: Array, x: Array, *, dim: int) -> None:
    """``exp(x) / sum(exp(x))`` along `dim`."""
    _run(softmax_rows, softmax_bands, dim, False, out, x)


def log_softmax(out: Array, x: Array, *, dim: int) -> None:
    """``x - log(sum(exp(x)))`` along `dim`."""
    _run(softmax_rows, softmax_bands, dim, True, out, x)


def softmax_grad(dx: Array, g: Array, y: Array, *, dim: int) -> None:
    """``y (g - sum(g y))`` along `dim`."""
    _run(softmax_rows_grad, softmax_bands_grad, dim, False, dx, g, y)


def log_softmax_grad(dx: Array, g: Array, y: Array, *, dim: int) -> None:
    """``g - exp(y) sum(g)`` along `dim`."""
    _run(softmax_rows_grad, softmax_bands_grad, dim, True, dx, g, y)


def _run(
    rows: Kernel, bands: Kernel, dim: int, logarithm: bool, out: Array, *inputs: Array
) -> None:
    """The kernel of rows or of bands, on the arrays in the order of `out`'s memory."""
    if out.size == 0:
        return
    if not out.flags.c_contiguous:
        order = sorted(range(out.ndim), key=lambda axis: -abs(out.strides[axis]))
        dim, out = order.index(dim), out.transpose(order)
        inputs = tuple([x.transpose(order) for x in inputs])
    result = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    arrays = [x if x.flags.c_contiguous else np.ascontiguousarray(x) for x in (result, *inputs)]
    R, work = out.shape[dim], 0.5 * out.size
    if dim == out.ndim - 1:
        arrays = arrays if out.ndim == 2 else [x.reshape(-1, R) for x in arrays]
        launch(rows, out.size // R, *arrays, logarithm, nanoseconds=work)
    else:
        B = math.prod(out.shape[dim + 1 :])
        arrays = [x.reshape(-1, R, B) for x in arrays]
        launch(bands, len(arrays[0]) * -(-B // _BAND), *arrays, logarithm, nanoseconds=work)
    if result is not out:
        out[...] = result
