"""Softmax over one dimension, in array code. The maximum is subtracted first, against overflow."""

from __future__ import annotations

from ...device import Array, namespace


def softmax(out: Array, x: Array, *, dim: int) -> None:
    """``exp(x) / sum(exp(x))`` along `dim`."""
    xp = namespace(x)
    if x.size == 0:
        return
    xp.subtract(x, x.max(axis=dim, keepdims=True), out=out)
    xp.exp(out, out=out)
    xp.divide(out, out.sum(axis=dim, keepdims=True), out=out)


def log_softmax(out: Array, x: Array, *, dim: int) -> None:
    """``x - log(sum(exp(x)))`` along `dim`."""
    xp = namespace(x)
    if x.size == 0:
        return
    xp.subtract(x, x.max(axis=dim, keepdims=True), out=out)
    xp.subtract(out, xp.log(xp.exp(out).sum(axis=dim, keepdims=True)), out=out)


def softmax_grad(dx: Array, g: Array, y: Array, *, dim: int) -> None:
    """``y (g - sum(g y))`` along `dim`."""
    dx[...] = y * (g - (g * y).sum(axis=dim, keepdims=True))


def log_softmax_grad(dx: Array, g: Array, y: Array, *, dim: int) -> None:
    """``g - exp(y) sum(g)`` along `dim`."""
    dx[...] = g - namespace(y).exp(y) * g.sum(axis=dim, keepdims=True)
