"""Elementwise operations: each a scalar expression and its gradient.

In a gradient formula `g` is the cotangent of the output; other parameters name what the formula
needs, and so what is kept: `y` the output, `a`, `b` the inputs.

At a singular slope a zero cotangent contributes zero: sqrt, log, div and pow multiply by their
slope through `times_slope`, so that ``where(x > 0, sqrt(x), x)`` has a finite gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..dtypes import is_differentiable
from ..errors import ArgumentError
from ..ir import Elementwise
from ..tensor import Tensor, apply
from .calling import public
from .complex import conj, real, sgn
from .creation import zeros_like
from .operands import as_tensor_operand, operand

__all__ = [
    "abs", "absolute", "add", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "ceil",
    "clamp", "clamp_max", "clamp_min", "clip", "cos", "div", "eq", "exp", "expm1", "floor",
    "ge", "gt", "isfinite", "isinf", "isnan", "le", "log", "log1p", "logical_not", "lt",
    "maximum", "minimum", "mul", "multiply", "ne", "neg", "negative", "pow", "relu", "round",
    "sigmoid", "sign", "sin", "sqrt", "square", "sub", "subtract", "tanh", "true_divide",
    "where",
]  # fmt: skip


class Unary(Protocol):
    """The public function of a one-input operation; `prim` is its record."""

    prim: Elementwise

    def __call__(self, input: Any) -> Tensor: ...


class Binary(Protocol):
    """The public function of a two-input operation; `prim` is its record."""

    prim: Elementwise

    def __call__(self, input: Any, other: Any) -> Tensor: ...


def unary(prim: Elementwise) -> Unary:
    """The public function of a one-input operation."""

    def function(input: Tensor) -> Tensor:
        return apply(prim, operand(input, prim.name))

    return _documented(function, prim)


def binary(prim: Elementwise) -> Binary:
    """The public function of a two-input operation; either input may be a number."""

    def function(input: Tensor, other: Any) -> Tensor:
        return apply(prim, operand(input, prim.name), operand(other, prim.name))

    return _documented(function, prim)


def _documented(function: Any, prim: Elementwise) -> Any:
    function.__name__ = function.__qualname__ = prim.name
    function.__doc__ = (
        f"Elementwise ``{prim.formula}``; inputs broadcast and promote as in PyTorch."
    )
    function.prim = prim
    return public(function)


# Slopes --------------------------------------------------------------------------------------


def _slope_where_used(g: Any, a: Any, b: Any) -> Any:
    """d times_slope / da: the slope, but 0 where it is non-finite and the cotangent a is zero."""
    return g * conj(apply(MASKED_SLOPE, a, operand(b, "slope")))


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
        lambda g, a, b: g * conj(apply(MASKED_SLOPE, a, operand(1 / b, "slope"))),
        lambda g, a, b: -over_slope(times_slope(g, conj(over_slope(a, b))), conj(b)),
    ),
    complex=True,
)
times_slope: Binary = binary(TIMES_SLOPE)
over_slope: Binary = binary(OVER_SLOPE)

# Arithmetic ----------------------------------------------------------------------------------

ADD = Elementwise("add", "a + b", "a b", vjps=(lambda g: g, lambda g: g), complex=True)
SUB = Elementwise("sub", "a - b", "a b", vjps=(lambda g: g, lambda g: -g), complex=True)
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


NEG = Elementwise("neg", "-a", "a", vjps=(lambda g: -g,), complex=True)
ABS = Elementwise(
    "abs", "abs(a)", "a", result="real", vjps=(lambda g, a: g * sgn(a),), complex=True
)
SQUARE = Elementwise("square", "a * a", "a", vjps=(lambda g, a: g * conj(a * 2),), complex=True)


def _pow_slope_in_base(g: Any, a: Any, b: Any) -> Tensor:
    if isinstance(b, Tensor):
        return times_slope(g, conj(where(b == 0, 0.0, b * pow(a, b - 1))))
    return g * 0 if b == 0 else times_slope(g, conj(pow(a, b - 1) * b))


def _pow_slope_in_exponent(g: Any, a: Any, b: Any, y: Any) -> Tensor:
    base = a if isinstance(a, Tensor) else y.new_full((), a)
    # 0 ** b is flat in b wherever it is finite, though log(0) is not.
    flat = (base == 0) & ((real(b) if isinstance(b, Tensor) else b.real) >= 0)
    return times_slope(g, conj(where(flat, 0.0, y * log(base))))


POW = Elementwise(
    "pow", "a ** b", "a b", vjps=(_pow_slope_in_base, _pow_slope_in_exponent), complex=True
)

div = true_divide = binary(DIV)
neg = negative = unary(NEG)
abs = absolute = unary(ABS)
square = unary(SQUARE)
mul = multiply = binary(MUL)


def _times(other: Any, alpha: Any) -> Any:
    if isinstance(alpha, (int, float)) and alpha == 1:
        return other
    plain = isinstance(other, (int, float)) and isinstance(alpha, (int, float))
    return other * alpha if plain else mul(other, alpha)


@public
def add(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """``input + alpha * other``, broadcast and promoted."""
    other = _times(other, alpha)
    return apply(ADD, operand(input, "add"), operand(other, "add"))


@public
def sub(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """``input - alpha * other``, broadcast and promoted."""
    other = _times(other, alpha)
    return apply(SUB, operand(input, "sub"), operand(other, "sub"))


subtract = sub


@public
def pow(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent``; either may be a number."""
    if isinstance(input, Tensor) and isinstance(exponent, (int, float)):
        if exponent == 2:
            return square(input)
        if exponent == 0.5:
            return sqrt(input)
        if exponent == 1 and type(exponent) is not float:
            return input.clone()
    return apply(POW, operand(input, "pow"), operand(exponent, "pow"))


# Exponentials and roots ----------------------------------------------------------------------


def analytic(name: str, vjp: Callable[..., Any], expr: str = "") -> Unary:
    """The public function of an operation on floats and complex numbers; integers become floats."""
    expr = expr or f"{name}(a)"
    return unary(Elementwise(name, expr, "a", result="float", vjps=(vjp,), complex=True))


exp = analytic("exp", lambda g, y: g * conj(y))
expm1 = analytic("expm1", lambda g, y: g * conj(y + 1))
log = analytic("log", lambda g, a: over_slope(g, conj(a)))
log1p = analytic("log1p", lambda g, a: over_slope(g, conj(a + 1)))
sqrt = analytic("sqrt", lambda g, y: over_slope(g, conj(y * 2)))
sin: Unary = analytic("sin", lambda g, a: g * conj(cos(a)))
cos: Unary = analytic("cos", lambda g, a: -(g * conj(sin(a))))

# Activations ---------------------------------------------------------------------------------

tanh = analytic("tanh", lambda g, y: g * conj(1 - y * y))
sigmoid = analytic("sigmoid", lambda g, y: g * conj(y * (1 - y)), "1 / (1 + exp(-a))")
# Not `g * (y > 0)`: that gives NaN for an infinite g. A NaN input lets its gradient through.
GATE = Elementwise("gate", "select(b <= 0, 0, a)", "a b", vjps=(lambda g, b: gate(g, b), None))
gate: Binary = binary(GATE)
relu: Unary = unary(Elementwise("relu", "maximum(a, 0)", "a", vjps=(lambda g, y: gate(g, y),)))

# Choice --------------------------------------------------------------------------------------

# The gradient's share of the larger input; equal inputs share it, as in PyTorch.
SHARE = Elementwise("share", "select(a == b, 0.5, select(a < b, 0.0, 1.0))", "a b", result="float")
share: Binary = binary(SHARE)
maximum: Binary = binary(
    Elementwise(
        "maximum",
        "maximum(a, b)",
        "a b",
        vjps=(lambda g, a, b: g * share(a, b), lambda g, a, b: g * share(b, a)),
    )
)
minimum: Binary = binary(
    Elementwise(
        "minimum",
        "minimum(a, b)",
        "a b",
        vjps=(lambda g, a, b: g * share(b, a), lambda g, a, b: g * share(a, b)),
    )
)
# Clamping differs from maximum at equality: there the whole gradient goes to the input.
clamp_min: Binary = binary(
    Elementwise(
        "clamp_min",
        "maximum(a, b)",
        "a b",
        vjps=(lambda g, a, b: where(a >= b, g, 0), lambda g, a, b: where(a < b, g, 0)),
    )
)
clamp_max: Binary = binary(
    Elementwise(
        "clamp_max",
        "minimum(a, b)",
        "a b",
        vjps=(lambda g, a, b: where(a <= b, g, 0), lambda g, a, b: where(a > b, g, 0)),
    )
)
WHERE = Elementwise(
    "where",
    "select(c, a, b)",
    "c a b",
    conditions=1,
    vjps=(None, lambda g, c: where(c, g, 0), lambda g, c: where(c, 0, g)),
    complex=True,
)


@public
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """``input`` where `condition` (bool) holds, else `other`; alone, the indices where it holds."""
    condition = _condition(condition)
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    return apply(WHERE, condition, operand(input, "where"), operand(other, "where"))


def _condition(x: Any) -> Any:
    x = as_tensor_operand(x, "where: the condition")
    return x if x.array.dtype.kind == "b" else x != 0


@public
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`input` limited to [min, max]; either bound may be absent, a number or a tensor."""
    if min is None and max is None:
        raise ArgumentError("clamp: at least one of min and max is needed")
    out = input if min is None else clamp_min(input, min)
    return out if max is None else clamp_max(out, max)


clip = clamp

# Comparison and logic: no gradients ----------------------------------------------------------


def _compare(name: str, expr: str, complex: bool = False) -> Binary:
    return binary(Elementwise(name, expr, "a b", result="bool", complex=complex))


def _test(name: str, expr: str) -> Unary:
    return unary(Elementwise(name, expr, "a", result="bool", complex=True))


eq = _compare("eq", "a == b", complex=True)
ne = _compare("ne", "a != b", complex=True)
lt = _compare("lt", "a < b")
le = _compare("le", "a <= b")
gt = _compare("gt", "a > b")
ge = _compare("ge", "a >= b")
isnan = _test("isnan", "isnan(a)")
isfinite = _test("isfinite", "isfinite(a)")
isinf = _test("isinf", "isinf(a)")
logical_not = _test("logical_not", "logical_not(a)")
bitwise_and = binary(Elementwise("bitwise_and", "a & b", "a b"))
bitwise_or = binary(Elementwise("bitwise_or", "a | b", "a b"))
bitwise_xor = binary(Elementwise("bitwise_xor", "a ^ b", "a b"))
bitwise_not = unary(Elementwise("bitwise_not", "~a", "a"))

# Rounding: flat almost everywhere, so the gradient is zero, not absent.


def _rounding(name: str, expr: str) -> Unary:
    prim = Elementwise(name, expr, "a", vjps=(lambda g: zeros_like(g),))

    def function(input: Tensor) -> Tensor:
        return apply(prim, input) if is_differentiable(input.dtype) else input.clone()

    return _documented(function, prim)


floor = _rounding("floor", "floor(a)")
ceil = _rounding("ceil", "ceil(a)")
round = _rounding("round", "rint(a)")
# PyTorch's sign of NaN is 0.
sign: Unary = unary(
    Elementwise("sign", "select(a == a, sign(a), 0)", "a", vjps=(lambda g: zeros_like(g),))
)
