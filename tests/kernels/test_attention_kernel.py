"""Attention in blocks against attention with all weights at once."""

import math

import numpy as np
import pytest

pytest.importorskip("numba")

from minigrad.kernels.cpu import attention as blocks
from minigrad.kernels.reference import attention as whole

RNG = np.random.default_rng(0)


def draw(*shape, dtype=np.float64):
    return RNG.standard_normal(shape).astype(dtype)


def heads_inside(*shape, dtype=np.float64):
    """(N, H, L, E) in the memory of (N, L, H, E), as a projection leaves it."""
    return draw(shape[0], shape[2], shape[1], shape[3], dtype=dtype).transpose(0, 2, 1, 3)


def backwards(*shape, dtype=np.float64):
    """No matrix that BLAS takes."""
    return draw(*shape[:-1], 2 * shape[-1], dtype=dtype)[..., ::-2]


def computed(room, q, k, v, mask=None, causal=False, p=0.0, seed=3):
    lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    L, S = q.shape[-2], k.shape[-2]
    attrs = {"causal": causal, "scale": 0.7, "p": p, "seed": seed, "offset": 5}
    arrays = (q, k, v) if mask is None else (q, k, v, mask)
    out = np.empty_like(q, shape=(*lead, L, v.shape[-1]))
    dmask = np.empty_like(q, shape=(*lead, L, S))
    grads = [np.empty_like(q, shape=(*lead, *x.shape[-2:])) for x in (q, k, v)]
    g = np.sin(np.arange(out.size, dtype=q.dtype)).reshape(out.shape)
    with np.errstate(all="ignore"):
        room.attention(out, *arrays, **attrs)
        room.attention_grad(*grads, dmask, g, *arrays, **attrs, mask_needs=True)
    return out, *grads, dmask


CASES = {
    "odd": (draw(3, 5, 7), draw(3, 11, 7), draw(3, 11, 2)),
    "one matrix": (draw(9, 4), draw(9, 4), draw(9, 4), draw(9, 9) > 0),
    "heads inside": (heads_inside(2, 3, 9, 5), heads_inside(2, 3, 9, 5), heads_inside(2, 3, 9, 5)),
    "backwards": (backwards(2, 3, 5), backwards(2, 4, 5), backwards(2, 4, 6)),
    "shared": (draw(2, 2, 3, 4, 5), draw(2, 2, 1, 6, 5), draw(2, 1, 1, 6, 5), draw(3, 4, 6)),
    "broadcast": (draw(4, 5), draw(3, 6, 5), draw(2, 3, 6, 5), draw(3, 1, 6) > 0),
    "one query": (draw(2, 3, 1, 4), draw(2, 3, 8, 4), draw(2, 3, 8, 4)),
    "one key": (draw(2, 3, 4), draw(2, 1, 4), draw(2, 1, 4)),
    "no key": (draw(2, 3, 4), draw(2, 0, 4), draw(2, 0, 4)),
    "no query": (draw(2, 0, 4), draw(2, 3, 4), draw(2, 3, 4)),
    "no feature": (draw(2, 3, 0), draw(2, 3, 0), draw(2, 3, 4)),
}


@pytest.mark.parametrize("size", [1 << 17, 20])
@pytest.mark.parametrize("name", CASES)
def test_blocks_agree_with_the_whole(name, size, monkeypatch):
    monkeypatch.setattr(blocks, "_BLOCK", size)
    for causal, p in ((False, 0.0), (True, 0.0), (False, 0.4), (True, 0.4)):
        found, expected = [computed(r, *CASES[name], causal=causal, p=p) for r in (blocks, whole)]
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, 1e-9, 1e-12)


def test_float32():
    arrays = [draw(2, 3, 40, 16, dtype=np.float32) for _ in range(3)]
    found = computed(blocks, *arrays, causal=True)
    exact = computed(whole, *[x.astype(float) for x in arrays], causal=True)
    for a, b in zip(found, exact, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, 1e-5, 1e-5)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, -np.nan])
def test_not_finite(value):
    q, k, v = CASES["odd"]
    for x, place in ((q, (0, 2, 3)), (k, (1, 4, 0)), (v, (2, 1, 1))):
        x = x.copy()
        x[place] = value
        arrays = [x if x.shape == other.shape else other for other in (q, k, v)]
        for more in ((), (np.zeros((5, 11)),), (np.ones((5, 1), bool),)):
            found = computed(blocks, *arrays, *more)
            for a, b in zip(found, computed(whole, *arrays, *more), strict=True):
                np.testing.assert_allclose(a, b, 1e-9, 1e-12)


@pytest.mark.parametrize("room", [blocks, whole])
def test_large_scores(room):
    arrays = [10 * draw(2, 33, 16, dtype=np.float32) for _ in range(3)]
    exact = computed(whole, *[x.astype(float) for x in arrays])
    for a, b in zip(computed(room, *arrays), exact, strict=True):
        np.testing.assert_allclose(a, b, 0, 4e-5 * np.abs(b).max())


@pytest.mark.parametrize("room", [blocks, whole])
def test_a_weight_of_one_has_no_gradient(room):
    """In float32 too, whatever the size of the values."""
    q, k, v = [1000 * draw(2, 5, 7, dtype=np.float32) for _ in range(3)]
    _, dq, dk, _, dmask = computed(room, q, k, v)
    assert not dq.any() and not dk.any() and not dmask.any()


def test_a_row_of_minus_infinity():
    q, k, v = CASES["odd"]
    mask = np.ones((5, 11), bool)
    mask[2] = False
    for nowhere in (mask, np.where(mask, 0.0, -math.inf)):
        found = computed(blocks, q, k, v, nowhere)
        assert not found[0][:, 2].any() and not found[1][:, 2].any()
        for a, b in zip(found, computed(whole, q, k, v, nowhere), strict=True):
            np.testing.assert_allclose(a, b, 1e-9, 1e-12)


def test_a_long_sequence_holds_few_weights(monkeypatch):
    asked = []
    empty = np.empty
    monkeypatch.setattr(blocks.np, "empty", lambda n, *args: asked.append(n) or empty(n, *args))
    q = draw(1, 1, 3000, 4, dtype=np.float32)
    out = np.zeros_like(q)
    attrs = {"causal": True, "scale": 0.5, "p": 0.0, "seed": 0, "offset": 0}
    blocks.attention(out, q, q, q, **attrs)
    sizes = [n for n in asked if isinstance(n, int)]
    assert out.any() and max(sizes) <= blocks._BLOCK
