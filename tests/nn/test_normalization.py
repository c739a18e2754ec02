"""Norms: what a row of the table cannot say of their statistics, states and gradients."""

from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, Error
from minigrad.testing import gradcheck


def test_a_state_that_did_not_count_batches_loads():
    layer = nn.Sequential(nn.BatchNorm2d(2))
    layer(mg.rand(3, 2, 4, 4))
    old = OrderedDict((k, v) for k, v in layer.state_dict().items() if "tracked" not in k)
    fresh = nn.Sequential(nn.BatchNorm2d(2))
    assert not any(fresh.load_state_dict(old)) and "0.num_batches_tracked" not in old
    assert int(fresh[0].num_batches_tracked) == 0
    old._metadata = {"0": {"version": 2}}  # as PyTorch writes since it counts
    with pytest.raises(Error, match=r"missing: 0\.num_batches_tracked"):
        fresh.load_state_dict(old)


def test_statistics_that_an_instance_norm_does_not_keep_are_refused():
    state = {"running_mean": mg.zeros(2), "running_var": mg.ones(2)}
    with pytest.raises(Error, match="running_mean and running_var: .*track_running_stats=True"):
        nn.InstanceNorm1d(2).load_state_dict(state, strict=False)


def test_one_value_has_no_variance():
    with pytest.raises(ArgumentError, match="more than 1 value per channel"):
        nn.BatchNorm1d(3)(mg.zeros(1, 3))
    with pytest.raises(ArgumentError, match="more than 1 spatial element"):
        nn.InstanceNorm1d(3)(mg.zeros(2, 3, 1))
    assert nn.BatchNorm1d(3).eval()(mg.zeros(1, 3)).shape == (1, 3)


def test_other_channels_warn_where_an_instance_norm_has_no_parameters():
    with pytest.warns(UserWarning, match="got 4 channels"):
        nn.InstanceNorm1d(3)(mg.zeros(2, 4, 5))


def test_channels_last_stays_through_convolution_and_norm():
    rng = np.random.default_rng(0)
    layer = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).double()
    x = mg.tensor(np.moveaxis(rng.random((2, 5, 6, 3)), -1, 1))
    y = layer(x)
    assert np.moveaxis(y.array, 1, -1).flags.c_contiguous
    np.testing.assert_allclose(y.numpy(force=True), layer(x.contiguous()).numpy(force=True))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_cross_map_lrn_has_the_gradients_of_its_values(size):
    x = mg.tensor(np.random.default_rng(size).standard_normal((1, 5, 2, 1)), requires_grad=True)
    assert gradcheck(nn.CrossMapLRN2d(size, 0.5, 0.6, 2.0), x)
