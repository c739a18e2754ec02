"""Attention and Transformers: what a row of the table cannot say."""

import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

RNG = np.random.default_rng(0)


def draw(*shape):
    return mg.tensor(RNG.standard_normal(shape).astype(np.float32))


def test_hints_and_detected_masks_change_nothing():
    x, mask = draw(2, 5, 8), nn.Transformer.generate_square_subsequent_mask(5)
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True), 2)
    expected = net(x, mask, is_causal=False)
    for other in (net(x, mask), net(x, mask, is_causal=True), net(x, mask == -np.inf)):
        np.testing.assert_allclose(other.array, expected.array, atol=1e-6)
    changed = mg.cat([x[:, :3], draw(2, 2, 8)], 1)
    np.testing.assert_allclose(net(changed, mask)[:, :3].array, expected[:, :3].array, atol=1e-6)


def test_weights_are_a_picture_of_where_queries_look():
    layer, x = nn.MultiheadAttention(8, 2, batch_first=True), draw(3, 4, 8)
    out, each = layer(x, x, x, average_attn_weights=False)
    assert each.shape == (3, 2, 4, 4)
    np.testing.assert_allclose(each.sum(-1).array, 1, 1e-6)
    plain, none = layer(x, x, x, need_weights=False)
    assert none is None
    np.testing.assert_allclose(plain.array, out.array, atol=1e-6)
    lone, one = layer(x[0], x[0], x[0])
    np.testing.assert_allclose(lone.array, out[0].array, atol=1e-6)
    np.testing.assert_allclose(one.array, each[0].mean(0).array, atol=1e-6)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_outputs_at_padded_places_are_computed():
    """docs/differences.md: PyTorch's nested path gives zeros there."""
    x, padding = draw(2, 4, 8), mg.tensor([[False, False, True, True], [False] * 4])
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 1).eval()
    with mg.no_grad():
        out = net(x, src_key_padding_mask=padding)
        alone = net(x[:1, :2])
    np.testing.assert_allclose(out[:1, :2].array, alone.array, atol=1e-6)
    assert out[0, 2:].any()
    torch = pytest.importorskip("torch")
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    theirs = torch.nn.TransformerEncoder(layer, 1).eval()
    theirs.load_state_dict({n: torch.tensor(t.numpy()) for n, t in net.state_dict().items()})
    with torch.no_grad():
        expected = theirs(torch.tensor(x.array), src_key_padding_mask=torch.tensor(padding.array))
    keep = ~padding.array
    np.testing.assert_allclose(out.array[keep], expected.numpy()[keep], atol=1e-5)
    assert not expected.numpy()[~keep].any()


def test_places_that_may_look_nowhere_are_the_same_in_eval():
    """docs/differences.md: PyTorch's fast path gives NaN."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
    x, mask = draw(2, 3, 8), mg.tensor([[True] * 3, [False] * 3, [True, False, True]])
    expected = layer(x, mask)
    with mg.no_grad():
        found = layer.eval()(x, mask)
    assert expected.isfinite().all()
    np.testing.assert_array_equal(found.array, expected.detach().array)
    torch = pytest.importorskip("torch")
    theirs = torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True).eval()
    with torch.no_grad():
        assert theirs(torch.tensor(x.array), torch.tensor(mask.array)).isnan().any()


def test_functions_are_pickled_by_name():
    for name in ("relu", "gelu", "scaled_dot_product_attention"):
        function = getattr(nn.functional, name)
        assert pickle.loads(pickle.dumps(function)) is function


def test_copies_of_a_layer_start_alike_and_live_apart():
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
    one, two = (layer.linear1.weight for layer in net.layers)
    assert one is not two and bool((one == two).all())


def test_settings_of_the_transformer():
    net = nn.Transformer(8, 2, 1, 2, 16, custom_encoder=nn.Identity(), bias=False)
    assert isinstance(net.encoder, nn.Identity) and len(net.decoder.layers) == 2
    assert net.decoder.layers[0].norm3.bias is None
    mask = nn.Transformer.generate_square_subsequent_mask(3, dtype=mg.float64)
    np.testing.assert_array_equal(mask.array, np.triu(np.full((3, 3), -np.inf), 1))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nn.MultiheadAttention(6, 4), ValueError, "does not divide"),
        (lambda: nn.MultiheadAttention(0, 1), ValueError, "positive"),
        (lambda: nn.MultiheadAttention(8, 2)(draw(3, 1, 6), *[draw(3, 1, 8)] * 2), RuntimeError,
         "8 were expected"),
        (lambda: nn.MultiheadAttention(8, 2)(*[draw(3, 1, 8)] * 3, is_causal=True), RuntimeError,
         "attn_mask, which must be given"),
        (lambda: nn.TransformerEncoderLayer(8, 2, activation="tanh"), RuntimeError, "'relu'"),
        (lambda: nn.Transformer(8, 2, 1, 1)(draw(3, 2, 8), draw(3, 1, 8)), RuntimeError, "batch"),
        (lambda: nn.Transformer(8, 2, 1, 1)(draw(3, 2, 8), draw(3, 2, 6)), RuntimeError, "d_model"),
    ],
)  # fmt: skip
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
