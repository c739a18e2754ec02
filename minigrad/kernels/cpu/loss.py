"""Cross-entropy of logits on the CPU: one pass over each row, and one for its gradient.

Letters: N rows, C classes. A weight of no elements stands for ones.
"""

from __future__ import annotations

import numpy as np

from ...device import Array
from .jit import kernel, launch
from .math import exp, largest

_REGROUP = frozenset({"reassoc", "nsz", "contract"})
_BLOCK = 64  # rows whose losses one task adds up


@kernel(
    "T[::1], T[::1], float64[:, ::1], const(T[:, ::1]), const(int64[::1]), const(T[::1]), int64,"
    "float64, int64, int64",
    fastmath=_REGROUP,
)
def loss_rows(
    loss: Array, lse: Array, sums: Array, logits: Array, target: Array, weight: Array, ignored: int,
    smoothing: float, first: int, last: int,
) -> None:  # fmt: skip
    """A task is a block of rows; sums (blocks, 2) are of their losses and of what they count.

    loss is (N,), or has no elements. A label out of range has a loss of NaN.
    """
    N, C = logits.shape
    for task in range(first, last):
        sums[task] = 0.0
        for a in range(task * _BLOCK, min(N, (task + 1) * _BLOCK)):
            row, label = logits[a], target[a]
            top = largest(row)
            top = top if np.isfinite(top) else row.dtype.type(0)
            total = row.dtype.type(0)
            for i in range(C):
                total += exp(row[i] - top)
            rest = np.log(np.float64(total))  # lse - top
            lse[a] = rest + top
            each, counts = 0.0, 0.0
            if label != ignored and not 0 <= label < C:
                each = np.nan
            elif label != ignored:
                counts = np.float64(weight[label]) if weight.size else 1.0
                each = (rest - (row[label] - top)) * counts
                if smoothing:
                    even = 0.0
                    for i in range(C):
                        far = rest - (row[i] - top)
                        even += far * weight[i] if weight.size else far
                    each = each * (1.0 - smoothing) + even / C * smoothing
            sums[task, 0] += each
            sums[task, 1] += counts
            if loss.size:
                loss[a] = each


@kernel(
    "T[:, ::1], const(T[::1]), float64, const(T[::1]), const(T[:, ::1]), const(int64[::1]),"
    "const(T[::1]), int64, float64, int64, int64",
    fastmath=_REGROUP,
)
def grad_rows(
    out: Array, g: Array, factor: float, lse: Array, logits: Array, target: Array, weight: Array,
    ignored: int, smoothing: float, first: int, last: int,
) -> None:  # fmt: skip
    """A task is a row. g (N,), or (1,) for all rows, is to be multiplied by `factor`."""
    _, C = logits.shape
    everything = np.float64(C)
    if weight.size:
        everything = np.float64(0)
        for i in range(C):
            everything += weight[i]
    for a in range(first, last):
        row, found, label, shift = logits[a], out[a], target[a], lse[a]
        if label == ignored or not 0 <= label < C:
            found[:] = 0
            continue
        scale = g[a if g.size > 1 else 0] * factor
        own = scale * (1.0 - smoothing) * (np.float64(weight[label]) if weight.size else 1.0)
        even = scale * smoothing / C
        slope = lse.dtype.type(own + even * everything)
        for i in range(C):
            found[i] = exp(row[i] - shift) * slope
        if smoothing:
            each = lse.dtype.type(even)
            for i in range(C):
                found[i] -= each * weight[i] if weight.size else each
        found[label] -= lse.dtype.type(own)


def cross_entropy(
    loss: Array, lse: Array, total: Array, logits: Array, target: Array,
    weight: Array | None = None, *, ignore_index: int, smoothing: float, reduction: str,
) -> None:  # fmt: skip
    """Losses of rows, or their sum or mean; see the reference."""
    N, C = logits.shape
    sums = np.empty((-(-N // _BLOCK), 2))
    if N:
        each = loss if reduction == "none" else lse[:0]
        launch(
            loss_rows, len(sums), each, lse, sums, np.ascontiguousarray(logits),
            np.ascontiguousarray(target), _or_none(weight, lse), ignore_index, smoothing,
            nanoseconds=0.4 * N * (C + 40),
        )  # fmt: skip
    added, counts = sums[0] if len(sums) == 1 else sums.sum(axis=0)
    total[...] = counts
    if reduction != "none":
        loss[...] = added / counts if reduction == "mean" else added


def cross_entropy_grad(
    out: Array, upper: Array, lse: Array, total: Array, logits: Array, target: Array,
    weight: Array | None = None, *, ignore_index: int, smoothing: float, reduction: str,
) -> None:  # fmt: skip
    """The gradient in the logits; see the reference."""
    if out.size:
        launch(
            grad_rows, len(out), out, np.ascontiguousarray(upper).reshape(-1),
            1.0 / np.float64(total) if reduction == "mean" else 1.0, lse,
            np.ascontiguousarray(logits), np.ascontiguousarray(target), _or_none(weight, lse),
            ignore_index, smoothing, nanoseconds=0.4 * out.size + 10 * len(out),
        )  # fmt: skip


def _or_none(weight: Array | None, like: Array) -> Array:
    return like[:0] if weight is None else np.ascontiguousarray(weight)
