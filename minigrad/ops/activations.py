"""Activations made of pieces: straight lines, and the exponential of `elu` and kin.

Each slope is a record of its own, which picks a piece: `where` on finished pieces would multiply
the unused one's infinities by zero. `p`, `s`, `k`, `low`, `high` are numbers.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import CATEGORY, FLOAT, uint8
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Elementwise
from ..tensor import Scalar, Tensor, apply, apply_
from .calling import public
from .elementwise import relu as plain_relu
from .elementwise import times_slope
from .operands import as_tensor_operand, need_float
from .random import rand
from .shape import reshape

__all__ = [
    "celu", "celu_", "elu", "elu_", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "hardtanh_", "leaky_relu", "leaky_relu_", "prelu", "relu", "relu6", "relu_", "rrelu",
    "rrelu_", "selu", "selu_", "softshrink", "threshold", "threshold_",
]  # fmt: skip


def activate(prim: Elementwise, input: Any, *numbers: float, inplace: bool = False) -> Tensor:
    """`prim` of the float tensor `input` and of numbers, or written into `input`."""
    x = as_tensor_operand(input, prim.name)
    need_float(x, prim.name)
    scalars = [Scalar(float(n)) for n in numbers]
    return apply_(prim, x, *scalars) if inplace else apply(prim, x, *scalars)


def _in_kind(prim: Elementwise, input: Any, numbers: tuple[float, ...], inplace: bool) -> Tensor:
    """`activate`, but integers stay integers: the numbers are cut to them."""
    x = as_tensor_operand(input, prim.name)
    kind = float if CATEGORY[x.dtype] == FLOAT else int
    scalars = [Scalar(kind(n)) for n in numbers]
    return apply_(prim, x, *scalars) if inplace else apply(prim, x, *scalars)


# Straight lines ------------------------------------------------------------------------------

# The cotangent `a` where `b` is strictly between the bounds.
WITHIN = Elementwise(
    "within",
    "select((b > low) & (b < high), a, 0)",
    "a b low high",
    vjps=(lambda g, b, low, high: within(g, b, low, high), None, None, None),
)
HARDTANH = Elementwise(
    "hardtanh",
    "minimum(maximum(a, low), high)",
    "a low high",
    vjps=(lambda g, a, low, high: within(g, a, low, high), None, None),
)


def within(g: Tensor, x: Tensor, low: float, high: float) -> Tensor:
    """`g` where ``low < x < high``, else 0."""
    return apply(WITHIN, g, x, Scalar(low), Scalar(high))


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """``min(max(x, min_val), max_val)``; at the bounds the slope is 0."""
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val={min_val} must not exceed max_val={max_val}")
    if min_val < 0 and as_tensor_operand(input, "hardtanh").dtype == uint8:
        raise ArgumentError(f"hardtanh: min_val={min_val} is negative, and a uint8 cannot be")
    return _in_kind(HARDTANH, input, (min_val, max_val), inplace)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(x, 0)``; at 0 the slope is 0."""
    x = as_tensor_operand(input, "relu")
    return apply_(plain_relu.prim, x) if inplace else plain_relu(x)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x, 0), 6)``."""
    return _in_kind(HARDTANH, input, (0, 6), inplace)


# `a` (a cotangent, or x itself) where b is positive, else s a.
LEAK = Elementwise(
    "leak",
    "select(b > 0, a, a * s)",
    "a b s",
    vjps=(lambda g, b, s: leak(g, b, s), None, lambda g, a, b: _where_not_positive(g, a, b)),
)
PRELU = Elementwise(
    "prelu",
    "select(a > 0, a, a * w)",
    "a w",
    vjps=(lambda g, a, w: leak(g, a, w), lambda g, a: _where_not_positive(g, a, a)),
)
LEAKY_RELU = Elementwise(
    "leaky_relu",
    "select(a > 0, a, a * s)",
    "a s",
    vjps=(lambda g, a, s: leak(g, a, s), None),
)
NOT_POSITIVE: Elementwise = Elementwise(
    "not_positive",
    "select(b > 0, 0, a)",
    "a b",
    vjps=(lambda g, b: apply(NOT_POSITIVE, g, b), None),
)


def leak(g: Tensor, x: Tensor, slope: Any) -> Tensor:
    """`g` where x > 0, else `slope` g."""
    return apply(LEAK, g, x, slope if isinstance(slope, Tensor) else Scalar(slope))


def _where_not_positive(g: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return times_slope(apply(NOT_POSITIVE, g, b), a)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where x > 0, else ``negative_slope * x``."""
    return activate(LEAKY_RELU, input, negative_slope, inplace=inplace)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``x`` where x > 0, else ``weight * x``, of a learned `weight`: one number, or one a channel.

    Shapes: input (N, C, ...), weight (C,) or one element.
    """
    x, w = as_tensor_operand(input, "prelu"), as_tensor_operand(weight, "prelu: the weight")
    need_float(x, "prelu")
    if x.dtype != w.dtype:
        raise DTypeError(f"prelu: the input is {x.dtype} and the weight {w.dtype}; convert one")
    if w.ndim > 1:
        raise ShapeError(f"prelu: the weight must be 0-d or (C,), got shape {w.shape}")
    if w.array.size == 1:
        return apply(PRELU, x, reshape(w, ()))
    channels = x.shape[1] if x.ndim > 1 else 1
    if x.ndim == 0 or w.shape != (channels,):
        raise ShapeError(
            f"prelu: the input {x.shape} has {channels} channels, the weight {w.shape}; give one "
            "number a channel, or a single one"
        )
    return apply(PRELU, x, reshape(w, (channels,) + (1,) * (x.ndim - 2)))


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Any = None,
) -> Tensor:
    """`leaky_relu` with random slopes in [lower, upper), or, outside training, with their mean."""
    if not lower <= upper:
        raise ArgumentError(f"rrelu: lower={lower} must not exceed upper={upper}")
    if not training:
        return activate(LEAKY_RELU, input, (lower + upper) / 2, inplace=inplace)
    x = as_tensor_operand(input, "rrelu")
    need_float(x, "rrelu")
    uniform = rand(x.shape, dtype=x.dtype, device=x.device, generator=generator)
    slope = uniform * (upper - lower) + lower
    return apply_(PRELU, x, slope) if inplace else apply(PRELU, x, slope)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """``x`` where x > threshold, else `value`."""
    return _in_kind(THRESHOLD, input, (threshold, value), inplace)


THRESHOLD = Elementwise(
    "threshold",
    "select(a <= low, s, a)",
    "a low s",
    vjps=(lambda g, a, low: above(g, a, low), None, None),
)
ABOVE = Elementwise(
    "above",
    "select(b <= low, 0, a)",
    "a b low",
    vjps=(lambda g, b, low: above(g, b, low), None, None),
)


def above(g: Tensor, x: Tensor, low: float) -> Tensor:
    """`g` where x > low or x is NaN, else 0."""
    return apply(ABOVE, g, x, Scalar(low))


HARDSIGMOID = Elementwise(
    "hardsigmoid",
    "minimum(maximum(a + 3, 0), 6) / 6",
    "a",
    vjps=(lambda g, a: _sixth_within(g, a),),
)
SIXTH_WITHIN = Elementwise(
    "sixth_within",
    "select((b > -3) & (b < 3), a / 6, 0)",
    "a b",
    vjps=(lambda g, b: _sixth_within(g, b), None),
)
HARDSWISH = Elementwise(
    "hardswish",
    "a * minimum(maximum(a + 3, 0), 6) / 6",
    "a",
    vjps=(lambda g, a: g * apply(HARDSWISH_SLOPE, a),),
)
HARDSWISH_SLOPE: Elementwise = Elementwise(
    "hardswish_slope",
    "select(a <= -3, 0, select(a < 3, a / 3 + 0.5, 1))",
    "a",
    vjps=(lambda g, a: _sixth_within(g * 2, a),),
)


def _sixth_within(g: Tensor, x: Tensor) -> Tensor:
    return apply(SIXTH_WITHIN, g, x)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x + 3, 0), 6) / 6``, a sigmoid of straight lines."""
    return activate(HARDSIGMOID, input, inplace=inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * hardsigmoid(x)`` (Howard et al. 2019)."""
    return activate(HARDSWISH, input, inplace=inplace)


# Zero in the middle: `a` where b is outside [-low, low].
OUTSIDE: Elementwise = Elementwise(
    "outside",
    "select((b < -low) | (b > low), a, 0)",
    "a b low",
    vjps=(lambda g, b, low: apply(OUTSIDE, g, b, Scalar(low)), None, None),
)
HARDSHRINK = Elementwise(
    "hardshrink",
    "select((a >= -low) & (a <= low), 0, a)",
    "a low",
    vjps=(lambda g, a, low: apply(OUTSIDE, g, a, Scalar(low)), None),
)
SOFTSHRINK = Elementwise(
    "softshrink",
    "select(a > low, a - low, select(a < -low, a + low, select(a == a, 0, a)))",
    "a low",
    vjps=(lambda g, a, low: apply(OUTSIDE, g, a, Scalar(low)), None),
)


@public
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``x`` where ``|x| > lambd``, else 0."""
    return activate(HARDSHRINK, input, lambd)


@public
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``x`` moved by `lambd` towards 0, and 0 where ``|x| <= lambd``."""
    if not lambd >= 0:
        raise ArgumentError(f"softshrink: lambd={lambd} must be at least 0")
    return activate(SOFTSHRINK, input, lambd)


# An exponential below 0 ----------------------------------------------------------------------

ELU = Elementwise(
    "elu",
    "select(a <= 0, s * expm1(a * k), p * a)",
    "a s p k",
    vjps=(lambda g, a, s, p, k: g * _elu_slope(a, s * k, p, k), None, None, None),
    formula="p x where x > 0, else s (exp(k x) - 1)",
)
ELU_SLOPE = Elementwise(
    "elu_slope",
    "select(a <= 0, s * exp(a * k), p)",
    "a s p k",
    vjps=(lambda g, a, s, k: g * _elu_slope(a, s * k, 0.0, k), None, None, None),
)


def _elu_slope(x: Tensor, s: float, p: float, k: float) -> Tensor:
    return apply(ELU_SLOPE, x, Scalar(s), Scalar(p), Scalar(k))


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where x > 0, else ``alpha * (exp(x) - 1)`` (Clevert et al. 2015)."""
    return activate(ELU, input, alpha, 1.0, 1.0, inplace=inplace)


_ALPHA, _SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the scales that keep mean 0 and variance 1 (Klambauer et al. 2017)."""
    return activate(ELU, input, _ALPHA * _SCALE, _SCALE, 1.0, inplace=inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where x > 0, else ``alpha * (exp(x / alpha) - 1)`` (Barron 2017)."""
    if alpha == 0:
        raise ArgumentError("celu: alpha must not be 0: the input is divided by it")
    return activate(ELU, input, alpha, 1.0, 1.0 / alpha, inplace=inplace)


# In place ------------------------------------------------------------------------------------


def relu_(input: Tensor) -> Tensor:
    """`relu`, written into the input."""
    return relu(input, inplace=True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu`, written into the input."""
    return elu(input, alpha, inplace=True)


def selu_(input: Tensor) -> Tensor:
    """`selu`, written into the input."""
    return selu(input, inplace=True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu`, written into the input."""
    return celu(input, alpha, inplace=True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh`, written into the input."""
    return hardtanh(input, min_val, max_val, inplace=True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu`, written into the input."""
    return leaky_relu(input, negative_slope, inplace=True)


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """`rrelu`, written into the input."""
    return rrelu(input, lower, upper, training, inplace=True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold`, written into the input."""
    return _in_kind(THRESHOLD, input, (threshold, value), inplace=True)
