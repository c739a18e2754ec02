"""How operations may be called: ``out=``, NumPy's names of arguments, what is no Tensor."""

from __future__ import annotations

import inspect

import pytest

import minigrad as mg
from minigrad.nn import functional as F

X = mg.tensor([[1.0, 3.0], [2.0, 0.0]])


def test_out_is_written_and_returned():
    out = mg.empty(2)
    assert mg.sum(X, 0, out=out) is out and out.tolist() == [3, 3]
    grown = mg.empty(0)
    assert mg.exp(X, out=grown).shape == (2, 2) and grown.equal(X.exp())
    wide = mg.empty(2, 2, dtype=mg.float64)
    assert mg.add(X, X, out=wide).dtype == mg.float64 and wide[0, 1] == 6
    base = mg.zeros(4)
    mg.neg(X, out=base.view(2, 2))
    assert base.tolist() == [-1, -3, -2, 0]


def test_several_results_are_written():
    out = mg.empty(2), mg.empty(2, dtype=mg.int64)
    values, indices = mg.sort(X[0], descending=True, out=out)
    assert values is out[0] and indices is out[1] and indices.tolist() == [1, 0]
    with pytest.raises(mg.DTypeError, match="tuple of 2 tensors"):
        mg.sort(X[0], out=mg.empty(2))


@pytest.mark.parametrize(
    "call, error, says",
    [
        (lambda: mg.exp(X, out=mg.empty(3)), mg.ShapeError, r"shape \(2, 2\), out has \(3,\)"),
        (lambda: mg.exp(X, out=mg.empty(2, 2).long()), mg.DTypeError, "cannot hold"),
        (lambda: mg.exp(X, out=[0.0]), mg.DTypeError, "out must be a Tensor, got list"),
        (lambda: mg.exp(X, out=mg.empty(2, 2, device="cuda")), mg.DeviceError, "on cpu, out on"),
        (lambda: mg.exp(X.clone().requires_grad_(), out=mg.empty(2, 2)), mg.GradientError, "out="),
        (lambda: X.exp(out=mg.empty(2, 2)), TypeError, "out"),
        (lambda: mg.unbind(X, out=mg.empty(2, 2)), TypeError, "out"),
        (lambda: mg.sum(5), mg.DTypeError, "expected a Tensor, got int"),
        (lambda: mg.sum(X, axes=0), TypeError, "axes"),
        (lambda: mg.reshape([1.0], (1,)), mg.DTypeError, "argument 1 must be a Tensor, got list"),
        (lambda: mg.cat([X, 1]), mg.DTypeError, "got int"),
    ],
)
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_numpys_names_of_arguments():
    for result in (mg.sum(X, axis=0, keepdims=True), mg.sum(a=X, axis=0, keepdims=True),
                   X.sum(axis=0, keepdims=True)):  # fmt: skip
        assert result.tolist() == [[3, 3]]
    assert mg.squeeze(X[None], axis=0).equal(X)
    assert X.index_fill(axis=0, index=mg.tensor([0]), value=1).tolist() == [[1, 1], [2, 0]]


def test_the_top_level_lacks_what_only_nn_functional_has():
    image = X[None, None]
    assert mg.max_pool2d(image, 2).item() == 3
    for call in (lambda: mg.max_pool2d(image, 2, return_indices=True),
                 lambda: mg.selu(X, inplace=True), lambda: mg.selu(X, True)):  # fmt: skip
        with pytest.raises(TypeError, match="takes no"):
            call()
    assert "inplace" in inspect.signature(F.selu).parameters
    assert "inplace" not in inspect.signature(mg.selu).parameters
