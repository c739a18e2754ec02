"""Special functions: SciPy's slower and other ways to them are the oracles where there are any."""

import operator
import sys

import numpy as np
from numpy import array, inf
from scipy import special

import minigrad as mg
from minigrad.testing import sample

from .making import CONSTANT, SPECIAL, TWICE, P, X, call, in_place, row

FINITE = array([-1.5, -0.0, 0.0, 0.5, 2.0, np.nan])
POSITIVE = array([0.5, 2.0, np.nan])
FLOAT = {"kinds": "fi", "result": "float", "broadcasts": True}


def unary(name, oracle, domain=X, at=SPECIAL, **facts):
    """One input, also at zeros, infinities and NaN."""
    facts = FLOAT | facts
    return row(name, oracle, sample(domain(2, 3)), sample(at, smooth=False), **facts)


def inside(*shape):
    return X(*shape, low=-0.9, high=0.9)


def between(*shape):
    return X(*shape, low=0.1, high=0.9)


def of_order(n):
    return lambda x: swapped("polygamma", n, x)


def at_first(name, a):
    """Of two arguments the second: by the first there is no gradient."""
    return lambda x: call(name)((x * 0 + a).detach(), x)


def multigammaln(x, p):
    return sum(special.loggamma(x - j / 2).real for j in range(p)) + p * (p - 1) / 4 * np.log(np.pi)


def zeta(a, b):
    """The sum, with the rest of it by Euler and Maclaurin."""
    k = np.arange(50.0).reshape(-1, *[1] * np.ndim(a + b))
    n = b + 50
    rest = n ** (1 - a) / (a - 1) + n**-a / 2 + a * n ** (-a - 1) / 12
    rest = rest - a * (a + 1) * (a + 2) * n ** (-a - 3) / 720
    return ((b + k) ** -a).sum(0) + rest


def log_gamma(x):
    pole = np.isinf(x) | ((x <= 0) & (x == np.floor(x)))
    return np.where(pole, inf, np.log(np.abs(special.gamma(x))))


def polynomial(evaluate, shift=False):
    def oracle(x, n):
        n = np.trunc(np.asarray(n, float))
        y = evaluate(np.maximum(n, 0).astype(int), 2 * x - 1 if shift else x)
        return np.where(n < 0, 0, y)

    return oracle


def by_coefficients(make):
    """Of a polynomial in the usual basis, degree by degree."""
    return np.vectorize(lambda n, x: float(np.polyval(make(int(n)), x)), otypes=[float])


def _half(n, sign):
    """V (sign -1) and W (+1): U_n with -+ U_(n-1)."""
    before = special.chebyu(n - 1) if n else np.poly1d([0.0])
    return special.chebyu(n) + sign * before


def either(name):
    """A function of two, of which the second alone may be a tensor."""
    function = call(name)

    def called(a, b):
        return function(a, b) if hasattr(a, "dtype") else swapped(name, a, b)

    return called


def swapped(name, a, b):
    library = mg if isinstance(b, mg.Tensor) else sys.modules["torch"]
    return operator.attrgetter(name)(library)(a, b)


DEGREES = array([[0.0], [1.0], [2.0], [5.7], [-1.0]])
POLYNOMIALS = {
    "chebyshev_polynomial_t": special.eval_chebyt,
    "chebyshev_polynomial_u": special.eval_chebyu,
    "chebyshev_polynomial_v": by_coefficients(lambda n: _half(n, -1)),
    "chebyshev_polynomial_w": by_coefficients(lambda n: _half(n, 1)),
    "hermite_polynomial_h": special.eval_hermite,
    "hermite_polynomial_he": special.eval_hermitenorm,
    "laguerre_polynomial_l": lambda n, x: special.eval_genlaguerre(n, 0, x),
    "legendre_polynomial_p": special.eval_legendre,
}
DEGREED = dict(kinds="f", transfers=True, **CONSTANT)

ROWS = [
    unary("erf", lambda x: 1 - special.erfc(x)),
    unary("erfc", lambda x: 1 - special.erf(x)),
    unary("erfinv", lambda x: special.ndtri((x + 1) / 2) / np.sqrt(2), inside, kinds="f"),
    unary("lgamma", log_gamma, P),
    row("digamma", lambda x: special.digamma(x + 0j).real, sample(P(2, 3)), sample(P()),
        sample(P(0))),
    *[row(f"polygamma {n}", lambda x, n=n: special.polygamma(n, x), sample(P(2, 3)),
          function=of_order(n), broadcasts=True) for n in (0, 1, 2, 4)],
    row("mvlgamma", multigammaln, sample(X(2, 3, low=2.0, high=4.0), 3),
        sample(X(2, low=2.0, high=4.0), 1), **TWICE),
    unary("i0", lambda x: special.iv(0, x), kinds="fi"),
    unary("special.i0e", lambda x: special.ive(0, x), P, FINITE),
    unary("special.i1", lambda x: special.iv(1, x)),
    unary("special.i1e", lambda x: special.ive(1, x), P, FINITE),
    unary("special.erfcx", lambda x: special.wofz(1j * x).real, at=FINITE, kinds="f"),
    unary("special.ndtr", lambda x: special.erfc(-x / np.sqrt(2)) / 2),
    unary("special.ndtri", lambda x: special.erfinv(2 * x - 1) * np.sqrt(2), between, kinds="f"),
    unary("special.log_ndtr", lambda x: np.log(special.erfc(-x / np.sqrt(2)) / 2)),
    unary("special.entr", lambda x: np.where(x < 0, -inf, -special.xlogy(x, x)), P),
    row("special.xlog1py", lambda a, b: a * np.log1p(b), sample(X(2, 3), P(3)),
        sample(X(2, 3), 0.5), sample(0.5, P(3)), function=either("special.xlog1py"),
        kinds="fi", result="float"),
    *[row(name, lambda x, f=f: f(1.7, x), sample(P(2, 3)), sample(P(0)),
          function=at_first(name, 1.7), **TWICE)
      for name, f in [("igamma", lambda a, x: 1 - special.gammaincc(a, x)),
                      ("igammac", lambda a, x: 1 - special.gammainc(a, x)),
                      ("special.zeta", zeta)]],
    *[row(f"{name}_", oracle, sample(P(2, 3)), function=in_place(f"{name}_"))
      for name, oracle in [("erf", special.erf), ("erfc", special.erfc), ("i0", special.i0),
                           ("lgamma", special.gammaln), ("digamma", special.psi)]],
    *[unary(f"special.{name}", oracle, P, POSITIVE, **CONSTANT) for name, oracle in [
        ("bessel_j0", lambda x: special.jv(0, x)), ("bessel_j1", lambda x: special.jv(1, x)),
        ("bessel_y0", lambda x: special.yv(0, x)), ("bessel_y1", lambda x: special.yv(1, x)),
        ("modified_bessel_i0", lambda x: special.iv(0, x)),
        ("modified_bessel_i1", lambda x: special.iv(1, x)),
        ("modified_bessel_k0", lambda x: special.kv(0, x)),
        ("modified_bessel_k1", lambda x: special.kv(1, x)),
        ("scaled_modified_bessel_k0", lambda x: special.kve(0, x)),
        ("scaled_modified_bessel_k1", lambda x: special.kve(1, x)),
        ("spherical_bessel_j0", lambda x: special.spherical_jn(0, x))]],
    row("special.airy_ai", lambda x: special.airy(x)[0], sample(X(2, 3, low=-20, high=8)),
        sample(X()), sample(X(0)), sample(array([-2.5, 2.5, 0.0, -0.0])), **FLOAT, **CONSTANT),
    *[row(f"special.{name}", polynomial(f), sample(X(4), DEGREES), sample(X(2, 3), 3),
          sample(0.25, array([0.0, 3.0])), sample(X(0), 2), sample(X(3, low=-0.9, high=0.9), 9),
          function=either(f"special.{name}"), **DEGREED)
      for name, f in POLYNOMIALS.items()],
    *[row(f"special.shifted_{name}", polynomial(POLYNOMIALS[name], True),
          sample(X(4), DEGREES), sample(X(2, 3), 3), function=call(f"special.shifted_{name}"),
          **DEGREED) for name in POLYNOMIALS if name.startswith("cheb")],
    unary("special.expit", special.expit),
    unary("special.gammaln", log_gamma, P),
    row("special.multigammaln", multigammaln, sample(X(2, low=2.0, high=4.0), 2), **TWICE),
    *[row(f"special.{name}", lambda x, f=f: f(1.7, x), sample(P(2)),
          function=at_first(f"special.{name}", 1.7), **TWICE)
      for name, f in [("gammainc", special.gammainc), ("gammaincc", special.gammaincc)]],
]  # fmt: skip
