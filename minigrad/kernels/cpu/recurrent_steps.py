"""The compiled steps of recurrent layers: a task is a block of sequences, from start to end.

A step is the register tile's product with the weights, kept in panels, and loops of gates over a
row, short ones of few arrays: LLVM vectorises no others.

Letters as in `reference.recurrent`; K is the product's inner length, PW the width of a panel, W of
all panels together. All arrays are contiguous.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...device import Array
from .jit import helper, kernel
from .squash import sigmoid, tanh
from .tile import spread, tile

# --- loops that all kinds share ----------------------------------------------------------------


@helper
def product(count: int, a: int, K: int, panels: Any, c: int, itemsize: int) -> None:
    """C (count, W) = A (count, K) times panels (W / PW, K, PW); `a` and `c` are addresses."""
    number, _, PW = panels.shape
    b, W = panels.ctypes.data, number * PW
    step = spread(count)
    for p in range(number):
        for i in range(0, count, step):
            rows = min(step, count - i)
            left, right = a + itemsize * i * K, b + itemsize * p * K * PW
            tile(rows, left, K, 0, 1, right, 0, PW, c + itemsize * (i * W + p * PW), W, 1, K, 0)


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
    H, size, zero, one = y.shape[1], y.itemsize, y.dtype.type(0), y.dtype.type(1)
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
                    d[j] *= one - out[j] * out[j]
        product(count, dx.ctypes.data + size * row * H, H, panels, z.ctypes.data, size)
        for r in range(count):
            copy(dh[first + r], z[r])


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
                d[2 * H + j] = total[j] * (one - keep[j]) * (one - new[j] * new[j])
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
