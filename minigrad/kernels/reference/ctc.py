"""Connectionist temporal classification, in array code (Graves et al. 2006).

Letters: T time, N batch, C classes, S labels, L = 2 S + 1 labels with blanks around them. `alpha`
is the logarithm of the probability of all paths that are at label l at time t; `beta` of those that
go on from there. Both count the step at t.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...device import Array, namespace


def ctc_loss(
    loss: Array,
    alpha: Array,
    log_p: Array,
    labels: Array,
    steps: Array,
    sizes: Array,
    *,
    blank: int,
) -> None:
    """-log of the probability of the labels, all alignments together, (N,)."""
    xp = namespace(log_p)
    T, N, C = log_p.shape
    if N == 0:
        return
    extended, skips = _extended(xp, labels, blank, C)
    last = 2 * sizes  # the blank after the last label
    row = _empty_row(xp, N, extended.shape[1], log_p.dtype)
    for t in range(T):
        here = _at(xp, log_p[t], extended)
        row = _first(xp, here) if t == 0 else here + _arriving(xp, row, skips)
        alpha[t] = row
    ends = _ends(xp, alpha, steps, last, sizes)
    nothing = xp.where(sizes == 0, *_constants(xp, log_p.dtype, 0.0, np.inf))
    loss[...] = xp.where(steps == 0, nothing, -ends)
    if not isinstance(labels, np.ndarray):  # unchecked before, or a GPU's stream would wait
        counted = xp.arange(labels.shape[1]) < sizes[:, None]
        wrong = (((labels < 0) | (labels >= C)) & counted).any(axis=1)
        xp.copyto(loss, xp.full((), np.nan, loss.dtype), where=wrong)


def ctc_loss_grad(
    out: Array, g: Array, loss: Array, alpha: Array, log_p: Array, labels: Array, steps: Array,
    sizes: Array, *, blank: int,
) -> None:  # fmt: skip
    """``g (exp(log_p) - the probability of class c at time t, given the labels)``."""
    xp = namespace(log_p)
    T, N, C = log_p.shape
    out[...] = xp.exp(log_p)
    if N == 0:
        return
    extended, skips = _extended(xp, labels, blank, C)
    L = extended.shape[1]
    places = xp.arange(L)
    starts = (places == 2 * sizes[:, None]) | (places == 2 * sizes[:, None] - 1)
    counted = places <= 2 * sizes[:, None]
    zero, low = _constants(xp, log_p.dtype, 0.0, -np.inf)
    rows = xp.arange(N)
    row = _empty_row(xp, N, L, log_p.dtype)
    skips_on = xp.concatenate([skips[:, 2:], xp.zeros((N, min(2, L)), bool)], axis=1)[:, :L]
    for t in range(T - 1, -1, -1):
        here = _at(xp, log_p[t], extended)
        ending = here + xp.where(starts, zero, low)
        going = here + _leaving(xp, row, skips_on)
        row = xp.where(
            (steps == t + 1)[:, None], ending, xp.where((steps > t)[:, None], going, low)
        )
        path = alpha[t] + row + loss[:, None] - here
        share = xp.where(counted, xp.exp(path), zero)
        # Where a class cannot occur its path is -inf - -inf.
        share = xp.where((here == low) & xp.isfinite(loss)[:, None], zero, share)
        for place in range(L):
            out[t, rows, extended[:, place]] -= share[:, place]
    # Labels that cannot be have NaN everywhere, but for a cotangent of zero.
    out *= xp.where(xp.isfinite(loss), g, xp.full((), np.nan, g.dtype))[:, None]
    counted = (xp.arange(T)[:, None] < steps) & (g != 0)
    xp.copyto(out, zero, where=~counted[:, :, None])


def _constants(xp: Any, dtype: np.dtype, *values: float) -> list[Array]:
    return [xp.full((), value, dtype) for value in values]


def _empty_row(xp: Any, N: int, L: int, dtype: np.dtype) -> Array:
    return xp.full((N, L), -np.inf, dtype)


def _extended(xp: Any, labels: Array, blank: int, C: int) -> tuple[Array, Array]:
    """The labels with blanks around them, (N, L), and where a path may skip the blank before."""
    N, S = labels.shape
    extended = xp.full((N, 2 * S + 1), blank, labels.dtype)
    extended[:, 1::2] = xp.clip(labels, 0, C - 1)
    skips = xp.zeros((N, 2 * S + 1), bool)
    if S > 1:
        skips[:, 3::2] = extended[:, 3::2] != extended[:, 1:-2:2]
    return extended, skips


def _at(xp: Any, log_p: Array, extended: Array) -> Array:
    return xp.take_along_axis(log_p, extended, axis=1)  # (N, L)


def _first(xp: Any, here: Array) -> Array:
    """At time 0 a path is at the first blank or the first label."""
    row = xp.full(here.shape, -np.inf, here.dtype)
    row[:, :2] = here[:, :2]
    return row


def _moved(xp: Any, row: Array, by: int) -> Array:
    """`row` moved along its labels, -inf coming in."""
    out = xp.full(row.shape, -np.inf, row.dtype)
    if by > 0:
        out[:, by:] = row[:, :-by]
    else:
        out[:, :by] = row[:, -by:]
    return out


def _arriving(xp: Any, row: Array, skips: Array) -> Array:
    low = xp.full((), -np.inf, row.dtype)
    stayed = xp.logaddexp(row, _moved(xp, row, 1))
    return xp.logaddexp(stayed, xp.where(skips, _moved(xp, row, 2), low))


def _leaving(xp: Any, row: Array, skips_on: Array) -> Array:
    low = xp.full((), -np.inf, row.dtype)
    stayed = xp.logaddexp(row, _moved(xp, row, -1))
    return xp.logaddexp(stayed, xp.where(skips_on, _moved(xp, row, -2), low))


def _ends(xp: Any, alpha: Array, steps: Array, last: Array, sizes: Array) -> Array:
    """The logarithm of the probability of all paths that end at the last label or blank."""
    T, N, _ = alpha.shape
    if T == 0:
        return xp.zeros((N,), alpha.dtype)
    rows = xp.arange(N)
    final = alpha[xp.clip(steps - 1, 0, T - 1), rows]  # (N, L)
    at_blank = final[rows, last]
    at_label = final[rows, xp.maximum(last - 1, 0)]
    low = xp.full((), -np.inf, alpha.dtype)
    return xp.logaddexp(at_blank, xp.where(sizes > 0, at_label, low))
