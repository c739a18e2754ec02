"""Initial values: their spread, their repeatability, PyTorch's defaults."""

import math

import numpy as np
import pytest
from scipy import stats

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
    assert nn.init.calculate_gain("conv_transpose3d") == nn.init.calculate_gain("sigmoid") == 1
    with pytest.raises(ArgumentError, match="must be a number, got True"):
        nn.init.calculate_gain("leaky_relu", True)
    with pytest.raises(ArgumentError, match="'swish' is not known"):
        nn.init.calculate_gain("swish")
    with pytest.raises(ShapeError, match="fan-in"):
        nn.init.xavier_normal_(mg.empty(3))
    with pytest.raises(ArgumentError, match="fan_out"):
        nn.init.kaiming_normal_(w, mode="both")


# mean, std, a, b: about the mean, beside it, and far out where floats above the mean are too few
CUTS = [(0, 1, -2, 2), (1, 2, -3, 5), (5, 1, -2, 2), (0, 1, 3, 4), (0, 1, -10, -9), (0, 1, 9, 10)]


@pytest.mark.parametrize(("mean", "std", "a", "b"), CUTS)
def test_truncated_normals(mean, std, a, b):
    mg.manual_seed(0)
    values = nn.init.trunc_normal_(mg.empty(100, 100), mean, std, a, b).numpy().ravel()
    assert a <= values.min() and values.max() <= b
    expected = stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std)
    assert stats.kstest(values.astype(float), expected.cdf).pvalue > 0.01


def test_truncated_normals_in_other_memory(device):
    half = nn.init.trunc_normal_(mg.empty(50, dtype=mg.float16, device=device), a=-1e-3, b=1e-3)
    assert half.device.type == device and float(half.abs().max()) <= 1.001e-3
    with pytest.raises(ArgumentError, match="std > 0 and a <= b, got std=1.0, a=2, b=1"):
        nn.init.trunc_normal_(mg.empty(2), a=2, b=1)


def test_eye_and_dirac(device):
    w = nn.Parameter(mg.empty(2, 3, device=device))
    np.testing.assert_array_equal(nn.init.eye_(w).detach().cpu().numpy(), np.eye(2, 3))
    conv = nn.Conv2d(4, 6, 3, padding=1, groups=2, bias=False)
    nn.init.dirac_(conv.weight, groups=2)
    x = mg.randn(1, 4, 5, 5)
    y = conv(x)  # each group hands its two inputs on, and has a third output
    assert (y[:, [0, 1, 3, 4]] == x).all() and not y[:, [2, 5]].any()
    assert not nn.init.dirac_(mg.ones(2, 2, 0)).any()
    with pytest.raises(ArgumentError, match="5 outputs do not divide into groups=2"):
        nn.init.dirac_(mg.empty(5, 2, 3), 2)
    with pytest.raises(ShapeError, match="dirac_"):
        nn.init.dirac_(mg.empty(5, 2))
    with pytest.raises(ShapeError, match="needs a matrix"):
        nn.init.eye_(mg.empty(2))


@pytest.mark.parametrize("shape", [(3, 4, 2), (7, 3), (4, 4)])
def test_orthogonal(shape, device):
    w = nn.init.orthogonal_(nn.Parameter(mg.empty(shape, device=device)), gain=2)
    rows = w.detach().cpu().numpy().reshape(shape[0], -1)
    rows = rows if rows.shape[0] <= rows.shape[1] else rows.T
    np.testing.assert_allclose(rows @ rows.T, 4 * np.eye(len(rows)), atol=1e-5)
    assert nn.init.orthogonal_(mg.empty(0, 3)).shape == (0, 3)
    with pytest.raises(ShapeError, match="orthogonal_"):
        nn.init.orthogonal_(mg.empty(3))


def test_sparse(device):
    w = nn.init.sparse_(mg.empty(50, 40, device=device), 0.33, std=2).cpu().numpy()
    assert ((w == 0).sum(0) == 17).all()  # ceil(0.33 * 50) in each column
    assert w[w != 0].std() == pytest.approx(2, rel=0.1) and len({*map(tuple, (w == 0).T)}) > 30
    with pytest.raises(ArgumentError, match=r"sparsity=1\.5"):
        nn.init.sparse_(mg.empty(2, 2), 1.5)


def test_a_generator_and_the_retired_names():
    for name in ("uniform_", "normal_", "trunc_normal_", "kaiming_normal_", "orthogonal_"):
        fill = getattr(nn.init, name)
        a, b = [fill(mg.empty(3, 3), generator=mg.Generator().manual_seed(5)) for _ in "ab"]
        assert (a == b).all() and not (a == fill(mg.empty(3, 3))).all()
    with pytest.warns(FutureWarning, match=r"use nn\.init\.constant_"):
        assert float(nn.init.constant(mg.empty(2), 3).sum()) == 6


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
    assert not nn.Linear(0, 3)(mg.zeros(2, 0)).any()  # a bias within 1 / sqrt(0) is 0, in PyTorch
    assert nn.Linear(3, 0).weight.shape == (0, 3)
