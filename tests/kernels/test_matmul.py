"""Matrix products: values, and bits that depend on nothing but a row and the matrix it meets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu import matmul as cpu

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")
SIZES = st.sampled_from([1, 2, 6, 7, 20, 31, 33, 64, 130])


def matrix(rows, columns, dtype, order, seed=0):
    """Values in rows ("C"), in columns ("F"), or far apart and in neither ("S")."""
    values = np.random.default_rng(seed).standard_normal((rows, columns)).astype(dtype)
    if order != "S":
        return values.copy(order=order)
    room = np.full((rows, 3 * columns), np.nan, dtype)
    room[::-1, 1::3] = values
    return room[::-1, 1::3]


def product(a, b, bias=None):
    out = np.empty((len(a), b.shape[1]), a.dtype)
    if bias is None:
        cpu.matmul(out, a, b)
    else:
        cpu.linear(out, a, b.T, bias)
    return out


@settings(max_examples=60)
@given(
    M=SIZES, K=st.sampled_from([0, 1, 5, 16, 100, 511, 513, 1100]), N=SIZES,
    dtype=st.sampled_from(["f4", "f8"]), left=st.sampled_from("CFS"), right=st.sampled_from("CFS"),
    biased=st.booleans(),
)  # fmt: skip
def test_values_and_bits(M, K, N, dtype, left, right, biased):
    a, b = matrix(M, K, dtype, left), matrix(K, N, dtype, right, 1)
    bias = matrix(1, N, dtype, "C", 2)[0] if biased else None
    whole = product(a, b, bias)
    exact = a.astype("f8") @ b.astype("f8") + (bias if biased else 0)
    np.testing.assert_allclose(whole, exact, rtol=0, atol=3e-4 if dtype == "f4" else 1e-12)
    row = product(a[M // 2 :][:1], b, bias)
    np.testing.assert_array_equal(row, whole[M // 2 :][:1])
    np.testing.assert_array_equal(product(a[: M // 2], b, bias), whole[: M // 2])


@pytest.mark.parametrize("sizes", [(300, 600, 700), (30, 2000, 33), (700, 40, 64), (1, 600, 3000)])
def test_bits_do_not_depend_on_threads_or_layout(sizes, monkeypatch):
    M, K, N = sizes
    a, b = matrix(M, K, "f4", "C"), matrix(K, N, "f4", "C", 1)
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(jit, "_threads", threads)
        found += [product(x, y) for x in (a, a.copy(order="F")) for y in (b, b.copy(order="F"))]
    for out in found:
        np.testing.assert_array_equal(out, found[0])


def test_long_sums_do_not_stall():
    """2**25 ones: a float32 accumulator stops at 2**24."""
    x = np.broadcast_to(np.float32(1), (1, 2**25))
    assert product(x, x.T) == 2**25


def test_unaligned_and_read_only_inputs():
    room = np.zeros(4 * 12 + 1, np.uint8)
    a = room[1:].view("f4").reshape(3, 4)
    a[...] = np.arange(12).reshape(3, 4)
    b = np.ones((4, 2), "f4")
    b.flags.writeable = False
    np.testing.assert_array_equal(product(a, b)[:, 0], [6, 22, 38])


def test_a_batch_of_heads_is_read_where_it_lies():
    x = mg.randn(2, 9, 3, 4).numpy().transpose(0, 2, 1, 3)  # (N, H, T, E), heads inside rows
    out = np.empty((2, 3, 9, 9), "f4")
    cpu.matmul(out, x, x.swapaxes(2, 3))
    np.testing.assert_allclose(out, np.einsum("nhie,nhje->nhij", x, x), atol=1e-5)
