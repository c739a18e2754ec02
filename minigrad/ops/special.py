"""Error functions, gamma functions and their kin: SciPy's ufuncs, and gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, DTypeError, GradientError
from ..ir import Elementwise
from ..tensor import Scalar, Tensor, apply
from .calling import of_tensor, public
from .creation import arange
from .elementwise import exp, log, log1p, over_slope, square, times_slope, where
from .elementwise_builders import binary, unary
from .inplace import twin
from .operands import as_tensor_operand, operand
from .smooth_activations import NORMAL_CDF

__all__ = [
    "digamma", "erf", "erf_", "erfc", "erfc_", "erfinv", "igamma", "igammac", "lgamma",
    "mvlgamma", "polygamma",
]  # fmt: skip

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_TWO_PI = math.sqrt(2 * math.pi)


def special_unary(name: str, expr: str, vjp: Any = None, formula: str = "") -> Any:
    """The public function of a record of one input; without `vjp` it is a constant, as in PyTorch.

    Integers become floats.
    """
    vjps = (vjp,) if vjp else ()
    return unary(Elementwise(name, expr, "a", result="float", vjps=vjps, formula=formula))


def _no_slope(what: str) -> Callable[..., Any]:
    """A gradient that PyTorch has not, nor do we."""

    def vjp(g: Any) -> Any:
        raise GradientError(f"{what} has no derivative here; pass that argument detached")

    vjp.refuses = True  # type: ignore[attr-defined]
    return vjp


# Error functions -----------------------------------------------------------------------------


def _inverse_bell(y: Any, scale: float) -> Any:
    """exp(scale y²), infinite without a slope where y is."""
    inside = abs(y) < math.inf
    return where(inside, exp(square(where(inside, y, 0.0)) * scale), abs(y))


erf = special_unary("erf", "erf(a)", lambda g, a: g * _bell(a))
erfc = special_unary("erfc", "erfc(a)", lambda g, a: -(g * _bell(a)), "1 - erf(a)")
erfinv = special_unary(
    "erfinv", "erfinv(a)", lambda g, y: times_slope(g, _inverse_bell(y, 1.0) / _TWO_OVER_ROOT_PI)
)
erfcx = special_unary(
    "erfcx",
    "erfcx(a)",
    lambda g, y, a: times_slope(g, a * y * 2 - _TWO_OVER_ROOT_PI),
    "exp(a²) erfc(a)",
)


erf_, erfc_ = twin(erf), twin(erfc)


def _bell(a: Tensor) -> Tensor:
    return exp(-square(a)) * _TWO_OVER_ROOT_PI


# The normal distribution ---------------------------------------------------------------------

ndtr = unary(NORMAL_CDF)
ndtri = special_unary(
    "ndtri",
    "ndtri(a)",
    lambda g, y: times_slope(g, _inverse_bell(y, 0.5) * _ROOT_TWO_PI),
    "the inverse of ndtr",
)
log_ndtr = special_unary(
    "log_ndtr",
    "log_ndtr(a)",
    lambda g, a: over_slope(g * math.sqrt(2 / math.pi), erfcx(a * -math.sqrt(0.5))),
    "log(ndtr(a))",
)
entr = special_unary(
    "entr", "entr(a)", lambda g, a: times_slope(g, -(log(a) + 1)), "-a log(a), and 0 at 0"
)
XLOG1PY = Elementwise(
    "xlog1py",
    "xlog1py(a, b)",
    "a b",
    result="float",
    vjps=(
        lambda g, a, b: times_slope(g, _log1p_where_used(g, a, b)),
        lambda g, a, b: over_slope(g * a, b + 1),
    ),
    formula="a log(1 + b), and 0 where a is 0",
)
xlog1py = binary(XLOG1PY, "either")


def _log1p_where_used(g: Tensor, a: Any, b: Any) -> Tensor:
    b = b if isinstance(b, Tensor) else g.new_full((), b)
    return where((a == 0) & (b <= -1), 0.0, log1p(b))


# Gamma functions -----------------------------------------------------------------------------

lgamma = special_unary(
    "lgamma",
    "select(isinf(a), abs(a), gammaln(a))",
    lambda g, a: times_slope(g, digamma(a)),
    "log |gamma(a)|",
)
digamma: Any = special_unary(
    "digamma",
    "psi(a)",
    lambda g, a: times_slope(g, polygamma(1, a)),
    "the derivative of lgamma",
)
POLYGAMMA: Elementwise = Elementwise(
    "polygamma",
    "zeta(m, a) * s",
    "a m s",
    result="float",
    vjps=(lambda g, a, m: times_slope(g, polygamma(int(m), a)), None, None),
    formula="the n-th derivative of digamma, (-1)^(n+1) n! zeta(n + 1, a)",
)


@public
def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of `digamma`: ``(-1)^(n+1) n! zeta(n + 1, input)``."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise DTypeError(f"polygamma: n must be an integer, got {n!r}")
    if n < 0:
        raise ArgumentError(f"polygamma: n={n} must not be negative")
    x = as_tensor_operand(input, "polygamma")
    if n == 0:
        return digamma(x)
    scale = math.factorial(n) if n < 171 else math.inf
    return apply(POLYGAMMA, x, Scalar(n + 1.0), Scalar(float(scale if n % 2 else -scale)))


def polygamma_of(input: Tensor, n: int) -> Tensor:
    """``polygamma(n, input)``, as a method has it."""
    return polygamma(n, input)


@of_tensor
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`.

    ``p (p - 1) / 4 log(pi) + sum over j < p of lgamma(input - j / 2)``.
    """
    if isinstance(p, bool) or not isinstance(p, int):
        raise DTypeError(f"mvlgamma: p must be an integer, got {p!r}")
    if p < 1:
        raise ArgumentError(f"mvlgamma: p={p} must be at least 1")
    x = input + 0.0
    halves = arange(p, dtype=x.dtype, device=x.device) / 2
    return lgamma(x[..., None] - halves).sum(-1) + p * (p - 1) / 4 * math.log(math.pi)


def _gamma_density(g: Tensor, a: Any, b: Any) -> Tensor:
    """g b^(a-1) exp(-b) / gamma(a)."""
    a = a if isinstance(a, Tensor) else g.new_full((), a)
    return times_slope(g, exp((a - 1) * log(b) - b - lgamma(a)))


igamma = binary(
    Elementwise(
        "igamma",
        "gammainc(a, b)",
        "a b",
        result="float",
        vjps=(_no_slope("igamma: its first argument"), _gamma_density),
        formula="integral of t^(a-1) exp(-t) from 0 to b, over gamma(a)",
    ),
    "none",
)
igammac = binary(
    Elementwise(
        "igammac",
        "gammaincc(a, b)",
        "a b",
        result="float",
        vjps=(
            _no_slope("igammac: its first argument"),
            lambda g, a, b: -_gamma_density(g, a, b),
        ),
        formula="1 - igamma(a, b)",
    ),
    "none",
)
ZETA: Elementwise = Elementwise(
    "zeta",
    "zeta(a, b)",
    "a b",
    result="float",
    vjps=(
        _no_slope("zeta: its first argument"),
        lambda g, a, b: -times_slope(g, a * apply(ZETA, operand(a + 1, "zeta"), b)),
    ),
    formula="Hurwitz's zeta: the sum of (b + k)^-a over k = 0, 1, ...",
)
zeta = binary(ZETA, "either")
