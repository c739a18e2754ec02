"""Positions, and generation that remembers: PyTorch has no modules for them."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck, gradgradcheck

RNG = np.random.default_rng(0)
WIDE = {"dtype": mg.float64}


def draw(*shape):
    return mg.tensor(RNG.standard_normal(shape))


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(a.numpy(force=True), b.numpy(force=True), tolerance, tolerance)


def test_sinusoids_are_the_papers():
    layer = nn.SinusoidalPositionalEncoding(6, 20, batch_first=True, **WIDE)
    x = draw(2, 5, 6)
    place, i = np.arange(20)[:, None], np.arange(3)
    angle = place / 10000 ** (2 * i / 6)
    table = np.empty((20, 6))
    table[:, ::2], table[:, 1::2] = np.sin(angle), np.cos(angle)
    np.testing.assert_allclose((layer(x) - x).array, np.broadcast_to(table[:5], x.shape), 0, 1e-12)
    close(layer(x, offset=3), x + mg.tensor(table[3:8]))
    close(layer(x[0]), layer(x)[0])
    assert not layer.state_dict() and [*dict(layer.named_buffers())] == ["encoding"]
    first = nn.SinusoidalPositionalEncoding(6, 20, **WIDE)
    close(first(x.transpose(0, 1)), layer(x).transpose(0, 1))
    noisy = nn.SinusoidalPositionalEncoding(6, 20, dropout=0.5)
    assert (noisy(mg.ones(20, 6)) == 0).any() and not (noisy.eval()(mg.ones(20, 6)) == 0).all()


def test_learned_positions():
    layer = nn.LearnedPositionalEncoding(64, 128, batch_first=True)
    assert [(n, p.shape) for n, p in layer.named_parameters()] == [("weight", (128, 64))]
    assert 0.018 < float(layer.weight.std()) < 0.022
    x = mg.zeros(2, 3, 64)
    out = layer(x, offset=4)
    close(out[1], layer.weight[4:7])
    out.sum().backward()
    assert layer.weight.grad.sum(1).tolist() == [0] * 4 + [128] * 3 + [0] * 121


@pytest.mark.parametrize("interleaved", [False, True])
def test_rotary_turns_pairs(interleaved):
    layer = nn.RotaryEmbedding(6, 50, interleaved=interleaved, **WIDE)
    x = draw(2, 5, 6)
    a, b = (x[..., ::2], x[..., 1::2]) if interleaved else (x[..., :3], x[..., 3:])
    z = a.array + 1j * b.array
    turned = z * np.exp(1j * np.arange(7, 12)[:, None] / 10000 ** (2 * np.arange(3) / 6))
    wanted = np.empty(x.shape)
    places = (np.s_[::2], np.s_[1::2]) if interleaved else (np.s_[:3], np.s_[3:])
    wanted[..., places[0]], wanted[..., places[1]] = turned.real, turned.imag
    np.testing.assert_allclose(layer(x, offset=7).array, wanted, 1e-12, 1e-12)
    gradcheck(layer, (x.requires_grad_(),))
    gradgradcheck(layer, (x.requires_grad_(),))


def test_rotary_products_depend_on_distance_alone():
    layer, q, k = nn.RotaryEmbedding(8, 100, **WIDE), draw(1, 8), draw(1, 8)
    near = (layer(q, 5) * layer(k, 2)).sum()
    close((layer(q, 93) * layer(k, 90)).sum(), near, 1e-10)
    assert abs(float((layer(q, 6) * layer(k, 2)).sum() - near)) > 1e-3


SETTINGS = [{}, {"num_kv_heads": 2}, {"rotary": True}, {"num_kv_heads": 1, "rotary": True}]


def attention(settings):
    rotary = nn.RotaryEmbedding(4, **WIDE) if settings.get("rotary") else None
    return nn.CausalSelfAttention(16, 4, **{**settings, "rotary": rotary}, **WIDE)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("steps", [[1] * 9, [4, 1, 3, 1], [9]])
def test_a_cache_changes_no_number(settings, steps, device):
    layer, x = attention(settings).to(device), draw(2, 9, 16).to(device)
    whole, cache = layer(x), nn.KeyValueCache()
    with mg.no_grad():
        parts = [layer(part, cache) for part in x.split(steps, 1)]
        close(mg.cat(parts, 1), whole)
        cache.crop(5)
        close(layer(x[:, 5:], cache), whole[:, 5:])
    assert len(cache) == 9


def test_it_is_multihead_attention_with_a_causal_mask():
    other = nn.MultiheadAttention(16, 4, batch_first=True, **WIDE)
    layer, x = nn.CausalSelfAttention(16, 4, **WIDE), draw(2, 5, 16)
    layer.load_state_dict(other.state_dict())
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=mg.float64)
    close(layer(x), other(x, x, x, attn_mask=mask)[0])
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        close(twin(x), layer(x))


def test_memory_grows_by_doubling():
    cache, sizes = nn.KeyValueCache(), set()
    for i in range(100):
        keys, values = cache.update(mg.full((1, 1, 2), i), mg.zeros(1, 1, 3))
        sizes.add(cache._held[0].shape[-2])
    assert keys[0, :, 0].tolist() == [*range(100)] and values.shape == (1, 100, 3)
    assert len(sizes) <= 5


def filled():
    cache = nn.KeyValueCache()
    cache.update(mg.zeros(1, 2, 4), mg.zeros(1, 2, 4))
    return cache


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nn.SinusoidalPositionalEncoding(5), ValueError, "pairs"),
        (lambda: nn.RotaryEmbedding(3), ValueError, "pairs"),
        (lambda: nn.RotaryEmbedding(4)(mg.zeros(2, 6)), RuntimeError, r"\(\.\.\., L, 4\)"),
        (lambda: nn.RotaryEmbedding(4, 8)(mg.zeros(5, 4), 4), RuntimeError, "max_len=8"),
        (lambda: nn.LearnedPositionalEncoding(4, 8)(mg.zeros(9, 4)), RuntimeError, "max_len=8"),
        (lambda: nn.LearnedPositionalEncoding(4, 8)(mg.zeros(5)), RuntimeError, "L, N, E"),
        (lambda: nn.CausalSelfAttention(8, 3), ValueError, "divide"),
        (lambda: nn.CausalSelfAttention(8, 4, num_kv_heads=3), ValueError, "num_kv_heads=3"),
        (lambda: nn.CausalSelfAttention(8, 4)(mg.zeros(3, 8)), RuntimeError, "N, L, 8"),
        (lambda: nn.CausalSelfAttention(8, 4)(mg.zeros(1, 3, 8), nn.KeyValueCache()),
         RuntimeError, "no_grad"),
        (lambda: filled().update(mg.zeros(2, 40, 4), mg.zeros(2, 40, 4)), RuntimeError,
         "one batch"),
        (lambda: filled().crop(3), ValueError, "3 of 2"),
    ],
)  # fmt: skip
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
