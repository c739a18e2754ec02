"""Pooling in plain array code: for each tap of the window, one gather of every output's element.

N batch, C channels, H W image, OH OW output. A window's tap outside the image is not there.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...device import Array, namespace

Pair = tuple[int, int]


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
    xp = namespace(out)
    out[...] = -xp.inf if out.dtype.kind == "f" else xp.iinfo(out.dtype).min
    index[...] = 0
    found = xp.zeros(out.shape[2:], bool)
    for rows, columns, there in _taps(x, out.shape[2:], kernel_size, stride, padding, dilation):
        value = x[:, :, rows, columns]
        taken = there & (~found | (value > out) | xp.isnan(value))
        out[...] = xp.where(taken, value, out)
        index[...] = xp.where(taken, rows * x.shape[3] + columns, index)
        found |= there


def max_pool2d_gather(out: Array, x: Array, index: Array) -> None:
    """out[n, c, i] = x[n, c].flat[index[n, c, i]]."""
    xp = namespace(out)
    N, C, H, W = x.shape
    flat = index.reshape(N, C, index.shape[2] * index.shape[3])
    out[...] = xp.take_along_axis(x.reshape(N, C, H * W), flat, axis=2).reshape(out.shape)


def max_pool2d_scatter(out: Array, g: Array, index: Array, *, apart: Pair | None = None) -> None:
    """The adjoint of `max_pool2d_gather`: out is zero but for the sums of g at index.

    `apart` is the stride of windows that do not overlap, where it is known.
    """
    xp = namespace(out)
    N, C, H, W = out.shape
    planes = xp.arange(N * C).reshape(N, C, 1, 1) * (H * W)
    total = xp.zeros(out.size, out.dtype)
    xp.add.at(total, (planes + index).reshape(-1), g.reshape(-1))
    out[...] = total.reshape(out.shape)


def max_unpool(out: Array, v: Array, index: Array) -> None:
    """out (N, C, H, W) is zero but for v (N, C, OH, OW) at index; the last of several stays."""
    xp = namespace(out)
    N, C, H, W = out.shape
    planes = xp.arange(N * C).reshape(N, C, 1, 1) * (H * W)
    flat = xp.zeros(out.size, out.dtype)
    flat[(planes + index).reshape(-1)] = v.reshape(-1)
    out[...] = flat.reshape(out.shape)


def avg_pool2d(
    out: Array,
    x: Array,
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor_override: int | None,
) -> None:
    """out (N, C, OH, OW): each window's sum over its divisor.

    The divisor is `divisor_override`, or the window's size: within the padded image if
    `count_include_pad`, else within the image.
    """
    xp = namespace(out)
    total = xp.zeros(out.shape, out.dtype)
    for rows, columns, there in _taps(x, out.shape[2:], kernel_size, stride, padding, (1, 1)):
        total += xp.where(there, x[:, :, rows, columns], 0)
    divisor = divisors(x, out, kernel_size, stride, padding, count_include_pad, divisor_override)
    out[...] = total / divisor if out.dtype.kind == "f" else total // divisor


def avg_pool2d_input_grad(
    out: Array,
    g: Array,
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor_override: int | None,
) -> None:
    """The adjoint of `avg_pool2d`: out (N, C, H, W) from g (N, C, OH, OW)."""
    xp = namespace(out)
    N, C, H, W = out.shape
    share = g / divisors(out, g, kernel_size, stride, padding, count_include_pad, divisor_override)
    (OH, OW), (KH, KW), (SH, SW), (PH, PW) = g.shape[2:], kernel_size, stride, padding
    rows, columns = max(OH * SH + KH, PH + H), max(OW * SW + KW, PW + W)
    padded = xp.zeros((N, C, rows, columns), out.dtype)
    for kh in range(KH):
        for kw in range(KW):
            padded[:, :, kh : kh + OH * SH : SH, kw : kw + OW * SW : SW] += share
    out[...] = padded[:, :, PH : PH + H, PW : PW + W]


def divisors(
    image: Array,
    output: Array,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    """What each window's sum is divided by: (OH, OW), in the dtype of `output`."""
    xp = namespace(output)
    counts = []
    for size, windows, k, s, p in zip(
        image.shape[2:], output.shape[2:], kernel_size, stride, padding, strict=True
    ):
        start = xp.arange(windows) * s - p
        stop = xp.minimum(start + k, size + p)
        if not count_include_pad:
            start, stop = xp.maximum(start, 0), xp.minimum(stop, size)
        counts.append(xp.maximum(stop - start, 1))
    area = counts[0][:, None] * counts[1]
    return (area if divisor_override is None else area * 0 + divisor_override).astype(output.dtype)


def _taps(
    x: Array, output: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> Iterator[tuple[Array, Array, Array]]:
    """For each tap: the row and column it meets, (OH, 1) and (1, OW), and where there is one."""
    xp = namespace(x)
    H, W = x.shape[2:]
    OH, OW = (xp.arange(size) * s - p for size, s, p in zip(output, stride, padding, strict=True))
    for kh in range(kernel_size[0]):
        for kw in range(kernel_size[1]):
            rows, columns = OH[:, None] + kh * dilation[0], OW[None] + kw * dilation[1]
            there = (rows >= 0) & (rows < H) & (columns >= 0) & (columns < W)
            yield xp.clip(rows, 0, H - 1), xp.clip(columns, 0, W - 1), there
