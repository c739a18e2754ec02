"""Normalisation over the last dimensions, in array code. Letters: R rows, D normalised elements."""

from __future__ import annotations

from ...device import Array, namespace


def layer_norm(out: Array, mean: Array, rstd: Array, x: Array, *, eps: float) -> None:
    """Rows of `x` (R, D) with mean 0 and variance 1; also each row's mean and 1 / deviation."""
    xp = namespace(x)
    mean[...] = x.mean(axis=1)
    xp.subtract(x, mean[:, None], out=out)
    rstd[...] = 1 / xp.sqrt((out * out).mean(axis=1) + eps)
    xp.multiply(out, rstd[:, None], out=out)


def layer_norm_grad(out: Array, g: Array, y: Array, rstd: Array) -> None:
    """The gradient in `x` (R, D), from that in `y`: what of it changes mean or variance is lost."""
    xp = namespace(g)
    along_one = g.mean(axis=1, keepdims=True)
    along_y = (g * y).mean(axis=1, keepdims=True)
    xp.multiply(g - along_one - y * along_y, rstd[:, None], out=out)
