"""How losses end: mean, sum or nothing; and the checks that several of them share."""

from __future__ import annotations

import warnings
from typing import Any

from ..dtypes import is_float
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .operands import as_tensor_operand
from .shape import broadcast_tensors

REDUCTIONS = ("mean", "sum", "none")


def reduction_of(
    op: str,
    reduction: str,
    size_average: bool | None = None,
    reduce: bool | None = None,
    known: tuple[str, ...] = REDUCTIONS,
) -> str:
    """`reduction`, or what the two arguments say that it replaced."""
    if size_average is not None or reduce is not None:
        average = size_average is None or size_average
        chosen = "none" if reduce is not None and not reduce else "mean" if average else "sum"
        warnings.warn(
            f"{op}: size_average and reduce are deprecated; use reduction={chosen!r}", stacklevel=3
        )
        return chosen
    if reduction not in known:
        listed = ", ".join([repr(name) for name in known])
        raise ArgumentError(f"{op}: reduction={reduction!r} must be one of {listed}")
    return reduction


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """`loss`, its mean or its sum."""
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


def floats(op: str, *tensors: Any) -> list[Tensor]:
    """The tensors, which must hold floats."""
    found = [as_tensor_operand(x, op) for x in tensors]
    if not all([is_float(x.dtype) for x in found]):
        listed = " and ".join([str(x.dtype) for x in found])
        raise DTypeError(f"{op}: needs floating-point tensors, got {listed}; use x.float()")
    return found


def paired(input: Any, target: Any, op: str) -> tuple[Tensor, Tensor]:
    """Prediction and target of one shape; (N, 1) against (N,) would broadcast to (N, N)."""
    x, y = as_tensor_operand(input, op), as_tensor_operand(target, op)
    if x.shape == y.shape:
        return x, y
    if {x.ndim, y.ndim} == {1, 2} and 1 in (x.shape[-1], y.shape[-1]):
        raise ShapeError(
            f"{op}: prediction {x.shape} against target {y.shape} would broadcast to every pair; "
            "give both one shape: prediction.squeeze(1) or target.unsqueeze(1)"
        )
    warnings.warn(
        f"{op}: prediction {x.shape} and target {y.shape} differ and are broadcast", stacklevel=3
    )
    a, b = broadcast_tensors(x, y)
    return a, b


def one_shape(op: str, input: Tensor, target: Tensor) -> None:
    """ShapeError unless prediction and target have one shape."""
    if input.shape != target.shape:
        raise ShapeError(
            f"{op}: the prediction {input.shape} and the target {target.shape} must have one "
            "shape; for example prediction.squeeze(1) or target.unsqueeze(1)"
        )
