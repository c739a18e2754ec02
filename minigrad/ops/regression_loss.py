"""Losses of numbers against numbers, and of distributions. `d` is prediction minus target."""

from __future__ import annotations

import math

from ..context import set_grad
from ..errors import ArgumentError, ShapeError
from ..ir import Elementwise
from ..tensor import Scalar, Tensor, apply
from .activations import within
from .choice import where
from .creation import full_like
from .elementwise import abs, exp, log, square, times_slope
from .inplace import clamp_min_
from .loss_reduction import paired, reduced, reduction_of
from .operands import as_tensor_operand
from .shape import clone, unsqueeze

__all__ = [
    "gaussian_nll_loss", "huber_loss", "kl_div", "l1_loss", "mse_loss", "poisson_nll_loss",
    "smooth_l1_loss",
]  # fmt: skip


def _weighted(
    loss: Tensor, weight: Tensor | None, input: Tensor, reduction: str, op: str, by_weight: bool
) -> Tensor:
    """`loss` times `weight`, reduced; a mean may be over the weights (`by_weight`)."""
    if weight is None:
        return reduced(loss, reduction)
    if weight.shape != input.shape:
        raise ShapeError(f"{op}: weight {weight.shape} must have the input's shape {input.shape}")
    loss = loss * weight
    if reduction == "mean" and by_weight:
        return loss.sum() / weight.sum()
    return reduced(loss, reduction)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared error ``(input - target)²``; its mean is over the weights if there are any."""
    a, b = paired(input, target, "mse_loss")
    reduction = reduction_of("mse_loss", reduction, size_average, reduce)
    return _weighted(square(a - b), weight, input, reduction, "mse_loss", True)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute error ``|input - target|``; its mean is over the weights if there are any."""
    a, b = paired(input, target, "l1_loss")
    reduction = reduction_of("l1_loss", reduction, size_average, reduce)
    return _weighted(abs(a - b), weight, input, reduction, "l1_loss", True)


# A parabola between -delta and delta, straight lines outside; its slope is d, cut off at delta.
HUBER = Elementwise(
    "huber",
    "select(abs(d) <= delta, 0.5 * d * d, delta * (abs(d) - 0.5 * delta))",
    "d delta",
    vjps=(lambda g, d, delta: g * apply(CUT, d, Scalar(delta)), None),
)
CUT: Elementwise = Elementwise(
    "cut",
    "minimum(maximum(d, -delta), delta)",
    "d delta",
    vjps=(lambda g, d, delta: within(g, d, -delta, delta), None),
)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """``d² / 2`` where ``|d| <= delta``, else ``delta (|d| - delta / 2)`` (Huber 1964)."""
    if not delta > 0:
        raise ArgumentError(f"huber_loss: delta={delta} must be positive")
    a, b = paired(input, target, "huber_loss")
    reduction = reduction_of("huber_loss", reduction)
    loss = apply(HUBER, a - b, Scalar(float(delta)))
    return _weighted(loss, weight, input, reduction, "huber_loss", False)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """``d² / (2 beta)`` where ``|d| < beta``, else ``|d| - beta / 2``; `l1_loss` if beta is 0."""
    if not beta >= 0:
        raise ArgumentError(f"smooth_l1_loss: beta={beta} must not be negative")
    a, b = paired(input, target, "smooth_l1_loss")
    reduction = reduction_of("smooth_l1_loss", reduction, size_average, reduce)
    if beta == 0:
        return reduced(abs(a - b), reduction)
    return reduced(apply(HUBER, a - b, Scalar(float(beta))) / beta, reduction)


# Distributions -------------------------------------------------------------------------------

T_LOG_T = Elementwise(
    "t_log_t",
    "select(a == 0, 0, a * log(a))",
    "a",
    vjps=(lambda g, a: times_slope(g, log(a) + 1),),
)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence ``target (log target - input)`` of log-probabilities `input`.

    With `log_target` the target is logarithms too. ``"batchmean"`` divides the sum by the batch's
    size, as the definition has it; ``"mean"`` divides by the number of elements.
    """
    x, t = as_tensor_operand(input, "kl_div"), as_tensor_operand(target, "kl_div")
    known = ("mean", "batchmean", "sum", "none")
    reduction = reduction_of("kl_div", reduction, size_average, reduce, known)
    loss = exp(t) * (t - x) if log_target else apply(T_LOG_T, t) - t * x
    if reduction == "batchmean":
        return loss.sum() / x.shape[0] if x.ndim else loss.sum()
    return reduced(loss, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of counts `target` under Poisson rates `input`.

    ``exp(input) - target * input`` of logarithms of rates, or else ``input - target * log(input +
    eps)``; with `full` plus Stirling's approximation of ``log(target!)`` where target > 1.
    """
    op = "poisson_nll_loss"
    x, t = as_tensor_operand(input, op), as_tensor_operand(target, op)
    reduction = reduction_of(op, reduction, size_average, reduce)
    loss = exp(x) - t * x if log_input else x - t * log(x + eps)
    if full:
        more = where(t > 1, t, 1)
        stirling = more * log(more) - more + log(more * (2 * math.pi)) * 0.5
        loss = loss + where(t > 1, stirling, 0.0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of `target` under normals of mean `input` and variance `var`.

    ``(log(var) + (input - target)² / var) / 2``, with `full` plus ``log(2 pi) / 2``. Variances
    below `eps` are lifted to it; the gradient does not see that. `var` has the shape of `input`, or
    1 in place of one dimension, or lacks the last. A negative one raises on the CPU; on a GPU,
    where looking would stop the stream, its loss is NaN.
    """
    op = "gaussian_nll_loss"
    x, t = as_tensor_operand(input, op), as_tensor_operand(target, op)
    reduction = reduction_of(op, reduction)
    if isinstance(var, float):
        var = full_like(x, var)
    v = _variances(as_tensor_operand(var, f"{op}: var"), x, op)
    v = clone(v)
    with set_grad(False):
        clamp_min_(v, eps)
    loss = 0.5 * (log(v) + square(x - t) / v)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


def _variances(var: Tensor, x: Tensor, op: str) -> Tensor:
    """`var`, not negative, in a shape that broadcasts against the means as PyTorch allows."""
    if x.device.type == "cpu":
        if bool((var < 0).array.any()):
            raise ArgumentError(f"{op}: var has negative entries; a variance is at least 0")
    else:
        var = where(var < 0, math.nan, var)
    if var.shape == x.shape:
        return var
    if var.shape == x.shape[:-1]:
        return unsqueeze(var, -1)
    differing = [n for m, n in zip(x.shape, var.shape) if m != n]
    if var.ndim != x.ndim or sum(differing) != 1:
        raise ShapeError(
            f"{op}: var {var.shape} must have the shape of the input {x.shape}, 1 in one place of "
            "it, or lack its last dimension"
        )
    return var
