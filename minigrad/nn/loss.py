"""What the losses share: how they end. Losses: `class_loss`, `regression_loss`, `margin_loss`."""

from __future__ import annotations

from typing import ClassVar

from ..ops.loss_reduction import REDUCTIONS, reduction_of
from ..tensor import Tensor
from .module import Module

__all__: list[str] = []


class Loss(Module):
    """The base of the losses: `reduction`, checked where the loss is made.

    Args:
        size_average, reduce: retired, and still in PyTorch's positions; with a warning they choose
            the reduction, as in PyTorch.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ArgumentError: another reduction.
    """

    _reductions: ClassVar[tuple[str, ...]] = REDUCTIONS

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        name = type(self).__name__
        self.reduction = reduction_of(name, reduction, size_average, reduce, self._reductions)


class WeightedLoss(Loss):
    """A loss with a `weight`, which is a buffer: it moves with the loss, and is saved."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
