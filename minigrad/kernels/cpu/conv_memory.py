"""The memory that convolutions compute in: channels last, padded; weights in panels.

N batch, G groups, C channels of a group, H W image, T taps of the kernel, K contracted channels,
P panel: as many columns as the tile is wide.
"""

from __future__ import annotations

import numpy as np

from ...device import Array
from ...memory import empty
from .jit import helper, kernel, launch
from .tile import panel
from .vector import add, first_lanes, lanes, load, splat, store

Pair = tuple[int, int]


@helper
def copy_run(target: int, source: int, count: int, size: int) -> None:
    """`count` neighbours from one address to another."""
    for i in range(0, count, lanes):
        mask = first_lanes(count - i)
        store(target + size * i, load(source + size * i, mask), mask)


@helper
def clear(target: int, count: int, size: int) -> None:
    """`count` zeros at an address."""
    for i in range(0, count, lanes):
        store(target + size * i, splat(0.0), first_lanes(count - i))


@helper
def put_rows(
    target: int, apart: int, source: int, rows: int, width: int, old: bool, size: int
) -> None:
    """`rows` rows of a panel at `source` to `target`, `width` numbers each; onto the `old` ones."""
    for j in range(0, width, lanes):
        mask = first_lanes(width - j)
        for i in range(rows):
            place = target + size * (i * apart + j)
            value = load(source + size * (i * 2 * lanes + j), mask)
            store(place, add(load(place, mask), value) if old else value, mask)


@kernel("T[:, :, :, :, ::1], const(T[:, :, :, :, :]), int64, int64, int64, int64")
def stage(out: Array, x: Array, PH: int, PW: int, first: int, last: int) -> None:
    """out (N, H + 2 PH, W + 2 PW, G, CP) from x (N, H, W, G, C). A task is a row of out."""
    _, HP, WP, G, CP = out.shape
    _, H, W, _, C = x.shape
    size = out.itemsize
    pixel = G * CP
    together = x.strides[4] == size
    dense = together and C == CP and x.strides[3] == C * size
    for task in range(first, last):
        n, h = task // HP, task % HP - PH
        to = out.ctypes.data + size * (task * WP * pixel)
        if not 0 <= h < H:
            clear(to, WP * pixel, size)
            continue
        clear(to, PW * pixel, size)
        to += size * (PW * pixel)
        row = x.ctypes.data + n * x.strides[0] + h * x.strides[1]
        if dense and x.strides[2] == size * pixel:
            copy_run(to, row, W * pixel, size)
        elif together:
            for w in range(W):
                for g in range(G):
                    place = to + size * (w * pixel + g * CP)
                    copy_run(place, row + w * x.strides[2] + g * x.strides[3], C, size)
                    clear(place + size * C, CP - C, size)
        else:
            for g in range(G):
                for c in range(CP):
                    for w in range(W):
                        value = x[n, h, w, g, c] if c < C else 0
                        out[n, h + PH, w + PW, g, c] = value
        clear(to + size * (W * pixel), PW * pixel, size)


@kernel("T[:, :, :, :, ::1], const(T[:, :, :, :]), int64, int64")
def fill_panels(out: Array, weight: Array, first: int, last: int) -> None:
    """out (G, panels, T, K, P) from weight (G, T, K, columns), zeros in spare columns.

    A task is one k of one panel.
    """
    _, panels, T, K, P = out.shape
    columns = weight.shape[3]
    for task in range(first, last):
        g, p, k = task // (panels * K), task // K % panels, task % K
        for t in range(T):
            for j in range(P):
                column = p * P + j
                out[g, p, t, k, j] = weight[g, t, k, column] if column < columns else 0


@kernel("T[:, :, :, :], const(T[:, :, :, :, ::1]), int64, int64")
def sum_parts(out: Array, parts: Array, first: int, last: int) -> None:
    """out (G, columns, K, T), the sum of parts (parts, G, T, K, columns and spare ones).

    A task is one k of one group.
    """
    _, columns, K, T = out.shape
    for task in range(first, last):
        g, k = task // K, task % K
        for j in range(columns):
            for t in range(T):
                total = parts[0, g, t, k, j]
                for part in range(1, len(parts)):
                    total += parts[part, g, t, k, j]
                out[g, j, k, t] = total


def nhwc(x: Array, groups: int = 1, padding: Pair = (0, 0), width: int = 1) -> Array:
    """x (N, G·C, H, W) as a contiguous (N, H + 2 PH, W + 2 PW, G, CP), CP a multiple of `width`.

    Nothing is copied where the memory is so already.
    """
    N, GC, H, W = x.shape
    C = GC // groups
    CP = -(-C // width) * width
    last = x.transpose(0, 2, 3, 1)
    if padding == (0, 0) and CP == C and last.flags.c_contiguous and last.flags.aligned:
        return last.reshape(N, H, W, groups, C)
    if not last.flags.aligned:
        last = last.copy()
    steps = last.strides
    split = np.lib.stride_tricks.as_strided(
        last, (N, H, W, groups, C), (*steps[:3], C * steps[3], steps[3]), writeable=False
    )
    PH, PW = padding
    out = empty((N, H + 2 * PH, W + 2 * PW, groups, CP), x.dtype)
    launch(stage, N * (H + 2 * PH), out, split, PH, PW, nanoseconds=0.2 * out.size)
    return out


def in_panels(weight: Array) -> Array:
    """weight (G, T, K, columns) as (G, panels, T, K, P)."""
    G, T, K, columns = weight.shape
    P = panel(weight.dtype)
    out = empty((G, -(-columns // P), T, K, P), weight.dtype)
    launch(fill_panels, G * out.shape[1] * K, out, weight, nanoseconds=0.7 * out.size)
    return out


def nhwc_out(out: Array, groups: int) -> Array:
    """An (N, H, W, G, C) to compute into: a view of `out` where its memory is channels last."""
    N, C, H, W = out.shape
    last = out.transpose(0, 2, 3, 1)
    if last.flags.c_contiguous and last.flags.aligned:
        return last.reshape(N, H, W, groups, C // groups)
    return np.empty((N, H, W, groups, C // groups), out.dtype)


def deliver(out: Array, result: Array) -> None:
    """`result` (N, H, W, G, C) into `out` (N, G·C, H, W), unless it is there already."""
    if not np.may_share_memory(out, result):
        N, C, H, W = out.shape
        out[...] = result.reshape(N, H, W, C).transpose(0, 3, 1, 2)
