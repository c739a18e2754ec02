"""Fused cross-entropy of logits, in array code. Letters: N rows, C classes."""

from __future__ import annotations

import numpy as np

from ...device import Array, namespace


def cross_entropy(
    loss: Array, lse: Array, total: Array, logits: Array, target: Array,
    weight: Array | None = None, *, ignore_index: int, smoothing: float, reduction: str,
) -> None:  # fmt: skip
    """For each row ``weight[target] (lse - logits[target])``, with ``lse = log(sum(exp(logits)))``.

    Then smoothed: a part of it is instead the mean over all classes; and reduced. Rows with the
    label `ignore_index` count 0, others with a label out of range NaN. `total` is what the rows
    count, the sum of their weights.
    """
    xp = namespace(logits)
    zero = xp.zeros((), logits.dtype)
    if logits.size == 0:
        lse[...] = -np.inf
        picked = zero
    else:
        largest = logits.max(axis=1)
        shift = xp.where(xp.isfinite(largest), largest, zero)
        lse[...] = xp.log(xp.exp(logits - shift[:, None]).sum(axis=1)) + shift
        _, label = _labels(target, ignore_index, logits.shape[1])
        picked = xp.take_along_axis(logits, label[:, None], axis=1)[:, 0]
    counted, counts = _counts(logits, target, weight, ignore_index)
    each = xp.where(counted, lse - picked, zero) * counts
    if smoothing:
        far = lse[:, None] - logits
        far = far if weight is None else far * weight
        even = xp.where(counted, far.mean(axis=1), zero)
        each = each * (1 - smoothing) + even * smoothing
    bad = ((target < 0) | (target >= logits.shape[1])) & counted
    each = xp.where(bad, xp.full((), np.nan, logits.dtype), each)
    total[...] = counts.sum()
    loss[...] = each if reduction == "none" else each.sum()
    if reduction == "mean":
        loss[...] = loss / total


def cross_entropy_grad(
    out: Array, upper: Array, lse: Array, total: Array, logits: Array, target: Array,
    weight: Array | None = None, *, ignore_index: int, smoothing: float, reduction: str,
) -> None:  # fmt: skip
    """The gradient in the logits, ``upper (softmax(logits) - onehot(target))`` without weights."""
    xp = namespace(logits)
    if out.size == 0:
        return
    N, C = logits.shape
    counted, label = _labels(target, ignore_index, C)
    _, counts = _counts(logits, target, weight, ignore_index)
    zero = xp.zeros((), logits.dtype)
    scale = xp.where(counted, upper / total if reduction == "mean" else upper, zero)[:, None]
    own = scale * (1 - smoothing) * counts[:, None]
    every = scale * smoothing / C * (1 if weight is None else weight)  # (N, C) or (N, 1)
    slope = own + (every * C if weight is None else every.sum(axis=1, keepdims=True))
    xp.subtract(logits, lse[:, None], out=out)
    xp.exp(out, out=out)
    xp.multiply(out, slope, out=out)
    xp.subtract(out, every, out=out)
    out[xp.arange(N), label] -= own[:, 0]
    xp.copyto(out, zero, where=~counted[:, None])


def _counts(
    logits: Array, target: Array, weight: Array | None, ignore_index: int
) -> tuple[Array, Array]:
    """(which rows count, how much)."""
    xp = namespace(logits)
    counted, label = _labels(target, ignore_index, logits.shape[1])
    if weight is None or not logits.size:
        return counted, counted.astype(logits.dtype)
    return counted, xp.where(counted, weight[label], xp.zeros((), logits.dtype))


def _labels(target: Array, ignore_index: int, classes: int) -> tuple[Array, Array]:
    """(which rows count, labels that are safe to index with)."""
    xp = namespace(target)
    return target != ignore_index, xp.clip(target, 0, max(classes - 1, 0))
