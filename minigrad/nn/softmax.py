"""Softmax and its kin: numbers along one dimension become probabilities, or their logarithms.

Without `dim` one is chosen, with a warning, as PyTorch once did: give it.
"""

from __future__ import annotations

from ..errors import ShapeError
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class _OverOneDimension(Module):
    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_OverOneDimension):
    """``exp(x) / sum(exp(x))`` over `dim`: probabilities.

    `CrossEntropyLoss` takes logits: no Softmax belongs before it.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


class LogSoftmax(_OverOneDimension):
    """The logarithm of `Softmax`, for `NLLLoss`; exact where a probability would be 0."""

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)


class Softmin(_OverOneDimension):
    """The `Softmax` of ``-x``: the smallest number gets the largest probability."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """The `Softmax` over the channels of each pixel: (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ShapeError(
                f"Softmax2d takes (N, C, H, W) or (C, H, W), got the shape {input.shape}; "
                "Softmax(dim) serves others"
            )
        return F.softmax(input, -3)
