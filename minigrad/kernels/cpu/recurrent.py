"""Recurrent layers on the CPU: a block of sequences goes through all steps in one compiled loop.

Sequences do not depend on each other, so a thread takes some of them from the first step to the
last and never waits for another. Letters as in `reference.recurrent`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...device import Array
from ..reference import recurrent as reference
from .conv import _panels
from .jit import get_num_threads, launch
from .recurrent_steps import (
    gru_steps,
    gru_steps_back,
    lstm_steps,
    lstm_steps_back,
    rnn_steps,
    rnn_steps_back,
)
from .tile import panel

Sizes = tuple[int, ...]

_FEW = 16  # rows for which packing the weights would take longer than all the rest
_BLOCK = 48  # sequences of one task at most


def rnn(
    y: Array, last: Array, x: Array, h: Array, w: Array, *,
    sizes: Sizes, reverse: bool, nonlinearity: str,
) -> None:  # fmt: skip
    """``h <- f(x_t + h w^T)``."""
    if _is_small(x, h):
        return reference.rnn(
            y, last, x, h, w, sizes=sizes, reverse=reverse, nonlinearity=nonlinearity
        )
    last[...] = h
    facts = (*_order(sizes, reverse), int(nonlinearity == "relu"))
    _launch(rnn_steps, last, (y, last, _dense(x), _packed(w.T)), facts, w.size)


def rnn_grad(
    dx: Array, dh: Array, g_y: Array, g_last: Array, y: Array, w: Array, *,
    sizes: Sizes, reverse: bool, nonlinearity: str,
) -> None:  # fmt: skip
    """The gradients in x and h."""
    if _is_small(y, g_last):
        return reference.rnn_grad(
            dx, dh, g_y, g_last, y, w, sizes=sizes, reverse=reverse, nonlinearity=nonlinearity
        )
    dh[...] = g_last
    facts = (*_order(sizes, not reverse), int(nonlinearity == "relu"))
    _launch(rnn_steps_back, dh, (dx, dh, _dense(g_y), _dense(y), _packed(w)), facts, w.size)


def gru(
    y: Array, last: Array, gates: Array, inner: Array, x: Array, h: Array, w: Array, b: Array, *,
    sizes: Sizes, reverse: bool,
) -> None:  # fmt: skip
    """``h <- (1 - z) n + z h`` with ``n = tanh(x_n + r (h w_n^T + b_n))``."""
    if _is_small(x, h):
        return reference.gru(y, last, gates, inner, x, h, w, b, sizes=sizes, reverse=reverse)
    last[...] = h
    arrays = (y, last, gates, inner, _dense(x), _dense(b), _packed(w.T))
    _launch(gru_steps, last, arrays, _order(sizes, reverse), w.size)


def gru_grad(
    dx: Array, dz: Array, dh: Array, g_y: Array, g_last: Array, gates: Array, inner: Array,
    before: Array, w: Array, *, sizes: Sizes, reverse: bool,
) -> None:  # fmt: skip
    """The gradients in x, in ``h w^T + b`` of every step, and in h."""
    if _is_small(gates, g_last):
        return reference.gru_grad(
            dx, dz, dh, g_y, g_last, gates, inner, before, w, sizes=sizes, reverse=reverse
        )
    dh[...] = g_last
    saved = [_dense(a) for a in (g_y, gates, inner, before)]
    arrays = (dx, dz, dh, *saved, _packed(w))
    _launch(gru_steps_back, dh, arrays, _order(sizes, not reverse), w.size)


def lstm(
    y: Array, last: Array, cell: Array, gates: Array, cells: Array, x: Array, h: Array, c: Array,
    w: Array, w_hr: Array | None = None, *, sizes: Sizes, reverse: bool,
) -> None:  # fmt: skip
    """``c <- f c + i g``, ``h <- o tanh(c)``, times w_hr^T if it is given."""
    if _is_small(x, h):
        return reference.lstm(
            y, last, cell, gates, cells, x, h, c, w, w_hr, sizes=sizes, reverse=reverse
        )
    last[...], cell[...] = h, c
    arrays = (y, last, cell, gates, cells, _dense(x), _packed(w.T), _projection(w, w_hr, True))
    _launch(lstm_steps, last, arrays, _order(sizes, reverse), w.size)


def lstm_grad(
    dx: Array, dh: Array, dc: Array, totals: Array, g_y: Array, g_last: Array, g_cell: Array,
    gates: Array, cells: Array, c: Array, w: Array, w_hr: Array | None = None, *,
    sizes: Sizes, reverse: bool,
) -> None:  # fmt: skip
    """The gradients in x, h and c; `totals` (N, P) are those in every step's h."""
    if _is_small(gates, g_last):
        return reference.lstm_grad(
            dx, dh, dc, totals, g_y, g_last, g_cell, gates, cells, c, w, w_hr, sizes=sizes,
            reverse=reverse,
        )  # fmt: skip
    dh[...], dc[...] = g_last, g_cell
    saved = [_dense(a) for a in (g_y, gates, cells, c)]
    arrays = (dx, dh, dc, totals, *saved, _packed(w), _projection(w, w_hr, False))
    _launch(lstm_steps_back, dh, arrays, _order(sizes, not reverse), w.size)


# --- what is handed to the kernels ---------------------------------------------------------------


def _is_small(x: Array, h: Array) -> bool:
    return len(x) < _FEW or h.size == 0


def _dense(x: Array) -> Array:
    return np.require(x, requirements=["C", "A"])


def _packed(w: Array) -> Array:
    """w (K, columns) as panels (number, K, P)."""
    return _panels(w[None], panel(w.dtype))[0]


def _projection(w: Array, w_hr: Array | None, forward: bool) -> Array:
    if w_hr is None:
        return np.empty((0, 0, 0), w.dtype)
    return _packed(w_hr.T if forward else w_hr)


def _order(sizes: Sizes, reverse: bool) -> tuple[Array, Array, int]:
    rows = np.array(sizes, np.int64)
    return rows, np.cumsum(rows) - rows, int(reverse)


def _launch(
    steps: Any, state: Array, arrays: tuple[Array, ...], facts: tuple[Any, ...], products: int
) -> None:
    """Blocks of sequences, as many as there are threads for."""
    B, threads = len(state), get_num_threads()
    block = min(_BLOCK, -(-B // threads))
    work = len(arrays[0]) * (0.02 * products + 4.0 * arrays[0].shape[1])
    launch(steps, -(-B // block), *arrays, *facts, block, nanoseconds=work)
