"""Transposed convolution layers: each input pixel adds its multiple of a filter to the output.

Letters: N batch, C channels, (D) H W image, O output channels, K kernel sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..errors import ArgumentError
from ..ir import Shape
from ..ops.conv import Sizes
from ..ops.layer_arguments import span
from ..tensor import Tensor
from . import functional as F
from .conv import ConvNd

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class TransposedConvolution(ConvNd):
    """The body of `ConvTranspose1d`, `ConvTranspose2d` and `ConvTranspose3d`."""

    function: ClassVar[Callable[..., Tensor]]
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self._set(
            in_channels, out_channels, kernel_size, groups, bias, padding_mode, device, dtype,
            stride=stride, padding=padding, dilation=dilation, output_padding=output_padding,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(N, C, H, W) -> (N, O, OH, OW), or one image (C, H, W) -> (O, OH, OW).

        `output_size` is (OH, OW), with or without (N, O): which of the `stride` sizes that a
        convolution would have shrunk to the input's; it takes the place of `output_padding`.
        """
        self._check(input.shape)
        extra = self.output_padding
        if output_size is not None:
            extra = self._padding_for(tuple(output_size), input.shape)
        return self.function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups,
            self.dilation,
        )  # fmt: skip

    def _padding_for(self, wanted: Shape, shape: Shape) -> Shape:
        """The `output_padding` that makes the output `wanted`."""
        layer, D = type(self).__name__, self.spatial
        if len(wanted) == len(shape):
            wanted = wanted[-D:]
        if len(wanted) != D:
            raise ArgumentError(
                f"{layer}: output_size={wanted} must have {D} or {len(shape)} sizes for the input "
                f"shape {shape}"
            )
        settings = zip(
            shape[-D:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True
        )
        least = tuple([(n - 1) * s - 2 * p + span(k, d) for n, k, s, p, d in settings])  # type: ignore[operator]
        most = tuple([n + s - 1 for n, s in zip(least, self.stride, strict=True)])
        if any([not a <= n <= b for a, n, b in zip(least, wanted, most, strict=True)]):
            raise ArgumentError(
                f"{layer}: output_size={wanted} must be from {least} to {most} for the input shape "
                f"{shape}"
            )
        return tuple([n - a for n, a in zip(wanted, least, strict=True)])


class ConvTranspose1d(TransposedConvolution):
    """`ConvTranspose2d` of sequences: input (N, C, L) or (C, L), `weight` (C, O / groups, K)."""

    spatial = 1
    function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(TransposedConvolution):
    """Each input pixel adds its multiple of the filter to the output: the adjoint of `Conv2d`.

    ``y[n, o, s i + d k - p, ...] = bias[o]``, to which every input pixel adds
    ``w[c, o, k, l] x[n, c, i, j]``. (Zeiler, Krishnan, Taylor, Fergus 2010.)

    Args:
        in_channels, out_channels: C and O.
        kernel_size: (KH, KW), or one number for both, as in the next three and `dilation`.
        stride: output pixels from one input pixel to the next, s.
        padding: how much is cut from each side of the output, p.
        output_padding: how much is added at its end; less than stride or dilation.
        groups: into how many groups the channels are split.
        bias: whether a number is added to each output channel.
        dilation: pixels from one tap of the filter to the next, d.
        padding_mode: only ``"zeros"``.

    Shapes: input (N, C, H, W) or (C, H, W); output (N, O, OH, OW) with
        ``OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1``; `weight`
        (C, O / groups, KH, KW) and `bias` (O,), uniform within ``1 / sqrt(O KH KW / groups)``.

    Raises:
        ArgumentError: a setting out of its range.
        ShapeError: the input has other channels.

    Example:
        >>> ConvTranspose2d(32, 1, 3, stride=2)(mg.zeros(8, 32, 13, 13), output_size=(28, 28)).shape
        (8, 1, 28, 28)
    """

    spatial = 2
    function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(TransposedConvolution):
    """`ConvTranspose2d` of volumes: input (N, C, D, H, W) or (C, D, H, W), `weight`
    (C, O / groups, KD, KH, KW)."""

    spatial = 3
    function = staticmethod(F.conv_transpose3d)
