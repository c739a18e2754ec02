"""Convolution of volumes on the CPU: the kernels of images, on unfolded slices."""

from __future__ import annotations

from ...device import Array
from ..reference.conv3d import forward, input_grad, weight_grad
from . import conv

Triple = tuple[int, int, int]


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
