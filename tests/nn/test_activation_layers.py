"""Activations: what their rows cannot say. Noise, errors, retired arguments."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, GradientError, ShapeError


def test_rrelu_draws_a_slope_for_each_element_in_training(device):
    mg.manual_seed(0)
    layer, x = nn.RReLU(0.2, 0.6), mg.full((2000,), -1.0, device=device)
    slopes = -layer(x).cpu().numpy()
    assert 0.2 <= slopes.min() < 0.21 and 0.59 < slopes.max() < 0.6
    assert slopes.mean() == pytest.approx(0.4, abs=0.01)
    np.testing.assert_allclose(layer.eval()(x).cpu().numpy(), -0.4, rtol=1e-6)


@pytest.mark.parametrize("build", [nn.Softmax, nn.LogSoftmax, nn.Softmin])
def test_a_dimension_not_given_is_chosen_with_a_warning(build):
    with pytest.warns(UserWarning, match="the dimension is chosen for you"):
        found = build()(mg.eye(3)[:2])
    assert (found == build(dim=1)(mg.eye(3)[:2])).all() and repr(build()).endswith("(dim=None)")


def test_hardtanh_takes_the_retired_names_of_its_bounds():
    with pytest.warns(FutureWarning, match="min_val and max_val"):
        layer = nn.Hardtanh(min_value=-3, max_value=2)
    assert (layer.min_val, layer.max_val) == (-3, 2)


def test_errors():
    with pytest.raises(ArgumentError, match="Hardtanh: min_val=1 must be below max_val=1"):
        nn.Hardtanh(1, 1)
    with pytest.raises(ShapeError, match=r"Softmax2d takes \(N, C, H, W\)"):
        nn.Softmax2d()(mg.zeros(2, 3))
    with pytest.raises(ArgumentError, match="softshrink: lambd=-1"):
        nn.Softshrink(-1)(mg.zeros(2))
    with pytest.raises(ArgumentError, match="approximate='erf'"):
        nn.GELU("erf")(mg.zeros(2))
    with pytest.raises(ShapeError, match="3 channels, the weight"):
        nn.PReLU(2)(mg.zeros(1, 3))
    with pytest.raises(GradientError):
        nn.SiLU(inplace=True)(mg.zeros(2, requires_grad=True))
