"""The compiled steps of recurrent layers: a task is a block of sequences, from start to end.

A step adds the register tile's product with the recurrent weights, kept in panels, to what stands
in the outputs already (the product with the inputs, of all steps at once), and turns that into
gates in its place: loops over a row, short ones of few arrays, as LLVM vectorises no others.

Letters as in `reference.recurrent`; K is the product's inner length, PW the width of a panel. All
arrays are contiguous.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...device import Array
from .jit import helper, kernel
from .squash import sigmoid, tanh
from .tile import ROWS, spread, tile

# --- what all kinds share ------------------------------------------------------------------------


@helper
def product(out: Any, a: int, K: int, panels: Any, old: int, edge: Any) -> None:
    """out (count, W), onto what is there if `old`, = A (count, K) times panels (-, K, PW).

    `a` is an address; edge (rows of a tile, PW) takes the last panel, if that is wider than W.
    """
    count, W = out.shape
    number, _, PW = panels.shape
    size, c_i = out.itemsize, out.strides[0] // out.itemsize
    step = spread(count)
    for p in range(number):
        columns = min(PW, W - p * PW)
        for i in range(0, count, step):
            m = min(step, count - i)
            left, right = a + size * i * K, panels.ctypes.data + size * p * K * PW
            if columns == PW:
                c = out.ctypes.data + size * (i * c_i + p * PW)
                tile(m, left, K, 0, 1, right, 0, PW, c, c_i, 1, K, old)
                continue
            tile(m, left, K, 0, 1, right, 0, PW, edge.ctypes.data, PW, 1, K, 0)
            for r in range(m):
                target, found = out[i + r, p * PW :], edge[r]
                if not old:
                    target[:] = 0
                for j in range(columns):
                    target[j] += found[j]


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
def add(out: Any, x: Any) -> None:
    for j in range(out.size):
        out[j] += x[j]


@helper
def multiply(out: Any, x: Any) -> None:
    for j in range(out.size):
        out[j] *= x[j]


@helper
def to_sigmoid(x: Any) -> None:
    for j in range(x.size):
        x[j] = sigmoid(x[j])


@helper
def to_tanh(x: Any) -> None:
    for j in range(x.size):
        x[j] = tanh(x[j])


# --- plain -------------------------------------------------------------------------------------


@kernel(
    "T[:, ::1], T[:, ::1], const(T[:, :, ::1]), const(int64[::1]), const(int64[::1]), int64, int64,"
    "int64, int64, int64"
)
def rnn_steps(
    y: Array, state: Array, panels: Array, sizes: Array, starts: Array, reverse: int, relu: int,
    block: int, first_task: int, last_task: int,
) -> None:  # fmt: skip
    """`y` holds ``W_ih x + b`` and becomes the outputs."""
    H, size, zero = y.shape[1], y.itemsize, y.dtype.type(0)
    first, end = first_task * block, min(last_task * block, len(state))
    edge = np.empty((ROWS, panels.shape[2]), y.dtype)
    rows, states = y.reshape(y.size), state.reshape(state.size)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        a = state.ctypes.data + size * first * H
        product(y[row : row + count], a, H, panels, 1, edge)
        out = rows[row * H : (row + count) * H]
        if relu:
            for j in range(out.size):
                out[j] = zero if out[j] <= zero else out[j]
        else:
            to_tanh(out)
        copy(states[first * H : (first + count) * H], out)


@kernel(
    "T[:, ::1], T[:, ::1], const(T[:, ::1]), const(T[:, ::1]), const(T[:, :, ::1]),"
    "const(int64[::1]), const(int64[::1]), int64, int64, int64, int64, int64"
)
def rnn_steps_back(
    dz: Array, dh: Array, g_y: Array, y: Array, panels: Array, sizes: Array, starts: Array,
    reverse: int, relu: int, block: int, first_task: int, last_task: int,
) -> None:  # fmt: skip
    """`dh` is the gradient of the running state. `reverse` is that of these steps."""
    H, size, zero, one = y.shape[1], y.itemsize, y.dtype.type(0), y.dtype.type(1)
    first, end = first_task * block, min(last_task * block, len(dh))
    edge = np.empty((ROWS, panels.shape[2]), y.dtype)
    d_rows, g_rows, y_rows = dz.reshape(dz.size), g_y.reshape(dz.size), y.reshape(dz.size)
    totals = dh.reshape(dh.size)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        start, stop = row * H, (row + count) * H
        d, out = d_rows[start:stop], y_rows[start:stop]
        copy(d, g_rows[start:stop])
        add(d, totals[first * H : (first + count) * H])
        if relu:
            for j in range(d.size):
                d[j] = zero if out[j] <= zero else d[j]
        else:
            for j in range(d.size):
                d[j] *= one - out[j] * out[j]
        product(dh[first : first + count], dz.ctypes.data + size * start, H, panels, 0, edge)


# --- GRU ---------------------------------------------------------------------------------------


@kernel(
    "T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], const(T[::1]), const(T[:, :, ::1]),"
    "const(T[:, :, ::1]), const(int64[::1]), const(int64[::1]), int64, int64, int64, int64"
)
def gru_steps(
    y: Array, state: Array, gates: Array, inner: Array, b: Array, two: Array, third: Array,
    sizes: Array, starts: Array, reverse: int, block: int, first_task: int, last_task: int,
) -> None:  # fmt: skip
    """`gates` holds ``W_ih x`` and the biases but that of `inner`, b (H,).

    The weights are in two parts: those of r and z, and of n.
    """
    H, size = y.shape[1], y.itemsize
    first, end = first_task * block, min(last_task * block, len(state))
    edge = np.empty((ROWS, two.shape[2]), y.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        a = state.ctypes.data + size * first * H
        product(gates[row : row + count, : 2 * H], a, H, two, 1, edge)
        product(inner[row : row + count], a, H, third, 0, edge)
        for i in range(row, row + count):
            out, old, hidden = y[i], state[first + i - row], inner[i]
            both, new = gates[i, : 2 * H], gates[i, 2 * H :]
            r, keep = both[:H], both[H:]
            add(hidden, b)
            to_sigmoid(both)
            for j in range(H):
                new[j] += r[j] * hidden[j]
            to_tanh(new)
            for j in range(H):
                old[j] = new[j] + keep[j] * (old[j] - new[j])
            copy(out, old)


@kernel(
    "T[:, ::1], T[:, ::1], T[:, ::1], const(T[:, ::1]), const(T[:, ::1]), const(T[:, ::1]),"
    "const(T[:, ::1]), const(T[:, :, ::1]), const(int64[::1]), const(int64[::1]), int64, int64,"
    "int64, int64"
)
def gru_steps_back(
    dz: Array, dz_h: Array, dh: Array, g_y: Array, gates: Array, inner: Array, before: Array,
    panels: Array, sizes: Array, starts: Array, reverse: int, block: int, first_task: int,
    last_task: int,
) -> None:  # fmt: skip
    """`dh` is the gradient of the running state. `reverse` is that of these steps."""
    H, size, one = dh.shape[1], dh.itemsize, dh.dtype.type(1)
    first, end = first_task * block, min(last_task * block, len(dh))
    edge = np.empty((ROWS, panels.shape[2]), dh.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        for i in range(row, row + count):
            total, old, hidden = dh[first + i - row], before[i], inner[i]
            r, keep, new = gates[i, :H], gates[i, H : 2 * H], gates[i, 2 * H :]
            d, e = dz[i], dz_h[i]
            add(total, g_y[i])
            for j in range(H):
                d[2 * H + j] = total[j] * (one - keep[j]) * (one - new[j] * new[j])
            for j in range(H):
                d[j] = d[2 * H + j] * hidden[j] * (r[j] - r[j] * r[j])
            for j in range(H):
                d[H + j] = (old[j] - new[j]) * (keep[j] - keep[j] * keep[j])
            multiply(d[H : 2 * H], total)
            copy(e, d)
            multiply(e[2 * H :], r)
            multiply(total, keep)
        a = dz_h.ctypes.data + size * row * 3 * H
        product(dh[first : first + count], a, 3 * H, panels, 1, edge)


# --- LSTM --------------------------------------------------------------------------------------


@kernel(
    "T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], const(T[:, :, ::1]),"
    "const(T[:, :, ::1]), const(int64[::1]), const(int64[::1]), int64, int64, int64, int64"
)
def lstm_steps(
    y: Array, state: Array, cell: Array, gates: Array, cells: Array, panels: Array,
    projection: Array, sizes: Array, starts: Array, reverse: int, block: int, first_task: int,
    last_task: int,
) -> None:  # fmt: skip
    """`gates` holds ``W_ih x + b`` and becomes the gates. `projection` is w_hr^T, or nothing."""
    P, H, size = y.shape[1], cells.shape[1], y.itemsize
    first, end = first_task * block, min(last_task * block, len(state))
    edge = np.empty((ROWS, panels.shape[2]), y.dtype)
    raw = np.empty((max(end - first, 0) if len(projection) else 0, H), y.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        a = state.ctypes.data + size * first * P
        product(gates[row : row + count], a, P, panels, 1, edge)
        for r in range(count):
            i, f = gates[row + r, :H], gates[row + r, H : 2 * H]
            g, o = gates[row + r, 2 * H : 3 * H], gates[row + r, 3 * H :]
            c, out = cell[first + r], raw[r] if len(projection) else y[row + r]
            to_sigmoid(gates[row + r, : 2 * H])
            to_tanh(g)
            to_sigmoid(o)
            for j in range(H):
                c[j] = f[j] * c[j] + i[j] * g[j]
            copy(cells[row + r], c)
            for j in range(H):
                out[j] = tanh(c[j])
            multiply(out, o)
        if len(projection):
            product(y[row : row + count], raw.ctypes.data, H, projection, 0, edge)
        for r in range(count):
            copy(state[first + r], y[row + r])
    if len(raw):
        raw[0, 0] = 0  # Numba frees arrays after their last use by name


@kernel(
    "T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], const(T[:, ::1]), const(T[:, ::1]),"
    "const(T[:, ::1]), const(T[:, ::1]), const(T[:, :, ::1]), const(T[:, :, ::1]),"
    "const(int64[::1]), const(int64[::1]), int64, int64, int64, int64"
)
def lstm_steps_back(
    dz: Array, dh: Array, dc: Array, totals: Array, g_y: Array, gates: Array, cells: Array,
    c0: Array, panels: Array, projection: Array, sizes: Array, starts: Array, reverse: int,
    block: int, first_task: int, last_task: int,
) -> None:  # fmt: skip
    """`dh` and `dc` are gradients of the running state. `reverse` is that of these steps.

    `totals` (N, P), which a projection wants, are the gradients in every step's h.
    """
    H, P, size = dc.shape[1], dh.shape[1], dh.itemsize
    one = dh.dtype.type(1)
    first, end = first_task * block, min(last_task * block, len(dh))
    edge = np.empty((ROWS, panels.shape[2]), dh.dtype)
    raw = np.empty((max(end - first, 0) if len(projection) else 0, H), dh.dtype)
    squashed = np.empty(H, dh.dtype)
    for k in range(len(sizes)):
        row, count = step_of(k, sizes, starts, reverse, first, end)
        if count <= 0:
            continue
        earlier, started = row, 0  # the step that was computed before this one
        if k + 1 < len(sizes):
            earlier, started = step_of(k + 1, sizes, starts, reverse, first, end)
        for r in range(count):
            add(dh[first + r], g_y[row + r])
        if len(projection):
            for r in range(count):
                copy(totals[row + r], dh[first + r])
            product(raw[:count], dh.ctypes.data + size * first * P, P, projection, 0, edge)
        for r in range(count):
            d, a, total = dz[row + r], gates[row + r], raw[r] if len(projection) else dh[first + r]
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
            multiply(dcell, f)
        a = dz.ctypes.data + size * row * 4 * H
        product(dh[first : first + count], a, 4 * H, panels, 0, edge)
