"""Pooling layers that are told the output's size: adaptive, and fractional at random steps.

Letters: N batch, C channels, (D) H W image, O output. The layers of sequences take (N, C, L) or
(C, L), those of volumes (N, C, D, H, W) or (C, D, H, W).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import ArgumentError
from ..ops.conv import Sizes
from ..ops.layer_arguments import numbers, positive
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
]

OptionalSizes = int | None | tuple[int | None, ...]


class AdaptivePool(Module):
    """What adaptive poolings share."""

    output_size: OptionalSizes
    function: ClassVar[Callable[..., Any]]

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool(AdaptivePool):
    """The body of `AdaptiveAvgPool1d`, `AdaptiveAvgPool2d` and `AdaptiveAvgPool3d`."""

    def __init__(self, output_size: OptionalSizes) -> None:
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, *output_size)."""
        return self.function(input, self.output_size)


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """`AdaptiveAvgPool2d` of sequences."""

    function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """The means of windows that divide the image evenly into an output of `output_size`.

    Output i is the mean of rows ``floor(i H / OH)`` up to ``ceil((i + 1) H / OH)``.

    Args:
        output_size: (OH, OW), or one number for both; None keeps the input's size.

    Shapes: input (N, C, H, W) or (C, H, W); output (N, C, OH, OW).
    """

    function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """`AdaptiveAvgPool2d` of volumes."""

    function = staticmethod(F.adaptive_avg_pool3d)


class AdaptiveMaxPool(AdaptivePool):
    """The body of `AdaptiveMaxPool1d`, `AdaptiveMaxPool2d` and `AdaptiveMaxPool3d`."""

    def __init__(self, output_size: OptionalSizes, return_indices: bool = False) -> None:
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Any:
        """(N, C, H, W) -> (N, C, *output_size), or that and the places."""
        return self.function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """`AdaptiveMaxPool2d` of sequences."""

    function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """The maxima of the windows of `AdaptiveAvgPool2d`.

    Args:
        output_size: (OH, OW), or one number for both; None keeps the input's size.
        return_indices: return also the chosen places, ``h * W + w``.
    """

    function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """`AdaptiveMaxPool2d` of volumes."""

    function = staticmethod(F.adaptive_max_pool3d)


class FractionalMaxPool(Module):
    """The body of `FractionalMaxPool2d` and `FractionalMaxPool3d`."""

    _random_samples: Tensor | None
    spatial: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        kernel_size: Sizes,
        output_size: Sizes | None = None,
        output_ratio: float | tuple[float, ...] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        layer, D = type(self).__name__, self.spatial
        if (output_size is None) == (output_ratio is None):
            raise ArgumentError(f"{layer}: give one of output_size and output_ratio")
        self.kernel_size = numbers(kernel_size, D, "kernel_size", layer, spread=False)
        positive(layer, kernel_size=self.kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size, self.output_ratio = None, None
        if output_size is not None:
            self.output_size = numbers(output_size, D, "output_size", layer, spread=False)
        if output_ratio is not None:
            several = isinstance(output_ratio, (tuple, list))
            ratios: Any = tuple(output_ratio) if several else (output_ratio,) * D  # type: ignore[arg-type]
            if len(ratios) != D or not all([0 < ratio < 1 for ratio in ratios]):
                raise ArgumentError(
                    f"{layer}: output_ratio={output_ratio} must be between 0 and 1, one or {D}"
                )
            self.output_ratio = ratios

    def forward(self, input: Tensor) -> Any:
        """(N, C, H, W) -> (N, C, OH, OW), or that and the places."""
        return self.function(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            self._random_samples,
        )


class FractionalMaxPool2d(FractionalMaxPool):
    """The maxima of windows at random steps, for any ratio of sizes; also after ``eval()``.

    (Graham 2014.)

    Args:
        kernel_size: (KH, KW) of a window, or one number for both, as in the others.
        output_size: (OH, OW), or
        output_ratio: in (0, 1), of the input's sizes.
        return_indices: return also the chosen places, ``h * W + w``, for `MaxUnpool2d`.
        _random_samples: (N, C, 2) in [0, 1), where the windows begin, instead of random numbers.

    Shapes: input (N, C, H, W) or (C, H, W); output (N, C, OH, OW).

    Raises:
        ArgumentError: both or neither of `output_size` and `output_ratio`, or out of their range.
        ShapeError: the windows do not fit the input.
    """

    spatial = 2
    function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(FractionalMaxPool):
    """`FractionalMaxPool2d` of volumes; `_random_samples` are (N, C, 3)."""

    spatial = 3
    function = staticmethod(F.fractional_max_pool3d)
