"""Elementwise operations: each a scalar expression and its gradient.

In a gradient formula `g` is the cotangent of the output; other parameters name what the formula
needs, and so what is kept: `y` the output, `a`, `b` the inputs.

At a singular slope a zero cotangent contributes zero: sqrt, log, div and pow multiply by their
slope through `times_slope`, so that ``where(x > 0, sqrt(x), x)`` has a finite gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import BOOL, CATEGORY, INT, is_differentiable, result_dtype
from ..errors import ArgumentError, DTypeError
from ..ir import Elementwise
from ..kernels.launch import broadcast_shape
from ..layout import contiguous_format
from ..tensor import Scalar, Tensor, apply
from .calling import public
from .choice import where
from .complex import conj, real, sgn
from .elementwise_builders import Binary, Unary, binary, either, unary
from .operands import as_tensor_operand, need_fitting, operand
from .shape import clone, expand

__all__ = [
    "abs", "absolute", "add", "cos", "exp", "expm1", "log", "log1p", "mul", "multiply", "neg",
    "negative", "pow", "relu", "rsub", "sigmoid", "sin", "sqrt", "square", "sub", "subtract",
    "tanh", "true_divide",
]  # fmt: skip


# Slopes --------------------------------------------------------------------------------------


def _slope_where_used(g: Any, a: Any, b: Any) -> Any:
    """d times_slope / da: the slope, but 0 where it is non-finite and the cotangent a is zero."""
    return g * conj(apply(MASKED_SLOPE, a, operand(b, "slope")))


def _inverse(b: Any) -> Any:
    """1 / b, of a number too, which may be 0."""
    return 1 / b if isinstance(b, Tensor) or b != 0 else math.inf


MASKED_SLOPE = Elementwise(
    "masked_slope", "select((a == 0) & ~isfinite(b), 0, b)", "a b", complex=True
)
TIMES_SLOPE = Elementwise(
    "times_slope",
    "select(a == 0, 0, a * b)",
    "a b",
    vjps=(_slope_where_used, lambda g, a: g * conj(a)),
    complex=True,
)
OVER_SLOPE = Elementwise(
    "over_slope",
    "select(a == 0, 0, a / b)",
    "a b",
    vjps=(
        lambda g, a, b: g * conj(apply(MASKED_SLOPE, a, operand(_inverse(b), "slope"))),
        lambda g, a, b: -over_slope(times_slope(g, conj(over_slope(a, b))), conj(b)),
    ),
    complex=True,
)
times_slope: Binary = binary(TIMES_SLOPE, "either")
over_slope: Binary = binary(OVER_SLOPE, "either")

# Arithmetic ----------------------------------------------------------------------------------

ADD = Elementwise("add", "a + b", "a b", vjps=(lambda g: g, lambda g: g), complex=True)
SUB = Elementwise(
    "sub", "a - b", "a b", refuses="b", vjps=(lambda g: g, lambda g: -g), complex=True
)
ADD_SCALED = Elementwise(
    "add_scaled",
    "a + s * b",
    "a b s",
    vjps=(lambda g: g, lambda g, s: g * conj(s), lambda g, b: g * conj(b)),
    complex=True,
)
MUL = Elementwise(
    "mul",
    "a * b",
    "a b",
    vjps=(lambda g, b: g * conj(b), lambda g, a: g * conj(a)),
    complex=True,
)
DIV = Elementwise(
    "div",
    "a / b",
    "a b",
    result="float",
    vjps=(lambda g, b: _divide_by(g, conj(b)), lambda g, y, b: -times_slope(g, conj(y / b))),
    complex=True,
)


def _divide_by(g: Tensor, b: Any) -> Tensor:
    return over_slope(g, b) if isinstance(b, Tensor) or b == 0 else g / b


NEG = Elementwise("neg", "-a", "a", takes="if", vjps=(lambda g: -g,), complex=True)
ABS = Elementwise(
    "abs", "abs(a)", "a", takes="if", result="real", vjps=(lambda g, a: g * sgn(a),), complex=True
)
SQUARE = Elementwise("square", "a * a", "a", vjps=(lambda g, a: g * conj(a * 2),), complex=True)


def _pow_slope_in_base(g: Any, a: Any, b: Any) -> Tensor:
    if isinstance(b, Tensor):
        power = pow(where(b == 0, 1.0, a), b - 1)  # times b, 0 is 0 where `a` is not finite too
        return times_slope(times_slope(g, conj(power)), conj(b))
    return g * 0 if b == 0 else times_slope(g, conj(pow(a, b - 1) * b))


def _pow_slope_in_exponent(g: Any, a: Any, b: Any, y: Any) -> Tensor:
    base = a if isinstance(a, Tensor) else y.new_full((), a)
    # 0 ** b is flat in b wherever it is finite, though log(0) is not.
    flat = (base == 0) & ((real(b) if isinstance(b, Tensor) else b.real) >= 0)
    return times_slope(times_slope(g, conj(y)), conj(log(where(flat, 1.0, base))))


POW = Elementwise(
    "pow",
    "a ** b",
    "a b",
    takes="if",
    vjps=(_pow_slope_in_base, _pow_slope_in_exponent),
    complex=True,
)
# Of integers: a negative exponent gives 0, but for the units 1 and -1.
INT_POW = Elementwise(
    "int_pow",
    "select(b < 0, select(a == 1, 1, select(a == -1, 1 - 2 * (b & 1), 0)), a ** maximum(b, 0))",
    "a b",
    takes="i",
    formula="a ** b",
)

true_divide: Binary = binary(DIV, "either")
neg = negative = unary(NEG)
abs = absolute = unary(ABS)
mul = multiply = binary(MUL, "either")


@public
def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input + alpha * other``, broadcast and promoted."""
    a, b = either(input, other, "add")
    alpha = factor(alpha, a, b, "add")
    return apply(ADD, a, b) if alpha is None else apply(ADD_SCALED, a, b, operand(alpha, "add"))


@public
def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input - alpha * other``, broadcast and promoted."""
    a, b = either(input, other, "sub")
    alpha = factor(alpha, a, b, "sub")
    if alpha is None:
        return apply(SUB, a, b)
    need_no_bools(a, b, "sub")
    return apply(ADD_SCALED, a, b, operand(-alpha, "sub"))


subtract = sub


@public
def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """``other - alpha * input``, broadcast and promoted."""
    return sub(other, as_tensor_operand(input, "rsub"), alpha=alpha)


def factor(alpha: Any, a: Any, b: Any, op: str) -> Any:
    """A scale for one of two operands, as PyTorch allows it; None if it is 1."""
    if isinstance(alpha, Tensor):
        return alpha
    if type(alpha) is int and alpha == 1:
        return None
    category = CATEGORY[result_dtype(a.array, b.array)]
    if category == BOOL:
        return None if alpha else False
    if isinstance(alpha, bool):
        raise DTypeError(f"{op}: alpha={alpha} is for bool results only; pass {int(alpha)}")
    if category == INT and isinstance(alpha, (float, complex)):
        raise DTypeError(f"{op}: of integers, alpha must be one too, got {alpha}")
    return None if alpha == 1 else alpha


def need_no_bools(a: Any, b: Any, op: str) -> None:
    """DTypeError if an operand is bool: their difference is not defined."""
    if BOOL in [CATEGORY[result_dtype(x.array)] for x in (a, b)]:
        raise DTypeError(f"{op}: not defined for bools; use x ^ y, or logical_xor")


@public
def square(input: Tensor) -> Tensor:
    """``input * input``."""
    input = as_tensor_operand(input, "square")
    is_bool = input.array.dtype.kind == "b"
    return apply(INT_POW, input, Scalar(2)) if is_bool else apply(SQUARE, input)


@public
def pow(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent``; either may be a number."""
    if isinstance(input, Tensor) and type(exponent) in (int, float):
        if exponent == 2 and is_differentiable(input.dtype):
            return apply(SQUARE, input)
        if exponent == 0.5:
            return sqrt(input)
        if exponent == 1 and is_differentiable(input.dtype):
            return input.clone()
    a, b = either(input, exponent, "pow")
    compute = result_dtype(a.array, b.array)
    if CATEGORY[compute] == INT:
        return _integer_power(a, b, compute)
    if isinstance(b, Tensor) and isinstance(a, Tensor) and type(a.array) is np.ndarray:
        b = _written_out(a, b)
    return apply(POW, a, b)


def _written_out(a: Tensor, b: Tensor) -> Tensor:
    """`b`; not broadcast if it holds 0.5, of which NumPy then takes the square root, wrongly at
    -inf and -0."""
    broadcast = type(b.array) is np.ndarray and (b.shape != a.shape or 0 in b.array.strides)
    if broadcast and (b.array == 0.5).any():
        return clone(
            expand(b, broadcast_shape([a.shape, b.shape], "pow")), memory_format=contiguous_format
        )
    return b


def _integer_power(a: Any, b: Any, compute: Any) -> Tensor:
    need_fitting(a.array, compute, "pow")
    need_fitting(b.array, compute, "pow")
    if not isinstance(b, Tensor):
        if b.array < 0:
            raise ArgumentError(
                f"pow: integers to the negative power {b.array} are fractions: convert first, "
                "x.float() ** y"
            )
        if a.array.dtype == compute and b.array == 2:
            return apply(SQUARE, a)
    return apply(INT_POW, a, b)


# Exponentials and roots ----------------------------------------------------------------------


def analytic(name: str, vjp: Callable[..., Any], expr: str = "") -> Unary:
    """The public function of an operation on floats and complex numbers; integers become floats."""
    expr = expr or f"{name}(a)"
    return unary(Elementwise(name, expr, "a", result="float", vjps=(vjp,), complex=True))


exp = analytic("exp", lambda g, y: times_slope(g, conj(y)))
expm1 = analytic("expm1", lambda g, y: times_slope(g, conj(y + 1)))
log = analytic("log", lambda g, a: over_slope(g, conj(a)))
log1p = analytic("log1p", lambda g, a: over_slope(g, conj(a + 1)))
sqrt = analytic("sqrt", lambda g, y: over_slope(g, conj(y * 2)))
sin: Unary = analytic("sin", lambda g, a: times_slope(g, conj(cos(a))))
cos: Unary = analytic("cos", lambda g, a: -times_slope(g, conj(sin(a))))

# Activations ---------------------------------------------------------------------------------

tanh = analytic("tanh", lambda g, y: g * conj(1 - y * y))
sigmoid = analytic("sigmoid", lambda g, y: g * conj(y * (1 - y)), "1 / (1 + exp(-a))")
# Not `g * (y > 0)`: that gives NaN for an infinite g. A NaN input lets its gradient through.
GATE = Elementwise("gate", "select(b <= 0, 0, a)", "a b", vjps=(lambda g, b: gate(g, b), None))
gate: Binary = binary(GATE)
relu: Unary = unary(
    Elementwise("relu", "maximum(a, 0)", "a", takes="if", vjps=(lambda g, y: gate(g, y),))
)
