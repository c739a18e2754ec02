"""Losses of numbers and of distributions as modules. `d` is prediction minus target.

Each takes (prediction, target), of one shape; `reduction` is ``"mean"`` (the default), ``"sum"`` or
``"none"``. `size_average` and `reduce` are its retired forms, in PyTorch's positions.
"""

from __future__ import annotations

from typing import ClassVar

from ..errors import DTypeError
from ..ops.loss_reduction import REDUCTIONS
from ..tensor import Tensor
from . import functional as F
from .loss import Loss

__all__ = [
    "GaussianNLLLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "PoissonNLLLoss",
    "SmoothL1Loss",
]  # fmt: skip


class MSELoss(Loss):
    """The squared error ``d²``, averaged over all elements."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """The absolute error ``|d|``, averaged over all elements."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class HuberLoss(Loss):
    """``d² / 2`` where ``|d| <= delta``, else ``delta (|d| - delta / 2)`` (Huber 1964)."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, float | int):
            raise DTypeError(f"HuberLoss: delta must be a number, got {type(delta).__name__}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(Loss):
    """``d² / (2 beta)`` where ``|d| < beta``, else ``|d| - beta / 2`` (Girshick 2015)."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


# Distributions -------------------------------------------------------------------------------


class KLDivLoss(Loss):
    """The Kullback-Leibler divergence ``target (log target - input)`` of log-probabilities `input`.

    Args:
        reduction: ``"batchmean"`` divides the sum by the batch's size, as the definition has it;
            ``"mean"`` divides by the number of elements.
        log_target: whether the targets are logarithms too.
    """

    _reductions: ClassVar[tuple[str, ...]] = (*REDUCTIONS, "batchmean")

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts under Poisson rates.

    ``exp(input) - target * input`` of logarithms of rates (`log_input`), or else
    ``input - target * log(input + eps)``; with `full` plus Stirling's ``log(target!)``.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(Loss):
    """The negative log-likelihood of targets under normals: ``(log(var) + d² / var) / 2``.

    It is called with (mean, target, var). (Nix and Weigend 1994.)

    Args:
        full: add the constant ``log(2 pi) / 2``.
        eps: smaller variances are lifted to this.

    Shapes: mean and target alike; var too, or with 1 for one size, or without the last, or a float.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
