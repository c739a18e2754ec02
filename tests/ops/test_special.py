"""Special functions beyond the table: poles, infinities, refused gradients, high degrees."""

import math

import numpy as np
import pytest
from scipy import special

import minigrad as mg


def values(f, *args):
    return f(*[mg.tensor(a, dtype=mg.float64) for a in args]).numpy()


def test_poles_and_infinities():
    inf, nan = math.inf, math.nan
    at = [0.0, -0.0, -1.0, inf, -inf, nan]
    np.testing.assert_array_equal(values(mg.lgamma, at), [inf, inf, inf, inf, inf, nan])
    np.testing.assert_array_equal(values(mg.digamma, at), [-inf, inf, nan, inf, nan, nan])
    trigamma = mg.polygamma(1, mg.tensor([0.0, -1.0, inf, nan])).numpy()
    np.testing.assert_array_equal(trigamma, [inf, inf, 0, nan])
    assert values(mg.special.zeta, inf, inf) == 0
    np.testing.assert_array_equal(values(mg.igamma, [nan, 1.0], [0.0, nan]), [nan, nan])
    np.testing.assert_array_equal(values(mg.erfinv, [-1.0, 1.0, 2.0]), [-inf, inf, nan])


def test_bessel_functions_are_right_to_twelve_digits():
    x = np.linspace(0.1, 30, 50)
    for name, f in [("j0", special.jv), ("j1", special.jv), ("y0", special.yv), ("y1", special.yv)]:
        found = values(getattr(mg.special, f"bessel_{name}"), x)
        np.testing.assert_allclose(found, f(int(name[1]), x), rtol=1e-10, atol=1e-13)


def test_airy_on_both_sides_of_zero(device):
    x = np.concatenate([np.linspace(-50, 20, 300), [1e4, 1e30]])
    found = mg.special.airy_ai(mg.tensor(x, device=device)).numpy(force=True)
    expected = np.where(x > 1e3, 0, special.airy(x)[0])
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["igamma", "igammac", "special.zeta"])
def test_the_first_argument_has_no_gradient(name):
    function = getattr(mg.special, "zeta") if "." in name else getattr(mg, name)  # noqa: B009
    a, x = mg.tensor([2.0], requires_grad=True), mg.tensor([1.5], requires_grad=True)
    with pytest.raises(RuntimeError, match="no derivative"):
        function(a, x).sum().backward()
    function(a.detach(), x).sum().backward()
    assert x.grad is not None


def test_functions_without_a_gradient_are_constants():
    x = mg.tensor([0.5], requires_grad=True)
    for name in ("bessel_j0", "modified_bessel_k1", "airy_ai", "spherical_bessel_j0"):
        assert not getattr(mg.special, name)(x).requires_grad
    assert not mg.special.hermite_polynomial_h(x, 3).requires_grad


def test_high_degrees():
    x = np.array([-1.0, -0.3, 0.99, 1.0])
    for letter, evaluate in [("t", special.eval_chebyt), ("u", special.eval_chebyu)]:
        f = getattr(mg.special, f"chebyshev_polynomial_{letter}")
        for n in (64, 65, 1000, 1001):
            np.testing.assert_allclose(values(f, x, n), evaluate(n, x), rtol=1e-9, atol=1e-9)
    assert np.isnan(values(mg.special.chebyshev_polynomial_t, 2.0, 2**40))
    legendre = values(mg.special.legendre_polynomial_p, x, 300)
    np.testing.assert_allclose(legendre, special.eval_legendre(300, x), rtol=1e-9, atol=1e-11)
    with pytest.raises(ValueError, match="degrees above"):
        mg.special.legendre_polynomial_p(mg.tensor([0.5]), 10**6)


WRONG = {
    "a list": lambda: mg.erf([0.5]),
    "a number": lambda: mg.lgamma(0.5),
    "two numbers": lambda: mg.special.zeta(2.0, 1.0),
    "one number": lambda: mg.igamma(2.0, mg.ones(1)),
    "a negative order": lambda: mg.polygamma(-1, mg.ones(1)),
    "an order that is no integer": lambda: mg.polygamma(1.5, mg.ones(1)),
    "the order in second place": lambda: mg.polygamma(mg.ones(1), 1),
    "no dimension": lambda: mg.mvlgamma(mg.ones(1), 0),
    "complex numbers": lambda: mg.erf(mg.ones(1, dtype=mg.complex64)),
    "numbers alone": lambda: mg.special.hermite_polynomial_h(0.5, 2),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_pytorch_refuses_raises(case):
    with pytest.raises((RuntimeError, ValueError, TypeError)) as caught:
        WRONG[case]()
    assert isinstance(caught.value, mg.Error)
