"""Layers that resize sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from ..ops.conv import Sizes
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]

Factors = float | tuple[float, ...]


class Upsample(Module):
    """The input (N, C, ...) resized to `size`, or by `scale_factor`.

    Args:
        size: of the output, one number or one a dimension; or
        scale_factor: how many times the input's size it is.
        mode: "nearest", "nearest-exact", "area", "linear" (of sequences), "bilinear" and "bicubic"
            (images) or "trilinear" (volumes).
        align_corners: the centres of the corner elements stay where they are, and not the corners
            of the whole.
        recompute_scale_factor: the scale is worked out anew from the rounded sizes.

    Shapes: input (N, C, L), (N, C, H, W) or (N, C, D, H, W).

    Raises:
        ArgumentError: a mode that is none, or not for the input's dimensions; both or neither of
            `size` and `scale_factor`.
    """

    def __init__(
        self,
        size: Sizes | None = None,
        scale_factor: Factors | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        self.name, self.size, self.mode = type(self).__name__, size, mode
        self.scale_factor: Any = None
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple([float(factor) for factor in scale_factor])
        elif scale_factor:
            self.scale_factor = float(scale_factor)
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...), resized."""
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        size, factor = self.size, self.scale_factor
        which = f"size={size!r}" if factor is None else f"scale_factor={factor!r}"
        return f"{which}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample` of images with mode "nearest"."""

    def __init__(self, size: Sizes | None = None, scale_factor: Factors | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample` of images with mode "bilinear" and aligned corners."""

    def __init__(self, size: Sizes | None = None, scale_factor: Factors | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
