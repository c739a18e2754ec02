"""Normalisation: running statistics, layouts, mixed dtypes, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [mg.float32, mg.float16])
def test_batch_norm_moves_running_statistics_in_place(dtype):
    x = mg.tensor(RNG.random((3, 2, 4)) * 3, dtype=dtype)
    mean, var = mg.tensor([1.0, -1.0]), mg.tensor([2.0, 0.5])
    kept = mean.detach()
    F.batch_norm(x, mean, var, training=True, momentum=0.25)
    wide = x.array.astype(np.float64)
    expected = 0.75 * np.array([1.0, -1.0]) + 0.25 * wide.mean((0, 2))
    np.testing.assert_allclose(mean.array, expected, 1e-5)
    expected = 0.75 * np.array([2.0, 0.5]) + 0.25 * wide.var((0, 2), ddof=1)
    np.testing.assert_allclose(var.array, expected, 1e-5)
    assert kept.array is mean.array
    before = mean.array.copy()
    F.batch_norm(x, mean, var)
    F.batch_norm(x[:0], mean, var, training=True)
    np.testing.assert_array_equal(mean.array, before)


def test_instance_norm_moves_them_by_the_average_over_samples():
    x = mg.tensor(RNG.random((3, 2, 4)))
    mean, var = mg.zeros(2, dtype=mg.float64), mg.ones(2, dtype=mg.float64)
    F.instance_norm(x, mean, var, momentum=0.25)
    np.testing.assert_allclose(mean.array, 0.25 * x.array.mean((0, 2)))
    np.testing.assert_allclose(var.array, 0.75 + 0.25 * x.array.var(2, ddof=1).mean(0))


def test_a_gradient_through_statistics_that_move_afterwards():
    x = mg.tensor(RNG.random((3, 2)), requires_grad=True)
    mean, var = mg.zeros(2, dtype=mg.float64), mg.ones(2, dtype=mg.float64)
    y = F.batch_norm(x, mean, var, training=True)
    F.batch_norm(x, mean, var, training=True)
    y.square().sum().backward()
    assert x.grad is not None


def test_channels_last_stays():
    x = mg.tensor(np.moveaxis(RNG.random((2, 5, 5, 4)), -1, 1), requires_grad=True)
    w = mg.ones(4, dtype=mg.float64)
    norms = {
        "batch": lambda x: F.batch_norm(x, None, None, w, w, training=True),
        "eval": lambda x: F.batch_norm(x, w, w, w, w),
        "group": lambda x: F.group_norm(x, 2, w, w),
        "instance": lambda x: F.instance_norm(x, weight=w),
    }
    for name, norm in norms.items():
        y = norm(x)
        (g,) = mg.grad(y.square().sum(), x)
        for z in (y, g):
            assert np.moveaxis(z.array, 1, -1).flags.c_contiguous, name


def test_float32_parameters_beside_a_16_bit_input():
    x, w = mg.tensor(RNG.random((2, 4)), dtype=mg.bfloat16), mg.ones(4) * 2
    for y in (
        F.layer_norm(x, (4,), w, w),
        F.group_norm(x, 2, w, w),
        F.rms_norm(x, (4,), w),
        F.batch_norm(x, w, w, w, w, training=True),
    ):
        assert y.dtype == mg.bfloat16


def test_an_empty_batch():
    x = mg.ones(0, 2, 3, requires_grad=True)
    y = F.group_norm(x, 2)
    assert y.shape == x.shape and mg.grad(y.sum(), x)[0].shape == x.shape


def test_a_large_mean_costs_no_precision():
    x = mg.tensor(RNG.standard_normal((8, 2, 64)) + 1e4, dtype=mg.float32)
    wide = x.array.astype(np.float64)
    centred = wide - wide.mean((0, 2), keepdims=True)
    expected = centred / np.sqrt((centred**2).mean((0, 2), keepdims=True))
    y = F.batch_norm(x, None, None, training=True)
    np.testing.assert_allclose(y.array, expected, atol=2e-3)


X, W, V = mg.randn(2, 3, 4), mg.ones(3), mg.ones(4)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: F.layer_norm(X, 4), TypeError, "tuple of integers"),
        (lambda: F.layer_norm(X, (3,)), RuntimeError, "does not end"),
        (lambda: F.layer_norm(X, ()), RuntimeError, "does not end"),
        (lambda: F.layer_norm(X, (4,), W), RuntimeError, "weight has shape"),
        (lambda: F.layer_norm(X.long(), (4,)), RuntimeError, "floating"),
        (lambda: F.layer_norm(X, (4,), V.double()), RuntimeError, "one dtype"),
        (lambda: F.rms_norm(X, 4), TypeError, "tuple of integers"),
        (lambda: F.rms_norm(X, (4,), W), RuntimeError, "weight has shape"),
        (lambda: F.group_norm(X, 2), RuntimeError, "do not divide"),
        (lambda: F.group_norm(X, 0), RuntimeError, "do not divide"),
        (lambda: F.group_norm(X[0, 0], 1), RuntimeError, "expected an input"),
        (lambda: F.group_norm(X, 3, V), RuntimeError, "weight has shape"),
        (lambda: F.group_norm(X[:1, :, :1], 3), ValueError, "more than 1"),
        (lambda: F.batch_norm(X, None, None), RuntimeError, "must be given"),
        (lambda: F.batch_norm(X, W, None), ValueError, "both"),
        (lambda: F.batch_norm(X, V, V), RuntimeError, "running_mean has shape"),
        (lambda: F.batch_norm(X, W, W, V), RuntimeError, "weight has shape"),
        (lambda: F.batch_norm(X, W, W, momentum=None), TypeError, "momentum"),
        (lambda: F.batch_norm(X, W, W, eps=-1.0), ValueError, "eps"),
        (lambda: F.batch_norm(X[0, 0], W, W), RuntimeError, "expected an input"),
        (lambda: F.batch_norm(X[:1, :, :1], None, None, training=True), ValueError, "more than 1"),
        (lambda: F.batch_norm(X.array, W, W), TypeError, "must be a Tensor"),
        (lambda: F.instance_norm(X[:, :, :1]), ValueError, "more than 1"),
        (lambda: F.instance_norm(X, use_input_stats=False), RuntimeError, "must be given"),
        (lambda: F.instance_norm(X, W), ValueError, "both"),
        (lambda: F.local_response_norm(X[0], 2), ValueError, "3 dimensions"),
        (lambda: F.local_response_norm(X, 0), RuntimeError, "at least 1"),
        (lambda: F.local_response_norm(X.int(), 2), RuntimeError, "int64"),
    ],
)
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
