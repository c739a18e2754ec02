"""Losses that ask for a margin, as modules. Letters: N batch, C classes, M features.

`reduction` is ``"mean"`` (the default), ``"sum"`` or ``"none"``; `size_average` and `reduce` are
its retired forms, in PyTorch's positions.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from . import functional as F
from .distance import PairwiseDistance
from .loss import Loss, WeightedLoss

__all__ = [
    "CosineEmbeddingLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiMarginLoss", "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
]  # fmt: skip


class SoftMarginLoss(Loss):
    """``log(1 + exp(-target * input))`` of targets 1 and -1."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    """A distance where the target is 1; what it lacks to `margin` where the target is -1."""

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class _PairLoss(Loss):
    """What the losses of two inputs share: a `margin` of 0 unless given."""

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class MarginRankingLoss(_PairLoss):
    """``max(0, -target (input1 - input2) + margin)``: `target` says which (1, -1) ranks higher."""

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_PairLoss):
    """``1 - cos`` of the inputs where the target is 1, ``max(0, cos - margin)`` where it is -1.

    Shapes: inputs (N, M) and target (N,), or (M,) and ().
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(
            input1, input2, target, self.margin, reduction=self.reduction
        )


# Class numbers -------------------------------------------------------------------------------


class MultiLabelMarginLoss(Loss):
    """The sum of ``max(0, 1 - (x[y] - x[i]))`` over right classes y and wrong ones i, over C.

    The target lists the right classes of each row, and -1 after the last.

    Shapes: both (N, C) or (C,).
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(WeightedLoss):
    """The sum of ``max(0, margin - x[y] + x[i])^p`` over the wrong classes i, times w[y], over C.

    Args:
        p: 1 or 2.
        margin: by how much the right class y shall lead.
        weight: (C,), the w of the formula.

    Shapes: input (N, C) or (C,), target (N,) or ().
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ArgumentError(f"MultiMarginLoss: p={p} must be 1 or 2")
        if weight is not None and weight.ndim != 1:
            raise ShapeError(f"MultiMarginLoss: weight must be (C,), got shape {weight.shape}")
        self.p, self.margin = p, margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, self.p, self.margin, self.weight, reduction=self.reduction
        )


# Triplets ------------------------------------------------------------------------------------


def _check_margin(margin: float, loss: Loss) -> None:
    if margin <= 0:
        raise ArgumentError(f"{type(loss).__name__}: margin={margin} must be positive")


class TripletMarginLoss(Loss):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` of p-norm distances d.

    It is called with (anchor, positive, negative). (Balntas et al. 2016.)

    Args:
        margin: by how much the negative shall be farther.
        p, eps: as in `PairwiseDistance`.
        swap: whether ``d(positive, negative)`` stands in where it is smaller.

    Shapes: all (N, M) or (M,).
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        _check_margin(margin, self)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap,
            reduction=self.reduction,
        )  # fmt: skip


class TripletMarginWithDistanceLoss(Loss):
    """`TripletMarginLoss` with a distance of one's own.

    Args:
        distance_function: of two tensors; a module becomes part of the loss. `PairwiseDistance`
            if there is none.
        margin, swap: as in `TripletMarginLoss`.
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        _check_margin(margin, self)
        self.distance_function = (
            PairwiseDistance() if distance_function is None else distance_function
        )
        self.margin, self.swap = margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function,
            margin=self.margin, swap=self.swap, reduction=self.reduction,
        )  # fmt: skip
