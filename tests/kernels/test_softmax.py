"""Softmax and cross-entropy: CPU against reference, on every layout, at any thread count."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes

from minigrad.kernels.cpu import jit, loss, softmax
from minigrad.kernels.reference import loss as reference_loss
from minigrad.kernels.reference import softmax as reference

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")
ODD = [0.0, -0.0, np.inf, -np.inf, np.nan, 80.0, -300.0, 1e30, 1e-40]


def some(rng, shape, dtype, odd):
    x = rng.standard_normal(shape).astype(dtype)
    if odd and x.size:
        with np.errstate(over="ignore", under="ignore"):
            x.reshape(-1)[rng.integers(0, x.size, 3)] = rng.choice(ODD, 3)
    return x


def agree(found, expected, dtype):
    tolerance = 2e-5 if dtype == "f4" else 1e-12
    for a, b in zip(found, expected, strict=True):
        scale = np.abs(b[np.isfinite(b)]).max(initial=1)
        np.testing.assert_allclose(a, b, tolerance, tolerance * scale)


def every_softmax(room, x, g, dim):
    found = []
    with np.errstate(all="ignore"):
        for name in ("softmax", "log_softmax"):
            y, dx = np.empty_like(x), np.empty_like(x)
            getattr(room, name)(y, x, dim=dim)
            getattr(room, f"{name}_grad")(dx, g, y, dim=dim)
            found += [y, dx]
    return found


@settings(max_examples=60, deadline=None)
@given(
    array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=40),
    st.sampled_from(["f4", "f8"]), st.integers(0, 2**32), st.booleans(),
)  # fmt: skip
def test_softmax_equals_reference(shape, dtype, seed, odd):
    rng = np.random.default_rng(seed)
    order, dim = rng.permutation(len(shape)), int(rng.integers(len(shape)))
    x, g = [some(rng, shape, dtype, odd).transpose(order) for _ in range(2)]
    if odd:
        x, g = x[..., ::-1], g[::-1]
    agree(every_softmax(softmax, x, g, dim), every_softmax(reference, x, g, dim), dtype)


def losses(room, logits, label, weight, facts):
    N = len(label)
    loss = np.empty(N if facts["reduction"] == "none" else (), logits.dtype)
    lse, total, out = np.empty(N, logits.dtype), np.empty((), logits.dtype), np.empty_like(logits)
    inputs = [logits, label] if weight is None else [logits, label, weight]
    g = np.full_like(loss, 0.7)
    with np.errstate(all="ignore"):
        room.cross_entropy(loss, lse, total, *inputs, **facts)
        room.cross_entropy_grad(out, g, lse, total, *inputs, **facts)
    return loss, lse, total, out


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 200), st.integers(1, 70), st.sampled_from(["f4", "f8"]),
    st.integers(0, 2**32), st.booleans(),
)  # fmt: skip
def test_cross_entropy_equals_reference(N, C, dtype, seed, odd):
    rng = np.random.default_rng(seed)
    facts = {"reduction": rng.choice(["mean", "sum", "none"]), "ignore_index": -1}
    facts["smoothing"] = rng.choice([0.0, 0.2])
    logits, label = some(rng, (N, C), dtype, odd), rng.integers(-1, C, N)
    weight = rng.choice([None, 1]) and rng.random(C).astype(dtype)
    found, expected = [losses(r, logits, label, weight, facts) for r in (loss, reference_loss)]
    agree(found, expected, dtype)


@pytest.mark.parametrize("room", [loss, reference_loss])
def test_a_label_out_of_range_gives_nan(room):
    facts = {"reduction": "none", "ignore_index": -100, "smoothing": 0.1}
    logits, label = np.zeros((4, 3), "f4"), np.array([0, 3, -1, -100])
    values, *_ = losses(room, logits, label, None, facts)
    np.testing.assert_array_equal(np.isnan(values), [False, True, True, False])


def test_sums_of_many_stay_exact():
    """A sum of 2**25 ones in float32 would stop at 2**24."""
    x = np.zeros((1, 2**25), "f4")
    y = np.empty_like(x)
    softmax.softmax(y, x, dim=1)
    assert y[0, 0] == y[0, -1] == 2.0**-25
    column = np.empty_like(x.T)
    softmax.softmax(column, x.T.copy(), dim=0)
    assert column[0, 0] == 2.0**-25


def test_threads_do_not_change_bits():
    x, g = np.random.default_rng(0).standard_normal((2, 700, 90)).astype("f4")
    label, facts = np.arange(700) % 90, {"ignore_index": 3, "smoothing": 0.1}
    threads, seen = jit.get_num_threads(), set()
    try:
        for count in (1, 2, 3, 5):
            jit.set_num_threads(count)
            found = [*every_softmax(softmax, x, g, 1), *every_softmax(softmax, x, g, 0)]
            found += losses(loss, x, label, None, {**facts, "reduction": "mean"})
            seen.add(b"".join([a.tobytes() for a in found]))
    finally:
        jit.set_num_threads(threads)
    assert len(seen) == 1
