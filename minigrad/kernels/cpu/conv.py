"""Convolution on the CPU: loops around one register tile, over channels-last memory.

N batch, C input channels, CO output channels, H W image, OH OW output, KH KW kernel, G groups,
P panel: as many columns as the tile is wide. Each output element is summed by one thread, in an
order that does not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from ...device import Array
from ..reference import conv as reference
from . import depthwise
from .jit import kernel, launch
from .tile import ROWS, panel, spread, tile

Pair = tuple[int, int]

_COLUMN_ELEMENTS = 1 << 15  # of one block of columns in the input gradient: it stays in cache


# --- memory: channels last, padded, columns in panels ----------------------------------------


def _nhwc(x: Array, groups: int = 1, padding: Pair = (0, 0), width: int = 1) -> Array:
    """x (N, G·C, H, W) as a contiguous (N, Hp, Wp, G, Cp), Cp a multiple of `width`.

    Nothing is copied where the memory is so already.
    """
    N, GC, H, W = x.shape
    C = GC // groups
    CP = -(-C // width) * width
    last = x.transpose(0, 2, 3, 1)
    if padding == (0, 0) and CP == C and last.flags.c_contiguous and last.flags.aligned:
        return last.reshape(N, H, W, groups, C)
    PH, PW = padding
    out = np.zeros((N, H + 2 * PH, W + 2 * PW, groups, CP), x.dtype)
    out[:, PH : PH + H, PW : PW + W, :, :C] = last.reshape(N, H, W, groups, C)
    return out


def _tiles(rows: int) -> int:
    """How many tiles `spread` leads to."""
    step = -(-rows // -(-rows // ROWS))
    return -(-rows // step)


def _panels(matrix: Array, width: int) -> Array:
    """matrix (G, K, columns) as (G, panels, K, width), zeros in the last panel's spare columns."""
    G, K, columns = matrix.shape
    count = -(-columns // width)
    out = np.zeros((G, K, count * width), matrix.dtype)
    out[..., :columns] = matrix
    return np.ascontiguousarray(out.reshape(G, K, count, width).transpose(0, 2, 1, 3))


# --- forward ---------------------------------------------------------------------------------


@kernel(
    "T[:, :, :, :, ::1], const(T[:, :, :, :, ::1]), const(T[:, :, :, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64"
)
def forward(
    out: Array, x: Array, weight: Array, KH: int, KW: int, SH: int, SW: int, DH: int, DW: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """out (N, OH, OW, G, CO) from x (N, H, W, G, C), weight (G, panels, KH·KW·C, P)."""
    _, H, W, G, C = x.shape
    _, OH, OW, _, CO = out.shape
    _, panels, K, P = weight.shape
    scratch = np.empty((6, P), out.dtype)
    step = spread(OW)
    # Neighbouring taps are neighbours in memory: one run of KW·C inputs, KH of them.
    joined = DW == 1 and G == 1
    runs, batch, count, jump = (1, KH, KW * C, DH * W * C) if joined else (KH, KW, C, DW * G * C)
    size = out.itemsize
    for g in range(G):
        for p in range(panels):
            whole = (p + 1) * P <= CO
            for row in range(first, last):
                n, h = row // OH, row % OH
                for w in range(0, OW, step):
                    m = min(step, OW - w)
                    if whole:
                        c = out.ctypes.data + size * (((row * OW + w) * G + g) * CO + p * P)
                    else:
                        c = scratch.ctypes.data
                    c_row = G * CO if whole else P
                    for run in range(runs):
                        pixel = (n * H + h * SH + run * DH) * W + w * SW
                        a = x.ctypes.data + size * ((pixel * G + g) * C)
                        k = (g * panels + p) * K + run * batch * count
                        b = weight.ctypes.data + size * (k * P)
                        tile(
                            m, a, SW * G * C, jump, 1, b, count * P, P, c, c_row, batch, count, run
                        )
                    if not whole:
                        for i in range(m):
                            for j in range(CO - p * P):
                                out[n, h, w + i, g, p * P + j] = scratch[i, j]


def conv2d(
    out: Array, x: Array, weight: Array, *, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> None:
    """out (N, CO, OH, OW) = x (N, C, H, W) correlated with weight (CO, C/G, KH, KW)."""
    if out.dtype.kind != "f":
        reference.conv2d(
            out, x, weight, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        return
    if out.size == 0:
        return
    N, CO, OH, _ = out.shape
    _, C, KH, KW = weight.shape
    image = _nhwc(x, groups, padding)
    result = _nhwc_out(out, groups)
    work = _nanoseconds(out.size, KH * KW * C)
    if groups == CO and C == 1:
        launch(
            depthwise.forward, N * OH, result[..., 0], image[..., 0], _depthwise(weight),
            *stride, *dilation, nanoseconds=work,
        )  # fmt: skip
    else:
        columns = weight.reshape(groups, CO // groups, C, KH, KW).transpose(0, 3, 4, 2, 1)
        packed = _panels(columns.reshape(groups, KH * KW * C, CO // groups), panel(out.dtype))
        launch(forward, N * OH, result, image, packed, KH, KW, *stride, *dilation, nanoseconds=work)
    _deliver(out, result)


def _nanoseconds(outputs: int, products: int) -> float:
    """Estimated work of a pass on one core: `products` for each of `outputs`, read or written."""
    return outputs * (0.3 + 0.03 * products)


def _depthwise(weight: Array) -> Array:
    """weight (C, 1, KH, KW) as (KH, KW, C)."""
    return np.ascontiguousarray(weight[:, 0].transpose(1, 2, 0))


def _nhwc_out(out: Array, groups: int) -> Array:
    """An (N, H, W, G, C) to compute into: a view of `out` where its memory is channels last."""
    N, C, H, W = out.shape
    last = out.transpose(0, 2, 3, 1)
    if last.flags.c_contiguous and last.flags.aligned:
        return last.reshape(N, H, W, groups, C // groups)
    return np.empty((N, H, W, groups, C // groups), out.dtype)


def _deliver(out: Array, result: Array) -> None:
    if not np.may_share_memory(out, result):
        N, C, H, W = out.shape
        out[...] = result.reshape(N, H, W, C).transpose(0, 3, 1, 2)


# --- gradient in the input -------------------------------------------------------------------


@kernel(
    "T[:, :, :, :, ::1], const(T[:, :, :, :, ::1]), const(T[:, :, :, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64, int64, int64"
)
def input_grad(
    out: Array, g: Array, weight: Array, KH: int, KW: int, SH: int, SW: int, DH: int, DW: int,
    PH: int, PW: int, first: int, last: int,
) -> None:  # fmt: skip
    """out (N, H, W, B, C) from g (N, OH, OW, G, CO), weight (B, panels, CO, P).

    B counts blocks of channels, each within one group; a panel's columns are (kh, kw, c). A few
    rows of g at a time become columns, which are added into the image in a fixed order.
    """
    _, H, W, B, C = out.shape
    _, OH, OW, G, CO = g.shape
    _, panels, _, P = weight.shape
    block = max(1, _COLUMN_ELEMENTS // (OW * panels * P))  # rows of g
    columns = np.empty((block * OW, panels * P), out.dtype)
    size = out.itemsize
    for task in range(first, last):
        n, q = task // B, task % B
        out[n, :, :, q] = 0
        for top in range(0, OH, block):
            pixels = min(block, OH - top) * OW
            step = spread(pixels)
            for p in range(panels):
                b = weight.ctypes.data + size * ((q * panels + p) * CO * P)
                for i in range(0, pixels, step):
                    a = g.ctypes.data + size * ((((n * OH + top) * OW + i) * G + q * G // B) * CO)
                    c = columns.ctypes.data + size * ((i * panels + p) * P)
                    tile(min(step, pixels - i), a, G * CO, 0, 1, b, 0, P, c, panels * P, 1, CO, 0)
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
    out: Array, g: Array, weight: Array, *, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> None:
    """The adjoint of `conv2d` in x: out (N, C, H, W) from g (N, CO, OH, OW)."""
    if out.dtype.kind != "f":
        reference.conv2d_input_grad(
            out, g, weight, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        return
    if out.size == 0:
        return
    N, CO = g.shape[:2]
    _, C, KH, KW = weight.shape
    work = _nanoseconds(g.size, KH * KW * C)
    if groups == CO and C == 1:
        result = _nhwc_out(out, groups)
        launch(
            depthwise.input_grad, N, result[..., 0], _nhwc(g, groups)[..., 0], _depthwise(weight),
            *stride, *dilation, *padding, nanoseconds=work,
        )  # fmt: skip
        _deliver(out, result)
        return
    P = panel(out.dtype)
    # One image a task; where images are few, one block of channels of one image.
    blocks = C // P if N * groups < 8 and C % P == 0 else 1
    columns = weight.reshape(groups, CO // groups, blocks, C // blocks, KH, KW)
    columns = columns.transpose(0, 2, 1, 4, 5, 3)  # (G, blocks, CO, KH, KW, C)
    packed = _panels(columns.reshape(groups * blocks, CO // groups, -1), P)
    result = _nhwc_out(out, groups * blocks)
    launch(
        input_grad, N * groups * blocks, result, _nhwc(g, groups), packed,
        KH, KW, *stride, *dilation, *padding, nanoseconds=work,
    )  # fmt: skip
    _deliver(out, result)


# --- gradient in the weight ------------------------------------------------------------------


@kernel(
    "T[:, :, :, :, ::1], const(T[:, :, :, :, ::1]), const(T[:, :, :, :, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64"
)
def weight_grad(
    out: Array, x: Array, g: Array, KH: int, KW: int, SH: int, SW: int, DH: int, DW: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """out (G, KH·KW, C, panels, P) from x (N, H, W, G, C), g (N, OH, OW, G, CO), CO = panels·P.

    A task is a tile's rows of out, all columns. Images are the outer loop: each stays in cache.
    """
    N, H, W, G, C = x.shape
    _, OH, OW, _, CO = g.shape
    joined = DW == 1 and G == 1
    taps, rows, jump = (KH, KW * C, 0) if joined else (KH * KW, C, DW)
    step = spread(rows)
    tiles = (rows + step - 1) // step
    size = out.itemsize
    P = out.shape[4]
    for n in range(N):
        for task in range(first, last):
            group, tap, row = task // (taps * tiles), task // tiles % taps, task % tiles * step
            kh, kw = (tap, 0) if joined else (tap // KW, tap % KW)
            a = x.ctypes.data + size * ((((n * H + kh * DH) * W + kw * jump) * G + group) * C + row)
            c = out.ctypes.data + size * (((group * taps + tap) * rows + row) * CO)
            b = g.ctypes.data + size * ((n * OH * OW * G + group) * CO)
            for p in range(0, CO, P):
                tile(
                    min(step, rows - row), a, 1, SH * W * G * C, SW * G * C,
                    b + size * p, OW * G * CO, G * CO, c + size * p, CO, OH, OW, n,
                )  # fmt: skip


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
    image = _nhwc(x, groups, padding)
    work = _nanoseconds(g.size, KH * KW * C)
    if groups == CO and C == 1:
        parts = np.empty((len(g), KH, KW, CO), out.dtype)
        launch(
            depthwise.weight_grad, len(g), parts, image[..., 0], _nhwc(g, groups)[..., 0],
            *stride, *dilation, nanoseconds=work,
        )  # fmt: skip
        out[:, 0] = parts.sum(axis=0, dtype=np.float64).transpose(2, 0, 1)
        return
    P = panel(out.dtype)
    outputs = _nhwc(g, groups, width=P)
    result = np.empty((groups, KH * KW, C, outputs.shape[-1] // P, P), out.dtype)
    joined = dilation[1] == 1 and groups == 1
    rows = KW * C if joined else C
    tiles = groups * (KH if joined else KH * KW) * _tiles(rows)
    launch(weight_grad, tiles, result, image, outputs, KH, KW, *stride, *dilation, nanoseconds=work)
    trimmed = result.reshape(groups, KH * KW, C, -1)[..., : CO // groups]
    trimmed = trimmed.transpose(0, 3, 2, 1)  # (G, CO/G, C, KH·KW)
    out[...] = trimmed.reshape(out.shape)
