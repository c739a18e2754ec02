"""Dropout: in place, outside training, at the ends of p, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

NAMES = (
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_in_place_is_the_same(name):
    function = getattr(F, name)
    x = mg.rand(3, 4) if name == "dropout1d" else mg.rand(2, 3, 4, 2, 2)
    x = x if name in ("dropout1d", "dropout3d") else x[..., 0]
    wanted = function(x, 0.4, True, generator=mg.Generator(3))
    given = x.clone()
    out = function(given, 0.4, True, True, generator=mg.Generator(3))
    assert out is given
    np.testing.assert_array_equal(given.array, wanted.array)
    with pytest.raises(RuntimeError, match="in-place"):
        function(x.clone().requires_grad_(), 0.4, True, True)


@pytest.mark.parametrize("name", NAMES)
def test_outside_training_the_input_itself(name):
    function = getattr(F, name)
    x = mg.ones(2, 3, 4)
    assert function(x, 0.5, False) is x and function(x, 0.0, True) is x
    assert (function(x, 1.0, True) == 0).all()
    assert function(x.half(), 0.5, True).dtype == mg.float16
    for p in (-0.1, 1.1):
        with pytest.raises(ValueError, match="probability"):
            function(x, p, False)
    with pytest.raises(RuntimeError, match="floating"):
        function(x.long(), 0.5, True)


def test_a_lone_sample_keeps_its_channels_apart():
    for name, shape in (("dropout1d", (64, 5)), ("dropout3d", (64, 2, 2, 2))):
        y = getattr(F, name)(mg.ones(*shape), 0.5).array.reshape(64, -1)
        assert (y == y[:, :1]).all() and 10 < (y[:, 0] == 0).sum() < 54


def test_alpha_dropout_keeps_mean_and_variance():
    x = mg.randn(10_000, generator=mg.Generator(0))
    y = F.alpha_dropout(x, 0.3, True, generator=mg.Generator(1)).array
    assert abs(y.mean()) < 0.05 and abs(y.var() - 1) < 0.05


@pytest.mark.parametrize(
    "call",
    [
        lambda: F.dropout1d(mg.ones(2, 2, 2, 2)),
        lambda: F.dropout2d(mg.ones(2)),
        lambda: F.feature_alpha_dropout(mg.ones(2), 0.5, True),
    ],
)
def test_refused(call):
    with pytest.raises(RuntimeError, match="expected"):
        call()


def test_under_torchs_names():
    """The functions of the package itself say `train`, and have in-place twins."""
    x = mg.ones(3, 4)
    for name in ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout"):
        function, twin = getattr(mg, name), getattr(mg, f"{name}_")
        assert function(x, 0.5, train=False) is x
        assert (function(x, 1.0, True) == 0).all()
        y = x.clone()
        assert twin(y, 1.0, True) is y and (y == 0).all()
