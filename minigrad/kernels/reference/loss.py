"""Fused cross-entropy of logits, in array code. Letters: N rows, C classes."""

from __future__ import annotations

import numpy as np

from ...device import Array, namespace


def cross_entropy(
    loss: Array, lse: Array, logits: Array, target: Array, *, ignore_index: int
) -> None:
    """For each row ``lse - logits[target]`` with ``lse = log(sum(exp(logits)))``; 0 if ignored."""
    xp = namespace(logits)
    if loss.size == 0:
        return
    largest = logits.max(axis=1)
    shift = xp.where(xp.isfinite(largest), largest, xp.zeros((), logits.dtype))
    lse[...] = xp.log(xp.exp(logits - shift[:, None]).sum(axis=1)) + shift
    counted, label = _labels(target, ignore_index, logits.shape[1])
    picked = xp.take_along_axis(logits, label[:, None], axis=1)[:, 0]
    zero = xp.zeros((), logits.dtype)
    loss[...] = xp.where(counted, lse - picked, zero)
    _poison(loss, target, ignore_index, logits.shape[1])


def cross_entropy_grad(
    out: Array, g: Array, lse: Array, logits: Array, target: Array, *, ignore_index: int
) -> None:
    """``g * (softmax(logits) - onehot(target))``, row by row."""
    xp = namespace(logits)
    if out.size == 0:
        return
    counted, label = _labels(target, ignore_index, logits.shape[1])
    scale = xp.where(counted, g, xp.zeros((), g.dtype))[:, None]
    xp.subtract(logits, lse[:, None], out=out)
    xp.exp(out, out=out)
    xp.multiply(out, scale, out=out)
    rows = xp.arange(target.shape[0])
    out[rows, label] -= scale[:, 0]


def _labels(target: Array, ignore_index: int, classes: int) -> tuple[Array, Array]:
    """(which rows count, labels that are safe to index with)."""
    xp = namespace(target)
    return target != ignore_index, xp.clip(target, 0, classes - 1)


def _poison(loss: Array, target: Array, ignore_index: int, classes: int) -> None:
    """NaN for labels out of range where checking them first would stop a GPU's stream."""
    if isinstance(target, np.ndarray):
        return
    xp = namespace(target)
    bad = ((target < 0) | (target >= classes)) & (target != ignore_index)
    xp.copyto(loss, xp.full((), float("nan"), loss.dtype), where=bad)
