"""Convolution of volumes by that of images: a kernel's slices become channels.

N batch, C input channels, CO output channels, D H W volume, OD OH OW output, KD KH KW kernel, G
groups. An output slice sees KD slices of the volume: (N, C, D, H, W) unfolds to (N·OD, C·KD, H, W).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...device import Array, namespace
from . import conv

Triple = tuple[int, int, int]
Kernel = Callable[..., None]


def conv3d(
    out: Array, x: Array, weight: Array, bias: Array | None = None, *,
    stride: Triple, padding: Triple, dilation: Triple, groups: int,
) -> None:  # fmt: skip
    """out (N, CO, OD, OH, OW) = x (N, C, D, H, W) by weight (CO, C/G, KD, KH, KW), + bias (CO)."""
    forward(conv.conv2d, out, x, weight, bias, stride, padding, dilation, groups)


def conv3d_input_grad(
    out: Array, g: Array, weight: Array, bias: Array | None = None, *,
    stride: Triple, padding: Triple, dilation: Triple, groups: int,
) -> None:  # fmt: skip
    """The adjoint of `conv3d` in x: out (N, C, D, H, W) from g (N, CO, OD, OH, OW), + bias."""
    input_grad(conv.conv2d_input_grad, out, g, weight, bias, stride, padding, dilation, groups)


def conv3d_weight_grad(
    out: Array, x: Array, g: Array, *, stride: Triple, padding: Triple, dilation: Triple,
    groups: int,
) -> None:  # fmt: skip
    """The adjoint of `conv3d` in weight: out (CO, C/G, KD, KH, KW) from x, g (N, CO, OD, ...)."""
    weight_grad(conv.conv2d_weight_grad, out, x, g, stride, padding, dilation, groups)


def forward(
    conv2d: Kernel, out: Array, x: Array, weight: Array, bias: Array | None, stride: Triple,
    padding: Triple, dilation: Triple, groups: int,
) -> None:  # fmt: skip
    """`conv3d` by way of `conv2d`."""
    N, CO, OD, OH, OW = out.shape
    KD = weight.shape[2]
    result = namespace(out).empty((N * OD, OH, OW, CO), out.dtype).transpose(0, 3, 1, 2)
    conv2d(
        result, _unfolded(x, OD, KD, stride[0], padding[0], dilation[0]), _flat_weight(weight),
        bias,
        stride=stride[1:], padding=padding[1:], dilation=dilation[1:], groups=groups,
    )  # fmt: skip
    out[...] = result.reshape(N, OD, CO, OH, OW).swapaxes(1, 2)


def input_grad(
    conv2d_input_grad: Kernel, out: Array, g: Array, weight: Array, bias: Array | None,
    stride: Triple, padding: Triple, dilation: Triple, groups: int,
) -> None:  # fmt: skip
    """`conv3d_input_grad` by way of `conv2d_input_grad`."""
    N, C, D, H, W = out.shape
    OD, KD = g.shape[2], weight.shape[2]
    columns = namespace(out).empty((N * OD, H, W, C * KD), out.dtype)
    conv2d_input_grad(
        columns.transpose(0, 3, 1, 2), _slices(g), _flat_weight(weight),
        stride=stride[1:], padding=padding[1:], dilation=dilation[1:], groups=groups,
    )  # fmt: skip
    out[...] = 0 if bias is None else bias[:, None, None, None]
    last = columns.reshape(N, OD, H, W, C, KD)
    volume = out.transpose(0, 2, 3, 4, 1)  # (N, D, H, W, C)
    for kd, outputs, inputs in _taps(D, OD, KD, stride[0], padding[0], dilation[0]):
        volume[:, inputs] += last[:, outputs, ..., kd]


def weight_grad(
    conv2d_weight_grad: Kernel, out: Array, x: Array, g: Array, stride: Triple, padding: Triple,
    dilation: Triple, groups: int,
) -> None:  # fmt: skip
    """`conv3d_weight_grad` by way of `conv2d_weight_grad`."""
    result = namespace(out).empty(_flat_weight(out).shape, out.dtype)
    columns = _unfolded(x, g.shape[2], out.shape[2], stride[0], padding[0], dilation[0])
    conv2d_weight_grad(
        result, columns, _slices(g),
        stride=stride[1:], padding=padding[1:], dilation=dilation[1:], groups=groups,
    )  # fmt: skip
    out[...] = result.reshape(out.shape)


def _unfolded(x: Array, OD: int, KD: int, stride: int, padding: int, dilation: int) -> Array:
    """x (N, C, D, H, W) as (N·OD, C·KD, H, W), channels last."""
    N, C, D, H, W = x.shape
    columns = namespace(x).zeros((N, OD, H, W, C, KD), x.dtype)
    last = x.transpose(0, 2, 3, 4, 1)
    for kd, outputs, inputs in _taps(D, OD, KD, stride, padding, dilation):
        columns[:, outputs, ..., kd] = last[:, inputs]
    return columns.reshape(N * OD, H, W, C * KD).transpose(0, 3, 1, 2)


def _slices(g: Array) -> Array:
    """g (N, CO, OD, OH, OW) as (N·OD, CO, OH, OW)."""
    N, CO, OD, OH, OW = g.shape
    return g.transpose(0, 2, 3, 4, 1).reshape(N * OD, OH, OW, CO).transpose(0, 3, 1, 2)


def _flat_weight(weight: Array) -> Array:
    CO, C, KD, KH, KW = weight.shape
    return weight.reshape(CO, C * KD, KH, KW)


def _taps(
    D: int, OD: int, KD: int, stride: int, padding: int, dilation: int
) -> Iterator[tuple[int, slice, slice]]:
    """Each slice kd of the kernel: the output slices for which it meets the volume, and where."""
    for kd in range(KD):
        offset = kd * dilation - padding  # output slice o meets slice o·stride + offset
        first = max(0, -(offset // stride))
        last = min(OD, (D - 1 - offset) // stride + 1)
        if first < last:
            start = first * stride + offset
            yield kd, slice(first, last), slice(start, start + (last - first) * stride, stride)
