"""Convolution on the CPU: loops around one register tile, over channels-last memory.

N batch, C input channels, CO output channels, H W image, OH OW output, KH KW kernel, G groups,
P panel: as many columns as the tile is wide. Each output element is summed by one thread, in an
order that does not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from ...device import Array
from ...memory import empty
from ..reference import conv as reference
from . import depthwise
from .conv_memory import clear, copy_run, deliver, in_panels, nhwc, nhwc_out, put_rows, sum_parts
from .jit import kernel, launch
from .tile import ROWS, panel, spread, tile_sum

Pair = tuple[int, int]

_COLUMN_ELEMENTS = 1 << 15  # of one block of columns in the input gradient: it stays in cache
_GRADIENT_ELEMENTS = 1 << 13  # of the rows of g that one tap after the other goes over
_DEPTH = 256  # of a piece of a panel that stays in cache
_BAND = 1 << 16  # elements of the rows of x and g that stay in cache
_TOTALS = 1 << 16  # sums of the weight gradient that an image is added to while it is in cache
_PARTS = 16  # that a batch's weight gradient is cut into, where its tiles are few


def _tiles(rows: int) -> int:
    """How many tiles `spread` leads to."""
    step = -(-rows // -(-rows // ROWS))
    return -(-rows // step)


def _nanoseconds(outputs: int, products: int) -> float:
    """Estimated work of a pass on one core: `products` for each of `outputs`, read or written."""
    return outputs * (0.3 + 0.02 * products)


# --- forward ---------------------------------------------------------------------------------


@kernel(
    "T[:, :, :, :, ::1], const(T[:, :, :, :, ::1]), const(T[:, :, :, :, ::1]), const(T[:, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64"
)
def forward(
    out: Array, x: Array, weight: Array, bias: Array, KH: int, KW: int, SH: int, SW: int, DH: int,
    DW: int, first: int, last: int,
) -> None:  # fmt: skip
    """out (N, OH, OW, G, CO) from x (N, H, W, G, C), weight (G, panels, KH·KW, C, P) and bias
    (G, panels·P), which may be empty. A task is a row of out.

    All rows of a task's range go over one piece of a panel after the other, which stays in cache.
    """
    _, H, W, G, C = x.shape
    _, OH, OW, _, CO = out.shape
    _, panels, T, _, P = weight.shape
    scratch = np.empty((6, P), out.dtype)
    step = spread(OW)
    # Neighbouring taps are neighbours in memory: one run of KW·C inputs, KH of them.
    joined = DW == 1 and G == 1
    runs, batch, count, jump = (1, KH, KW * C, DH * W * C) if joined else (KH, KW, C, DW * G * C)
    depth = count
    if joined and KH * count > _DEPTH:
        runs, batch, depth = KH, 1, (count - 1) // ((count - 1) // _DEPTH + 1) + 1
    pieces = max(1, (count + depth - 1) // max(1, depth))
    size = out.itemsize
    for task in range(G * panels * runs * pieces):
        column, piece = task // (runs * pieces), task % (runs * pieces)
        g, p, run, k_first = column // panels, column % panels, piece // pieces, piece % pieces
        k_first *= depth
        width = min(P, CO - p * P)
        b = weight.ctypes.data + size * ((column * T * C + run * batch * count + k_first) * P)
        start = bias.ctypes.data + size * (column * P) if bias.size and piece == 0 else 0
        for row in range(first, last):
            n, h = row // OH, row % OH
            for w in range(0, OW, step):
                m = min(step, OW - w)
                pixel = (n * H + h * SH + run * DH) * W + w * SW
                a = x.ctypes.data + size * ((pixel * G + g) * C + k_first)
                target = out.ctypes.data + size * (((row * OW + w) * G + g) * CO + p * P)
                c, c_row = (target, G * CO) if width == P else (scratch.ctypes.data, P)
                d, d_row = (c, c_row) if piece and width == P else (start, 0)
                tile_sum(
                    m, a, SW * G * C, jump, 1, b, count * P, P, c, c_row, d, d_row,
                    batch, min(depth, count - k_first),
                )  # fmt: skip
                if width < P:
                    put_rows(target, G * CO, c, m, width, piece > 0, size)


def conv2d(
    out: Array, x: Array, weight: Array, bias: Array | None = None, *,
    stride: Pair, padding: Pair, dilation: Pair, groups: int,
) -> None:  # fmt: skip
    """out (N, CO, OH, OW) = x (N, C, H, W) by weight (CO, C/G, KH, KW), correlated, + bias (CO)."""
    if out.dtype.kind != "f":
        reference.conv2d(
            out, x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        return
    if out.size == 0:
        return
    N, CO, OH, _ = out.shape
    _, C, KH, KW = weight.shape
    result = nhwc_out(out, groups)
    work = _nanoseconds(out.size, KH * KW * C)
    if groups == CO and C == 1:
        image = nhwc(x, groups, padding)
        launch(
            depthwise.forward, N * OH, result[..., 0], image[..., 0], _depthwise(weight),
            *stride, *dilation, nanoseconds=work,
        )  # fmt: skip
        if bias is not None:
            result += bias[:, None]
    else:
        image = nhwc(x, groups, padding)
        columns = weight.reshape(groups, CO // groups, C, KH * KW).transpose(0, 3, 2, 1)
        packed = in_panels(columns)
        start = _padded_bias(bias, groups, packed)
        settings = (KH, KW, *stride, *dilation)
        launch(forward, N * OH, result, image, packed, start, *settings, nanoseconds=work)
    deliver(out, result)


def _padded_bias(bias: Array | None, groups: int, packed: Array) -> Array:
    """bias (CO,) as (G, panels·P), as far as the panels of `packed` reach; empty for None."""
    if bias is None:
        return np.empty((0, 0), packed.dtype)
    start = np.zeros((groups, packed.shape[1] * packed.shape[4]), packed.dtype)
    start[:, : bias.size // groups] = bias.reshape(groups, -1)
    return start


def _depthwise(weight: Array) -> Array:
    """weight (C, 1, KH, KW) as (KH, KW, C)."""
    return np.ascontiguousarray(weight[:, 0].transpose(1, 2, 0))


# --- gradient in the input -------------------------------------------------------------------


@kernel(
    "T[:, :, :, :, ::1], const(T[:, :, :, :, ::1]), const(T[:, :, :, :, ::1]), const(T[:, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64, int64, int64"
)
def input_grad(
    out: Array, g: Array, weight: Array, bias: Array, KH: int, KW: int, SH: int, SW: int, DH: int,
    DW: int, PH: int, PW: int, first: int, last: int,
) -> None:  # fmt: skip
    """out (N, H, W, G, C) from g (N, OH, OW, G, CO), weight (G, panels, KH·KW, CO, P) and bias
    (G, panels·P), which may be empty. A task is a panel of an image of out.

    A tap turns a row of g into a part of a row of out. Taps take turns over a few rows of g.
    """
    _, H, W, G, C = out.shape
    _, OH, OW, _, CO = g.shape
    _, panels, T, _, P = weight.shape
    scratch = np.empty((6, P), out.dtype)
    size = out.itemsize
    block = max(1, _GRADIENT_ELEMENTS // (OW * CO))
    for task in range(first, last):
        n, q, p = task // (G * panels), task // panels % G, task % panels
        width = min(P, C - p * P)
        for pixel in range(n * H * W, (n + 1) * H * W):
            target = out.ctypes.data + size * ((pixel * G + q) * C + p * P)
            if bias.size:
                copy_run(target, bias.ctypes.data + size * ((q * panels + p) * P), width, size)
            else:
                clear(target, width, size)
        for block_first in range(0, OH, block):
            block_last = min(OH, block_first + block)
            for tap in range(T):
                h_start, w_start = tap // KW * DH - PH, tap % KW * DW - PW
                # The first and last of g's columns that meet the image.
                left = max(0, (SW - 1 - w_start) // SW)
                right = min(OW, (W - 1 - w_start) // SW + 1)
                if left >= right:
                    continue
                step = spread(right - left)
                b = weight.ctypes.data + size * (((q * panels + p) * T + tap) * CO * P)
                for oh in range(block_first, block_last):
                    h = oh * SH + h_start
                    if not 0 <= h < H:
                        continue
                    for ow in range(left, right, step):
                        m = min(step, right - ow)
                        a = g.ctypes.data + size * ((((n * OH + oh) * OW + ow) * G + q) * CO)
                        pixel = (n * H + h) * W + ow * SW + w_start
                        target = out.ctypes.data + size * ((pixel * G + q) * C + p * P)
                        row = SW * G * C
                        whole = width == P
                        c, c_row = (target, row) if whole else (scratch.ctypes.data, P)
                        d = target if whole else 0
                        tile_sum(m, a, G * CO, 0, 1, b, 0, P, c, c_row, d, c_row, 1, CO)
                        if not whole:
                            put_rows(target, row, c, m, width, True, size)


@kernel(
    "T[:, :, :, :, ::1], const(T[:, :, :, :, ::1]), const(T[:, :, :, :, ::1]), const(T[:, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64, int64, int64"
)
def input_grad_columns(
    out: Array, g: Array, weight: Array, bias: Array, KH: int, KW: int, SH: int, SW: int, DH: int,
    DW: int, PH: int, PW: int, first: int, last: int,
) -> None:  # fmt: skip
    """`input_grad` for few channels: a panel's columns are (kh, kw, c), in weight (G, panels, 1,
    CO, P). Columns of a few rows of g at a time are added into out. A task is an image of out."""
    _, H, W, G, C = out.shape
    _, OH, OW, _, CO = g.shape
    _, panels, _, _, P = weight.shape
    block = max(1, _COLUMN_ELEMENTS // (OW * panels * P))  # rows of g
    columns = np.empty((block * OW, panels * P), out.dtype)
    size = out.itemsize
    for task in range(first, last):
        n, q = task // G, task % G
        for h in range(H):
            for w in range(W):
                for c in range(C):
                    out[n, h, w, q, c] = bias[q, c] if bias.size else 0
        for top in range(0, OH, block):
            pixels = min(block, OH - top) * OW
            step = spread(pixels)
            for p in range(panels):
                b = weight.ctypes.data + size * ((q * panels + p) * CO * P)
                for i in range(0, pixels, step):
                    a = g.ctypes.data + size * ((((n * OH + top) * OW + i) * G + q) * CO)
                    c = columns.ctypes.data + size * ((i * panels + p) * P)
                    m = min(step, pixels - i)
                    tile_sum(m, a, G * CO, 0, 1, b, 0, P, c, panels * P, 0, 0, 1, CO)
            for i in range(pixels):
                for kh in range(KH):
                    h = (top + i // OW) * SH + kh * DH - PH
                    if not 0 <= h < H:
                        continue
                    for kw in range(KW):
                        w = i % OW * SW + kw * DW - PW
                        if 0 <= w < W:
                            for c in range(C):
                                out[n, h, w, q, c] += columns[i, (kh * KW + kw) * C + c]


def conv2d_input_grad(
    out: Array, g: Array, weight: Array, bias: Array | None = None, *,
    stride: Pair, padding: Pair, dilation: Pair, groups: int,
) -> None:  # fmt: skip
    """The adjoint of `conv2d` in x: out (N, C, H, W) from g (N, CO, OH, OW), + bias (C)."""
    if out.dtype.kind != "f":
        reference.conv2d_input_grad(
            out, g, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        return
    if out.size == 0:
        return
    N, CO = g.shape[:2]
    _, C, KH, KW = weight.shape
    work = _nanoseconds(g.size, KH * KW * C)
    result = nhwc_out(out, groups)
    if groups == CO and C == 1:
        launch(
            depthwise.input_grad, N, result[..., 0], nhwc(g, groups)[..., 0], _depthwise(weight),
            *stride, *dilation, *padding, nanoseconds=work,
        )  # fmt: skip
        if bias is not None:
            result += bias[:, None]
        deliver(out, result)
        return
    taps = weight.reshape(groups, CO // groups, C, KH * KW).transpose(0, 3, 1, 2)
    settings = (KH, KW, *stride, *dilation, *padding)
    if panel(out.dtype) < 2 * C or g.size == 0:
        packed = in_panels(taps)  # (G, panels, KH·KW, CO, P)
        start = _padded_bias(bias, groups, packed)
        tasks, run = N * groups * packed.shape[1], input_grad
    else:
        columns = taps.transpose(0, 2, 1, 3).reshape(groups, 1, CO // groups, KH * KW * C)
        packed = in_panels(columns)
        start = _padded_bias(bias, groups, packed)
        tasks, run = N * groups, input_grad_columns
    launch(run, tasks, result, nhwc(g, groups), packed, start, *settings, nanoseconds=work)
    deliver(out, result)


# --- gradient in the weight ------------------------------------------------------------------


@kernel(
    "T[:, :, :, :, :, ::1], const(T[:, :, :, :, ::1]), const(T[:, :, :, :, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64"
)
def weight_grad(
    out: Array, x: Array, g: Array, KH: int, KW: int, SH: int, SW: int, DH: int, DW: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """out (parts, G, KH·KW, C, panels, P) from x (N, H, W, G, C), g (N, OH, OW, G, CO), with
    CO = panels·P.

    A task is a tile's rows of out, all columns, for a part of the batch. As many rows as stay in
    cache go over one band of an image after the other.
    """
    N, H, W, G, C = x.shape
    _, OH, OW, _, CO = g.shape
    parts, _, _, _, _, P = out.shape
    joined = DW == 1 and G == 1
    taps, rows, jump = (KH, KW * C, 0) if joined else (KH * KW, C, DW)
    step = spread(rows)
    tiles = (rows + step - 1) // step
    tasks = G * taps * tiles  # of a part
    size = out.itemsize
    block = max(1, _TOTALS // (step * CO))
    height = max(1, _BAND // (G * (OW * CO + SH * W * C)))
    bands = (OH + height - 1) // height
    start = first
    while start < last:
        part = start // tasks
        stop = min(last, (part + 1) * tasks, start + block)
        n_first, n_last = N * part // parts, N * (part + 1) // parts
        for band in range(n_first * bands, n_last * bands):
            n, h = band // bands, band % bands * height
            for task in range(start, stop):
                tap, row = task // tiles % taps, task % tiles * step
                group = task // (taps * tiles) % G
                kh, kw = (tap, 0) if joined else (tap // KW, tap % KW)
                pixel = (n * H + h * SH + kh * DH) * W + kw * jump
                a = x.ctypes.data + size * ((pixel * G + group) * C + row)
                place = ((part * G + group) * taps + tap) * rows + row
                c = out.ctypes.data + size * (place * CO)
                b = g.ctypes.data + size * (((n * OH + h) * OW * G + group) * CO)
                for p in range(0, CO, P):
                    d = c + size * p if band > n_first * bands else 0
                    tile_sum(
                        min(step, rows - row), a, 1, SH * W * G * C, SW * G * C,
                        b + size * p, OW * G * CO, G * CO, c + size * p, CO, d, CO,
                        min(height, OH - h), OW,
                    )  # fmt: skip
        start = stop


def conv2d_weight_grad(
    out: Array, x: Array, g: Array, *, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> None:
    """The adjoint of `conv2d` in weight: out (CO, C/G, KH, KW) from x and g (N, CO, OH, OW)."""
    if out.size == 0:
        return
    if g.size == 0:
        out[...] = 0
        return
    CO, C, KH, KW = out.shape
    N = len(g)
    image = nhwc(x, groups, padding)
    work = _nanoseconds(g.size, KH * KW * C)
    if groups == CO and C == 1:
        by_image = np.empty((N, KH, KW, CO), out.dtype)
        launch(
            depthwise.weight_grad, N, by_image, image[..., 0], nhwc(g, groups)[..., 0],
            *stride, *dilation, nanoseconds=work,
        )  # fmt: skip
        out[:, 0] = by_image.sum(axis=0, dtype=np.float64).transpose(2, 0, 1)
        return
    P = panel(out.dtype)
    outputs = nhwc(g, groups, width=P)
    joined = dilation[1] == 1 and groups == 1
    rows = KW * C if joined else C
    tiles = groups * (KH if joined else KH * KW) * _tiles(rows)
    parts = min(N, -(-_PARTS // tiles))
    result = empty((parts, groups, KH * KW, C, outputs.shape[-1] // P, P), out.dtype)
    settings = (KH, KW, *stride, *dilation)
    launch(weight_grad, parts * tiles, result, image, outputs, *settings, nanoseconds=work)
    summed = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    launch(
        sum_parts, groups * C, summed.reshape(groups, CO // groups, C, KH * KW),
        result.reshape(parts, groups, KH * KW, C, -1), nanoseconds=0.7 * result.size,
    )  # fmt: skip
    if summed is not out:
        out[...] = summed
