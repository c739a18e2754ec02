"""Layers that put a border around sequences, images and volumes.

Letters: N batch, C channels, (D) H W image. `padding` is one width for every side, or (before,
after) of the last dimension, then of the one before it, and so on; negative widths cut. Those of
sequences take (N, C, L) or (C, L), of images (N, C, H, W) or (C, H, W), of volumes
(N, C, D, H, W) or (C, D, H, W).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..errors import ShapeError
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

Widths = int | Sequence[int]


class Border(Module):
    """What all of these share."""

    mode: ClassVar[str]
    spatial: ClassVar[int]

    def __init__(self, padding: Widths) -> None:
        one = not isinstance(padding, Sequence)
        self.padding: Any = (padding,) * (2 * self.spatial) if one else tuple(padding)  # type: ignore[arg-type]

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantBorder(Border):
    """The body of `ConstantPad1d`, `ConstantPad2d` and `ConstantPad3d`."""

    def __init__(self, padding: Widths, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ZeroBorder(ConstantBorder):
    """The body of `ZeroPad1d`, `ZeroPad2d` and `ZeroPad3d`."""

    def __init__(self, padding: Widths) -> None:
        super().__init__(padding, 0.0)

    extra_repr = Border.extra_repr


class ReflectionBorder(Border):
    """The body of `ReflectionPad1d`, `ReflectionPad2d` and `ReflectionPad3d`."""

    mode = "reflect"


class ReplicationBorder(Border):
    """The body of `ReplicationPad1d`, `ReplicationPad2d` and `ReplicationPad3d`."""

    mode = "replicate"


class CircularBorder(Border):
    """The body of `CircularPad1d`, `CircularPad2d` and `CircularPad3d`."""

    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self.spatial + 1, self.spatial + 2):
            raise ShapeError(
                f"{type(self).__name__} takes inputs of {self.spatial + 1} or {self.spatial + 2} "
                f"dimensions, got the shape {input.shape}"
            )
        return super().forward(input)


class ConstantPad1d(ConstantBorder):
    """A border of `value` around sequences."""

    spatial = 1


class ConstantPad2d(ConstantBorder):
    """A border of `value` around images."""

    spatial = 2


class ConstantPad3d(ConstantBorder):
    """A border of `value` around volumes."""

    spatial = 3


class ZeroPad1d(ZeroBorder):
    """A border of zeros around sequences."""

    spatial = 1


class ZeroPad2d(ZeroBorder):
    """A border of zeros around images."""

    spatial = 2


class ZeroPad3d(ZeroBorder):
    """A border of zeros around volumes."""

    spatial = 3


class ReflectionPad1d(ReflectionBorder):
    """Sequences with a border in which they are mirrored, without the edge itself."""

    spatial = 1


class ReflectionPad2d(ReflectionBorder):
    """Images with a border in which they are mirrored, without the edge itself."""

    spatial = 2


class ReflectionPad3d(ReflectionBorder):
    """Volumes with a border in which they are mirrored, without the edge itself."""

    spatial = 3


class ReplicationPad1d(ReplicationBorder):
    """Sequences with a border in which their edge is repeated."""

    spatial = 1


class ReplicationPad2d(ReplicationBorder):
    """Images with a border in which their edge is repeated."""

    spatial = 2


class ReplicationPad3d(ReplicationBorder):
    """Volumes with a border in which their edge is repeated."""

    spatial = 3


class CircularPad1d(CircularBorder):
    """Sequences with a border from their other side, as if they went around."""

    spatial = 1


class CircularPad2d(CircularBorder):
    """Images with a border from their other side, as if they went around."""

    spatial = 2


class CircularPad3d(CircularBorder):
    """Volumes with a border from their other side, as if they went around."""

    spatial = 3
