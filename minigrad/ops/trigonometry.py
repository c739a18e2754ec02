"""Trigonometric and hyperbolic functions, and their inverses; sin, cos and tanh are in
`elementwise`.

1 - a**2 is written (1 - a) (1 + a), which keeps its digits near 1.
"""

from __future__ import annotations

from typing import Any

from ..ir import Elementwise
from .choice import where
from .complex import conj, is_complex_tensor
from .elementwise import analytic, over_slope, sqrt, times_slope
from .elementwise_builders import Binary, Unary, binary

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "asin", "asinh", "atan", "atan2", "atanh", "cosh", "sinh", "tan",
]  # fmt: skip


tan = analytic("tan", lambda g, y: g + times_slope(times_slope(g, conj(y)), conj(y)))
sinh: Unary = analytic("sinh", lambda g, a: times_slope(g, conj(cosh(a))))
cosh: Unary = analytic("cosh", lambda g, a: times_slope(g, conj(sinh(a))))
asin = arcsin = analytic(
    "asin", lambda g, a: over_slope(g, conj(sqrt((1 - a) * (1 + a)))), "arcsin(a)"
)
acos = arccos = analytic(
    "acos", lambda g, a: -over_slope(g, conj(sqrt((1 - a) * (1 + a)))), "arccos(a)"
)
atan = arctan = analytic("atan", lambda g, a: over_slope(g, conj(1 + a * a)), "arctan(a)")
asinh = arcsinh = analytic("asinh", lambda g, a: over_slope(g, conj(sqrt(1 + a * a))), "arcsinh(a)")
acosh = arccosh = analytic("acosh", lambda g, a: over_slope(g, conj(_acosh_slope(a))), "arccosh(a)")
atanh = arctanh = analytic(
    "atanh", lambda g, a: over_slope(g, conj((1 - a) * (1 + a))), "arctanh(a)"
)


def _acosh_slope(a: Any) -> Any:
    # Of complex numbers the root of the product is on another branch where the real part is < 0.
    if is_complex_tensor(a):
        return sqrt(a - 1) * sqrt(a + 1)
    return sqrt((a - 1) * (a + 1) + 0.0)  # + 0.0: at -1 the product is -0


def _turn(g: Any, a: Any, b: Any) -> Any:
    """g a / (a**2 + b**2), the turn of a direction; none at the origin, as in PyTorch."""
    square = a * a + b * b
    return times_slope(g, where(square == 0, 0.0, a / square))


atan2: Binary = binary(
    Elementwise(
        "atan2",
        "arctan2(a, b)",
        "a b",
        result="float",
        vjps=(lambda g, a, b: _turn(g, b, a), lambda g, a, b: -_turn(g, a, b)),
    ),
    "none",
)
arctan2 = atan2
