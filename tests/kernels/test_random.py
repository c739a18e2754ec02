"""Random numbers: known answers, and the same bits from the reference and the CPU."""

import math

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu import random as cpu
from minigrad.kernels.reference import random as reference

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")
# Python ints of any sign and size; the counter wraps around at 2**64.
KEYS = [(0, 0), (2**64 - 1, 2**64 - 2), (-3, 2**40), (2**63 + 5, -1)]


ZERO = "00000000 00000000 00000000 00000000"
ONES = "ffffffff ffffffff ffffffff ffffffff"
PI = "243f6a88 85a308d3 13198a2e 03707344"
ANSWER_OF_ZERO = "6627e8d5 e169c58d bc57ac4c 9b00dbd8"


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        (ZERO, "00000000 00000000", ANSWER_OF_ZERO),
        (ONES, "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (PI, "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_known_answers_of_random123(counter, key, answer):
    words = [np.array([int(word, 16)], np.uint64) for word in counter.split()]
    result = reference.philox(words, [int(word, 16) for word in key.split()])
    assert [f"{int(word[0]):08x}" for word in result] == answer.split()


@pytest.mark.parametrize("module", [reference, cpu])
def test_words_are_in_order_of_elements(module):
    out = np.empty((2, 3), np.uint32)
    module.philox_bits(out, seed=0, offset=0)
    assert [f"{word:08x}" for word in out.flat[:4]] == ANSWER_OF_ZERO.split()
    later = np.empty(2, np.uint32)
    module.philox_bits(later, seed=0, offset=module.counters(4))
    np.testing.assert_array_equal(later, out.flat[4:])


@pytest.mark.parametrize(("seed", "offset"), KEYS)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (8, 3), (3, 7, 11)])
def test_cpu_is_reference(seed, offset, shape):
    key = {"seed": seed, "offset": offset}
    for name, dtype, attrs in [
        ("philox_bits", "u4", {}),
        ("uniform", "f4", {}),
        ("uniform", "f8", {}),
        ("normal", "f4", {}),
        ("normal", "f8", {}),
        ("integers", "i8", {"low": -5, "high": 10}),
        ("integers", "i8", {"low": -(2**63), "high": 2**63}),
        ("integers", "i8", {"low": -(2**63), "high": 2**63 - 1}),
    ]:
        expected, actual = np.empty(shape, dtype), np.empty(shape[::-1], dtype).T
        getattr(reference, name)(expected, **key, **attrs)
        getattr(cpu, name)(actual, **key, **attrs)
        np.testing.assert_array_max_ulp(actual, expected, 2 if name == "normal" else 0)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("p", [0, 0.1, 0.5, 1])
def test_dropout(dtype, p):
    x = np.random.default_rng(0).standard_normal((2, 5, 4, 3)).astype(dtype)
    x[0, 0] = np.nan
    x[0, 1] = np.inf
    numbers = np.empty(x.shape, "f4")
    reference.uniform(numbers, seed=7, offset=9)
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    for module in (reference, cpu):
        for given in (x, last):
            out = np.empty_like(given)
            with np.errstate(all="ignore"):
                module.dropout(out, given, seed=7, offset=9, p=p)
                expected = x * np.where(numbers >= p, 1 / (1 - p) if p < 1 else 0, 0).astype(dtype)
            np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("module", [reference, cpu])
def test_numbers_are_distributed_as_they_should(module):
    n, key = 200_001, {"seed": 3, "offset": 5}
    uniform, normal = np.empty(n, "f4"), np.empty(n, "f4")
    module.uniform(uniform, **key)
    module.normal(normal, **key)
    assert uniform.min() >= 0 and uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 4 * math.sqrt(1 / 12 / n)
    assert abs(normal.mean()) < 4 / math.sqrt(n) and abs(normal.var() - 1) < 4 * math.sqrt(2 / n)
    dice = np.empty(n, "i8")
    module.integers(dice, low=1, high=7, **key)
    counts = np.bincount(dice, minlength=7)
    assert counts[0] == 0 and len(counts) == 7
    assert np.abs(counts[1:] - n / 6).max() < 4 * math.sqrt(n / 6)


def test_counters():
    assert [reference.counters(n) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]
    assert [reference.counters(n, 64) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
