"""Initial values: their spread, their repeatability, PyTorch's defaults."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, ShapeError

# name, arguments, standard deviation for a weight (O=300, I=200): fan-in 200, fan-out 300
SPREADS = [
    ("uniform_", {"a": -1.0, "b": 2.0}, 3 / math.sqrt(12)),
    ("normal_", {"mean": 0.5, "std": 2.0}, 2.0),
    ("kaiming_uniform_", {"nonlinearity": "relu"}, math.sqrt(2 / 200)),
    ("kaiming_uniform_", {"a": math.sqrt(5)}, math.sqrt(1 / 3 / 200)),
    ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "tanh"}, 5 / 3 / math.sqrt(300)),
    ("xavier_uniform_", {"gain": 2.0}, 2 * math.sqrt(2 / 500)),
    ("xavier_normal_", {}, math.sqrt(2 / 500)),
]


@pytest.mark.parametrize(("name", "arguments", "std"), SPREADS)
def test_spread(name, arguments, std):
    mg.manual_seed(0)
    weight = nn.Parameter(mg.empty(300, 200))
    assert getattr(nn.init, name)(weight, **arguments) is weight  # though it is a leaf
    values = weight.detach().numpy()
    assert values.std() == pytest.approx(std, rel=0.02)
    if name.endswith("uniform_"):
        assert (values.max() - values.min()) == pytest.approx(std * math.sqrt(12), rel=1e-3)


def test_constants_and_gains():
    w = nn.Parameter(mg.empty(2, 2))
    assert [float(f(w).sum()) for f in (nn.init.ones_, nn.init.zeros_)] == [4.0, 0.0]
    assert float(nn.init.constant_(w, 2.5).sum()) == 10.0
    assert nn.init.calculate_gain("relu") == math.sqrt(2)
    assert nn.init.calculate_gain("leaky_relu", 1.0) == 1.0
    with pytest.raises(ArgumentError, match="'swish' is not known"):
        nn.init.calculate_gain("swish")
    with pytest.raises(ShapeError, match="fan-in"):
        nn.init.xavier_normal_(mg.empty(3))
    with pytest.raises(ArgumentError, match="fan_out"):
        nn.init.kaiming_normal_(w, mode="both")


@pytest.mark.parametrize("kind, sizes", [(nn.Linear, (600, 400)), (nn.Conv2d, (24, 400, 5))])
def test_layers_start_within_one_over_root_fan_in(kind, sizes):
    mg.manual_seed(0)
    layer = kind(*sizes)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert np.abs(values).max() == pytest.approx(1 / math.sqrt(600), rel=0.01)
        assert values.std() == pytest.approx(1 / math.sqrt(1800), rel=0.06)


def test_embedding_starts_normal_with_zeros_at_the_padding():
    layer = nn.Embedding(500, 40, padding_idx=3)
    assert layer.weight.detach().numpy().std() == pytest.approx(1, rel=0.02)
    assert not layer.weight[3].any() and layer.weight[4].any()


def test_the_same_seed_gives_the_same_bits(device):
    def build():
        mg.manual_seed(3)
        return nn.Sequential(nn.Conv2d(2, 3, 3, device=device), nn.Linear(5, 7, device=device))

    first, second = build().state_dict(), build().state_dict()
    mg.manual_seed(3)
    on_cpu = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Linear(5, 7)).state_dict()
    for name, value in first.items():
        assert value.device.type == device
        assert (value == second[name]).all()
        np.testing.assert_array_equal(value.cpu().numpy(), on_cpu[name].numpy())


def test_layers_without_elements():
    assert nn.Linear(0, 3)(mg.zeros(2, 0)).shape == (2, 3)
    assert nn.Linear(3, 0).weight.shape == (0, 3)
