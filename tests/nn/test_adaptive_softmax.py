"""AdaptiveLogSoftmaxWithLoss: its probabilities, its errors, and a GPU."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, RangeError, ShapeError


def test_its_probabilities_sum_to_one_and_are_what_forward_gives(device):
    mg.manual_seed(0)
    layer = nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 5, 9], div_value=1.5, device=device)
    x, target = mg.randn(30, 8, device=device), mg.arange(30, device=device) % 12
    log_p = layer.log_prob(x)
    np.testing.assert_allclose(log_p.exp().sum(1).detach().cpu().numpy(), 1, rtol=1e-5)
    output, loss = layer(x, target)
    picked = log_p.gather(1, target.unsqueeze(1))[:, 0].detach().cpu().numpy()
    np.testing.assert_allclose(output.detach().cpu().numpy(), picked, rtol=1e-5)
    assert float(loss) == pytest.approx(-picked.mean(), rel=1e-5)
    assert layer.predict(x).shape == (30,) and int(layer.predict(x).max()) > 2
    before = layer.head.weight.detach().clone()
    layer.reset_parameters()
    assert (layer.head.weight != before).all()


@pytest.mark.parametrize("cutoffs", [[], [0, 3], [3, 3], [4, 2], [2, 10], [1.5]])
def test_cutoffs(cutoffs):
    with pytest.raises(ArgumentError, match="must be integers in increasing order"):
        nn.AdaptiveLogSoftmaxWithLoss(4, 10, cutoffs)


def test_errors(device):
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 10, [2], device=device)
    x = mg.zeros(3, 4, device=device)
    with pytest.raises(RangeError, match="targets run from -1 to 10; they must lie from 0 to 9"):
        layer(x, mg.tensor([1, -1, 10], device=device))
    for target in ([1, 2], [[1], [2], [3]], 1):
        with pytest.raises(ShapeError, match=r"needs \(N, F\) and \(N,\)"):
            layer(x, mg.tensor(target, device=device))
