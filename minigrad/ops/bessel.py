"""Bessel functions, and Airy's. Those that PyTorch has no gradients of are constants here too."""

from __future__ import annotations

from typing import Any

import ml_dtypes

from ..dtypes import get_default_dtype, is_float
from ..ir import Elementwise, Primitive, Spec
from ..tensor import Tensor, apply
from .calling import public
from .choice import sign
from .elementwise import abs, times_slope, where
from .elementwise_builders import documented
from .inplace import twin
from .operands import as_tensor_operand
from .shape import cast
from .special import special_unary

__all__ = ["i0", "i0_"]

# Modified, of the first kind; i1 over x tends to 1/2.


def _away_from_zero(x: Tensor) -> tuple[Tensor, Tensor]:
    """(where x is not tiny, x with something harmless elsewhere)."""
    eps = float(ml_dtypes.finfo(x.dtype).eps)
    large = abs(x) > eps
    return large, where(large, x, eps)


def _i1_slope(g: Tensor, a: Tensor, y: Tensor) -> Tensor:
    large, x = _away_from_zero(a)
    return times_slope(g, where(large, i0(x) - y / x, 0.5))


def _i1e_slope(g: Tensor, a: Tensor, y: Tensor) -> Tensor:
    large, x = _away_from_zero(a)
    return g * where(large, i0e(x) - y * (sign(x) + 1 / x), 0.5)


i0 = special_unary("i0", "i0(a)", lambda g, a: times_slope(g, i1(a)))
i0_ = twin(i0)
i0e = special_unary("i0e", "i0e(a)", lambda g, a, y: g * (i1e(a) - sign(a) * y), "exp(-|a|) i0(a)")
i1: Any = special_unary("i1", "i1(a)", _i1_slope)
i1e: Any = special_unary("i1e", "i1e(a)", _i1e_slope, "exp(-|a|) i1(a)")

# Without gradients ---------------------------------------------------------------------------

bessel_j0 = special_unary("bessel_j0", "j0(a)")
bessel_j1 = special_unary("bessel_j1", "j1(a)")
bessel_y0 = special_unary("bessel_y0", "y0(a)")
bessel_y1 = special_unary("bessel_y1", "y1(a)")
modified_bessel_i0 = special_unary("modified_bessel_i0", "i0(a)")
modified_bessel_i1 = special_unary("modified_bessel_i1", "i1(a)")
modified_bessel_k0 = special_unary("modified_bessel_k0", "k0(a)")
modified_bessel_k1 = special_unary("modified_bessel_k1", "k1(a)")


def _of_x(name: str, expr: str, formula: str) -> Any:
    """A constant function; PyTorch calls its argument x."""
    prim = Elementwise(name, expr, "a", result="float", formula=formula)

    def function(x: Tensor) -> Tensor:
        return apply(prim, as_tensor_operand(x, name))

    return documented(function, prim)


scaled_modified_bessel_k0 = _of_x("scaled_modified_bessel_k0", "k0e(a)", "exp(a) k0(a)")
scaled_modified_bessel_k1 = _of_x("scaled_modified_bessel_k1", "k1e(a)", "exp(a) k1(a)")
spherical_bessel_j0 = _of_x(
    "spherical_bessel_j0", "select(a == 0, 1, select(isinf(a), 0, sin(a) / a))", "sin(a) / a"
)


def _same(x: Any) -> Spec:
    return Spec(x.shape, x.dtype)


AIRY_AI = Primitive("airy_ai", _same, kernel="special.airy_ai", formula="Ai(x)")


@public
def airy_ai(x: Tensor) -> Tensor:
    """Airy's function Ai, the solution of ``y'' = x y`` that falls to 0."""
    x = as_tensor_operand(x, "airy_ai")
    return apply(AIRY_AI, x if is_float(x.dtype) else cast(x, get_default_dtype()))
