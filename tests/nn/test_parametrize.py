"""Weights that are computed: registering, assigning, removing, caching, and what is refused."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, DTypeError, Error, ShapeError
from minigrad.nn.utils import parametrizations, parametrize, remove_spectral_norm

from minigrad.nn.utils import remove_weight_norm, spectral_norm, weight_norm  # isort: skip


class Symmetric(nn.Module):
    calls = 0

    def forward(self, x):
        Symmetric.calls += 1
        return x.triu() + x.triu(1).mT


class Exponential(nn.Module):
    def forward(self, x):
        return x.exp()

    def right_inverse(self, y):
        return y.log()


class RankOne(nn.Module):
    def forward(self, u, v):
        return u[:, None] * v

    def right_inverse(self, w):
        u, s, v = mg.linalg.svd(w, full_matrices=False)
        return u[:, 0] * s[0].sqrt(), v[0] * s[0].sqrt()


def test_a_parametrized_weight():
    layer = nn.Linear(3, 3)
    original = layer.weight
    assert parametrize.register_parametrization(layer, "weight", Symmetric()) is layer
    assert [n for n, _ in layer.named_parameters()] == ["bias", "parametrizations.weight.original"]
    assert layer.parametrizations.weight.original is original
    assert parametrize.is_parametrized(layer, "weight") and not parametrize.is_parametrized(
        layer, "bias"
    )
    assert isinstance(layer, nn.Linear) and type(layer).__name__ == "ParametrizedLinear"
    assert (layer.weight == layer.weight.mT).all()
    layer(mg.ones(1, 3)).sum().backward()
    np.testing.assert_array_equal(original.grad.numpy(), [[1, 2, 2], [0, 1, 2], [0, 0, 1]])
    with pytest.raises(Error, match="Symmetric has no right_inverse"):
        layer.weight = mg.ones(3, 3)
    with pytest.raises(DTypeError, match="a Parameter cannot be assigned"):
        layer.weight = nn.Parameter(mg.ones(3, 3))
    value = layer.weight.detach()
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and layer.weight is original and (original == value).all()
    assert list(layer.state_dict()) == ["bias", "weight"]


def test_assigning_through_several():
    layer = nn.Linear(2, 2, bias=False)
    for _ in range(2):
        parametrize.register_parametrization(layer, "weight", Exponential(), unsafe=True)
    layer.weight = mg.full((2, 2), 5.0)
    np.testing.assert_allclose(layer.weight.detach().numpy(), 5.0, rtol=1e-6)
    np.testing.assert_allclose(
        layer.parametrizations.weight.original.detach().numpy(), np.log(np.log(5.0)), rtol=1e-6
    )
    twin = copy.deepcopy(layer)
    twin.weight = mg.full((2, 2), 3.0)
    assert layer.weight[0, 0].item() == pytest.approx(5.0)
    twin = pickle.loads(pickle.dumps(layer))
    assert parametrize.type_before_parametrizations(twin) is nn.Linear
    assert (twin.weight == layer.weight).all()
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    np.testing.assert_allclose(layer.weight.detach().numpy(), np.log(np.log(5.0)), rtol=1e-6)


def test_several_originals_and_buffers():
    layer = nn.Linear(3, 2)
    parametrize.register_parametrization(layer, "weight", RankOne())
    assert list(layer.state_dict())[1:] == [
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ]
    assert np.linalg.matrix_rank(layer.weight.detach().numpy()) == 1
    with pytest.raises(ArgumentError, match="comes of 2 tensors"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    assert isinstance(layer.weight, nn.Parameter) and layer.weight.shape == (2, 3)
    layer.register_buffer("scale", mg.ones(2))
    parametrize.register_parametrization(layer, "scale", Exponential())
    assert [n for n, _ in layer.named_buffers()] == ["parametrizations.scale.original"]
    assert layer.scale.tolist() == [1, 1]
    layer.eval()
    assert not layer.parametrizations.scale[0].training


def test_cached():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    Symmetric.calls = 0
    with parametrize.cached():
        assert layer.weight is layer.weight
        with parametrize.cached():
            layer(mg.ones(1, 2))
    assert Symmetric.calls == 1 and layer.weight is not layer.weight


def test_what_cannot_be_parametrized():
    class Shrinking(nn.Module):
        def forward(self, x):
            return x[:1]

    layer = nn.Linear(2, 2)
    before = repr(layer), list(layer.state_dict())
    with pytest.raises(ArgumentError, match="no parameter, buffer or parametrized tensor 'oops'"):
        parametrize.register_parametrization(layer, "oops", Symmetric())
    with pytest.raises(ArgumentError, match=r"made float32\(1, 2\) of float32\(2, 2\)"):
        parametrize.register_parametrization(layer, "weight", Shrinking())
    assert (repr(layer), list(layer.state_dict())) == before
    with pytest.raises(ArgumentError, match="not parametrized"):
        parametrize.remove_parametrizations(layer, "weight")


def test_orthogonal_weights_stay_so_and_can_be_assigned(device):
    for make, shape in ((nn.Linear(3, 5), (5, 3)), (nn.Linear(4, 4), (4, 4))):
        for kind in ("householder", "matrix_exp", "cayley"):
            layer = parametrizations.orthogonal(copy.deepcopy(make).to(device), orthogonal_map=kind)
            weight = layer.weight.detach().cpu().numpy()
            np.testing.assert_allclose(weight.T @ weight, np.eye(shape[1]), atol=1e-5)
            with mg.no_grad():
                layer.parametrizations.weight.original.add_(
                    0.1 * mg.tril(mg.ones(shape, device=device), -1)
                )
            moved = layer.weight.detach().cpu().numpy()
            np.testing.assert_allclose(moved.T @ moved, np.eye(shape[1]), atol=1e-5)
            assert abs(moved - weight).max() > 0.01
            layer.weight = mg.tensor(weight, device=device)
            np.testing.assert_allclose(layer.weight.detach().cpu().numpy(), weight, atol=1e-5)
    with pytest.raises(ShapeError, match="expected shape"):
        layer.weight = mg.ones(3, 3)
    with pytest.raises(ArgumentError, match="orthogonal_map='qr'"):
        parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="qr")


def test_spectral_norms_are_one():
    mg.manual_seed(0)
    new = parametrizations.spectral_norm(nn.Linear(6, 5))
    old = spectral_norm(nn.Linear(6, 5), n_power_iterations=30)
    old(mg.ones(1, 6))
    for layer in (new, old):
        assert np.linalg.norm(layer.weight.detach().numpy(), 2) == pytest.approx(1, rel=0.02)
    x = mg.ones(1, 6)
    (old(x) - old(x)).sum().backward()  # two calls, one backward
    assert old.weight_orig.grad is not None
    value = old.weight.detach().numpy()
    remove_spectral_norm(old)
    np.testing.assert_allclose(old.weight.detach().numpy(), value, rtol=1e-5)
    assert list(old.state_dict()) == ["bias", "weight"] and not old._hooks
    with pytest.raises(ArgumentError, match="spectral_norm of 'weight' not found"):
        remove_spectral_norm(old)
    with pytest.raises(ArgumentError, match="n_power_iterations=0"):
        spectral_norm(nn.Linear(2, 2), n_power_iterations=0)


def test_weight_norm_comes_and_goes_and_its_older_states_load():
    layer = nn.Linear(3, 2)
    weight = layer.weight.detach().numpy().copy()
    old = weight_norm(copy.deepcopy(layer))
    np.testing.assert_allclose(old.weight.detach().numpy(), weight, rtol=1e-6)
    with pytest.raises(Error, match="has it already"):
        weight_norm(old)
    with mg.no_grad():
        old.weight_g.mul_(3.0)
    new = parametrizations.weight_norm(copy.deepcopy(layer))
    new.load_state_dict(old.state_dict())
    np.testing.assert_allclose(new.weight.detach().numpy(), 3 * weight, rtol=1e-5)
    remove_weight_norm(old)
    np.testing.assert_allclose(old.weight.detach().numpy(), 3 * weight, rtol=1e-5)
    assert list(old.state_dict()) == ["bias", "weight"]


def test_batch_norms_are_folded_into_the_layer_before():
    mg.manual_seed(1)
    folded = nn.utils.fuse_conv_bn_eval
    cases = [
        (nn.Conv2d(2, 3, 2, bias=False), nn.BatchNorm2d(3), (2, 2, 4, 4), folded),
        (nn.Linear(2, 3), nn.BatchNorm1d(3), (4, 2), nn.utils.fuse_linear_bn_eval),
        (
            nn.ConvTranspose1d(2, 3, 2), nn.BatchNorm1d(3, affine=False), (2, 2, 4),
            lambda c, b: folded(c, b, transpose=True),
        ),
    ]  # fmt: skip
    for layer, norm, shape, fuse in cases:
        norm(layer(mg.randn(shape)))  # statistics
        with pytest.raises(ArgumentError, match="eval"):
            fuse(layer, norm)
        x = mg.randn(shape)
        expected = norm.eval()(layer.eval()(x)).detach().numpy()
        fused = fuse(layer, norm)
        np.testing.assert_allclose(fused(x).detach().numpy(), expected, rtol=1e-4, atol=1e-5)
        assert fused.weight.requires_grad and type(fused) is type(layer)


def test_skip_init_leaves_the_generator():
    before = mg.get_rng_state()
    layer = nn.utils.skip_init(nn.Linear, 3, 2, bias=False)
    assert layer.weight.shape == (2, 3) and mg.get_rng_state() == before
    with pytest.raises(Error, match="ReLU takes no argument `device`"):
        nn.utils.skip_init(nn.ReLU)
