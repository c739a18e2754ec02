"""Losses of class numbers and class probabilities. Letters: N batch, C classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import CATEGORY, FLOAT, INT, int64
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .choice import where
from .gather import gather
from .loss_reduction import reduced, reduction_of
from .matmul import linear
from .shape import cast, reshape, unsqueeze
from .softmax import log_softmax

__all__ = ["cross_entropy", "linear_cross_entropy", "nll_loss"]


# Cross-entropy -------------------------------------------------------------------------------


# inputs are logits (N, C), labels (N,) and perhaps weights (C,). Outputs beside the loss, which are
# saved for the gradient and never leave `cross_entropy`: the logarithm of each row's sum of
# exponentials, and how much the rows count in all.
def _definition(
    *inputs: Tensor, ignore_index: int, smoothing: float, reduction: str
) -> tuple[Tensor, Tensor, Tensor]:
    logits, label, *weights = inputs
    counted = label != ignore_index
    safe = where(counted, label, 0)
    log_p = log_softmax(logits, 1)
    counts = where(counted, weights[0][safe], 0.0) if weights else cast(counted, logits.dtype)
    loss = where(counted, -reshape(gather(log_p, 1, unsqueeze(safe, 1)), -1), 0.0) * counts
    if smoothing:
        spread = log_p * weights[0] if weights else log_p
        even = where(counted, -spread.sum(1) / logits.shape[1], 0.0)
        loss = loss * (1 - smoothing) + even * smoothing
    total = counts.sum()
    ends = {"mean": lambda: loss.sum() / total, "sum": loss.sum, "none": lambda: loss}
    return ends[reduction](), logits.logsumexp(1), total


def _vjp(
    needs: Any, g_loss: Any, g_lse: Any, g_total: Any, lse: Tensor, total: Tensor,
    inputs: list[Tensor], ignore_index: int, smoothing: float, reduction: str,
) -> list[Tensor | None]:  # fmt: skip
    grad = apply(
        CROSS_ENTROPY_GRAD, g_loss, lse, total, *inputs, ignore_index=ignore_index,
        smoothing=smoothing, reduction=reduction,
    )  # fmt: skip
    return [grad, *[None] * (len(inputs) - 1)]


def _spec(*inputs: Any, ignore_index: int, smoothing: float, reduction: str) -> tuple[Spec, ...]:
    logits = inputs[0]
    rows, dtype = logits.shape[:1], logits.dtype
    return Spec(rows if reduction == "none" else (), dtype), Spec(rows, dtype), Spec((), dtype)


CROSS_ENTROPY = Primitive(
    "cross_entropy",
    _spec,
    kernel="loss.cross_entropy",
    outputs=("loss", "lse", "total"),
    vjp=_vjp,
    definition=_definition,
    formula="loss = log(sum(exp(logits))) - logits[target]",
)
CROSS_ENTROPY_GRAD = Primitive(
    "cross_entropy_grad",
    lambda *arrays, ignore_index, smoothing, reduction: Spec(arrays[3].shape, arrays[3].dtype),
    kernel="loss.cross_entropy_grad",
    formula="y = scale (softmax(logits) - onehot(target))",
)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross-entropy of logits, ``-log softmax(input)[target]``.

    Args:
        input: logits (N, C), (C,) or (N, C, d1, ...); not probabilities: softmax is inside.
        target: class numbers, of `input`'s shape without C; or probabilities of `input`'s shape.
        weight: (C,), how much each class counts.
        ignore_index: rows with this class number count nothing.
        reduction: ``"mean"`` over (weighted) rows, ``"sum"`` or ``"none"``.
        label_smoothing: how much of each target is spread evenly over the classes.
    """
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    if CATEGORY[input.dtype] != FLOAT or input.ndim == 0:
        raise DTypeError(
            "cross_entropy: logits must be floats with a class dimension, got "
            f"{input.dtype}{input.shape}"
        )
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentError(f"cross_entropy: label_smoothing={label_smoothing} must be in [0, 1]")
    if CATEGORY[target.dtype] == FLOAT:
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    logits, label = _rows(input, target)
    _check_weight(weight, logits.shape[1], "cross_entropy")
    inputs = [logits, label] if weight is None else [logits, label, weight]
    facts: Any = {
        "ignore_index": ignore_index,
        "smoothing": label_smoothing,
        "reduction": reduction,
    }
    if weight is not None and (weight.requires_grad or weight.dtype != logits.dtype):
        _check_labels(label, logits.shape[1], ignore_index)
        loss, _, _ = _definition(*inputs, **facts)
    else:
        loss, _, _ = apply(CROSS_ENTROPY, *inputs, **facts)
        array = loss.array
        # Labels out of range give NaN. Looking at them all before would take longer than the loss;
        # and on a GPU looking at anything stops the stream.
        if isinstance(array, np.ndarray) and (array != array).any():
            _check_labels(label, logits.shape[1], ignore_index)
    return reshape(loss, target.shape) if reduction == "none" and target.ndim != 1 else loss


def _rows(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Logits as (rows, C) and labels as (rows,)."""
    expected = input.shape[:1] + input.shape[2:] if input.ndim > 1 else ()
    if target.shape != expected:
        raise ShapeError(
            f"cross_entropy: logits of shape {input.shape} need class numbers of shape {expected}, "
            f"got {target.shape}"
            + (
                "; a column of labels becomes a vector with target.squeeze(1)"
                if target.shape == (*expected, 1)
                else ""
            )
        )
    if CATEGORY[target.dtype] != INT:
        raise DTypeError(f"cross_entropy: class numbers must be integers, got {target.dtype}")
    target = target if target.dtype == int64 else cast(target, int64)
    if input.ndim == 1:
        return unsqueeze(input, 0), reshape(target, 1)
    if input.ndim > 2:
        order = (0, *range(2, input.ndim), 1)
        input = reshape(input.permute(order), -1, input.shape[1])
    return input, target if target.ndim == 1 else reshape(target, -1)


def _check_labels(label: Tensor, classes: int, ignore_index: int) -> None:
    array = label.array
    if not isinstance(array, np.ndarray) or not array.size:
        return  # a GPU gives NaN for a label out of range
    if array.min() >= 0 and array.max() < classes:
        return
    bad = array[((array < 0) | (array >= classes)) & (array != ignore_index)]
    if bad.size:
        raise RangeError(
            f"cross_entropy: label {bad[0]} is out of range for {classes} classes (labels run from "
            f"0 to {classes - 1}; rows to skip carry ignore_index={ignore_index})"
        )


def _check_weight(weight: Tensor | None, classes: int, op: str) -> None:
    if weight is not None and weight.shape != (classes,):
        raise ShapeError(f"{op}: weight has shape {weight.shape}, expected ({classes},)")


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float
) -> Tensor:
    if target.shape != input.shape:
        raise ShapeError(
            f"cross_entropy: target probabilities {target.shape} must have the shape of the logits "
            f"{input.shape}"
        )
    dim = 1 if input.ndim > 1 else 0
    classes = input.shape[dim]
    _check_weight(weight, classes, "cross_entropy")
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    log_p = log_softmax(input, dim)
    if weight is not None:
        log_p = log_p * reshape(weight, (-1,) + (1,) * (input.ndim - dim - 1))
    loss = -(log_p * target).sum(dim)
    if reduction == "mean":
        return loss.sum() / (input.array.size // classes)
    return reduced(loss, reduction)


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: None = None,
) -> Tensor:
    """`cross_entropy` of ``linear(input, linear_weight, linear_bias)``; other arguments are its.

    `options`, of PyTorch's computation in chunks, must be None.

    Shapes: input (N, in) or (in,), linear_weight (C, in) or (C, d1, ..., in), linear_bias its shape
        without in.
    """
    op = "linear_cross_entropy"
    if options is not None:
        raise ArgumentError(f"{op}: options must be None: there is no computation in chunks here")
    if input.ndim not in (1, 2) or linear_weight.ndim < 2:
        raise ShapeError(
            f"{op}: needs an input (N, in) or (in,) and a weight (C, ..., in), got {input.shape} "
            f"and {linear_weight.shape}"
        )
    outputs = linear_weight.shape[:-1]
    if input.shape[-1] != linear_weight.shape[-1] or (len(outputs) > 1 and input.ndim == 1):
        raise ShapeError(
            f"{op}: the input {input.shape} does not fit the weight {linear_weight.shape}: it must "
            "end in as many features, and have a batch dimension beside d1, ..."
        )
    if linear_bias is not None and linear_bias.shape != outputs:
        raise ShapeError(f"{op}: linear_bias has shape {linear_bias.shape}, expected {outputs}")
    shape = (*input.shape[:-1], *outputs)
    if target.shape == shape and ignore_index is not None:
        raise ArgumentError(f"{op}: ignore_index is for class numbers, and these are probabilities")
    bias = None if linear_bias is None else reshape(linear_bias, -1)
    logits = linear(input, reshape(linear_weight, -1, input.shape[-1]), bias)
    return cross_entropy(
        reshape(logits, shape),
        target,
        weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood, ``-input[target]``, of log-probabilities (N, C)."""
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    log_p, label = _rows(input, target)
    _check_labels(label, log_p.shape[1], ignore_index)
    _check_weight(weight, log_p.shape[1], "nll_loss")
    counted = label != ignore_index
    safe = where(counted, label, 0)
    counts = cast(counted, input.dtype) if weight is None else where(counted, weight[safe], 0.0)
    picked = reshape(gather(log_p, 1, unsqueeze(safe, 1)), -1)
    loss = where(counted, -picked, 0.0) * counts
    if reduction == "mean":
        return loss.sum() / counts.sum()
    return reduced(reshape(loss, target.shape), reduction)
