"""Recurrent layers on the CPU: a block of sequences goes through all steps in one compiled loop.

Sequences do not depend on each other, so a thread takes some of them from the first step to the
last and never waits. A step is the register tile's product with the weights, kept in panels, and
loops of gates over a row, short ones of few arrays: LLVM vectorises no others.

Letters as in `reference.recurrent`; K is the product's inner length, W the width of a panel's
columns, all panels together. All arrays are contiguous.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...device import Array
from ..reference import recurrent as reference
from .conv import _panels
from .jit import get_num_threads, helper, kernel, launch
from .squash import sigmoid, tanh
from .tile import panel, spread, tile

Sizes = tuple[int, ...]

_FEW = 16  # rows for which packing the weights would take longer than all the rest
_BLOCK = 48  # sequences of one task at most


# --- loops that all kinds share ----------------------------------------------------------------


@helper
def product(count: int, a: int, K: int, panels: Any, c: int, itemsize: int) -> None:
    """C (count, W) = A (count, K) times panels (W / P, K, P); `a` and `c` are addresses."""
    number, _, P = panels.shape
    b, W = panels.ctypes.data, number * P
    step = spread(count)
    for p in range(number):
        for i in range(0, count, step):
            rows = min(step, count - i)
            left, right = a + itemsize * i * K, b + itemsize * p * K * P
            tile(rows, left, K, 0, 1, right, 0, P, c + itemsize * (i * W + p * P), W, 1, K, 0)


@helper
def step_of(k: int, sizes: Any, starts: Any, reverse: int, first: int, last: int) -> Any:
    """(first row, rows) of step number k of the computation, of sequences first to last."""
    t = len(sizes) - 1 - k if reverse else k
    return starts[t] + first, min(sizes[t], last) - first


@helper
def copy(out: Any, x: Any) -> None:
    for j in range(out.size):
        out[j] = x[j]


@helper
def add(out: Any, x: Any, z: Any) -> None:
    for j in range(out.size):
        out[j] = x[j] + z[j]


@helper
def sigmoid_of_sum(out: Any, x: Any, z: Any) -> None:
    for j in range(out.size):
        out[j] = sigmoid(x[j] + z[j])


@helper
def tanh_of_sum(out: Any, x: Any, z: Any) -> None:
    for j in range(out.size):
        out[j] = tanh(x[j] + z[j])


# --- plain -------------------------------------------------------------------------------------


@kernel(
    "T[:, ::1], T[:, ::1], const(T[:, ::1]), const(T[:, :, ::1]), const(int64[::1]),"
    "const(int64[::1]), int64, int64, int64, int64, int64"
)
def rnn_steps(
    y: Array, state: Array, x: Array, panels: Array, sizes: Array, starts: Array, reverse: int,
    relu: int, block: int, first_task: int, last_task: int,
) -> None:  # fmt: skip
    """A task is a block of sequences."""
    H, size, zero = y.shape[1], y.itemsize, y.dtype.type(0)
    first, end = first_task * block, min(last_task * block, len(state))
    z = np.empty((max(end - first, 0), panels.shape[0] * panels.shape[2]), y.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        product(count, state.ctypes.data + size * first * H, H, panels, z.ctypes.data, size)
        for r in range(count):
            out = y[row + r]
            if relu:
                add(out, x[row + r], z[r, :H])
                for j in range(H):
                    out[j] = zero if out[j] <= zero else out[j]
            else:
                tanh_of_sum(out, x[row + r], z[r, :H])
            copy(state[first + r], out)


@kernel(
    "T[:, ::1], T[:, ::1], const(T[:, ::1]), const(T[:, ::1]), const(T[:, :, ::1]),"
    "const(int64[::1]), const(int64[::1]), int64, int64, int64, int64, int64"
)
def rnn_steps_back(
    dx: Array, dh: Array, g_y: Array, y: Array, panels: Array, sizes: Array, starts: Array,
    reverse: int, relu: int, block: int, first_task: int, last_task: int,
) -> None:  # fmt: skip
    """`dh` is the gradient of the running state. `reverse` is that of these steps."""
    H, size, zero = y.shape[1], y.itemsize, y.dtype.type(0)
    first, end = first_task * block, min(last_task * block, len(dh))
    z = np.empty((max(end - first, 0), panels.shape[0] * panels.shape[2]), y.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        for r in range(count):
            d, out, total = dx[row + r], y[row + r], dh[first + r]
            add(d, total, g_y[row + r])
            if relu:
                for j in range(H):
                    d[j] = zero if out[j] <= zero else d[j]
            else:
                for j in range(H):
                    d[j] -= d[j] * out[j] * out[j]
        product(count, dx.ctypes.data + size * row * H, H, panels, z.ctypes.data, size)
        for r in range(count):
            copy(dh[first + r], z[r])


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


# --- GRU ---------------------------------------------------------------------------------------


@kernel(
    "T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], const(T[:, ::1]), const(T[::1]),"
    "const(T[:, :, ::1]), const(int64[::1]), const(int64[::1]), int64, int64, int64, int64"
)
def gru_steps(
    y: Array, state: Array, gates: Array, inner: Array, x: Array, b: Array, panels: Array,
    sizes: Array, starts: Array, reverse: int, block: int, first_task: int, last_task: int,
) -> None:  # fmt: skip
    """A task is a block of sequences."""
    H, size = y.shape[1], y.itemsize
    first, end = first_task * block, min(last_task * block, len(state))
    z = np.empty((max(end - first, 0), panels.shape[0] * panels.shape[2]), y.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        product(count, state.ctypes.data + size * first * H, H, panels, z.ctypes.data, size)
        for i in range(count):
            a, out, old, hidden = x[row + i], y[row + i], state[first + i], z[i, : 3 * H]
            add(hidden, hidden, b)
            copy(inner[row + i], hidden[2 * H :])
            both, new = gates[row + i, : 2 * H], gates[row + i, 2 * H :]
            sigmoid_of_sum(both, a[: 2 * H], hidden[: 2 * H])
            r, keep = both[:H], both[H:]
            for j in range(H):
                new[j] = r[j] * hidden[2 * H + j]
            tanh_of_sum(new, a[2 * H :], new)
            for j in range(H):
                out[j] = new[j] + keep[j] * (old[j] - new[j])
            copy(old, out)


@kernel(
    "T[:, ::1], T[:, ::1], T[:, ::1], const(T[:, ::1]), const(T[:, ::1]), const(T[:, ::1]),"
    "const(T[:, ::1]), const(T[:, :, ::1]), const(int64[::1]), const(int64[::1]), int64, int64,"
    "int64, int64"
)
def gru_steps_back(
    dx: Array, dz: Array, dh: Array, g_y: Array, gates: Array, inner: Array, before: Array,
    panels: Array, sizes: Array, starts: Array, reverse: int, block: int, first_task: int,
    last_task: int,
) -> None:  # fmt: skip
    """`dh` is the gradient of the running state. `reverse` is that of these steps."""
    H, size, one = dh.shape[1], dh.itemsize, dh.dtype.type(1)
    first, end = first_task * block, min(last_task * block, len(dh))
    z = np.empty((max(end - first, 0), panels.shape[0] * panels.shape[2]), dh.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        for i in range(count):
            total, old, hidden = dh[first + i], before[row + i], inner[row + i]
            add(total, total, g_y[row + i])
            r, keep = gates[row + i, :H], gates[row + i, H : 2 * H]
            new = gates[row + i, 2 * H :]
            d, e = dx[row + i], dz[row + i]
            for j in range(H):
                d[2 * H + j] = (total[j] - total[j] * keep[j]) * (one - new[j] * new[j])
            for j in range(H):
                d[j] = d[2 * H + j] * hidden[j] * (r[j] - r[j] * r[j])
            for j in range(H):
                d[H + j] = (old[j] - new[j]) * (keep[j] - keep[j] * keep[j])
            for j in range(H):
                d[H + j] *= total[j]
            copy(e[: 2 * H], d[: 2 * H])
            for j in range(H):
                e[2 * H + j] = d[2 * H + j] * r[j]
            for j in range(H):
                total[j] *= keep[j]
        product(count, dz.ctypes.data + size * row * 3 * H, 3 * H, panels, z.ctypes.data, size)
        for i in range(count):
            add(dh[first + i], dh[first + i], z[i, :H])


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


# --- LSTM --------------------------------------------------------------------------------------


@kernel(
    "T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], const(T[:, ::1]),"
    "const(T[:, :, ::1]), const(T[:, :, ::1]), const(int64[::1]), const(int64[::1]), int64, int64,"
    "int64, int64"
)
def lstm_steps(
    y: Array, state: Array, cell: Array, gates: Array, cells: Array, x: Array, panels: Array,
    projection: Array, sizes: Array, starts: Array, reverse: int, block: int, first_task: int,
    last_task: int,
) -> None:  # fmt: skip
    """A task is a block of sequences. `projection` has no panels where h is not projected."""
    H, P, size = cell.shape[1], y.shape[1], y.itemsize
    first, end = first_task * block, min(last_task * block, len(state))
    most = max(end - first, 0)
    z = np.empty((most, panels.shape[0] * panels.shape[2]), y.dtype)
    raw = np.empty((most, H), y.dtype)
    squeezed = np.empty((most, projection.shape[0] * projection.shape[2]), y.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        product(count, state.ctypes.data + size * first * P, P, panels, z.ctypes.data, size)
        for r in range(count):
            a, s, c, out = x[row + r], z[r], cell[first + r], raw[r]
            both, g, o = (
                gates[row + r, : 2 * H], gates[row + r, 2 * H : 3 * H], gates[row + r, 3 * H :]
            )  # fmt: skip
            sigmoid_of_sum(both, a[: 2 * H], s[: 2 * H])
            tanh_of_sum(g, a[2 * H : 3 * H], s[2 * H : 3 * H])
            sigmoid_of_sum(o, a[3 * H :], s[3 * H : 4 * H])
            i, f = both[:H], both[H:]
            for j in range(H):
                c[j] = f[j] * c[j] + i[j] * g[j]
            copy(cells[row + r], c)
            for j in range(H):
                out[j] = o[j] * tanh(c[j])
        if len(projection):
            product(count, raw.ctypes.data, H, projection, squeezed.ctypes.data, size)
        for r in range(count):
            copy(y[row + r], squeezed[r] if len(projection) else raw[r])
            copy(state[first + r], y[row + r])


@kernel(
    "T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], const(T[:, ::1]), const(T[:, ::1]),"
    "const(T[:, ::1]), const(T[:, ::1]), const(T[:, :, ::1]), const(T[:, :, ::1]),"
    "const(int64[::1]), const(int64[::1]), int64, int64, int64, int64"
)
def lstm_steps_back(
    dx: Array, dh: Array, dc: Array, totals: Array, g_y: Array, gates: Array, cells: Array,
    c0: Array, panels: Array, projection: Array, sizes: Array, starts: Array, reverse: int,
    block: int, first_task: int, last_task: int,
) -> None:  # fmt: skip
    """`dh` and `dc` are gradients of the running state. `reverse` is that of these steps."""
    H, P, size = dc.shape[1], dh.shape[1], dh.itemsize
    one = dh.dtype.type(1)
    first, end = first_task * block, min(last_task * block, len(dh))
    most = max(end - first, 0)
    z = np.empty((most, panels.shape[0] * panels.shape[2]), dh.dtype)
    raw = np.empty((most, projection.shape[0] * projection.shape[2]), dh.dtype)
    squashed = np.empty(H, dh.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        earlier, started = row, 0  # the step that was computed before this one
        if k + 1 < len(sizes):
            earlier, started = step_of(k + 1, sizes, starts, reverse, first, end)
        for r in range(count):
            add(totals[row + r], dh[first + r], g_y[row + r])
        if len(projection):
            product(
                count, totals.ctypes.data + size * row * P, P, projection, raw.ctypes.data, size
            )
        for r in range(count):
            d, a, total = (
                dx[row + r],
                gates[row + r],
                raw[r] if len(projection) else totals[row + r],
            )
            dcell, now = dc[first + r], cells[row + r]
            old = cells[earlier + r] if r < started else c0[first + r]
            i, f, g, o = a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]
            for j in range(H):
                squashed[j] = tanh(now[j])
            for j in range(H):
                dcell[j] += total[j] * o[j] * (one - squashed[j] * squashed[j])
            for j in range(H):
                d[3 * H + j] = total[j] * squashed[j] * (o[j] - o[j] * o[j])
            for j in range(H):
                d[j] = dcell[j] * g[j] * (i[j] - i[j] * i[j])
            for j in range(H):
                d[H + j] = dcell[j] * old[j] * (f[j] - f[j] * f[j])
            for j in range(H):
                d[2 * H + j] = dcell[j] * i[j] * (one - g[j] * g[j])
            for j in range(H):
                dcell[j] *= f[j]
        product(count, dx.ctypes.data + size * row * 4 * H, 4 * H, panels, z.ctypes.data, size)
        for r in range(count):
            copy(dh[first + r], z[r])


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
