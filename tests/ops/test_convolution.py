"""Convolutions: layouts, integers, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F


@pytest.mark.parametrize("name", ["conv1d", "conv2d", "conv3d"])
@pytest.mark.parametrize("kind", ["conv", "conv_transpose"])
def test_outputs_are_stored_channels_last(name, kind):
    D = int(name[-2])
    function = getattr(F, name.replace("conv", kind))
    y = function(mg.ones(2, 3, *[4] * D), mg.ones(3, 3, *[2] * D), mg.zeros(3))
    assert np.moveaxis(y.array, 1, -1).flags.c_contiguous


@pytest.mark.parametrize("transposed", [False, True])
def test_int64_is_exact(transposed):
    x = mg.tensor(np.array([[[[2**60 + 1, 1], [0, -1]]]]))
    function = F.conv_transpose2d if transposed else F.conv2d
    y = function(x, mg.tensor([[[[3]]]]))
    assert y.dtype == mg.int64 and y[0, 0, 0, 0].item() == 3 * (2**60 + 1)


X, W = mg.zeros(1, 2, 5, 5), mg.zeros(4, 2, 3, 3)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: F.conv2d(X, W, stride=0), ValueError, "stride"),
        (lambda: F.conv2d(X, W, stride=(1, 2, 3)), RuntimeError, "one integer or 2"),
        (lambda: F.conv2d(X, W, stride=1.5), TypeError, "must be an integer"),
        (lambda: F.conv2d(X, W, padding=-1), RuntimeError, "negative"),
        (lambda: F.conv2d(X, W, padding="full"), RuntimeError, "'same' with stride 1"),
        (lambda: F.conv2d(X, W, padding="same", stride=2), RuntimeError, "stride 1"),
        (lambda: F.conv2d(X, W, groups=0), RuntimeError, "groups"),
        (lambda: F.conv2d(X, W, dilation=3), RuntimeError, "does not fit"),
        (lambda: F.conv2d(X, W, groups=2), RuntimeError, "takes 4"),
        (lambda: F.conv2d(X[0, 0], W), RuntimeError, "expected an input"),
        (lambda: F.conv2d(X, W[0]), RuntimeError, "weight of 4 dimensions"),
        (lambda: F.conv2d(X, W, mg.zeros(3)), RuntimeError, "bias"),
        (lambda: F.conv2d(X, W.double()), RuntimeError, "dtypes must be equal"),
        (lambda: F.conv2d(X, W.half()), RuntimeError, "dtypes must be equal"),
        (lambda: F.conv2d(X.int(), W.int()), RuntimeError, "int32"),
        (lambda: F.conv2d(X.array, W), TypeError, "must be a Tensor"),
        (lambda: F.conv1d(X, W), RuntimeError, "weight of 3 dimensions"),
        (lambda: F.conv_transpose2d(X, W), RuntimeError, "takes 4"),
        (lambda: F.conv_transpose2d(X, W[:2], output_padding=1), RuntimeError, "smaller"),
        (lambda: F.conv_transpose2d(X, W[:2], padding=4), RuntimeError, "sizes"),
        (lambda: F.conv_transpose2d(X, W[:2], padding=-1), RuntimeError, "negative"),
        (lambda: F.conv_transpose2d(X, W[:2], padding="same"), TypeError, "integer"),
    ],
)
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
