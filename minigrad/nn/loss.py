"""Losses as modules. Letters: N batch, C classes.

Each takes (prediction, target) and `reduction`: ``"mean"`` (the default), ``"sum"`` or ``"none"``.
Settings are keywords: PyTorch's second and third positions hold retired arguments.
"""

from __future__ import annotations

from ..errors import ArgumentError
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "L1Loss", "MSELoss", "NLLLoss"]


class Loss(Module):
    """The base of the losses: checks `reduction` where the loss is made."""

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(self, *, reduction: str = "mean") -> None:
        if reduction not in ("mean", "sum", "none"):
            raise ArgumentError(
                f"{type(self).__name__}: reduction={reduction!r} must be 'mean', 'sum' or 'none'"
            )
        self.reduction = reduction


class CrossEntropyLoss(Loss):
    """``-log softmax(logits)[target]``, averaged; softmax is inside, so give logits.

    Args:
        weight: (C,), how much each class counts.
        ignore_index: targets with this number count nothing.
        label_smoothing: how much of each target is spread evenly over the classes.

    Shapes: logits (N, C) or (N, C, d1, ...); class numbers (N,) or (N, d1, ...), or probabilities
        of the logits' shape.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(Loss):
    """``-log_p[target]``, averaged, of log-probabilities (N, C), such as from `LogSoftmax`."""

    def __init__(
        self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class MSELoss(Loss):
    """The squared error ``(input - target) ** 2``, averaged over all elements."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """The absolute error ``|input - target|``, averaged over all elements."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class BCELoss(Loss):
    """The cross-entropy of probabilities and targets in [0, 1]; `weight` scales each element."""

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """`BCELoss` of ``sigmoid(input)``, exact for large logits; `pos_weight` scales positives."""

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )
