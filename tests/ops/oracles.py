"""Operations written plainly in NumPy, far from the library's own code: what the table trusts."""

import numpy as np


def logsumexp(x, dim, keepdim=False):
    return np.logaddexp.reduce(x, axis=dim, keepdims=keepdim)


def log_softmax(x, dim=-1):
    return x - logsumexp(x, dim, True) if x.ndim else np.zeros(())


def nll(log_p, target, weight=None, ignore_index=-100, reduction="mean"):
    """A loop over the labels of (N, C, ...) log-probabilities."""
    rows = np.moveaxis(log_p, 1, -1) if log_p.ndim > 1 else log_p
    losses, weights = np.zeros(target.shape), np.zeros(target.shape)
    for place in np.ndindex(target.shape):
        label = int(target[place])
        if label != ignore_index:
            weights[place] = 1.0 if weight is None else weight[label]
            losses[place] = -rows[place][label] * weights[place]
    return reduced(losses, reduction, weights)


def cross_entropy(
    logits, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """By way of full target distributions."""
    axis = 1 if logits.ndim > 1 else 0
    classes = logits.shape[axis]
    counts = None
    if target.dtype.kind == "f":
        p = target
    else:
        p = np.moveaxis((target[..., None] == np.arange(classes)).astype(float), -1, axis)
        counts = (target != ignore_index).astype(float)
    spread = np.expand_dims(np.ones(p.shape).take(0, axis) if counts is None else counts, axis)
    p = p * (1 - label_smoothing) + spread * label_smoothing / classes
    w = np.ones(classes) if weight is None else weight
    w = w.reshape([-1 if i == axis else 1 for i in range(logits.ndim)])
    losses = -(p * w * log_softmax(logits, axis)).sum(axis)
    if counts is not None and weight is not None:
        counts = counts * weight[np.where(counts > 0, target, 0)]
    return reduced(losses, reduction, np.ones(losses.shape) if counts is None else counts)


def reduced(losses, reduction="mean", weights=None):
    if reduction == "none":
        return losses
    count = losses.size if weights is None else weights.sum()
    return losses.sum() / (count if reduction == "mean" else 1)


def bce(p, t, weight=None, reduction="mean"):
    losses = -(t * np.maximum(np.log(p), -100) + (1 - t) * np.maximum(np.log1p(-p), -100))
    return reduced(losses if weight is None else losses * weight, reduction)


def bce_with_logits(x, t, weight=None, reduction="mean", pos_weight=None):
    p = 1 if pos_weight is None else pos_weight
    losses = t * p * np.logaddexp(0, -x) + (1 - t) * np.logaddexp(0, x)
    return reduced(losses if weight is None else losses * weight, reduction)


def block_diag(*blocks):
    blocks = [np.atleast_2d(x) for x in blocks]
    out = np.zeros(np.sum([x.shape for x in blocks], axis=0), np.result_type(*blocks))
    row = column = 0
    for x in blocks:
        out[row : row + x.shape[0], column : column + x.shape[1]] = x
        row, column = row + x.shape[0], column + x.shape[1]
    return out
