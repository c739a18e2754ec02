"""Dropout: noise against overfitting."""

from __future__ import annotations

from ..errors import ArgumentError
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, zeroes each element with probability `p` and scales the rest by ``1/(1 - p)``.

    After ``eval()`` it returns its input. (Srivastava et al. 2014.)
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0.0 <= p <= 1.0:
            raise ArgumentError(f"Dropout: p={p} must be a probability in [0, 1]")
        if inplace:
            raise ArgumentError("Dropout: inplace=True is not offered")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
