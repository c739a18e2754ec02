"""sigmoid and tanh of kernels: their errors over the whole range, infinities and NaN."""

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu.jit import kernel
from minigrad.kernels.cpu.squash import sigmoid, tanh

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")


@kernel("T[::1], T[::1], const(T[::1])")
def both(s, t, x):
    for i in range(x.size):
        s[i] = sigmoid(x[i])
    for i in range(x.size):
        t[i] = tanh(x[i])


def of(x):
    s, t = np.empty_like(x), np.empty_like(x)
    both(s, t, x)
    return s, t


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_errors_in_units_of_the_last_place(dtype):
    size = np.exp(np.linspace(-30, np.log(80), 200_001))
    x = np.concatenate([-size, size]).astype(dtype)
    wide = x.astype(np.longdouble)
    for found, exact, most in zip(of(x), (1 / (1 + np.exp(-wide)), np.tanh(wide)), (3, 2.5)):
        error = np.abs(found - exact) / np.spacing(np.abs(exact).astype(dtype))
        assert error.max() < most


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_limits(dtype):
    s, t = of(np.array([-np.inf, -1e30, -0.0, 0.0, 1e30, np.inf, np.nan], dtype))
    np.testing.assert_array_equal(s, np.array([0, 0, 0.5, 0.5, 1, 1, np.nan], dtype))
    np.testing.assert_array_equal(t, np.array([-1, -1, -0.0, 0, 1, 1, np.nan], dtype))
