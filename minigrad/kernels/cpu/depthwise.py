"""Depthwise convolution, one filter a channel: loops vectorised over the channels.

N batch, C channels, H W image, OH OW output, KH KW kernel; all memory channels last.
"""

from __future__ import annotations

from ...device import Array
from .jit import kernel


@kernel(
    "T[:, :, :, ::1], const(T[:, :, :, ::1]), const(T[:, :, ::1]),"
    "int64, int64, int64, int64, int64, int64"
)
def forward(
    out: Array, x: Array, weight: Array, SH: int, SW: int, DH: int, DW: int, first: int, last: int
) -> None:
    """out (N, OH, OW, C) from x (N, H, W, C), weight (KH, KW, C). A task is a row of out."""
    _, OH, OW, C = out.shape
    KH, KW, _ = weight.shape
    for row in range(first, last):
        n, h = row // OH, row % OH
        out[n, h] = 0
        for kh in range(KH):
            for kw in range(KW):
                for w in range(OW):
                    for c in range(C):
                        value = x[n, h * SH + kh * DH, w * SW + kw * DW, c]
                        out[n, h, w, c] += value * weight[kh, kw, c]


@kernel(
    "T[:, :, :, ::1], const(T[:, :, :, ::1]), const(T[:, :, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64"
)
def input_grad(
    out: Array, g: Array, weight: Array, SH: int, SW: int, DH: int, DW: int, PH: int, PW: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """out (N, H, W, C) from g (N, OH, OW, C), weight (KH, KW, C). A task is an image."""
    _, H, W, C = out.shape
    _, OH, OW, _ = g.shape
    KH, KW, _ = weight.shape
    for n in range(first, last):
        out[n] = 0
        for oh in range(OH):
            for kh in range(KH):
                h = oh * SH + kh * DH - PH
                if not 0 <= h < H:
                    continue
                for kw in range(KW):
                    for ow in range(OW):
                        w = ow * SW + kw * DW - PW
                        if 0 <= w < W:
                            for c in range(C):
                                out[n, h, w, c] += g[n, oh, ow, c] * weight[kh, kw, c]


@kernel(
    "T[:, :, :, ::1], const(T[:, :, :, ::1]), const(T[:, :, :, ::1]),"
    "int64, int64, int64, int64, int64, int64"
)
def weight_grad(
    out: Array, x: Array, g: Array, SH: int, SW: int, DH: int, DW: int, first: int, last: int
) -> None:
    """Each image's part: out (N, KH, KW, C) from x (N, H, W, C), g (N, OH, OW, C)."""
    _, OH, OW, C = g.shape
    _, KH, KW, _ = out.shape
    for n in range(first, last):
        out[n] = 0
        for h in range(OH):
            for kh in range(KH):
                for kw in range(KW):
                    for w in range(OW):
                        for c in range(C):
                            value = x[n, h * SH + kh * DH, w * SW + kw * DW, c]
                            out[n, kh, kw, c] += value * g[n, h, w, c]
