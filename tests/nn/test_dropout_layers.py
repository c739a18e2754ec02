"""Dropouts: how often, what is kept, and writing in place."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

CHANNELS = [(nn.Dropout1d, 1), (nn.Dropout2d, 2), (nn.Dropout3d, 3)]


@pytest.mark.parametrize(("kind", "spatial"), CHANNELS)
def test_whole_channels_drop(kind, spatial, device):
    mg.manual_seed(0)
    layer, x = kind(0.25), mg.ones(40, 50, *[2] * spatial, device=device)
    channels = layer(x).cpu().numpy().reshape(40, 50, -1)
    assert set(np.unique(channels)) == {np.float32(0), np.float32(4 / 3)}
    np.testing.assert_array_equal(channels.min(2), channels.max(2))
    assert (channels[..., 0] == 0).mean() == pytest.approx(0.25, abs=0.04)
    assert layer.eval()(x) is x


@pytest.mark.parametrize("kind", [nn.AlphaDropout, nn.FeatureAlphaDropout])
def test_alpha_dropout_keeps_mean_and_variance(kind):
    mg.manual_seed(1)
    layer = kind(0.3)
    out = layer(mg.randn(300, 200, 1)).numpy()
    assert out.mean() == pytest.approx(0, abs=0.02) and out.std() == pytest.approx(1, abs=0.02)
    dropped = np.unique(out, return_counts=True)[1].max() / out.size
    assert dropped == pytest.approx(0.3, abs=0.02)
    x = mg.randn(3, 2)
    assert layer.eval()(x) is x


@pytest.mark.parametrize("kind", [nn.Dropout, *[kind for kind, _ in CHANNELS]])
def test_in_place_writes_the_input_and_has_the_same_gradient(kind):
    x = mg.ones(4, 5, 2, requires_grad=True)
    mg.manual_seed(2)
    kept = kind(0.5)(x)
    mg.manual_seed(2)
    y = x * 1
    out = kind(0.5, inplace=True)(y)
    assert out is y and out.tolist() == kept.tolist()
    out.sum().backward()
    assert x.grad.tolist() == kept.tolist()
