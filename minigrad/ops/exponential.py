"""Exponentials and logarithms to other bases, and what is made of them; exp, expm1, log, log1p
and sigmoid are in `elementwise`."""

from __future__ import annotations

import math
from typing import Any

from ..ir import Elementwise
from ..tensor import Tensor, apply
from .calling import public
from .choice import where
from .complex import conj, is_complex_tensor
from .elementwise import analytic, log, over_slope, pow, sigmoid, times_slope
from .elementwise_builders import Binary, binary
from .operands import as_tensor_operand, operand

__all__ = [
    "exp2",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "logit",
    "rsqrt",
    "sinc",
    "xlogy",
]  # fmt: skip

_LN2, _LN10 = math.log(2), math.log(10)


EXP2 = Elementwise(
    "exp2", "exp2(a)", "a", result="float", vjps=(lambda g, y: times_slope(g, y * _LN2),)
)


@public
def exp2(input: Tensor) -> Tensor:
    """``2 ** input``."""
    a = as_tensor_operand(input, "exp2")
    return pow(2.0, a) if is_complex_tensor(a) else apply(EXP2, a)


log2 = analytic("log2", lambda g, a: over_slope(g, conj(a) * _LN2))
log10 = analytic("log10", lambda g, a: over_slope(g, conj(a) * _LN10))


def _times_square(g: Any, y: Any) -> Tensor:
    return times_slope(times_slope(g, y), y)


rsqrt = analytic(
    "rsqrt", lambda g, y: times_slope(_times_square(g * -0.5, conj(y)), conj(y)), "1 / sqrt(a)"
)


def _difference(a: Tensor, b: Tensor) -> Tensor:
    return a + b * -1  # of bools too


logaddexp: Binary = binary(
    Elementwise(
        "logaddexp",
        "logaddexp(a, b)",
        "a b",
        takes="f",
        vjps=(
            lambda g, a, b: times_slope(g, sigmoid(_difference(a, b))),
            lambda g, a, b: times_slope(g, sigmoid(_difference(b, a))),
        ),
    ),
    "none",
)
logaddexp2: Binary = binary(
    Elementwise(
        "logaddexp2",
        "logaddexp2(a, b)",
        "a b",
        takes="f",
        vjps=(
            lambda g, a, b: times_slope(g, sigmoid(_difference(a, b) * _LN2)),
            lambda g, a, b: times_slope(g, sigmoid(_difference(b, a) * _LN2)),
        ),
    ),
    "none",
)


def _log_where_used(g: Any, a: Any, b: Any) -> Tensor:
    if not isinstance(b, Tensor):  # PyTorch takes a number that is NaN for one without a logarithm
        return times_slope(g, where((a == 0) & (not b > 0), 0.0, log(g.new_full((), b))))
    return times_slope(g, where((a == 0) & (b <= 0), 0.0, log(b)))


xlogy: Binary = binary(
    Elementwise(
        "xlogy",
        "select((a == 0) & (b == b), 0, a * log(b))",
        "a b",
        result="float",
        vjps=(_log_where_used, lambda g, a, b: times_slope(g, a / b)),
    ),
    "either",
)

# sin(u) / u for u = pi a, and its slope: (cos u - sin u / u) / a cancels near 0, where a series
# serves: d/du (sin u / u) = -u/3 + u^3/30 - u^5/840 + ...
_COEFFICIENTS = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 9)]
_U = f"({math.pi!r} * a)"


def _horner(coefficients: list[float]) -> str:
    first, *rest = coefficients
    return f"{first!r} + {_U} * {_U} * ({_horner(rest)})" if rest else repr(first)


SINC_SLOPE = Elementwise(
    "sinc_slope",
    f"select(abs(a) < 0.25, {math.pi!r} * {_U} * ({_horner(_COEFFICIENTS)}), "
    f"(cos({_U}) - sin({_U}) / {_U}) / a)",
    "a",
    vjps=(lambda g, a, y: g * conj(_sinc_curvature(a, y)),),
    formula="d sinc(a) / da",
    complex=True,
)


def _sinc_curvature(a: Tensor, slope: Tensor) -> Tensor:
    at_zero = a == 0
    curvature = -(math.pi**2) * sinc(a) - 2 * slope / where(at_zero, 1.0, a)
    return where(at_zero, -(math.pi**2) / 3, curvature)


sinc = analytic(
    "sinc",
    lambda g, a: g * conj(apply(SINC_SLOPE, a)),
    f"select(a == 0, 1, sin({_U}) / {_U})",
)

LOGIT = Elementwise(
    "logit",
    "log(a / (1 - a))",
    "a",
    result="float",
    vjps=(lambda g, a: over_slope(g, where((a >= 0) & (a <= 1), (a + 0.0) * (1 - a), math.nan)),),
)
LOGIT_WITHIN = Elementwise(
    "logit_within",
    "log(minimum(maximum(a, low), high) / (1 - minimum(maximum(a, low), high)))",
    "a low high",
    result="float",
    vjps=(
        lambda g, a, low, high: where((a < low) | (a > high), 0, over_slope(g, a * (1 - a))),
        None,
        None,
    ),
)


@public
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """``log(x / (1 - x))`` of `input`, limited to [eps, 1 - eps] if `eps` is given."""
    a = as_tensor_operand(input, "logit")
    if eps is None:
        return apply(LOGIT, a)
    return apply(LOGIT_WITHIN, a, operand(float(eps), "logit"), operand(1 - float(eps), "logit"))
