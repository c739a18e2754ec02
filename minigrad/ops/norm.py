"""Layer normalisation (Ba, Kiros, Hinton 2016). Letters: R rows, D normalised elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .operands import need_float
from .shape import reshape


def _definition(x: Tensor, *, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    mean = x.mean(1, keepdim=True)
    centred = x - mean
    rstd = 1 / ((centred * centred).mean(1, keepdim=True) + eps).sqrt()
    return centred * rstd, reshape(mean, -1), reshape(rstd, -1)


def _vjp(needs: Any, g_y: Any, g_mean: Any, g_rstd: Any, y: Tensor, rstd: Tensor) -> list[Any]:
    # The statistics are saved for this formula and never leave `layer_norm`.
    assert g_mean is None and g_rstd is None
    return [apply(LAYER_NORM_GRAD, g_y, y, rstd)]


LAYER_NORM = Primitive(
    "layer_norm",
    lambda x, *, eps: (
        Spec(x.shape, x.dtype),
        Spec(x.shape[:1], x.dtype),
        Spec(x.shape[:1], x.dtype),
    ),
    kernel="norm.layer_norm",
    outputs=("y", "mean", "rstd"),
    vjp=_vjp,
    definition=_definition,
    formula="y = (x - mean(x)) / sqrt(var(x) + eps)",
)
LAYER_NORM_GRAD = Primitive(
    "layer_norm_grad",
    lambda dy, x_hat, rstd: Spec(dy.shape, dy.dtype),
    kernel="norm.layer_norm_grad",
)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over the last dimensions.

    Args:
        input: (..., *normalized_shape).
        weight, bias: of `normalized_shape`.
    """
    shape = tuple(normalized_shape)
    if not shape or input.shape[input.ndim - len(shape) :] != shape:
        raise ShapeError(f"layer_norm: input {input.shape} does not end in {shape}")
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and parameter.shape != shape:
            raise ShapeError(f"layer_norm: {name} has shape {parameter.shape}, expected {shape}")
    need_float(input, "layer_norm")
    rows = math.prod(input.shape[: input.ndim - len(shape)])
    y, _, _ = apply(LAYER_NORM, reshape(input, rows, math.prod(shape)), eps=float(eps))
    out = reshape(y, input.shape)
    if weight is not None:
        out = out * weight
    return out if bias is None else out + bias
