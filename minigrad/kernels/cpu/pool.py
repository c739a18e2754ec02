"""Pooling on the CPU: loops over windows, in channels-last memory.

N batch, C channels, H W image, OH OW output. Channels are innermost and a vector's lanes are
channels: images in another layout are copied. Kernels index arrays in full: a slice would count
references, which threads would contend for.
"""

from __future__ import annotations

import numpy as np

from ...device import Array
from ..reference import pool as reference
from ..reference.pool import divisors
from .jit import helper, kernel, launch
from .vector import (
    add,
    choose,
    choose_place,
    divide,
    first_lanes,
    is_place,
    lanes,
    load,
    load_places,
    splat,
    splat_place,
    store,
    store_places,
    wins,
)

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
    size = x.itemsize
    for task in range(first, last):
        n, top = task // OH, task % OH * SH - PH
        h_first, h_last = inside(top, DH), min(top + KH * DH, H)
        for c in range(0, C, lanes):
            mask = first_lanes(C - c)
            for ow in range(OW):
                left = ow * SW - PW
                w_first, w_last = inside(left, DW), min(left + KW * DW, W)
                some = h_first < h_last and w_first < w_last
                best = splat(-np.inf)
                place = splat_place(h_first * W + w_first if some else 0)
                for h in range(h_first, h_last, DH):
                    for w in range(w_first, w_last, DW):
                        at = ((n * H + h) * W + w) * C + c
                        value = load(x.ctypes.data + size * at, mask)
                        better = wins(value, best)
                        best = choose(better, value, best)
                        place = choose_place(better, splat_place(h * W + w), place)
                at = (task * OW + ow) * C + c
                store(out.ctypes.data + size * at, best, mask)
                store_places(index.ctypes.data + 4 * at, place, mask)


@kernel(
    "T[:, :, ::1], int32[:, :, ::1], const(T[:, :, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64, int64, int64"
)
def max_planes(
    out: Array, index: Array, x: Array, KH: int, KW: int, SH: int, SW: int, PH: int, PW: int,
    DH: int, DW: int, first: int, last: int,
) -> None:  # fmt: skip
    """`max_windows` where channels lie apart: out (N·C, OH, OW) from x (N·C, H, W)."""
    _, H, W = x.shape
    _, OH, OW = out.shape
    for task in range(first, last):
        n, oh = task // OH, task % OH
        top = oh * SH - PH
        h_first, h_last = inside(top, DH), min(top + KH * DH, H)
        for ow in range(OW):
            left = ow * SW - PW
            w_first, w_last = inside(left, DW), min(left + KW * DW, W)
            best, place = -np.inf, 0
            if h_first < h_last and w_first < w_last:
                best, place = x[n, h_first, w_first], h_first * W + w_first
            for h in range(h_first, h_last, DH):
                for w in range(w_first, w_last, DW):
                    value = x[n, h, w]
                    better = (value > best) | (value != value)
                    best = value if better else best
                    place = h * W + w if better else place
            out[n, oh, ow] = best
            index[n, oh, ow] = place


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
    "T[:, :, :, ::1], const(T[:, :, :, ::1]), const(int32[:, :, :, ::1]),int64, int64, int64, int64"
)
def spread_windows(
    out: Array, g: Array, index: Array, SH: int, SW: int, first: int, last: int
) -> None:
    """`scatter` for windows apart from each other, out (N, H, W, C): each has its SH·SW elements,
    the last ones also what is left at the edge. A task is a row of g."""
    _, H, W, C = out.shape
    _, OH, OW, _ = g.shape
    size = out.itemsize
    for task in range(first, last):
        n, oh = task // OH, task % OH
        h_last = H if oh == OH - 1 else (oh + 1) * SH
        for c in range(0, C, lanes):
            mask = first_lanes(C - c)
            for ow in range(OW):
                at = (task * OW + ow) * C + c
                value = load(g.ctypes.data + size * at, mask)
                place = load_places(index.ctypes.data + 4 * at, mask)
                w_last = W if ow == OW - 1 else (ow + 1) * SW
                for h in range(oh * SH, h_last):
                    for w in range(ow * SW, w_last):
                        taken = choose(is_place(place, h * W + w), value, splat(0.0))
                        at = ((n * H + h) * W + w) * C + c
                        store(out.ctypes.data + size * at, taken, mask)


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
    size = x.itemsize
    for task in range(first, last):
        n, oh = task // OH, task % OH
        top = oh * SH - PH
        for c in range(0, C, lanes):
            mask = first_lanes(C - c)
            for ow in range(OW):
                left = ow * SW - PW
                total = splat(0.0)
                for h in range(max(top, 0), min(top + KH, H)):
                    for w in range(max(left, 0), min(left + KW, W)):
                        at = ((n * H + h) * W + w) * C + c
                        total = add(total, load(x.ctypes.data + size * at, mask))
                mean = divide(total, splat(divisor[oh, ow]))
                store(out.ctypes.data + size * ((task * OW + ow) * C + c), mean, mask)


@kernel(
    "T[:, :, :, ::1], const(T[:, :, :, ::1]), const(T[:, ::1]),"
    "int64, int64, int64, int64, int64, int64, int64, int64"
)
def average_grad(
    out: Array, g: Array, divisor: Array, KH: int, KW: int, SH: int, SW: int, PH: int, PW: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """A task is a row of out: each element gathers from the windows that it is in."""
    _, H, W, C = out.shape
    _, OH, OW, _ = g.shape
    size = out.itemsize
    for task in range(first, last):
        n, h = task // H, task % H + PH
        for c in range(0, C, lanes):
            mask = first_lanes(C - c)
            for w in range(PW, PW + W):
                total = splat(0.0)
                for oh in range(max(0, h - KH + SH) // SH, min(h // SH + 1, OH)):
                    for ow in range(max(0, w - KW + SW) // SW, min(w // SW + 1, OW)):
                        at = ((n * OH + oh) * OW + ow) * C + c
                        value = load(g.ctypes.data + size * at, mask)
                        total = add(total, divide(value, splat(divisor[oh, ow])))
                at = (task * W + w - PW) * C + c
                store(out.ctypes.data + size * at, total, mask)


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
    settings = (*kernel_size, *stride, *padding, *dilation)
    N, C, OH, _ = out.shape
    taps = kernel_size[0] * kernel_size[1]
    if all([array.flags.c_contiguous for array in (out, index, x)]):
        planes = [array.reshape(N * C, *array.shape[2:]) for array in (out, index, x)]
        launch(max_planes, N * C * OH, *planes, *settings, nanoseconds=out.size * (1 + taps))
        return
    image, result, where = _input(x), _output(out), _output(index)
    work = out.size * (0.2 + 0.1 * taps)
    launch(max_windows, N * OH, result, where, image, *settings, nanoseconds=work)
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


def max_pool2d_scatter(out: Array, g: Array, index: Array, *, apart: Pair | None = None) -> None:
    """The adjoint of `max_pool2d_gather`: out is zero but for the sums of g at index.

    `apart` is the stride of windows that do not overlap, where it is known.
    """
    result = _output(out)
    if apart is not None and g.size and not out.flags.c_contiguous and result.dtype.kind == "f":
        N, _, OH, _ = g.shape
        work = 0.1 * (out.size + g.size)
        launch(spread_windows, N * OH, result, _input(g), _input(index), *apart, nanoseconds=work)
        _deliver(out, result)
        return
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
        nanoseconds=out.size * (0.2 + 0.1 * kernel_size[0] * kernel_size[1]),
    )  # fmt: skip
    _deliver(out, result)


def avg_pool2d_input_grad(
    out: Array, g: Array, *, kernel_size: Pair, stride: Pair, padding: Pair,
    count_include_pad: bool, divisor_override: int | None,
) -> None:  # fmt: skip
    """The adjoint of `avg_pool2d`: out (N, C, H, W) from g (N, C, OH, OW)."""
    divisor = divisors(out, g, kernel_size, stride, padding, count_include_pad, divisor_override)
    result = _output(out)
    N, H = result.shape[:2]
    launch(
        average_grad, N * H, result, _input(g), divisor, *kernel_size, *stride, *padding,
        nanoseconds=0.1 * g.size * kernel_size[0] * kernel_size[1] + 0.2 * out.size,
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
