"""Smooth activations, as in `ops/smooth_activations.py`. Each acts on every element alone."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .activation import Activation, InplaceActivation
from .module import Module

__all__ = [
    "GELU", "GLU", "LogSigmoid", "Mish", "SiLU", "Sigmoid", "Softplus", "Softsign", "Tanh",
    "Tanhshrink",
]  # fmt: skip


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``, from 0 to 1."""

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """``log(1 / (1 + exp(-x)))``, exact for large negative x."""

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent, from -1 to 1."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Tanhshrink(Module):
    """``x - tanh(x)``."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softsign(Module):
    """``x / (1 + |x|)``, from -1 to 1."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Softplus(Activation):
    """``log(1 + exp(beta * x)) / beta``; ``x`` itself where ``beta * x > threshold``."""

    _shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


# x times something that rises from 0 to 1 ----------------------------------------------------


class SiLU(InplaceActivation):
    """``x * sigmoid(x)``, also called swish; with `inplace` written into the input."""

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(InplaceActivation):
    """``x * tanh(softplus(x))`` (Misra 2019); with `inplace` written into the input."""

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class GELU(Module):
    """``x * P(N <= x)`` of a normal N (Hendrycks and Gimpel 2016); or its ``"tanh"`` formula."""

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(Activation):
    """``a * sigmoid(b)`` of the two halves of the input along `dim` (Dauphin et al. 2016).

    Shapes: input (..., 2 M, ...), output (..., M, ...).
    """

    _shown = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)
