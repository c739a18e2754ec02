"""Matrix products on the CPU: loops around the register tile.

M rows, K contracted, N columns, P panel: as many columns as the tile is wide. Every element of a
result is one chain of multiply-adds for each _DEPTH of K, and the chains are added in order:
neither the other rows and columns nor the number of threads change its bits.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from ...device import Array
from ..reference import matmul as reference
from .jit import helper, kernel, launch
from .tile import ROWS, add_elements, copy_rows, pack, panel, spread, tile_row, tile_sum

_DEPTH = 512  # of K at a time: a panel of float32 is 64 KB
_BLOCK = 96  # rows for which a transposed `a` is copied, or panels are packed once more
_NEAR = 1024  # bytes between rows up to which a panel of b is read fast where it lies
_WHOLE = 256  # rows up to which each task packs the panels that it needs
_TASKS = 8  # of a large product, for threads to share
_NARROW = 8  # columns up to which the transposed product is computed where it fills panels
_PLANNED = 5_000  # nanoseconds of work up to which a product is one task


@kernel("T[:, :, :, ::1], const(T[:, :, :, :]), int64, int64, int64")
def pack_panels(out: Array, b: Array, panels: int, first: int, last: int) -> None:
    """out (B1·B2, panels, K, P) from b (B1, B2, K, N). A task is _DEPTH rows of a panel."""
    _, B2, K, N = b.shape
    P = out.shape[3]
    size = out.itemsize
    b_1, b_2, b_k, b_j = b.strides
    parts = (K + _DEPTH - 1) // _DEPTH
    for task in range(first, last):
        panel, k = task // parts, task % parts * _DEPTH
        z, j = panel // panels, panel % panels * P
        source = b.ctypes.data + z // B2 * b_1 + z % B2 * b_2 + k * b_k + j * b_j
        target = out.ctypes.data + size * ((panel * K + k) * P)
        pack(
            target, P, source, b_k // size, b_j // size,
            min(_DEPTH, K - k), min(P, N - j), size,
        )  # fmt: skip


@helper
def column(
    c: int, c_i: int, c_j: int, M: int, columns: int, a: int, a_i: int, a_k: int, b: int, b_k: int,
    depth: int, d: int, d_i: int, d_j: int, edge: int, P: int, size: int,
) -> None:  # fmt: skip
    """C (M, up to P columns) = A B + D. `edge` is room for a tile; D may be left out."""
    direct = columns == P and c_j == 1 and (d == 0 or d_j == 1)
    step = spread(M)
    for i in range(0, M, step):
        m = min(step, M - i)
        into, row, added = (c + size * (i * c_i), c_i, d) if direct else (edge, P, 0)
        if added:
            added += size * (i * d_i)
        tile_sum(m, a + size * (i * a_i), a_i, 0, a_k, b, 0, b_k, into, row, added, d_i, 1, depth)
        if not direct:
            for r in range(m):
                for j in range(columns):
                    at = c + size * ((i + r) * c_i + j * c_j)
                    more = d + size * ((i + r) * d_i + j * d_j) if d else 0
                    add_elements(at, edge + size * (r * P + j), more)


@helper
def copy_left(c: int, c_k: int, a: int, a_k: int, K: int, M: int, P: int, size: int) -> None:
    """C[k, i] = A[i, k], of neighbouring i."""
    whole = M // P * P
    for i in range(0, whole, P):
        copy_rows(c + size * i, c_k, a + size * i, a_k, K, P // 2)
    for k in range(K):
        for i in range(whole, M):
            add_elements(c + size * (k * c_k + i), a + size * (k * a_k + i), 0)


@kernel(
    "T[:, :, :, :], const(T[:, :, :, :]), const(T[:, :, :, :]), const(T[::1]),"
    "const(T[:, :, :, ::1]), int64, int64, int64, int64, int64, int64"
)
def products(
    out: Array, a: Array, b: Array, bias: Array, packed: Array, P: int, rows: int, panels: int,
    down: int, first: int, last: int,
) -> None:  # fmt: skip
    """out (B1, B2, M, N) = a (.., M, K) b (.., K, N) + bias (N or none). A task is a block of out.

    The bias is of the columns, or (`down` is 1) of the rows. A block has `rows` rows and `panels`
    panels. Batches of size 1 broadcast. `packed` is b in panels, or empty.
    """
    _, B2, M, N = out.shape
    K = a.shape[3]
    size = out.itemsize
    row_blocks, column_blocks = (M + rows - 1) // rows, ((N + P - 1) // P + panels - 1) // panels
    c_i, c_j = out.strides[2] // size, out.strides[3] // size
    a_i, a_k = a.strides[2] // size, a.strides[3] // size
    b_k, b_j = b.strides[2] // size, b.strides[3] // size
    rows = min(rows, M)
    few = rows <= ROWS
    near = b_j == 1 and (few or 0 <= b_k * size <= _NEAR)
    far = a_k * size > _NEAR and a_i == 1 and N > 2 * P
    depth = min(K, _DEPTH)
    scratch = np.empty((ROWS + depth) * P + (depth * rows if far else 0), out.dtype)
    edge = scratch.ctypes.data
    fresh = edge + size * ROWS * P
    copied = fresh + size * depth * P
    for task in range(first, last):
        z, block = task // (row_blocks * column_blocks), task % (row_blocks * column_blocks)
        z1, z2 = z // B2, z % B2
        b1, b2 = z1 % b.shape[0], z2 % b.shape[1]
        top, left = block // column_blocks * rows, block % column_blocks * panels * P
        height, right = min(rows, M - top), min(N, left + panels * P)
        c = out.ctypes.data + z1 * out.strides[0] + z2 * out.strides[1] + top * out.strides[2]
        x = z1 % a.shape[0] * a.strides[0] + z2 % a.shape[1] * a.strides[1] + top * a.strides[2]
        y = b.ctypes.data + b1 * b.strides[0] + b2 * b.strides[1]
        panel = (b1 * b.shape[1] + b2) * packed.shape[1] * K
        for k in range(0, max(K, 1), _DEPTH):  # K = 0 leaves the bias
            depth = min(K - k, _DEPTH)
            x_at, x_i, x_k = a.ctypes.data + x + k * a.strides[3], a_i, a_k
            if far:
                copy_left(copied, rows, x_at, a_k, depth, height, P, size)
                x_at, x_i, x_k = copied, 1, rows
            j = left
            while j < right:
                columns = min(P, right - j)
                y_at, y_k = y + size * (k * b_k + j * b_j), b_k
                if packed.size > 0:
                    y_at, y_k = packed.ctypes.data + size * P * (panel + j // P * K + k), P
                elif not (near and columns == P):
                    pack(fresh, P, y_at, b_k, b_j, depth, columns, size)
                    y_at, y_k = fresh, P
                at = c + size * (j * c_j)
                d, d_i, d_j = at, c_i, c_j
                if k == 0:
                    start = top if down else j
                    d, d_i, d_j = bias.ctypes.data + size * start, down, 1 - down
                    if bias.size == 0:
                        d = 0
                if few and near and c_j == 1 and right - j >= 4 * P and (d == 0 or d_j == 1):
                    for i in range(height):
                        more = d + size * i * d_i if d else 0
                        tile_row(
                            x_at + size * i * x_i, 0, 0, x_k, y_at, 0, y_k,
                            at + size * i * c_i, 0, more, 0, 1, depth,
                        )  # fmt: skip
                    j += 4 * P
                    continue
                column(
                    at, c_i, c_j, height, columns, x_at, x_i, x_k, y_at, y_k, depth,
                    d, d_i, d_j, edge, P, size,
                )  # fmt: skip
                j += P
    if first < last:
        scratch[:1] = 0  # Numba frees an array after its last use by name


def matmul(out: Array, a: Array, b: Array) -> None:
    """(..., M, K) by (..., K, N), batch dimensions broadcast."""
    dtype = out.dtype
    if dtype.kind != "f":
        reference.matmul(out, a, b)
        return
    _product(out, a, b, _facts(dtype).none)


def linear(out: Array, x: Array, weight: Array, bias: Array) -> None:
    """(..., K) by weight (N, K), and bias (N,): (..., N)."""
    if out.dtype.kind != "f":
        reference.linear(out, x, weight, bias)
        return
    if x.ndim > 2 and x.flags.c_contiguous and out.flags.c_contiguous:
        N, K = weight.shape
        M = math.prod(x.shape[:-1])
        x, out = x.reshape(M, K), out.reshape(M, N)
    flags = bias.flags
    _product(out, x, weight.T, bias if flags.c_contiguous and flags.aligned else bias.copy())


class _Facts(NamedTuple):
    """What a product needs to know of its dtype."""

    panel: int
    none: Array  # no bias
    unpacked: Array


@functools.cache
def _facts(dtype: np.dtype) -> _Facts:
    P = panel(dtype)
    return _Facts(P, np.empty(0, dtype), np.empty((0, 0, 0, P), dtype))


def _product(out: Array, a: Array, b: Array, bias: Array) -> None:
    """out (.., M, N) = a (.., M, K) b (.., K, N) + bias."""
    if not out.size:
        return
    if out.ndim > 4:
        _batches(out, a, b, bias)
        return
    if not (a.flags.aligned and b.flags.aligned):
        a, b = a.copy(), b.copy()
    out, a, b = out[_TO_4D[out.ndim]], a[_TO_4D[a.ndim]], b[_TO_4D[b.ndim]]
    B1, B2, M, N = out.shape
    down = 0
    if N <= _NARROW and M >= 4 * N and a.strides[3] == a.itemsize:
        # A panel would be mostly empty: the transposed product has full ones, and the same bits.
        out, a, b = out.swapaxes(2, 3), b.swapaxes(2, 3), a.swapaxes(2, 3)
        M, N, down = N, M, 1
    P, _, packed = _facts(out.dtype)
    panels = -(-N // P)
    work = a.shape[3] * P * panels * B1 * B2 * (0.1 + 0.0045 * out.itemsize * M)
    rows, columns = M, panels
    if work > _PLANNED:
        rows, columns, packs = _plan((B1, B2, M, N), b, P)
        if packs:
            packed = _packed(b, panels, P)
    tasks = B1 * B2 * -(-M // rows) * -(-panels // columns)
    launch(products, tasks, out, a, b, bias, packed, P, rows, columns, down, nanoseconds=work)


_TO_4D: list[Any] = [None, None, (None, None), (None,), ()]  # by the number of dimensions


def _plan(shape: tuple[int, ...], b: Array, P: int) -> tuple[int, int, bool]:
    """Rows and panels of a task, and whether b is packed beforehand."""
    B1, B2, M, N = shape
    batch, panels = B1 * B2, -(-N // P)
    near = b.strides[3] == b.itemsize and 0 <= b.strides[2] <= _NEAR
    shared = batch * M // (b.shape[0] * b.shape[1])  # rows that meet one matrix b
    packs = not near and shared > _WHOLE
    columns = _even(panels, max(-(-panels // 16), -(-_TASKS // (batch * -(-M // _BLOCK)))), 1)
    if near or packs:
        blocks = batch * -(-panels // columns)
        rows = _even(M, max(-(-M // _BLOCK), -(-_TASKS // blocks)), ROWS)
    else:
        rows = M
    return rows, columns, packs


def _even(count: int, parts: int, multiple: int) -> int:
    """The size, a multiple, of about so many equal parts."""
    size = -(-count // parts)
    return -(-size // multiple) * multiple


def _packed(b: Array, panels: int, P: int) -> Array:
    B1, B2, K, _ = b.shape
    packed = np.empty((B1 * B2, panels, K, P), b.dtype)
    tasks = B1 * B2 * panels * -(-K // _DEPTH)
    launch(pack_panels, tasks, packed, b, panels, nanoseconds=0.2 * packed.size)
    return packed


def _batches(out: Array, a: Array, b: Array, bias: Array) -> None:
    """More than two dimensions of batches: one after another."""
    a, b = [np.broadcast_to(x, (*out.shape[:-2], *x.shape[-2:])) for x in (a, b)]
    for i in range(len(out)):
        _product(out[i], a[i], b[i], bias)
