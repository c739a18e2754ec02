"""Convolution. Letters: N batch, C channels, H W image, O output channels, KH KW kernel.

The family {conv2d, its gradient in the input, its gradient in the weight} is closed under
differentiation: each is linear in each of its two inputs, and the other two are its adjoints.

Outputs are stored channels-last (NHWC) behind their NCHW shape, as the kernels want their input: a
network converts once, at its first convolution.
"""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..tensor import Tensor, apply
from .shape import reshape, unsqueeze

__all__ = ["conv2d"]

NHWC = (0, 2, 3, 1)
Pair = tuple[int, int]


def pair(value: Any, name: str, op: str) -> Pair:
    """``(h, w)`` of a number or a pair."""
    found = (value, value) if isinstance(value, int) else tuple(value)
    if len(found) != 2 or not all([isinstance(n, int) for n in found]):
        raise ArgumentError(f"{op}: {name}={value!r} must be a number or two")
    return found


def _span(kernel: int, dilation: int) -> int:
    return dilation * (kernel - 1) + 1


def _conv_spec(
    x: Any, weight: Any, *, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Spec:
    sizes = [
        (n + 2 * p - _span(k, d)) // s + 1
        for n, k, s, p, d in zip(
            x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True
        )
    ]
    return Spec((x.shape[0], weight.shape[0], *sizes), x.dtype, NHWC)


CONV: Primitive = Primitive(
    "conv2d",
    _conv_spec,
    kernel="conv.conv2d",
    vjps=(
        lambda g, weight, x_shape, stride, padding, dilation, groups: apply(
            CONV_INPUT_GRAD, g, weight, out_shape=x_shape,
            stride=stride, padding=padding, dilation=dilation, groups=groups,
        ),
        lambda g, x, weight_shape, stride, padding, dilation, groups: apply(
            CONV_WEIGHT_GRAD, x, g, out_shape=weight_shape,
            stride=stride, padding=padding, dilation=dilation, groups=groups,
        ),
    ),
    formula="y[n, o, i, j] = sum over c, k, l of w[o, c, k, l] x[n, c, s i + d k - p, ...]",
)  # fmt: skip


def _input_grad_spec(g_out: Any, weight: Any, *, out_shape: Shape, **settings: Any) -> Spec:
    return Spec(out_shape, g_out.dtype, NHWC)


def _weight_grad_spec(x: Any, g_out: Any, *, out_shape: Shape, **settings: Any) -> Spec:
    return Spec(out_shape, g_out.dtype)


CONV_INPUT_GRAD: Primitive = Primitive(
    "conv2d_input_grad",
    _input_grad_spec,
    kernel="conv.conv2d_input_grad",
    vjps=(
        lambda g, weight, stride, padding, dilation, groups: apply(
            CONV, g, weight, stride=stride, padding=padding, dilation=dilation, groups=groups
        ),
        lambda g, g_out, weight_shape, stride, padding, dilation, groups: apply(
            CONV_WEIGHT_GRAD, g, g_out, out_shape=weight_shape,
            stride=stride, padding=padding, dilation=dilation, groups=groups,
        ),
    ),
)  # fmt: skip
CONV_WEIGHT_GRAD: Primitive = Primitive(
    "conv2d_weight_grad",
    _weight_grad_spec,
    kernel="conv.conv2d_weight_grad",
    vjps=(
        lambda g, g_out, x_shape, stride, padding, dilation, groups: apply(
            CONV_INPUT_GRAD, g_out, g, out_shape=x_shape,
            stride=stride, padding=padding, dilation=dilation, groups=groups,
        ),
        lambda g, x, stride, padding, dilation, groups: apply(
            CONV, x, g, stride=stride, padding=padding, dilation=dilation, groups=groups
        ),
    ),
)  # fmt: skip


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """2-D convolution (cross-correlation) of images with filters.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        weight: (O, C / groups, KH, KW).
        bias: (O,).
        padding: zeros added on each side, ``"valid"`` for none, ``"same"`` for an output of the
            input's size (stride 1).

    Returns: (N, O, OH, OW) with ``OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1``.
    """
    single = input.ndim == 3
    x = unsqueeze(input, 0) if single else input
    stride, dilation = pair(stride, "stride", "conv2d"), pair(dilation, "dilation", "conv2d")
    if weight.ndim == 4 and isinstance(padding, str):
        x, padding = _named_padding(x, weight.shape[2:], padding, stride, dilation)
    padding = pair(padding, "padding", "conv2d")
    _check(x, weight, bias, stride, padding, dilation, groups)
    out = apply(CONV, x, weight, stride=stride, padding=padding, dilation=dilation, groups=groups)
    if bias is not None:
        out = out + reshape(bias, (1, -1, 1, 1))
    return reshape(out, out.shape[1:]) if single else out


def _named_padding(
    x: Tensor, kernel: Shape, name: str, stride: Pair, dilation: Pair
) -> tuple[Tensor, Pair]:
    """The padding that ``"same"`` or ``"valid"`` stands for; an odd pixel is added at the end."""
    if name == "valid":
        return x, (0, 0)
    if name != "same" or stride != (1, 1):
        raise ArgumentError(
            f"conv2d: padding={name!r} with stride {stride}: give 'valid', or 'same' with stride 1"
        )
    total_h, total_w = [_span(k, d) - 1 for k, d in zip(kernel, dilation, strict=True)]
    if total_h % 2 or total_w % 2:
        x = x.pad((0, total_w % 2, 0, total_h % 2))
    return x, (total_h // 2, total_w // 2)


def _check(
    x: Tensor,
    w: Tensor,
    bias: Tensor | None,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> None:
    if x.ndim != 4 or w.ndim != 4:
        raise ShapeError(
            f"conv2d: expected input (N, C, H, W) or (C, H, W), weight (O, C/groups, KH, KW), got "
            f"shapes {x.shape} and {w.shape}"
        )
    if min(stride) < 1 or min(dilation) < 1 or min(padding) < 0 or groups < 1:
        raise ArgumentError(
            f"conv2d: stride {stride} and dilation {dilation} must be at least 1, padding "
            f"{padding} at least 0, groups {groups} at least 1"
        )
    if x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise ShapeError(
            f"conv2d: the input has {x.shape[1]} channels (shape {x.shape}); weight {w.shape} with "
            f"groups={groups} takes {w.shape[1] * groups} and its {w.shape[0]} filters must divide "
            "into the groups"
        )
    if x.dtype != w.dtype:
        raise DTypeError(f"conv2d: input is {x.dtype}, weight {w.dtype}; convert one of them")
    if bias is not None and bias.shape != (w.shape[0],):
        raise ShapeError(f"conv2d: bias has shape {bias.shape}, expected ({w.shape[0]},)")
    for name, n, k, p, d in zip("HW", x.shape[2:], w.shape[2:], padding, dilation, strict=True):
        if n + 2 * p < _span(k, d) or k < 1:
            raise ShapeError(
                f"conv2d: {name}: a kernel spanning {_span(k, d)} does not fit an image of {n} "
                f"with padding {p} (input {x.shape}, weight {w.shape})"
            )
