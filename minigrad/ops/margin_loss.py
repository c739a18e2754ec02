"""Losses that ask for a margin. Letters: N batch, C classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import CATEGORY, INT, int64
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..tensor import Tensor, apply
from .choice import clamp_min, minimum, where
from .creation import arange
from .distance import pairwise_distance
from .elementwise import sqrt, square
from .gather import gather
from .loss_reduction import one_shape, reduced, reduction_of
from .operands import as_tensor_operand, need_float
from .reduce import any_
from .shape import cast, reshape, unsqueeze
from .smooth_activations import LOGSIGMOID

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "soft_margin_loss",
    "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """A distance where the target is 1; what it lacks to `margin` where the target is -1."""
    op = "hinge_embedding_loss"
    x, t = as_tensor_operand(input, op), as_tensor_operand(target, op)
    reduction = reduction_of(op, reduction, size_average, reduce)
    lacking = clamp_min(margin - x, 0)
    return reduced(where(t != 1, lacking, 0) + where(t != -1, x, 0), reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -target (input1 - input2) + margin)``: `target` says which (1, -1) ranks higher."""
    op = "margin_ranking_loss"
    x, y, t = [as_tensor_operand(z, op) for z in (input1, input2, target)]
    reduction = reduction_of(op, reduction, size_average, reduce)
    if not x.ndim == y.ndim == t.ndim:
        raise ShapeError(
            f"{op}: the inputs {x.shape}, {y.shape} and the target {t.shape} must have as many "
            "dimensions"
        )
    return reduced(clamp_min(-t * (x - y) + margin, 0), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` of the inputs where the target is 1, ``max(0, cos - margin)`` where it is -1.

    Shapes: inputs (N, M) and target (N,), or (M,) and ().
    """
    op = "cosine_embedding_loss"
    x, y, t = [as_tensor_operand(z, op) for z in (input1, input2, target)]
    reduction = reduction_of(op, reduction, size_average, reduce)
    if t.ndim > 1 or x.ndim != t.ndim + 1 or y.ndim != t.ndim + 1:
        raise ShapeError(
            f"{op}: inputs (N, M) need a target (N,), and inputs (M,) a 0-d one; got {x.shape}, "
            f"{y.shape} and {t.shape}"
        )
    tiny = 1e-12  # PyTorch's, under the root
    lengths = sqrt((square(x).sum(-1) + tiny) * (square(y).sum(-1) + tiny))
    cosine = (x * y).sum(-1) / lengths
    loss = where(t == 1, 1 - cosine, 0) + where(t == -1, clamp_min(cosine - margin, 0), 0)
    return reduced(loss, reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-target * input))`` of targets 1 and -1."""
    op = "soft_margin_loss"
    x, t = as_tensor_operand(input, op), as_tensor_operand(target, op)
    need_float(x, op)
    reduction = reduction_of(op, reduction, size_average, reduce)
    return reduced(-apply(LOGSIGMOID, x * t), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross-entropy of ``sigmoid(input)`` and targets 0 and 1, averaged over the classes.

    Shapes: input and target (N, C) or (C,), weight (C,).
    """
    op = "multilabel_soft_margin_loss"
    x, t = as_tensor_operand(input, op), as_tensor_operand(target, op)
    need_float(x, op)
    reduction = reduction_of(op, reduction, size_average, reduce)
    loss = -(t * apply(LOGSIGMOID, x) + (1 - t) * apply(LOGSIGMOID, -x))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / x.shape[-1], reduction)


# Class numbers -------------------------------------------------------------------------------


def _rows(op: str, x: Tensor) -> Tensor:
    """Scores as (N, C)."""
    need_float(x, op)
    rows = unsqueeze(x, 0) if x.ndim == 1 else reshape(x, 1, 1) if x.ndim == 0 else x
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ShapeError(f"{op}: scores must be (N, C) or (C,) with C > 0, got {x.shape}")
    return rows


def _check_numbers(op: str, labels: Tensor, lowest: int, classes: int) -> None:
    """Class numbers in range, on the CPU; on a GPU looking at them would stop the stream."""
    if CATEGORY[labels.dtype] != INT:
        raise DTypeError(f"{op}: class numbers must be integers, got {labels.dtype}")
    array = labels.array
    if isinstance(array, np.ndarray) and array.size:
        low, high = int(array.min()), int(array.max())
        if low < lowest or high >= classes:
            raise RangeError(
                f"{op}: class numbers run from {low} to {high} here; with {classes} classes they "
                f"must lie from {lowest} to {classes - 1}"
            )


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The sum of ``max(0, 1 - (x[y] - x[i]))`` over right classes y and wrong ones i, over C.

    `target` lists the right classes of each row, and -1 after the last.
    Shapes: both (N, C) or (C,).
    """
    op = "multilabel_margin_loss"
    x, t = as_tensor_operand(input, op), as_tensor_operand(target, op)
    one_shape(op, x, t)
    reduction = reduction_of(op, reduction, size_average, reduce)
    rows = _rows(op, x)
    labels = reshape(cast(t, int64), rows.shape)
    _check_numbers(op, t, -1, rows.shape[1])
    listed = _before_end(labels)  # (N, C)
    numbers = where(listed, labels, 0)
    places = arange(rows.shape[1], device=x.device)
    is_right = any_(unsqueeze(listed, 2) & (unsqueeze(numbers, 2) == places), 1)  # (N, C)
    right = gather(rows, 1, numbers)
    lacking = clamp_min(1 - unsqueeze(right, 2) + unsqueeze(rows, 1), 0)  # (N, C right, C wrong)
    counted = unsqueeze(listed, 2) & ~unsqueeze(is_right, 1)
    loss = where(counted, lacking, 0).sum((1, 2)) / rows.shape[1]
    return reduced(loss if x.ndim == 2 else reshape(loss, ()), reduction)


def _before_end(labels: Tensor) -> Tensor:
    """Which labels of each row (N, C) stand before its first negative one."""
    C = labels.shape[1]
    places = arange(C, device=labels.device)
    end = where(labels < 0, places, C).amin(1, keepdim=True) if C else labels
    return places < end


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The sum of ``max(0, margin - x[y] + x[i])^p`` over the wrong classes i, times w[y], over C.

    Shapes: input (N, C) or (C,), target (N,) or (), weight (C,).
    """
    op = "multi_margin_loss"
    x, t = as_tensor_operand(input, op), as_tensor_operand(target, op)
    if p not in (1, 2):
        raise ArgumentError(f"{op}: p={p} must be 1 or 2")
    reduction = reduction_of(op, reduction, size_average, reduce)
    rows = _rows(op, x)
    C = rows.shape[1]
    if t.array.size != rows.shape[0] or t.ndim > 1:
        raise ShapeError(f"{op}: scores {x.shape} need as many class numbers, got {t.shape}")
    if weight is not None and weight.shape != (C,):
        raise ShapeError(f"{op}: weight has shape {weight.shape}, expected ({C},)")
    _check_numbers(op, t, 0, C)
    labels = reshape(cast(t, int64), -1, 1)
    lacking = clamp_min(margin - gather(rows, 1, labels) + rows, 0)
    terms = lacking if p == 1 else square(lacking)
    if weight is not None:
        terms = terms * weight[labels]
    wrong = arange(C, device=x.device) != labels
    loss = where(wrong, terms, 0).sum(1) / C
    return reduced(loss if t.ndim else reshape(loss, ()), reduction)


# Triplets ------------------------------------------------------------------------------------


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` of p-norm distances d.

    With `swap`, ``d(positive, negative)`` stands in where it is smaller (Balntas et al. 2016).
    """
    reduction = reduction_of("triplet_margin_loss", reduction, size_average, reduce)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    triplet = (anchor, positive, negative)
    return _triplet("triplet_margin_loss", triplet, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of one's own."""
    op = "triplet_margin_with_distance_loss"
    reduction = reduction_of(op, reduction)
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet(op, (anchor, positive, negative), distance, margin, swap, reduction)


def _triplet(
    op: str, triplet: Any, distance: Any, margin: float, swap: bool, reduction: str
) -> Tensor:
    if not margin > 0:
        raise ArgumentError(f"{op}: margin={margin} must be positive")
    anchor, positive, negative = [as_tensor_operand(x, op) for x in triplet]
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            f"{op}: anchor {anchor.shape}, positive {positive.shape} and negative "
            f"{negative.shape} must have as many dimensions"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(clamp_min(margin + near - far, 0), reduction)
