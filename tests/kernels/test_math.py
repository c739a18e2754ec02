"""Polynomials of kernels: their errors in units in the last place, and where they end."""

import numpy as np
import pytest

pytest.importorskip("numba")

from minigrad.kernels.cpu.jit import kernel
from minigrad.kernels.cpu.math import exp, largest

FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@kernel("T[::1], const(T[::1])")
def exps(out, x):
    for i in range(x.size):
        out[i] = exp(x[i])


@kernel("T[::1], T[:, ::1]")
def tops(out, x):
    for a in range(x.shape[0]):
        out[a] = largest(x[a])


@FLOATS
def test_exp(dtype):
    rng = np.random.default_rng(0)
    x = np.concatenate([np.linspace(-760, 720, 200_001), rng.standard_normal(50_000) * 20, [0.0]])
    x = x.astype(dtype)
    out = np.empty_like(x)
    exps(out, x)
    with np.errstate(all="ignore"):
        exact = np.exp(x.astype(np.longdouble))
        wanted = exact.astype(dtype)
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(np.isinf(out), ~finite)
    errors = np.abs(out[finite] - exact[finite]) / np.spacing(wanted[finite])
    assert errors.max() < (1 if dtype == np.float32 else 2)  # denormal results too
    ends = np.array([-np.inf, np.inf, np.nan, -np.nan, 0.0, -0.0], dtype)
    out = np.empty_like(ends)
    exps(out, ends)
    np.testing.assert_array_equal(out, np.array([0, np.inf, np.nan, np.nan, 1, 1], dtype))


@FLOATS
def test_largest(dtype):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 37)).astype(dtype)
    x[0], x[1, 3], x[2, 5], x[3], x[4] = -1 - np.abs(x[0]), np.nan, np.inf, -np.inf, -0.0
    out = np.empty(40, dtype)
    tops(out, x)
    np.testing.assert_array_equal(out, x.max(1))
    x[3, 7] = -np.nan  # which is not taken for one more -inf
    tops(out, x)
    np.testing.assert_array_equal(out, x.max(1))
    tops(out, np.empty((40, 0), dtype))
    assert (out == -np.inf).all()
