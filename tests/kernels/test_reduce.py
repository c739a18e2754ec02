"""Sums: CPU against reference, exact and repeatable."""

import itertools

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu import reduce as cpu
from minigrad.kernels.reference import reduce as reference

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")


def reduced_shape(x, axes):
    return tuple(size for axis, size in enumerate(x.shape) if axis not in axes)


def integers(shape, dtype):
    """Small integers, whose sums are exact in every dtype."""
    return np.random.default_rng(0).integers(0, 2, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u1", "?", "c8"])
def test_every_axis_and_layout(dtype):
    for shape in [(), (5,), (0,), (2, 0, 3), (3, 1, 70, 40), (40, 5, 3, 20)]:
        for order in (range(len(shape)), reversed(range(len(shape)))):
            x = integers(shape, dtype).transpose(*order)
            x = x[::-1] if x.ndim else x
            x.flags.writeable = False
            for count in range(x.ndim + 1):
                for axes in itertools.combinations(range(x.ndim), count):
                    kind = dtype if dtype in ("f4", "f8", "c8") else "i8"
                    expected = np.empty(reduced_shape(x, axes), kind)
                    actual = np.empty(expected.shape[::-1], kind).T
                    reference.sum(expected, x, axes=axes)
                    cpu.sum(actual, x, axes=axes)
                    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("module", [reference, cpu])
def test_float32_does_not_stall(module):
    """2**25 ones: a float32 accumulator stops at 2**24."""
    for columns in (1, 3):
        x = np.broadcast_to(np.float32(1), (2**25 // columns, columns))
        out = np.empty(columns, "f4")
        module.sum(out, x, axes=(0,))
        np.testing.assert_array_equal(out, np.float32(2**25 // columns))


def test_non_finite():
    x = np.ones((3, 5000, 4), "f4")
    x[0, 17, 1], x[1, 4000, 2], x[2, 1, 3], x[2, 2, 3] = np.nan, np.inf, np.inf, -np.inf
    for axes in [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]:
        for given in (x, x.transpose(2, 1, 0)):
            with np.errstate(all="ignore"):
                expected = np.asarray(np.sum(given, axis=axes))
            out = np.empty(expected.shape, "f4")
            cpu.sum(out, given, axes=axes)
            np.testing.assert_array_equal(out, expected)


def test_same_bits_for_any_number_of_threads():
    x = np.random.default_rng(0).standard_normal((40, 64, 30, 31))
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    threads = jit.get_num_threads()
    for given, axes in itertools.product((x, last), [(0, 2, 3), (1,), (0, 1, 2, 3)]):
        results = set()
        for count in (1, 2, 5):
            jit.set_num_threads(count)
            out = np.empty(reduced_shape(given, axes))
            cpu.sum(out, given, axes=axes)
            results.add(out.tobytes())
        assert len(results) == 1
    jit.set_num_threads(threads)
