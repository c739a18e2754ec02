"""Normalisation: CPU against reference, on every layout, and the same bits for any thread count."""

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu import normalization as cpu
from minigrad.kernels.reference import normalization as reference

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")
RNG = np.random.default_rng(0)

# shape of x, axes, shape of weight and bias
CASES = [
    ((5, 7), (1,), (1, 7)),
    ((3, 4, 33), (1, 2), (1, 4, 33)),
    ((2, 3, 65), (2,), (1, 1, 1)),
    ((2, 3, 4, 5), (2, 3), (1, 3, 4, 1)),  # group norm: weights differ between rows
    ((4, 3, 5, 6), (0, 2, 3), (1, 3, 1, 1)),  # batch norm
    ((1000, 17), (1,), (1, 17)),
    ((0, 4), (1,), (1, 4)),
    ((4, 0), (1,), (1, 0)),
]


def both(shape, axes, parameter, dtype, centre, order, spoil=False):
    x, g = (RNG.standard_normal(shape).astype(dtype) for _ in range(2))
    if spoil and x.size:
        x.reshape(-1)[x.size // 2] = np.inf
        g.reshape(-1)[0] = np.nan
    if order == "F":
        x, g = np.asfortranarray(x), np.asfortranarray(g)
    weight, bias = (RNG.standard_normal(parameter).astype(dtype) for _ in range(2))
    kept = [1 if axis in axes else n for axis, n in enumerate(shape)]
    found = []
    for module in (reference, cpu):
        with np.errstate(all="ignore"):
            out, mean, var = np.empty_like(x), np.empty(kept, dtype), np.empty(kept, dtype)
            settings = {"axes": axes, "eps": 1e-5, "centre": centre}
            module.normalize(out, mean, var, x, weight, bias, **settings)
            grads = np.empty_like(x), np.empty(parameter, dtype), np.empty(parameter, dtype)
            module.normalize_grad(*grads, g, x, mean, var, weight, **settings)
            found.append((out, mean, var, *grads))
    return found


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize(("shape", "axes", "parameter"), CASES)
def test_cpu_equals_reference(shape, axes, parameter, centre):
    for dtype, tolerance in (("f4", 2e-4), ("f8", 1e-11)):
        for order in "CF":
            for spoil in (False, True):
                pairs = zip(*both(shape, axes, parameter, dtype, centre, order, spoil), strict=True)
                for expected, actual in pairs:
                    np.testing.assert_allclose(actual, expected, tolerance, tolerance)


def test_threads_do_not_change_bits():
    threads = jit.get_num_threads()
    x, g = RNG.standard_normal((2, 3000, 256)).astype("f4")
    weight, bias = RNG.standard_normal((2, 1, 256)).astype("f4")
    seen = set()
    try:
        for count in (1, 2, 3):
            jit.set_num_threads(count)
            out, mean, var = np.empty_like(x), np.empty((3000, 1), "f4"), np.empty((3000, 1), "f4")
            settings = {"axes": (1,), "eps": 1e-5, "centre": True}
            cpu.normalize(out, mean, var, x, weight, bias, **settings)
            grads = np.empty_like(x), np.empty_like(weight), np.empty_like(weight)
            cpu.normalize_grad(*grads, g, x, mean, var, weight, **settings)
            seen.add(b"".join(a.tobytes() for a in (out, *grads)))
    finally:
        jit.set_num_threads(threads)
    assert len(seen) == 1
