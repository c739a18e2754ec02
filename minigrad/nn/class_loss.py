"""Losses of classes as modules. Letters: N batch, C classes, T time, S labels.

All but `CTCLoss` take (prediction, target); `reduction` is ``"mean"`` (the default), ``"sum"`` or
``"none"``. `size_average` and `reduce` are its retired forms, in PyTorch's positions.
"""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from . import functional as F
from .linear import Linear
from .loss import Loss, WeightedLoss

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CrossEntropyLoss", "LinearCrossEntropyLoss",
    "MultiLabelSoftMarginLoss", "NLLLoss",
]  # fmt: skip


class _LabelLoss(WeightedLoss):
    """What the losses of class numbers share: `ignore_index`."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index


class NLLLoss(_LabelLoss):
    """``-log_p[target]``, averaged, of log-probabilities such as from `LogSoftmax`.

    Args:
        weight: (C,), how much each class counts; the mean is over the weights.
        ignore_index: targets with this number count nothing.

    Shapes: log-probabilities (N, C), (C,) or (N, C, d1, ...); class numbers (N,), () or
        (N, d1, ...).
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class CrossEntropyLoss(_LabelLoss):
    """``-log softmax(logits)[target]``, averaged; softmax is inside, so give logits.

    Args:
        weight: (C,), how much each class counts.
        ignore_index: targets with this number count nothing.
        label_smoothing: how much of each target is spread evenly over the classes.

    Shapes: logits (N, C), (C,) or (N, C, d1, ...); class numbers of that shape without C, or
        probabilities of the logits' shape.

    Example:
        >>> CrossEntropyLoss()(mg.zeros(5, 10), mg.arange(5))
        tensor(2.3026)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, ignore_index, reduce, reduction)
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class LinearCrossEntropyLoss(WeightedLoss):
    """`CrossEntropyLoss` of the logits of a `Linear` that the loss holds as `linear`.

    Args:
        in_features, num_classes: the sizes of that layer.
        out_features: d1, ...: further dimensions of the logits; the layer has C d1 ... outputs.
        bias: whether the layer has a bias.
        weight, reduction, label_smoothing: as in `CrossEntropyLoss`.
        ignore_index: as there; None is -100.
        options: must be None; PyTorch's say how it computes in chunks.

    Shapes: input (N, in_features) or, without `out_features`, (in_features,); target (N, d1, ...)
        of class numbers or (N, C, d1, ...) of probabilities.
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: None = None,
    ) -> None:
        name = type(self).__name__
        if weight is not None and weight.shape != (num_classes,):
            raise ShapeError(f"{name}: weight is {weight.shape}, it must be ({num_classes},)")
        if not 0.0 <= label_smoothing <= 1.0:
            raise ArgumentError(f"{name}: label_smoothing={label_smoothing} must be in [0, 1]")
        if options is not None:
            raise ArgumentError(f"{name}: options must be None: nothing is computed in chunks here")
        super().__init__(weight, reduction=reduction)
        self.num_classes, self.out_features = num_classes, out_features
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        outputs = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, outputs, bias=bias, device=device, dtype=dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        shape, bias = (self.num_classes, *self.out_features), self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*shape, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )

    def extra_repr(self) -> str:
        settings = {
            "in_features": self.linear.in_features,
            "num_classes": self.num_classes,
            "out_features": self.out_features,
            "bias": self.linear.bias is not None,
            "reduction": self.reduction,
            "ignore_index": self.ignore_index,
            "label_smoothing": self.label_smoothing,
            "options": self.options,
        }
        return ", ".join([f"{name}={value}" for name, value in settings.items()])


# Yes and no ----------------------------------------------------------------------------------


class BCELoss(WeightedLoss):
    """The cross-entropy of probabilities and targets in [0, 1]; `weight` scales each element.

    Shapes: both alike; `weight` broadcasts against them.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(WeightedLoss):
    """`BCELoss` of ``sigmoid(input)``, exact for large logits; `pos_weight` scales positives.

    Shapes: both alike; `weight` and `pos_weight` broadcast against them.
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class MultiLabelSoftMarginLoss(WeightedLoss):
    """`BCEWithLogitsLoss` averaged over the classes of each row first; `weight` is (C,).

    Shapes: logits and targets (N, C) or (C,).
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


# Sequences -----------------------------------------------------------------------------------


class CTCLoss(Loss):
    """The negative log-likelihood of labels without an alignment (Graves et al. 2006).

    It is called with (log_probs, targets, input_lengths, target_lengths).

    Args:
        blank: the number of the class that means no label.
        reduction: ``"mean"`` divides each loss by its number of labels first.
        zero_infinity: losses of inputs too short for their labels, and their gradients, are 0.

    Shapes: log_probs (T, N, C) or (T, C), from `LogSoftmax`; targets (N, S), or all one after the
        other; lengths (N,).
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction,
            self.zero_infinity,
        )  # fmt: skip
