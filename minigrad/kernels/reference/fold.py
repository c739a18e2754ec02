"""Sliding blocks as columns, and back: one slice of the padded image for each tap of the kernel.

Letters: N batch, C channels, H W image, KH KW kernel, OH OW blocks a column and a row.
"""

from __future__ import annotations

from typing import Any

from ...device import Array, namespace

_Pair = tuple[int, int]


def unfold(
    out: Array, x: Array, *, counts: _Pair, kernel: _Pair, dilation: _Pair, padding: _Pair,
    stride: _Pair, size: _Pair,
) -> None:  # fmt: skip
    """(N, C, H, W) to (N, C·KH·KW, OH·OW)."""
    N, C = x.shape[:2]
    padded = _padded(x, padding)
    padded[_inner(padding, size)] = x
    blocks = out.reshape((N, C, *kernel, *counts))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            blocks[:, :, i, j] = padded[_taps((i, j), counts, dilation, stride)]


def fold(
    out: Array, v: Array, *, counts: _Pair, kernel: _Pair, dilation: _Pair, padding: _Pair,
    stride: _Pair, size: _Pair,
) -> None:  # fmt: skip
    """(N, C·KH·KW, OH·OW) to (N, C, H, W); what overlaps is added up."""
    N, C = out.shape[:2]
    padded = _padded(out, padding)
    blocks = v.reshape((N, C, *kernel, *counts))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            padded[_taps((i, j), counts, dilation, stride)] += blocks[:, :, i, j]
    out[...] = padded[_inner(padding, size)]


def _padded(x: Array, padding: _Pair) -> Array:
    """Zeros in the shape of `x` (N, C, H, W) with its border."""
    N, C, H, W = x.shape
    return namespace(x).zeros((N, C, H + 2 * padding[0], W + 2 * padding[1]), x.dtype)


def _inner(padding: _Pair, size: _Pair) -> Any:
    return (..., *[slice(p, p + n) for p, n in zip(padding, size, strict=True)])


def _taps(tap: _Pair, counts: _Pair, dilation: _Pair, stride: _Pair) -> Any:
    """Where in the padded image all blocks have their element `tap`."""
    starts = [t * d for t, d in zip(tap, dilation, strict=True)]
    ends = [start + (n - 1) * s + 1 for start, n, s in zip(starts, counts, stride, strict=True)]
    return (..., *[slice(a, b, s) for a, b, s in zip(starts, ends, stride, strict=True)])
