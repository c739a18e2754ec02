"""Recurrent layers, in array code: whole sequences of one layer and direction.

Letters: T steps, B sequences, I inputs, H hidden units, P = H or the projected ones, N rows. x is
(T, B, I), with `batch_first` (B, T, I), or packed (N, I): the rows of a step stand together, one
for each sequence that still runs, ``sizes[t]`` at step t. y is in the form of x. The gradients of
all inputs are found at once, but for those of x and the weights that are not wanted: empty arrays.
"""

from __future__ import annotations

from typing import Any

from ...device import Array, namespace

Sizes = tuple[int, ...]


def steps(sizes: Sizes, reverse: bool) -> list[tuple[int, int]]:
    """(first row, rows) of each step, in the order of computation."""
    found, start = [], 0
    for size in sizes:
        found.append((start, size))
        start += size
    return found[::-1] if reverse else found


def rows_of(x: Array, batch_first: bool) -> Array:
    """x in any form as (N, I): a view where its memory is in that order."""
    if x.ndim == 2:
        return x
    x = x.swapaxes(0, 1) if batch_first else x
    T, B, I = x.shape
    return x.reshape(T * B, I)


def fill(out: Array, rows: Array, batch_first: bool) -> None:
    """`rows` (N, I) written to `out`, of any form."""
    out = out.swapaxes(0, 1) if batch_first and out.ndim == 3 else out
    out[...] = rows.reshape(out.shape)


def states_before(y: Array, first: Array, sizes: Sizes, reverse: bool) -> Array:
    """The state that each step started from, row by row: y (N, P) one step off, first (B, P)."""
    before = namespace(y).empty_like(y)
    if min(sizes) == max(sizes):  # two pieces instead of T
        ends = len(y) - sizes[0]
        if reverse:
            before[:ends], before[ends:] = y[sizes[0] :], first
        else:
            before[sizes[0] :], before[: sizes[0]] = y[:ends], first
        return before
    earlier, m = 0, 0
    for start, n in steps(sizes, reverse):
        same = min(n, m)
        before[start : start + same] = y[earlier : earlier + same]
        before[start + same : start + n] = first[same:n]
        earlier, m = start, n
    return before


# Plain ------------------------------------------------------------------------------------------


def rnn(
    y: Array, last: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array,
    *, sizes: Sizes, reverse: bool, batch_first: bool, nonlinearity: str,
) -> None:  # fmt: skip
    """``h <- f(W_ih x + b_ih + W_hh h + b_hh)``; `last` is the running state.

    (A sequence that ends leaves its state there.) y (N, H), last (B, H), x (N, I), h (B, H),
    w_ih (H, I), w_hh (H, H), b_ih and b_hh (H,).
    """
    xp = namespace(x)
    a = rows_of(x, batch_first) @ w_ih.T + (b_ih + b_hh)
    last[...] = h
    for start, n in steps(sizes, reverse):
        z = a[start : start + n] + last[:n] @ w_hh.T
        last[:n] = xp.tanh(z) if nonlinearity == "tanh" else xp.where(z <= 0, xp.zeros_like(z), z)
        a[start : start + n] = last[:n]
    fill(y, a, batch_first)


def rnn_grad(
    dx: Array, dh: Array, dw_ih: Array, dw_hh: Array, db_ih: Array, db_hh: Array, g_y: Array,
    g_last: Array, y: Array, x: Array, h: Array, w_ih: Array, w_hh: Array, *,
    sizes: Sizes, reverse: bool, batch_first: bool, nonlinearity: str,
) -> None:  # fmt: skip
    """`dh` is the gradient of the running state, back to the first."""
    xp = namespace(y)
    x, y, g_y = [rows_of(a, batch_first) for a in (x, y, g_y)]
    dz = xp.empty_like(y)
    dh[...] = g_last
    for start, n in steps(sizes, not reverse):
        rows = slice(start, start + n)
        total, out = dh[:n] + g_y[rows], y[rows]
        if nonlinearity == "tanh":
            dz[rows] = total * (1 - out * out)
        else:
            dz[rows] = xp.where(out <= 0, xp.zeros_like(out), total)
        dh[:n] = dz[rows] @ w_hh
    before = states_before(y, h, sizes, reverse)
    _inputs_grad(dx, dw_ih, dw_hh, db_ih, db_hh, dz, dz, x, before, w_ih, batch_first)


def _inputs_grad(
    dx: Array, dw_ih: Array, dw_hh: Array, db_ih: Array, db_hh: Array, dz: Array, dz_h: Array,
    x: Array, before: Array, w_ih: Array, batch_first: bool,
) -> None:  # fmt: skip
    """From the gradients in ``W_ih x + b_ih`` and in ``W_hh h + b_hh``, row by row."""
    if dx.size:
        fill(dx, dz @ w_ih, batch_first)
    for dw, db, d, rows in ((dw_ih, db_ih, dz, x), (dw_hh, db_hh, dz_h, before)):
        if dw.size:
            dw[...] = d.T @ rows
        if db.size:
            db[...] = d.sum(0)


# GRU --------------------------------------------------------------------------------------------


def gru(
    y: Array, last: Array, gates: Array, inner: Array, x: Array, h: Array, w_ih: Array,
    w_hh: Array, b_ih: Array, b_hh: Array, *, sizes: Sizes, reverse: bool, batch_first: bool,
) -> None:  # fmt: skip
    """``h <- (1 - z) n + z h`` with ``n = tanh(x_n + r (W_hn h + b_hn))``.

    y (N, H), last (B, H), gates r z n (N, 3 H), inner ``W_hn h + b_hn`` (N, H), x (N, I),
    h (B, H), w_ih (3 H, I), w_hh (3 H, H), b_ih and b_hh (3 H,).
    """
    xp = namespace(x)
    H = h.shape[1]
    a = rows_of(x, batch_first) @ w_ih.T + b_ih
    out = xp.empty_like(inner)
    last[...] = h
    for start, n in steps(sizes, reverse):
        rows = slice(start, start + n)
        before = last[:n]
        z = before @ w_hh.T + b_hh
        gates[rows, : 2 * H] = _sigmoid(xp, a[rows, : 2 * H] + z[:, : 2 * H])
        inner[rows] = z[:, 2 * H :]
        gates[rows, 2 * H :] = xp.tanh(a[rows, 2 * H :] + gates[rows, :H] * inner[rows])
        keep, new = gates[rows, H : 2 * H], gates[rows, 2 * H :]
        out[rows] = new + keep * (before - new)
        last[:n] = out[rows]
    fill(y, out, batch_first)


def gru_grad(
    dx: Array, dh: Array, dw_ih: Array, dw_hh: Array, db_ih: Array, db_hh: Array, g_y: Array,
    g_last: Array, y: Array, gates: Array, inner: Array, x: Array, h: Array, w_ih: Array,
    w_hh: Array, *, sizes: Sizes, reverse: bool, batch_first: bool,
) -> None:  # fmt: skip
    """`dh` is the gradient of the running state, back to the first."""
    H = dh.shape[1]
    x, y, g_y = [rows_of(a, batch_first) for a in (x, y, g_y)]
    before = states_before(y, h, sizes, reverse)
    dz, dz_h = [namespace(x).empty_like(gates) for _ in range(2)]
    dh[...] = g_last
    for start, n in steps(sizes, not reverse):
        rows = slice(start, start + n)
        total = dh[:n] + g_y[rows]
        r, z, new = gates[rows, :H], gates[rows, H : 2 * H], gates[rows, 2 * H :]
        dn = total * (1 - z) * (1 - new * new)
        dz[rows, :H] = dn * inner[rows] * r * (1 - r)
        dz[rows, H : 2 * H] = total * (before[rows] - new) * z * (1 - z)
        dz[rows, 2 * H :] = dn
        dz_h[rows, : 2 * H] = dz[rows, : 2 * H]
        dz_h[rows, 2 * H :] = dn * r
        dh[:n] = total * z + dz_h[rows] @ w_hh
    _inputs_grad(dx, dw_ih, dw_hh, db_ih, db_hh, dz, dz_h, x, before, w_ih, batch_first)


# LSTM -------------------------------------------------------------------------------------------


def lstm(
    y: Array, last: Array, cell: Array, gates: Array, cells: Array, x: Array, h: Array, c: Array,
    w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array, w_hr: Array, *,
    sizes: Sizes, reverse: bool, batch_first: bool,
) -> None:  # fmt: skip
    """``c <- f c + i g``, ``h <- o tanh(c)``, times w_hr^T if that is not empty.

    y (N, P), last (B, P), cell (B, H), gates i f g o (N, 4 H), cells (N, H) every step's c,
    x (N, I), h (B, P), c (B, H), w_ih (4 H, I), w_hh (4 H, P), b_ih and b_hh (4 H,), w_hr (P, H).
    """
    xp = namespace(x)
    H = c.shape[1]
    a = rows_of(x, batch_first) @ w_ih.T + (b_ih + b_hh)
    results = xp.empty((len(a), h.shape[1]), a.dtype)
    last[...], cell[...] = h, c
    for start, n in steps(sizes, reverse):
        rows = slice(start, start + n)
        z = a[rows] + last[:n] @ w_hh.T
        gates[rows, : 2 * H] = _sigmoid(xp, z[:, : 2 * H])
        gates[rows, 2 * H : 3 * H] = xp.tanh(z[:, 2 * H : 3 * H])
        gates[rows, 3 * H :] = _sigmoid(xp, z[:, 3 * H :])
        i, f, g, o = _quarters(gates[rows])
        cell[:n] = f * cell[:n] + i * g
        cells[rows] = cell[:n]
        out = o * xp.tanh(cell[:n])
        last[:n] = out @ w_hr.T if w_hr.size else out
        results[rows] = last[:n]
    fill(y, results, batch_first)


def lstm_grad(
    dx: Array, dh: Array, dc: Array, dw_ih: Array, dw_hh: Array, db_ih: Array, db_hh: Array,
    dw_hr: Array, g_y: Array, g_last: Array, g_cell: Array, y: Array, gates: Array, cells: Array,
    x: Array, h: Array, c: Array, w_ih: Array, w_hh: Array, w_hr: Array, *,
    sizes: Sizes, reverse: bool, batch_first: bool,
) -> None:  # fmt: skip
    """`dh` and `dc` are the gradients of the running state, back to the first."""
    xp = namespace(gates)
    H = c.shape[1]
    x, y, g_y = [rows_of(a, batch_first) for a in (x, y, g_y)]
    olds, squashed = states_before(cells, c, sizes, reverse), xp.tanh(cells)
    dz, totals = xp.empty_like(gates), xp.empty_like(y)  # totals: the gradients in every step's h
    dh[...], dc[...] = g_last, g_cell
    for start, n in steps(sizes, not reverse):
        rows = slice(start, start + n)
        totals[rows] = dh[:n] + g_y[rows]
        raw = totals[rows] @ w_hr if w_hr.size else totals[rows]
        i, f, g, o = _quarters(gates[rows])
        dcell = dc[:n] + raw * o * (1 - squashed[rows] * squashed[rows])
        dz[rows, :H] = dcell * g * i * (1 - i)
        dz[rows, H : 2 * H] = dcell * olds[rows] * f * (1 - f)
        dz[rows, 2 * H : 3 * H] = dcell * i * (1 - g * g)
        dz[rows, 3 * H :] = raw * squashed[rows] * o * (1 - o)
        dc[:n] = dcell * f
        dh[:n] = dz[rows] @ w_hh
    before = states_before(y, h, sizes, reverse)
    _inputs_grad(dx, dw_ih, dw_hh, db_ih, db_hh, dz, dz, x, before, w_ih, batch_first)
    if dw_hr.size:
        dw_hr[...] = totals.T @ (gates[:, 3 * H :] * squashed)


def _sigmoid(xp: Any, x: Array) -> Array:
    return 1 / (1 + xp.exp(-x))


def _quarters(gates: Array) -> list[Array]:
    H = gates.shape[1] // 4
    return [gates[:, k * H : (k + 1) * H] for k in range(4)]
