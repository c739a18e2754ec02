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
from .tile import ROWS, pack, panel, spread, tile_sum

_DEPTH = 512  # of K at a time: a panel of float32 is 64 KB
_BLOCK = 96  # rows for which a transposed `a` is copied, or panels are packed once more
_NEAR = 1024  # bytes between rows up to which a panel of b is read fast where it lies
_WHOLE = 256  # rows up to which each task packs the panels that it needs
_TASKS = 8  # of a large product, for threads to share
_PLANNED = 5_000  # nanoseconds of work up to which a product is one task


@kernel("T[:, :, :, ::1], const(T[:, :, :, :]), int64, int64, int64")
def pack_panels(out: Array, b: Array, panels: int, first: int, last: int) -> None:
    """out (B1·B2, panels, K, P) from b (B1, B2, K, N). A task is one panel's part of _DEPTH rows."""
    _, B2, K, N = b.shape
    P = out.shape[3]
    parts = (K + _DEPTH - 1) // _DEPTH
    for task in range(first, last):
        z, p, part = task // (panels * parts), task // parts % panels, task % parts
        k, j = part * _DEPTH, p * P
        pack(out[z, p, k : k + _DEPTH], b[z // B2, z % B2, k : k + _DEPTH, j : j + P])


@helper
def column(
    out: Any, a: int, a_i: int, a_k: int, b: int, b_k: int, depth: int, bias: Any, edge: Any,
    begin: bool,
) -> None:  # fmt: skip
    """out (M, up to P) = bias (if any) + a b; if not `begin`, out += a b. Strides count elements."""
    M, columns = out.shape
    P = edge.shape[1]
    size = out.itemsize
    c_i = out.strides[0] // size
    direct = columns == P and out.strides[1] == size
    biased = begin and bias.size > 0
    step = spread(M)
    for i in range(0, M, step):
        m = min(step, M - i)
        c = out.ctypes.data + size * (i * c_i)
        d, d_i = (bias.ctypes.data, 0) if biased else (c, c_i)
        if begin and not biased or not direct:
            d = 0
        x = a + size * (i * a_i)
        target, row = (c, c_i) if direct else (edge.ctypes.data, P)
        tile_sum(m, x, a_i, 0, a_k, b, 0, b_k, target, row, d, d_i, 1, depth)
        if not direct:
            for r in range(m):
                for j in range(columns):
                    if biased:
                        out[i + r, j] = edge[r, j] + bias[j]
                    elif begin:
                        out[i + r, j] = edge[r, j]
                    else:
                        out[i + r, j] += edge[r, j]


@kernel(
    "T[:, :, :, :], const(T[:, :, :, :]), const(T[:, :, :, :]), const(T[::1]),"
    "const(T[:, :, :, ::1]), int64, int64, int64, int64, int64"
)
def products(
    out: Array, a: Array, b: Array, bias: Array, packed: Array, P: int, rows: int, panels: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """out (B1, B2, M, N) = a (.., M, K) b (.., K, N) + bias (N or none). A task is a block of out.

    A block has `rows` rows and `panels` panels. Batches of size 1 broadcast. `packed` is b in
    panels, or empty.
    """
    _, B2, M, N = out.shape
    K, b_B2 = a.shape[3], b.shape[1]
    size = out.itemsize
    row_blocks, column_blocks = (M + rows - 1) // rows, ((N + P - 1) // P + panels - 1) // panels
    a_i, a_k, b_k = a.strides[2] // size, a.strides[3] // size, b.strides[2] // size
    far = a_k * size > _NEAR and a_i == 1 and N > 2 * P
    rows = min(rows, M)
    near = b.strides[3] == size and (0 <= b_k * size <= _NEAR or rows <= ROWS)
    fresh = np.empty((min(K, _DEPTH), P), out.dtype)
    edge = np.empty((ROWS, P), out.dtype)
    copied = np.empty((min(K, _DEPTH) if far else 0, rows), out.dtype)
    for task in range(first, last):
        z, block = task // (row_blocks * column_blocks), task % (row_blocks * column_blocks)
        top, left = block // column_blocks * rows, block % column_blocks * panels * P
        bottom, right = min(M, top + rows), min(N, left + panels * P)
        c = out[z // B2, z % B2, top:bottom]
        x = a[z // B2 % a.shape[0], z % B2 % a.shape[1], top:bottom]
        b1, b2 = z // B2 % b.shape[0], z % B2 % b_B2
        y = b[b1, b2]
        for k in range(0, max(K, 1), _DEPTH):  # K = 0 leaves the bias
            depth = min(K - k, _DEPTH)
            x_at, x_i, x_k = x.ctypes.data + size * (k * a_k), a_i, a_k
            if far:
                for r in range(depth):
                    for i in range(bottom - top):
                        copied[r, i] = x[i, k + r]
                x_at, x_i, x_k = copied.ctypes.data, 1, rows
            for j in range(left, right, P):
                stop = min(N, j + P)
                y_at, y_k = fresh.ctypes.data, P
                if packed.size > 0:
                    y_at = packed[b1 * b_B2 + b2, j // P, k:].ctypes.data
                elif near and stop == j + P:
                    y_at, y_k = y[k:, j:].ctypes.data, b_k
                else:
                    pack(fresh, y[k : k + depth, j:stop])
                column(c[:, j:stop], x_at, x_i, x_k, y_at, y_k, depth, bias[j:], edge, k == 0)
    if first < last:
        fresh[:1], copied[:1] = 0, 0  # Numba frees arrays after their last use by name


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
    if x.ndim > 2 and x.flags.c_contiguous:
        N, K = weight.shape
        M = x.size // K if K else math.prod(x.shape[:-1])
        x, out = x.reshape(M, K), out.reshape(M, N)
    _product(out, x, weight.T, bias)


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
    if out.ndim > 4:
        _batches(out, a, b, bias)
        return
    out, a, b = out[_TO_4D[out.ndim]], a[_TO_4D[a.ndim]], b[_TO_4D[b.ndim]]
    B1, B2, M, N = out.shape
    P, _, packed = _facts(out.dtype)
    panels = -(-N // P)
    work = 0.0025 * out.itemsize * a.shape[3] * P * B1 * B2 * M * panels
    rows, columns = M, panels
    if work > _PLANNED:
        rows, columns, packs = _plan(out.shape, b, P)
        if packs:
            packed = _packed(b, panels, P)
    elif not out.size:
        return
    tasks = B1 * B2 * -(-M // rows) * -(-panels // columns)
    launch(products, tasks, out, a, b, bias, packed, P, rows, columns, nanoseconds=work)


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
