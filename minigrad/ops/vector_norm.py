"""The record of vector norms."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import real_of
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .choice import where
from .complex import sgn
from .elementwise import abs, over_slope
from .extreme import SAME, need_elements
from .operands import need_float
from .reduce import finish, spread, sum, without
from .shape import cast


def _norm_vjp(
    g: Tensor, x: Tensor, y: Tensor, x_shape: Any, axes: tuple[int, ...], p: float
) -> Tensor:
    """Where the norm is 0 it has no slope, and the gradient is 0, as in PyTorch."""
    g, y = spread(g, x_shape, axes), spread(y, x_shape, axes)
    if p == 0:
        return x * 0
    if p == 1:
        return g * sgn(x)
    if math.isinf(p):
        chosen = cast(apply(SAME, abs(x), y), g.dtype)
        return g * (chosen / sum(chosen, axes, keepdim=True)) * sgn(x)
    if p == 2:
        return where(y == 0, 0.0, x * over_slope(g, y))
    scale = where(y == 0, 0.0, over_slope(g, y ** (p - 1)))
    if p < 2:
        return where(x == 0, 0.0, sgn(x) * abs(x) ** (p - 1)) * scale
    return x * abs(x) ** (p - 2) * scale


NORM = Primitive(
    "vector_norm",
    lambda x, *, axes, p: Spec(without(x.shape, axes), real_of(x.dtype)),
    kernel="reduce.norm",
    vjps=(_norm_vjp,),
    formula="sum(|x|^p)^(1/p); p = inf: max |x|, -inf: min |x|, 0: how many are not zero",
    complex=True,
)


def p_norm(input: Tensor, p: float, axes: tuple[int, ...], keepdim: bool, op: str) -> Tensor:
    """The `p`-norm over `axes`, checked."""
    need_float(input, op, complex=True)
    if math.isinf(p) or p < 0:
        need_elements(input, axes, op)
    return finish(apply(NORM, input, axes=axes, p=float(p)), input, axes, keepdim)
