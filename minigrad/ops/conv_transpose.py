"""Transposed convolution: the adjoint of convolution, its gradient in the input.

Letters: N batch, C channels, O output channels, K kernel sizes, s stride, p padding, d dilation.
"""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .conv import Sizes, check_bias, check_layer, run
from .layer_arguments import (
    batched,
    layer_function,
    numbers,
    positive,
    span,
    unbatched,
)

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


@layer_function
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The adjoint of `conv1d`: (N, C, L) or (C, L) with weight (C, O / groups, K); arguments and
    output as for `conv_transpose2d`."""
    settings = (stride, padding, output_padding, groups, dilation)
    return _transpose("conv_transpose1d", 1, input, weight, bias, *settings)


@layer_function
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The adjoint of `conv2d`: each input pixel adds its multiple of the filter to the output.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        weight: (C, O / groups, KH, KW).
        bias: (O,).
        padding: how much is cut from each side of the output.
        output_padding: how much is added at its end; less than stride or dilation.

    Returns: (N, O, OH, OW) with
        ``OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1``.
    """
    settings = (stride, padding, output_padding, groups, dilation)
    return _transpose("conv_transpose2d", 2, input, weight, bias, *settings)


@layer_function
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The adjoint of `conv3d`: (N, C, D, H, W) or (C, D, H, W) with weight
    (C, O / groups, KD, KH, KW); arguments and output as for `conv_transpose2d`."""
    settings = (stride, padding, output_padding, groups, dilation)
    return _transpose("conv_transpose3d", 3, input, weight, bias, *settings)


def _transpose(
    op: str, spatial: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any,
    padding: Any, output_padding: Any, groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    s, p = numbers(stride, spatial, "stride", op), numbers(padding, spatial, "padding", op)
    extra = numbers(output_padding, spatial, "output_padding", op)
    d = numbers(dilation, spatial, "dilation", op)
    positive(op, stride=s, dilation=d, groups=(groups,))
    check_layer(op, spatial, input, weight, bias)
    x, single = batched(input, spatial, op)
    if x.shape[1] != weight.shape[0] or weight.shape[0] % groups:
        raise ShapeError(
            f"{op}: the input has {x.shape[1]} channels (shape {input.shape}); weight "
            f"{weight.shape} takes {weight.shape[0]}, which must divide into groups={groups}"
        )
    channels = weight.shape[1] * groups
    check_bias(op, bias, channels)
    if min(p) < 0 or min(extra) < 0:
        raise ArgumentError(f"{op}: padding {p} and output_padding {extra} must not be negative")
    if any([e >= max(one, other) for e, one, other in zip(extra, s, d, strict=True)]):
        raise ArgumentError(
            f"{op}: output_padding {extra} must be smaller than stride {s} or dilation {d}"
        )
    sizes = [
        (n - 1) * s - 2 * p + span(k, d) + e
        for n, k, s, p, d, e in zip(x.shape[2:], weight.shape[2:], s, p, d, extra, strict=True)
    ]
    if min(sizes) < 1:
        raise ShapeError(
            f"{op}: the output would have sizes {tuple(sizes)} (input {input.shape}, weight "
            f"{weight.shape}, padding {p}): use a smaller padding"
        )
    out = run(
        "input_grad", x, weight, bias, out_shape=(x.shape[0], channels, *sizes),
        stride=s, padding=p, dilation=d, groups=groups,
    )  # fmt: skip
    return unbatched(out, single)
