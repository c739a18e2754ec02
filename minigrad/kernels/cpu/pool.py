"""Pooling on the CPU: loops over windows, in channels-last memory.

N batch, C channels, H W image, OH OW output. Channels are innermost, so that loops over them are
vectorised: images in another layout are copied. Kernels index arrays in full: a slice would count
references, which threads would contend for.
"""

from __future__ import annotations

import numpy as np

from ...device import Array
from ..reference import pool as reference
from ..reference.pool import divisors
from .jit import helper, kernel, launch

Pair = tuple[int, int]


@helper
def inside(start: int, step: int) -> int:
    """The first of start, start + step, ... that is not negative."""
    return start if start >= 0 else start + (step - 1 - start) // step * step


@kernel(
    "T[:, :, :, ::1], int32[:, :, :, ::1], const(T[:, :, :, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64, int64, int64"
)
def max_windows(
    out: Array, index: Array, x: Array, KH: int, KW: int, SH: int, SW: int, PH: int, PW: int,
    DH: int, DW: int, first: int, last: int,
) -> None:  # fmt: skip
    """A task is a row of out."""
    _, H, W, C = x.shape
    _, OH, OW, _ = out.shape
    for task in range(first, last):
        n, oh = task // OH, task % OH
        top = oh * SH - PH
        h_first, h_last = inside(top, DH), min(top + KH * DH, H)
        for ow in range(OW):
            left = ow * SW - PW
            w_first, w_last = inside(left, DW), min(left + KW * DW, W)
            where = h_first * W + w_first if h_first < h_last and w_first < w_last else 0
            for c in range(C):
                out[n, oh, ow, c] = -np.inf
                index[n, oh, ow, c] = where
            for h in range(h_first, h_last, DH):
                for w in range(w_first, w_last, DW):
                    here = np.int32(h * W + w)
                    for c in range(C):
                        value = x[n, h, w, c]
                        # Both are loaded in any case: a load in a branch is not vectorised.
                        best, there = out[n, oh, ow, c], index[n, oh, ow, c]
                        taken = (value > best) | (value != value)
                        out[n, oh, ow, c] = value if taken else best
                        index[n, oh, ow, c] = here if taken else there


@kernel("T[:, :, ::1], const(T[:, :, ::1]), const(int32[:, :, ::1]), int64, int64")
def gather(out: Array, x: Array, index: Array, first: int, last: int) -> None:
    """out (N, S', C) from x (N, S, C), S and S' flattened images. A task is one of N."""
    _, S, C = out.shape
    for n in range(first, last):
        for s in range(S):
            for c in range(C):
                out[n, s, c] = x[n, index[n, s, c], c]


@kernel("T[:, :, ::1], const(T[:, :, ::1]), const(int32[:, :, ::1]), int64, int64")
def scatter(out: Array, g: Array, index: Array, first: int, last: int) -> None:
    """out (N, S, C) from g (N, S', C). A task is one of N."""
    _, S, C = g.shape
    for n in range(first, last):
        out[n] = 0
        for s in range(S):
            for c in range(C):
                out[n, index[n, s, c], c] += g[n, s, c]


@kernel(
    "T[:, :, :, ::1], const(T[:, :, :, ::1]), const(T[:, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64"
)
def average_windows(
    out: Array, x: Array, divisor: Array, KH: int, KW: int, SH: int, SW: int, PH: int, PW: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """A task is a row of out."""
    _, H, W, C = x.shape
    _, OH, OW, _ = out.shape
    for task in range(first, last):
        n, oh = task // OH, task % OH
        top, left = oh * SH - PH, -PW
        for ow in range(OW):
            for c in range(C):
                out[n, oh, ow, c] = 0
            for h in range(max(top, 0), min(top + KH, H)):
                for w in range(max(left, 0), min(left + KW, W)):
                    for c in range(C):
                        out[n, oh, ow, c] += x[n, h, w, c]
            for c in range(C):
                out[n, oh, ow, c] /= divisor[oh, ow]
            left += SW


@kernel(
    "T[:, :, :, ::1], const(T[:, :, :, ::1]), const(T[:, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64"
)
def average_grad(
    out: Array, g: Array, divisor: Array, KH: int, KW: int, SH: int, SW: int, PH: int, PW: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """A task is an image of out."""
    _, H, W, C = out.shape
    _, OH, OW, _ = g.shape
    for n in range(first, last):
        out[n] = 0
        for oh in range(OH):
            for ow in range(OW):
                top, left = oh * SH - PH, ow * SW - PW
                for h in range(max(top, 0), min(top + KH, H)):
                    for w in range(max(left, 0), min(left + KW, W)):
                        for c in range(C):
                            out[n, h, w, c] += g[n, oh, ow, c] / divisor[oh, ow]


def max_pool2d(
    out: Array,
    index: Array,
    x: Array,
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
) -> None:
    """out (N, C, OH, OW): each window's maximum; index (int32): where it is, h·W + w.

    The first of equal maxima; the last NaN, if there is one, as in PyTorch. A window with no
    element has maximum -inf and index 0.
    """
    if x.dtype.kind != "f":  # integers have no -inf to start from
        reference.max_pool2d(
            out, index, x,
            kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation,
        )  # fmt: skip
        return
    image, result, where = _input(x), _output(out), _output(index)
    N, OH = result.shape[:2]
    work = 0.5 * out.size * kernel_size[0] * kernel_size[1]
    launch(
        max_windows, N * OH, result, where, image, *kernel_size, *stride, *padding, *dilation,
        nanoseconds=work,
    )  # fmt: skip
    _deliver(out, result)
    _deliver(index, where)


def max_pool2d_gather(out: Array, x: Array, index: Array) -> None:
    """out[n, c, i] = x[n, c].flat[index[n, c, i]]."""
    if x.dtype.kind != "f":
        reference.max_pool2d_gather(out, x, index)
        return
    result = _output(out)
    arrays = [_flat(array) for array in (result, _input(x), _input(index))]
    launch(gather, len(result), *arrays, nanoseconds=1.0 * out.size)
    _deliver(out, result)


def max_pool2d_scatter(out: Array, g: Array, index: Array) -> None:
    """The adjoint of `max_pool2d_gather`: out is zero but for the sums of g at index."""
    result = _output(out)
    arrays = [_flat(array) for array in (result, _input(g), _input(index))]
    launch(scatter, len(result), *arrays, nanoseconds=1.0 * (g.size + out.size))
    _deliver(out, result)


def avg_pool2d(
    out: Array, x: Array, *, kernel_size: Pair, stride: Pair, padding: Pair,
    count_include_pad: bool, divisor_override: int | None,
) -> None:  # fmt: skip
    """out (N, C, OH, OW): each window's sum over its divisor.

    The divisor is `divisor_override`, or the window's size: within the padded image if
    `count_include_pad`, else within the image.
    """
    if x.dtype.kind != "f":
        reference.avg_pool2d(
            out, x, kernel_size=kernel_size, stride=stride, padding=padding,
            count_include_pad=count_include_pad, divisor_override=divisor_override,
        )  # fmt: skip
        return
    divisor = divisors(x, out, kernel_size, stride, padding, count_include_pad, divisor_override)
    result = _output(out)
    N, OH = result.shape[:2]
    launch(
        average_windows, N * OH, result, _input(x), divisor, *kernel_size, *stride, *padding,
        nanoseconds=0.5 * out.size * kernel_size[0] * kernel_size[1],
    )  # fmt: skip
    _deliver(out, result)


def avg_pool2d_input_grad(
    out: Array, g: Array, *, kernel_size: Pair, stride: Pair, padding: Pair,
    count_include_pad: bool, divisor_override: int | None,
) -> None:  # fmt: skip
    """The adjoint of `avg_pool2d`: out (N, C, H, W) from g (N, C, OH, OW)."""
    divisor = divisors(out, g, kernel_size, stride, padding, count_include_pad, divisor_override)
    result = _output(out)
    launch(
        average_grad, len(result), result, _input(g), divisor, *kernel_size, *stride, *padding,
        nanoseconds=0.5 * g.size * kernel_size[0] * kernel_size[1] + 0.3 * out.size,
    )  # fmt: skip
    _deliver(out, result)


def _input(image: Array) -> Array:
    """image (N, C, H, W) as a contiguous (N, H, W, C), copied if its memory is not so."""
    last = image.transpose(0, 2, 3, 1)
    return last if last.flags.c_contiguous and last.flags.aligned else np.array(last, order="C")


def _output(image: Array) -> Array:
    """A contiguous (N, H, W, C) to compute into: a view of `image` where its memory is so."""
    last = image.transpose(0, 2, 3, 1)
    fits = last.flags.c_contiguous and last.flags.aligned
    return last if fits else np.empty(last.shape, image.dtype)


def _deliver(out: Array, result: Array) -> None:
    if not np.may_share_memory(out, result):
        out[...] = result.transpose(0, 3, 1, 2)


def _flat(image: Array) -> Array:
    N, H, W, C = image.shape
    return image.reshape(N, H * W, C)
