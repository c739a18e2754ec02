"""Recurrent layers on the CPU: a block of sequences goes through all steps in one compiled loop.

Sequences do not depend on each other, so a thread takes some of them from the first step to the
last and never waits for another. What depends on no state is one large product: of the inputs with
their weights before the steps, and the gradients of inputs and weights after them. Letters as in
`reference.recurrent`.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ...device import Array
from ..reference import recurrent as reference
from ..reference.recurrent import rows_of, states_before
from . import reduce
from .jit import get_num_threads, launch
from .matmul import _DEPTH, linear, matmul, pack_panels
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


# --- plain ---------------------------------------------------------------------------------------


def rnn(
    y: Array, last: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array,
    *, sizes: Sizes, reverse: bool, batch_first: bool, nonlinearity: str,
) -> None:  # fmt: skip
    """``h <- f(W_ih x + b_ih + W_hh h + b_hh)``."""
    if _is_small(y, h):
        return reference.rnn(
            y, last, x, h, w_ih, w_hh, b_ih, b_hh, sizes=sizes, reverse=reverse,
            batch_first=batch_first, nonlinearity=nonlinearity,
        )  # fmt: skip
    out = rows_of(y, batch_first)
    linear(out, _dense(x, batch_first), w_ih, b_ih + b_hh)
    last[...] = h
    facts = (*_order(sizes, reverse), int(nonlinearity == "relu"))
    _launch(rnn_steps, last, (out, last, _packed(w_hh.T)), facts, w_hh.size)


def rnn_grad(
    dx: Array, dh: Array, dw_ih: Array, dw_hh: Array, db_ih: Array, db_hh: Array, g_y: Array,
    g_last: Array, y: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, *,
    sizes: Sizes, reverse: bool, batch_first: bool, nonlinearity: str,
) -> None:  # fmt: skip
    """The gradients of all inputs."""
    if _is_small(y, h):
        return reference.rnn_grad(
            dx, dh, dw_ih, dw_hh, db_ih, db_hh, g_y, g_last, y, x, h, w_ih, w_hh, sizes=sizes,
            reverse=reverse, batch_first=batch_first, nonlinearity=nonlinearity,
        )  # fmt: skip
    x, y, g_y = [_dense(a, batch_first) for a in (x, y, g_y)]
    dz = np.empty_like(y)
    dh[...] = g_last
    facts = (*_order(sizes, not reverse), int(nonlinearity == "relu"))
    _launch(rnn_steps_back, dh, (dz, dh, g_y, y, _packed(w_hh)), facts, w_hh.size)
    before = states_before(y, h, sizes, reverse)
    _inputs_grad(dx, dw_ih, dw_hh, db_ih, db_hh, dz, dz, x, before, w_ih, batch_first)


# --- GRU -----------------------------------------------------------------------------------------


def gru(
    y: Array, last: Array, gates: Array, inner: Array, x: Array, h: Array, w_ih: Array,
    w_hh: Array, b_ih: Array, b_hh: Array, *, sizes: Sizes, reverse: bool, batch_first: bool,
) -> None:  # fmt: skip
    """``h <- (1 - z) n + z h`` with ``n = tanh(x_n + r (W_hn h + b_hn))``."""
    if _is_small(y, h):
        return reference.gru(
            y, last, gates, inner, x, h, w_ih, w_hh, b_ih, b_hh, sizes=sizes, reverse=reverse,
            batch_first=batch_first,
        )  # fmt: skip
    both = 2 * h.shape[1]
    bias = np.array(b_ih)
    bias[:both] += b_hh[:both]
    linear(gates, _dense(x, batch_first), w_ih, bias)
    last[...] = h
    weights = _packed(w_hh[:both].T), _packed(w_hh[both:].T)
    b = np.require(b_hh[both:], requirements=["C", "A"])
    arrays = (rows_of(y, batch_first), last, gates, inner, b, *weights)
    _launch(gru_steps, last, arrays, _order(sizes, reverse), w_hh.size)


def gru_grad(
    dx: Array, dh: Array, dw_ih: Array, dw_hh: Array, db_ih: Array, db_hh: Array, g_y: Array,
    g_last: Array, y: Array, gates: Array, inner: Array, x: Array, h: Array, w_ih: Array,
    w_hh: Array, *, sizes: Sizes, reverse: bool, batch_first: bool,
) -> None:  # fmt: skip
    """The gradients of all inputs."""
    if _is_small(y, h):
        return reference.gru_grad(
            dx, dh, dw_ih, dw_hh, db_ih, db_hh, g_y, g_last, y, gates, inner, x, h, w_ih, w_hh,
            sizes=sizes, reverse=reverse, batch_first=batch_first,
        )  # fmt: skip
    x, y, g_y = [_dense(a, batch_first) for a in (x, y, g_y)]
    before = states_before(y, h, sizes, reverse)
    gates, inner = _dense(gates), _dense(inner)
    dz, dz_h = np.empty_like(gates), np.empty_like(gates)
    dh[...] = g_last
    arrays = (dz, dz_h, dh, g_y, gates, inner, before, _packed(w_hh))
    _launch(gru_steps_back, dh, arrays, _order(sizes, not reverse), w_hh.size)
    _inputs_grad(dx, dw_ih, dw_hh, db_ih, db_hh, dz, dz_h, x, before, w_ih, batch_first)


# --- LSTM ----------------------------------------------------------------------------------------


def lstm(
    y: Array, last: Array, cell: Array, gates: Array, cells: Array, x: Array, h: Array, c: Array,
    w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array, w_hr: Array, *,
    sizes: Sizes, reverse: bool, batch_first: bool,
) -> None:  # fmt: skip
    """``c <- f c + i g``, ``h <- o tanh(c)``, times w_hr^T if that is not empty."""
    if _is_small(y, h):
        return reference.lstm(
            y, last, cell, gates, cells, x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, sizes=sizes,
            reverse=reverse, batch_first=batch_first,
        )  # fmt: skip
    linear(gates, _dense(x, batch_first), w_ih, b_ih + b_hh)
    last[...], cell[...] = h, c
    projection = _packed(w_hr.T) if w_hr.size else np.empty((0, 0, 0), w_hr.dtype)
    arrays = (rows_of(y, batch_first), last, cell, gates, cells, _packed(w_hh.T), projection)
    _launch(lstm_steps, last, arrays, _order(sizes, reverse), w_hh.size + w_hr.size)


def lstm_grad(
    dx: Array, dh: Array, dc: Array, dw_ih: Array, dw_hh: Array, db_ih: Array, db_hh: Array,
    dw_hr: Array, g_y: Array, g_last: Array, g_cell: Array, y: Array, gates: Array, cells: Array,
    x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, w_hr: Array, *,
    sizes: Sizes, reverse: bool, batch_first: bool,
) -> None:  # fmt: skip
    """The gradients of all inputs."""
    if _is_small(y, h):
        return reference.lstm_grad(
            dx, dh, dc, dw_ih, dw_hh, db_ih, db_hh, dw_hr, g_y, g_last, g_cell, y, gates, cells, x,
            h, c, w_ih, w_hh, w_hr, sizes=sizes, reverse=reverse, batch_first=batch_first,
        )  # fmt: skip
    x, y, g_y = [_dense(a, batch_first) for a in (x, y, g_y)]
    gates, cells, c = _dense(gates), _dense(cells), _dense(c)
    dz, totals = np.empty_like(gates), np.empty_like(y if w_hr.size else y[:0])
    projection = _packed(w_hr) if w_hr.size else np.empty((0, 0, 0), w_hr.dtype)
    dh[...], dc[...] = g_last, g_cell
    arrays = (dz, dh, dc, totals, g_y, gates, cells, c, _packed(w_hh), projection)
    _launch(lstm_steps_back, dh, arrays, _order(sizes, not reverse), w_hh.size + w_hr.size)
    before = states_before(y, h, sizes, reverse)
    _inputs_grad(dx, dw_ih, dw_hh, db_ih, db_hh, dz, dz, x, before, w_ih, batch_first)
    if dw_hr.size:
        matmul(dw_hr, totals.T, gates[:, 3 * c.shape[1] :] * np.tanh(cells))


# --- what surrounds the steps --------------------------------------------------------------------


def _is_small(y: Array, h: Array) -> bool:
    return y.size < _FEW * y.shape[-1] or h.size == 0


def _dense(x: Array, batch_first: bool = False) -> Array:
    """x in any form as contiguous (N, I)."""
    return np.require(rows_of(x, batch_first), requirements=["C", "A"])


def _packed(w: Array) -> Array:
    """w (K, columns) as panels (number, K, P)."""
    (K, columns), P = w.shape, panel(w.dtype)
    number = -(-columns // P)
    out = np.empty((1, number, K, P), w.dtype)
    tasks = number * -(-K // _DEPTH)
    launch(pack_panels, tasks, out, w[None, None], number, nanoseconds=0.2 * out.size)
    return out[0]


@functools.lru_cache
def _order(sizes: Sizes, reverse: bool) -> tuple[Array, Array, int]:
    rows = np.array(sizes, np.int64)
    starts = np.cumsum(rows) - rows
    for facts in (rows, starts):
        facts.flags.writeable = False  # they are kept
    return rows, starts, int(reverse)


def _launch(
    steps: Any, state: Array, arrays: tuple[Array, ...], facts: tuple[Any, ...], products: int
) -> None:
    """Blocks of sequences, as many as there are threads for."""
    B, threads = len(state), get_num_threads()
    block = min(_BLOCK, -(-B // threads))
    work = len(arrays[0]) * (0.02 * products + 4.0 * state.shape[1])
    launch(steps, -(-B // block), *arrays, *facts, block, nanoseconds=work)


def _inputs_grad(
    dx: Array, dw_ih: Array, dw_hh: Array, db_ih: Array, db_hh: Array, dz: Array, dz_h: Array,
    x: Array, before: Array, w_ih: Array, batch_first: bool,
) -> None:  # fmt: skip
    """From the gradients in ``W_ih x + b_ih`` and in ``W_hh h + b_hh``, row by row."""
    if dx.size:
        matmul(rows_of(dx, batch_first), dz, w_ih)
    if dw_ih.size:
        matmul(dw_ih, dz.T, x)
    if dw_hh.size:
        matmul(dw_hh, dz_h.T, before)
    if db_ih.size:
        reduce.sum(db_ih, dz, axes=(0,))
    if db_hh.size and db_ih.size and dz is dz_h:
        db_hh[...] = db_ih
    elif db_hh.size:
        reduce.sum(db_hh, dz_h, axes=(0,))
