"""Pooling layers: each window of a sequence, image or volume becomes one number.

Letters: N batch, C channels, (D) H W image, O output. The layers of sequences take (N, C, L) or
(C, L), those of volumes (N, C, D, H, W) or (C, D, H, W), and are documented under those of images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..ops.conv import Sizes
from ..ops.layer_arguments import numbers
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class MaxPool(Module):
    """The body of `MaxPool1d`, `MaxPool2d` and `MaxPool3d`."""

    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        """(N, C, H, W) -> (N, C, OH, OW), or that and the places."""
        return self.function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(MaxPool):
    """`MaxPool2d` of sequences."""

    function = staticmethod(F.max_pool1d)


class MaxPool2d(MaxPool):
    """The maximum of each window.

    Args:
        kernel_size: (KH, KW) of a window, or one number for both, as in the others.
        stride: pixels from one window to the next; `kernel_size` if None.
        padding: how far windows may hang over each side; never the maximum.
        dilation: pixels from one element of a window to the next.
        return_indices: return also the chosen places, ``h * W + w``, for `MaxUnpool2d`.
        ceil_mode: also windows that hang over the end.

    Shapes: input (N, C, H, W) or (C, H, W); output (N, C, OH, OW) with
        ``OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1``.
    """

    function = staticmethod(F.max_pool2d)


class MaxPool3d(MaxPool):
    """`MaxPool2d` of volumes."""

    function = staticmethod(F.max_pool3d)


class AveragePool(Module):
    """What the average poolings share."""

    kernel_size: Any
    stride: Any
    padding: Any

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(AveragePool):
    """`AvgPool2d` of sequences, without `divisor_override`."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size = numbers(kernel_size, 1, "kernel_size", "AvgPool1d")
        step = kernel_size if stride is None else stride
        self.stride = numbers(step, 1, "stride", "AvgPool1d")
        self.padding = numbers(padding, 1, "padding", "AvgPool1d")
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, L) -> (N, C, OL)."""
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class AveragePoolWithDivisor(AveragePool):
    """The body of `AvgPool2d` and `AvgPool3d`."""

    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, OH, OW)."""
        return self.function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(AveragePoolWithDivisor):
    """The mean of each window.

    Args:
        kernel_size, stride, padding, ceil_mode: as for `MaxPool2d`; padding counts as zeros.
        count_include_pad: whether the padding counts in the divisor.
        divisor_override: what to divide by instead.

    Shapes: input (N, C, H, W) or (C, H, W); output as for `MaxPool2d`.
    """

    function = staticmethod(F.avg_pool2d)


class AvgPool3d(AveragePoolWithDivisor):
    """`AvgPool2d` of volumes."""

    function = staticmethod(F.avg_pool3d)


class LPPool(Module):
    """The body of `LPPool1d`, `LPPool2d` and `LPPool3d`."""

    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        norm_type: float,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        ceil_mode: bool = False,
    ) -> None:
        self.norm_type, self.kernel_size = norm_type, kernel_size
        self.stride, self.ceil_mode = stride, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, OH, OW)."""
        return self.function(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(LPPool):
    """`LPPool2d` of sequences."""

    function = staticmethod(F.lp_pool1d)


class LPPool2d(LPPool):
    """``sum(x ** p) ** (1 / p)`` of each window: p = 1 sums it, p = inf takes its maximum.

    Args:
        norm_type: p.
        kernel_size, stride, ceil_mode: as for `MaxPool2d`.

    Shapes: input (N, C, H, W) or (C, H, W); output as for `MaxPool2d`.
    """

    function = staticmethod(F.lp_pool2d)


class LPPool3d(LPPool):
    """`LPPool2d` of volumes."""

    function = staticmethod(F.lp_pool3d)


class MaxUnpool(Module):
    """The body of `MaxUnpool1d`, `MaxUnpool2d` and `MaxUnpool3d`."""

    spatial: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        layer, D = type(self).__name__, self.spatial
        self.kernel_size = numbers(kernel_size, D, "kernel_size", layer)
        self.stride = numbers(kernel_size if stride is None else stride, D, "stride", layer)
        self.padding = numbers(padding, D, "padding", layer)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """(N, C, H, W) and the places that pooling returned -> (N, C, OH, OW)."""
        settings = (self.kernel_size, self.stride, self.padding)
        return self.function(input, indices, *settings, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(MaxUnpool):
    """`MaxUnpool2d` of sequences."""

    spatial = 1
    function = staticmethod(F.max_unpool1d)


class MaxUnpool2d(MaxUnpool):
    """The partial inverse of `MaxPool2d`: zeros but for the maxima, at their places.

    Args:
        kernel_size, stride, padding: of the pooling.

    Shapes: input and indices (N, C, H, W) or (C, H, W), what the pooling returned; output
        (N, C, OH, OW) with ``OH = (H - 1) stride - 2 padding + KH``, or as `output_size` of the
        call says: several sizes pool to the same one.
    """

    spatial = 2
    function = staticmethod(F.max_unpool2d)


class MaxUnpool3d(MaxUnpool):
    """`MaxUnpool2d` of volumes."""

    spatial = 3
    function = staticmethod(F.max_unpool3d)
