"""LinearRegression and LogisticRegression: against their equations, scikit-learn, and Linear."""

import copy
import pickle

import numpy as np
import pytest
from sklearn import linear_model

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, ShapeError

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 3))
LABELS = {
    2: (X @ [1, -2, 0.5] + RNG.standard_normal(40) > 0).astype(int),
    3: RNG.integers(0, 3, 40),
}


def on(device, *arrays):
    return [mg.tensor(a, device=device) for a in arrays]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("outputs", [1, 2])
def test_least_squares(outputs, bias, device):
    Y = RNG.standard_normal((40, outputs)) + X[:, :1] + 3
    design = np.c_[X, np.ones(40)] if bias else X
    solution = np.linalg.lstsq(design, Y)[0]
    x, y = on(device, X, Y)
    model = nn.LinearRegression(3, outputs, bias=bias, dtype=mg.float64, device=device)
    before = float(model.loss(x, y))
    assert model.fit_exactly(x, y) is model
    np.testing.assert_allclose(model.weight.detach().cpu().numpy(), solution[:3].T, atol=1e-9)
    np.testing.assert_allclose(model.predict(x).cpu().numpy(), design @ solution, atol=1e-9)
    loss = model.loss(x, y)
    loss.backward()
    assert float(loss) == pytest.approx(((design @ solution - Y) ** 2).mean()) and loss < before
    assert all(float(p.grad.abs().max()) < 1e-9 for p in model.parameters())  # no way down
    assert not model.predict(x).requires_grad
    if outputs == 1:  # a vector of targets is a column
        assert float(model.loss(x, y[:, 0])) == pytest.approx(float(loss))


@pytest.mark.parametrize("classes", [2, 3])
def test_scikit_learns_optimum_is_ours(classes):
    theirs = linear_model.LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(
        X, LABELS[classes]
    )
    model = nn.LogisticRegression(3, None if classes == 2 else 3, dtype=mg.float64)
    state = {"weight": theirs.coef_, "bias": theirs.intercept_}
    model.load_state_dict({name: mg.tensor(value) for name, value in state.items()})
    x, y = on("cpu", X, LABELS[classes])
    np.testing.assert_allclose(model.predict_proba(x).numpy(), theirs.predict_proba(X), rtol=1e-9)
    np.testing.assert_array_equal(model.predict(x).numpy(), theirs.predict(X))
    penalty = (model.weight**2).sum() / 2  # theirs, with C = 1, to the sum of the losses
    (model.loss(x, y) * 40 + penalty).backward()
    assert all(float(p.grad.abs().max()) < 1e-4 for p in model.parameters())


@pytest.mark.parametrize("classes", [None, 2, 3])
def test_logistic_regression(classes, device):
    model = nn.LogisticRegression(3, classes, device=device, dtype=mg.float64)
    x, y = on(device, X, LABELS[classes or 2])
    p = model.predict_proba(x)
    assert model(x).shape == (40, classes or 1) and p.shape == (40, classes or 2)
    np.testing.assert_allclose(p.sum(1).cpu().numpy(), 1)
    assert (model.predict(x) == p.argmax(1)).all() and not p.requires_grad
    expected = -np.log(p.cpu().numpy()[np.arange(40), LABELS[classes or 2]]).mean()
    assert float(model.loss(x, y)) == pytest.approx(expected)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert (twin.predict_proba(x) == p).all() and repr(twin) == repr(model)


def test_targets_of_the_binary_model():
    model, x = nn.LogisticRegression(3), mg.tensor(X).float()
    share = mg.rand(40)  # probabilities of class 1
    assert float(model.loss(x, share)) == pytest.approx(float(model.loss(x, share.unsqueeze(1))))


def test_they_are_linear_layers():
    linear, ours = nn.Linear(3, 1), nn.LinearRegression(3)
    ours.load_state_dict(linear.state_dict())
    assert (ours(mg.ones(2, 3)) == linear(mg.ones(2, 3))).all()
    assert repr(ours) == "LinearRegression(in_features=3, out_features=1, bias=True)"
    assert repr(nn.LogisticRegression(3, 4)).endswith("(in_features=3, num_classes=4, bias=True)")


def test_errors():
    with pytest.raises(ArgumentError, match="num_classes=1 must be at least 2"):
        nn.LogisticRegression(3, 1)
    with pytest.raises(ShapeError, match=r"targets of shape \(4, 2\), expected \(N, 1\) or \(N,\)"):
        nn.LinearRegression(3).loss(mg.zeros(4, 3), mg.zeros(4, 2))
    with pytest.raises(ShapeError, match=r"^LogisticRegression: Linear\(in_features=3"):
        nn.LogisticRegression(3).predict(mg.zeros(4, 2))
