"""Recurrent layers, in array code: whole sequences of one layer and direction.

Letters: N rows of packed data, B sequences, H hidden units, P = H or the projected ones. The rows
of a step stand together, one for each sequence that still runs: ``sizes[t]`` at step t.
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


def rnn(
    y: Array, last: Array, x: Array, h: Array, w: Array, *,
    sizes: Sizes, reverse: bool, nonlinearity: str,
) -> None:  # fmt: skip
    """``h <- f(x_t + h w^T)``; `last` holds the running state, so a sequence that ends leaves it.

    y (N, H), last (B, H), x (N, H), h (B, H), w (H, H).
    """
    xp = namespace(x)
    last[...] = h
    for start, n in steps(sizes, reverse):
        z = x[start : start + n] + last[:n] @ w.T
        last[:n] = xp.tanh(z) if nonlinearity == "tanh" else xp.where(z <= 0, xp.zeros_like(z), z)
        y[start : start + n] = last[:n]


def rnn_grad(
    dx: Array, dh: Array, g_y: Array, g_last: Array, y: Array, w: Array, *,
    sizes: Sizes, reverse: bool, nonlinearity: str,
) -> None:  # fmt: skip
    """The gradients in x and h. `dh` is that of the running state, back to the first."""
    xp = namespace(y)
    dh[...] = g_last
    for start, n in steps(sizes, not reverse):
        rows = slice(start, start + n)
        total, out = dh[:n] + g_y[rows], y[rows]
        if nonlinearity == "tanh":
            dx[rows] = total * (1 - out * out)
        else:
            dx[rows] = xp.where(out <= 0, xp.zeros_like(out), total)
        dh[:n] = dx[rows] @ w


def gru(
    y: Array, last: Array, gates: Array, inner: Array, x: Array, h: Array, w: Array, b: Array, *,
    sizes: Sizes, reverse: bool,
) -> None:  # fmt: skip
    """``h <- (1 - z) n + z h`` with ``n = tanh(x_n + r (h w_n^T + b_n))``.

    y (N, H), last (B, H), gates r z n (N, 3 H), inner ``h w_n^T + b_n`` (N, H), x (N, 3 H),
    h (B, H), w (3 H, H), b (3 H,).
    """
    xp = namespace(x)
    H = h.shape[1]
    last[...] = h
    for start, n in steps(sizes, reverse):
        rows = slice(start, start + n)
        a, before = x[rows], last[:n]
        z = before @ w.T + b
        gates[rows, : 2 * H] = _sigmoid(xp, a[:, : 2 * H] + z[:, : 2 * H])
        inner[rows] = z[:, 2 * H :]
        gates[rows, 2 * H :] = xp.tanh(a[:, 2 * H :] + gates[rows, :H] * inner[rows])
        keep, new = gates[rows, H : 2 * H], gates[rows, 2 * H :]
        y[rows] = new + keep * (before - new)
        last[:n] = y[rows]


def gru_grad(
    dx: Array, dz: Array, dh: Array, g_y: Array, g_last: Array, gates: Array, inner: Array,
    before: Array, w: Array, *, sizes: Sizes, reverse: bool,
) -> None:  # fmt: skip
    """The gradients in x, in ``h w^T + b`` of every step, and in h.

    `before` (N, H) is the state that each step started from.
    """
    H = dh.shape[1]
    dh[...] = g_last
    for start, n in steps(sizes, not reverse):
        rows = slice(start, start + n)
        total = dh[:n] + g_y[rows]
        r, z, new = gates[rows, :H], gates[rows, H : 2 * H], gates[rows, 2 * H :]
        dn = total * (1 - z) * (1 - new * new)
        dx[rows, :H] = dn * inner[rows] * r * (1 - r)
        dx[rows, H : 2 * H] = total * (before[rows] - new) * z * (1 - z)
        dx[rows, 2 * H :] = dn
        dz[rows, : 2 * H] = dx[rows, : 2 * H]
        dz[rows, 2 * H :] = dn * r
        dh[:n] = total * z + dz[rows] @ w


def lstm(
    y: Array, last: Array, cell: Array, gates: Array, cells: Array, x: Array, h: Array, c: Array,
    w: Array, w_hr: Array | None = None, *, sizes: Sizes, reverse: bool,
) -> None:  # fmt: skip
    """``c <- f c + i g``, ``h <- o tanh(c)``, times w_hr^T if it is given.

    y (N, P), last (B, P), cell (B, H), gates i f g o (N, 4 H), cells (N, H) every step's c,
    x (N, 4 H), h (B, P), c (B, H), w (4 H, P), w_hr (P, H).
    """
    xp = namespace(x)
    H = c.shape[1]
    last[...], cell[...] = h, c
    for start, n in steps(sizes, reverse):
        rows = slice(start, start + n)
        z = x[rows] + last[:n] @ w.T
        gates[rows, : 2 * H] = _sigmoid(xp, z[:, : 2 * H])
        gates[rows, 2 * H : 3 * H] = xp.tanh(z[:, 2 * H : 3 * H])
        gates[rows, 3 * H :] = _sigmoid(xp, z[:, 3 * H :])
        i, f, g, o = _quarters(gates[rows])
        cell[:n] = f * cell[:n] + i * g
        cells[rows] = cell[:n]
        out = o * xp.tanh(cell[:n])
        last[:n] = out if w_hr is None else out @ w_hr.T
        y[rows] = last[:n]


def lstm_grad(
    dx: Array, dh: Array, dc: Array, totals: Array, g_y: Array, g_last: Array, g_cell: Array,
    gates: Array, cells: Array, c: Array, w: Array, w_hr: Array | None = None, *,
    sizes: Sizes, reverse: bool,
) -> None:  # fmt: skip
    """The gradients in x, h and c; `totals` (N, P) are those in every step's h."""
    xp = namespace(gates)
    H = c.shape[1]
    dh[...], dc[...] = g_last, g_cell
    order = steps(sizes, not reverse)
    for position, (start, n) in enumerate(order):
        rows = slice(start, start + n)
        total = dh[:n] + g_y[rows]
        totals[rows] = total
        raw = total if w_hr is None else total @ w_hr
        i, f, g, o = _quarters(gates[rows])
        squashed = xp.tanh(cells[rows])
        dcell = dc[:n] + raw * o * (1 - squashed * squashed)
        old = c[:n].copy()
        if position + 1 < len(order):  # the step before, of which some may be at their start
            earlier, m = order[position + 1]
            old[: min(n, m)] = cells[earlier : earlier + min(n, m)]
        dx[rows, :H] = dcell * g * i * (1 - i)
        dx[rows, H : 2 * H] = dcell * old * f * (1 - f)
        dx[rows, 2 * H : 3 * H] = dcell * i * (1 - g * g)
        dx[rows, 3 * H :] = raw * squashed * o * (1 - o)
        dc[:n] = dcell * f
        dh[:n] = dx[rows] @ w


def _sigmoid(xp: Any, x: Array) -> Array:
    return 1 / (1 + xp.exp(-x))


def _quarters(gates: Array) -> list[Array]:
    H = gates.shape[1] // 4
    return [gates[:, k * H : (k + 1) * H] for k in range(4)]
