"""Normalisation on the CPU: a pass over each row where rows are contiguous, else array code around
the threaded sums of `reduce`.

Letters: A rows, R their elements. A row is what one mean and variance is of.
"""

from __future__ import annotations

import math

import numpy as np

from ...device import Array
from ..reference.normalization import shared_axes, silence
from . import reduce
from .jit import kernel, launch

Axes = tuple[int, ...]
# Sums may be vectorised; NaNs are kept. No "contract": what of a gradient is lost, all of it in a
# row of one element, must cancel exactly before it is scaled by 1 / sqrt(eps).
_REGROUP = frozenset({"reassoc", "nsz"})
_BLOCK = 32  # rows whose part of the gradients of weight and bias is summed by one task


@kernel(
    "T[:, ::1], T[::1], T[::1], const(T[:, ::1]), const(T[::1]), const(T[::1]), float64, boolean,"
    "int64, int64",
    fastmath=_REGROUP,
)
def normalize_rows(
    out: Array, mean: Array, var: Array, x: Array, weight: Array, bias: Array, eps: float,
    centre: bool, first: int, last: int,
) -> None:  # fmt: skip
    """A task is a row of out (A, R); weight and bias are (R,)."""
    _, R = x.shape
    for a in range(first, last):
        total = 0.0
        if centre:
            for i in range(R):
                total += x[a, i]
        m = mean.dtype.type(total / R)
        squares = 0.0
        for i in range(R):
            d = np.float64(x[a, i] - m)
            squares += d * d
        v = var.dtype.type(squares / R)
        scale = var.dtype.type(1.0 / np.sqrt(v + eps))
        mean[a] = m
        var[a] = v
        for i in range(R):
            out[a, i] = (x[a, i] - m) * scale * weight[i] + bias[i]


@kernel(
    "T[:, ::1], float64[:, :, ::1], const(T[:, ::1]), const(T[:, ::1]), const(T[::1]),"
    "const(T[::1]), const(T[::1]), float64, boolean, int64, int64, int64",
    fastmath=_REGROUP,
)
def normalize_rows_grad(
    dx: Array, sums: Array, g: Array, x: Array, mean: Array, var: Array, weight: Array, eps: float,
    centre: bool, block: int, first: int, last: int,
) -> None:  # fmt: skip
    """A task is a block of rows of dx (A, R). sums (blocks, 2, R): of g x_hat and of g."""
    A, R = x.shape
    for task in range(first, last):
        for i in range(R):
            sums[task, 0, i] = 0.0
            sums[task, 1, i] = 0.0
        for a in range(task * block, min(A, (task + 1) * block)):
            m = mean[a]
            scale = mean.dtype.type(1.0 / np.sqrt(var[a] + eps))
            along_one, along_y = 0.0, 0.0
            for i in range(R):
                x_hat = (x[a, i] - m) * scale
                along_one += g[a, i] * weight[i]
                along_y += g[a, i] * weight[i] * x_hat
                sums[task, 0, i] += g[a, i] * x_hat
                sums[task, 1, i] += g[a, i]
            one = mean.dtype.type(along_one / R if centre else 0.0)
            slope = mean.dtype.type(along_y / R)
            if not np.isfinite(slope) and not g[a].any():
                dx[a] = 0.0  # no gradient comes in, though the slope be infinite
                continue
            for i in range(R):
                x_hat = (x[a, i] - m) * scale
                dx[a, i] = (g[a, i] * weight[i] - one - x_hat * slope) * scale


def normalize(
    out: Array, mean: Array, var: Array, x: Array, weight: Array, bias: Array, *, axes: Axes,
    eps: float, centre: bool,
) -> None:  # fmt: skip
    """`x` with mean 0 and variance 1 over `axes`, scaled and moved; also both statistics."""
    if _in_rows(out, x, axes):
        R = math.prod([x.shape[axis] for axis in axes])
        each_row = _same_in_rows(weight, axes)
        plain = np.ones_like(weight, shape=1), np.zeros_like(weight, shape=1)
        w, b = (weight, bias) if each_row else plain
        launch(
            normalize_rows, x.size // R, out.reshape(-1, R), mean.reshape(-1), var.reshape(-1),
            np.ascontiguousarray(x).reshape(-1, R), _row(w, x, axes), _row(b, x, axes), eps, centre,
            nanoseconds=0.6 * x.size,
        )  # fmt: skip
        if each_row:
            return
    else:
        mean[...] = _mean(x, axes) if centre else 0
        np.subtract(x, mean, out=out)
        var[...] = _mean(out * out, axes)
        np.multiply(out, 1 / np.sqrt(var + np.asarray(eps, var.dtype)), out=out)
    np.multiply(out, weight, out=out)
    np.add(out, bias, out=out)


def normalize_grad(
    dx: Array, dweight: Array, dbias: Array, g: Array, x: Array, mean: Array, var: Array,
    weight: Array, *, axes: Axes, eps: float, centre: bool,
) -> None:  # fmt: skip
    """The gradients in `x`, `weight` and `bias` from that in the result."""
    if _in_rows(dx, x, axes) and _same_in_rows(weight, axes):
        R = math.prod([x.shape[axis] for axis in axes])
        A = x.size // R
        sums = np.empty((-(-A // _BLOCK), 2, R))
        launch(
            normalize_rows_grad, len(sums), dx.reshape(-1, R), sums,
            np.ascontiguousarray(g).reshape(-1, R), np.ascontiguousarray(x).reshape(-1, R),
            mean.reshape(-1), var.reshape(-1), _row(weight, x, axes), eps, centre, _BLOCK,
            nanoseconds=1.0 * x.size,
        )  # fmt: skip
        total = sums.sum(0).reshape(2, *[1] * (x.ndim - len(axes)), *[x.shape[a] for a in axes])
        shared = shared_axes(weight)
        dweight[...] = total[0].sum(axis=shared, keepdims=True)
        dbias[...] = total[1].sum(axis=shared, keepdims=True)
        return
    scale = 1 / np.sqrt(var + np.asarray(eps, var.dtype))
    x_hat = (x - mean) * scale
    shared = shared_axes(weight)
    dweight[...] = _sum(g * x_hat, shared)
    dbias[...] = _sum(g, shared)
    np.multiply(g, weight, out=dx)
    along_y = _mean(dx * x_hat, axes).astype(dx.dtype)
    if centre:
        np.subtract(dx, _mean(dx, axes).astype(dx.dtype), out=dx)
    np.subtract(dx, x_hat * along_y, out=dx)
    np.multiply(dx, scale, out=dx)
    if not np.isfinite(along_y).all():
        silence(dx, g, axes)


def _in_rows(out: Array, x: Array, axes: Axes) -> bool:
    """Whether the last axes are reduced and are the innermost in memory."""
    last = axes == tuple(range(x.ndim - len(axes), x.ndim))
    return last and out.flags.c_contiguous and x.size > 0 and x.dtype.kind == "f"


def _same_in_rows(parameter: Array, axes: Axes) -> bool:
    return math.prod(parameter.shape[: parameter.ndim - len(axes)]) == 1


def _row(parameter: Array, x: Array, axes: Axes) -> Array:
    """A parameter that is the same in all rows, as (R,)."""
    own = parameter.reshape(parameter.shape[-len(axes) :])
    return np.ascontiguousarray(np.broadcast_to(own, [x.shape[axis] for axis in axes])).reshape(-1)


def _sum(x: Array, axes: Axes) -> Array:
    """In float64, of size 1 along `axes`."""
    kept = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    total = np.empty([n for axis, n in enumerate(x.shape) if axis not in axes])
    reduce.sum(total, x, axes=axes)
    return total.reshape(kept)


def _mean(x: Array, axes: Axes) -> Array:
    """In float64, of size 1 along `axes`; NaN of no elements."""
    return _sum(x, axes) / (math.prod([x.shape[axis] for axis in axes]) or math.nan)
