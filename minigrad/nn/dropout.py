"""Dropout layers: noise against overfitting. Letters: N batch, C channels, (D) H W image."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from ..errors import ArgumentError
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class Noise(Module):
    """The body of all dropouts: after ``eval()`` they return their input."""

    function: ClassVar[Callable[..., Tensor]]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0.0 <= p <= 1.0:
            raise ArgumentError(f"{type(self).__name__}: p={p} must be a probability in [0, 1]")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return self.function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(Noise):
    """In training, zeroes each element with probability `p` and scales the rest by ``1/(1 - p)``.

    After ``eval()`` it returns its input. (Srivastava et al. 2014.)

    Args:
        p: the probability.
        inplace: write the result into the input.

    Raises:
        ArgumentError: `p` is not in [0, 1].
    """

    function = staticmethod(F.dropout)


class Dropout1d(Noise):
    """`Dropout` of whole channels of sequences, (N, C, L) or (C, L)."""

    function = staticmethod(F.dropout1d)


class Dropout2d(Noise):
    """`Dropout` of whole channels of images, (N, C, H, W). (Tompson et al. 2015.)

    An input of three dimensions is (N, C, L), as in PyTorch.
    """

    function = staticmethod(F.dropout2d)


class Dropout3d(Noise):
    """`Dropout` of whole channels of volumes, (N, C, D, H, W) or (C, D, H, W)."""

    function = staticmethod(F.dropout3d)


class AlphaDropout(Noise):
    """`Dropout` for `SELU`: elements set to its floor, all then scaled and shifted to keep mean 0
    and variance 1. (Klambauer, Unterthiner, Mayr, Hochreiter 2017.)

    `inplace` changes nothing, as in PyTorch.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(Noise):
    """`AlphaDropout` of whole channels of (N, C, ...)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
