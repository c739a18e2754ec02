"""Convolution in plain array code: for each tap of the kernel, one product of matrices.

N batch, C input channels, CO output channels, H W image, OH OW output, KH KW kernel, G groups.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...device import Array, namespace

Pair = tuple[int, int]


def conv2d(
    out: Array, x: Array, weight: Array, bias: Array | None = None, *,
    stride: Pair, padding: Pair, dilation: Pair, groups: int,
) -> None:  # fmt: skip
    """out (N, CO, OH, OW) = x (N, C, H, W) by weight (CO, C/G, KH, KW), correlated, + bias (CO)."""
    xp = namespace(out)
    N, CO, OH, OW = out.shape
    C = weight.shape[1]
    image = _grouped(_padded(x, padding), groups)
    kernels = _grouped_weight(weight, groups)
    total = xp.zeros((N, groups, CO // groups, OH * OW), out.dtype)
    for kh, kw, window in _taps(weight.shape[2:], (OH, OW), stride, dilation):
        # (G, CO, C) @ (N, G, C, OH·OW) -> (N, G, CO, OH·OW)
        total += xp.matmul(kernels[..., kh, kw], image[window].reshape(N, groups, C, OH * OW))
    out[...] = total.reshape(out.shape)
    if bias is not None:
        out += bias[:, None, None]


def conv2d_input_grad(
    out: Array, g: Array, weight: Array, bias: Array | None = None, *,
    stride: Pair, padding: Pair, dilation: Pair, groups: int,
) -> None:  # fmt: skip
    """The adjoint of `conv2d` in x: out (N, C, H, W) from g (N, CO, OH, OW), + bias (C)."""
    xp = namespace(out)
    N, C, H, W = out.shape
    _, CO, OH, OW = g.shape
    PH, PW = padding
    image = xp.zeros((N, groups, C // groups, H + 2 * PH, W + 2 * PW), out.dtype)
    kernels = _grouped_weight(weight, groups).swapaxes(1, 2)  # (G, C, CO, KH, KW)
    columns = g.reshape(N, groups, CO // groups, OH * OW)
    for kh, kw, window in _taps(weight.shape[2:], (OH, OW), stride, dilation):
        # (G, C, CO) @ (N, G, CO, OH·OW) -> (N, G, C, OH·OW)
        part = xp.matmul(kernels[..., kh, kw], columns)
        image[window] += part.reshape(N, groups, C // groups, OH, OW)
    out[...] = image[..., PH : PH + H, PW : PW + W].reshape(out.shape)
    if bias is not None:
        out += bias[:, None, None]


def conv2d_weight_grad(
    out: Array, x: Array, g: Array, *, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> None:
    """The adjoint of `conv2d` in weight: out (CO, C/G, KH, KW) from x and g (N, CO, OH, OW)."""
    xp = namespace(out)
    N, _, OH, OW = g.shape
    CO, C, KH, KW = out.shape
    image = _grouped(_padded(x, padding), groups)
    columns = g.reshape(N, groups, CO // groups, OH * OW)
    for kh, kw, window in _taps((KH, KW), (OH, OW), stride, dilation):
        pixels = image[window].reshape(N, groups, C, OH * OW)
        # (N, G, CO, OH·OW) @ (N, G, OH·OW, C) -> (N, G, CO, C)
        parts = xp.matmul(columns, pixels.swapaxes(-1, -2))
        out[:, :, kh, kw] = parts.sum(axis=0).reshape(CO, C)


def _padded(x: Array, padding: Pair) -> Array:
    PH, PW = padding
    return namespace(x).pad(x, ((0, 0), (0, 0), (PH, PH), (PW, PW)))


def _grouped(x: Array, groups: int) -> Array:
    N, C, H, W = x.shape
    return x.reshape(N, groups, C // groups, H, W)


def _grouped_weight(weight: Array, groups: int) -> Array:
    return weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])


def _taps(
    kernel: Pair, output: Pair, stride: Pair, dilation: Pair
) -> Iterator[tuple[int, int, tuple[object, ...]]]:
    """Each tap (kh, kw) of the kernel, and the pixels it meets as an index of the padded image."""
    for kh in range(kernel[0]):
        for kw in range(kernel[1]):
            rows, columns = (
                slice(tap * d, tap * d + size * s, s)
                for tap, d, size, s in zip((kh, kw), dilation, output, stride, strict=True)
            )
            yield kh, kw, (..., rows, columns)
