"""Pooling: layouts that are kept, integers, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

POOLS = {
    "max_pool": {"kernel_size": 3, "stride": 2, "padding": 1},
    "avg_pool": {"kernel_size": 3, "stride": 2, "padding": 1},
    "adaptive_avg_pool": {"output_size": 3},
    "adaptive_max_pool": {"output_size": 3},
}


@pytest.mark.parametrize("D", [2, 3])
@pytest.mark.parametrize("name", POOLS)
def test_channels_last_stays(name, D):
    x = mg.tensor(np.moveaxis(np.random.default_rng(0).random((2, *[5] * D, 3)), -1, 1))
    y = getattr(F, f"{name}{D}d")(x, **POOLS[name])
    assert np.moveaxis(y.array, 1, -1).flags.c_contiguous
    plain = getattr(F, f"{name}{D}d")(x.contiguous(), **POOLS[name])
    np.testing.assert_array_equal(y.array, plain.array)


def test_an_output_without_places():
    x = mg.ones(2, 1, 3, 3, requires_grad=True)
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        y = getattr(F, name)(x, (0, 2))
        assert y.shape == (2, 1, 0, 2)
        assert not mg.grad(y.sum(), x)[0].any()


def test_the_places_may_be_kept_by_the_user():
    y, index = F.max_pool2d(mg.arange(16.0).reshape(1, 1, 4, 4), 2, return_indices=True)
    back = F.max_unpool2d(y, index, 2)
    assert back.sum().item() == y.sum().item() and back[0, 0, 1, 1].item() == 5.0


@pytest.mark.parametrize("D", [1, 2, 3])
@pytest.mark.parametrize("settings", [{}, {"count_include_pad": False}, {"divisor_override": -2}])
def test_integers_are_averaged_towards_zero(D, settings):
    if D == 1 and "divisor_override" in settings:
        return
    x = np.random.default_rng(D).integers(-9, 9, (1, 2, *[5] * D))
    pool = getattr(F, f"avg_pool{D}d")
    found = pool(mg.tensor(x), 3, 2, 1, True, **settings)
    exact = pool(mg.tensor(x.astype(float)), 3, 2, 1, True, **settings)
    np.testing.assert_array_equal(found.array, np.trunc(exact.array + np.sign(exact.array) * 1e-9))
    assert pool(mg.tensor(x * 0 + 2**60 + 1), 1)[(0,) * (D + 2)].item() == 2**60 + 1


def test_a_window_without_elements():
    x = mg.ones(1, 1, 1, requires_grad=True)
    y, index = F.max_pool1d(x, 2, 1, 1, 2, return_indices=True)  # elements -1 and 1 of one
    assert y.tolist() == [[[-np.inf]]] and index.tolist() == [[[0]]]
    assert mg.grad(y.sum(), x)[0].shape == x.shape


X = mg.zeros(1, 2, 4, 4)
I = mg.zeros(1, 2, 4, 4, dtype=mg.int64)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: F.max_pool2d(X, 0), RuntimeError, "at least 1"),
        (lambda: F.max_pool2d(X, 2, padding=2), RuntimeError, "half"),
        (lambda: F.max_pool2d(X, 2, padding=-1), RuntimeError, "half"),
        (lambda: F.max_pool2d(X, 2, padding=2, dilation=3), RuntimeError, "half"),
        (lambda: F.max_pool2d(X, 2.5), TypeError, "integer"),
        (lambda: F.max_pool2d(X, (2, 2, 2)), RuntimeError, "one integer or 2"),
        (lambda: F.max_pool2d(X, 5), RuntimeError, "do not fit"),
        (lambda: F.max_pool2d(X[0, 0], 2), RuntimeError, "expected an input"),
        (lambda: F.max_pool2d(X[:, :0], 2), RuntimeError, "only the batch"),
        (lambda: F.max_pool2d(X > 0, 2), RuntimeError, "bool"),
        (lambda: F.max_pool1d(X[0].long(), 2), RuntimeError, "floating"),
        (lambda: F.max_pool2d(X.array, 2), TypeError, "must be a Tensor"),
        (lambda: F.avg_pool2d(X, 2, divisor_override=0), RuntimeError, "zero"),
        (lambda: F.avg_pool2d(X.int(), 2), RuntimeError, "int64"),
        (lambda: F.avg_pool3d(X, (3, 2, 2), ceil_mode=True), RuntimeError, "larger"),
        (lambda: F.lp_pool2d(X, 0, 2), ZeroDivisionError, "zero"),
        (lambda: F.adaptive_avg_pool2d(X, None), TypeError, "output_size"),
        (lambda: F.adaptive_avg_pool2d(X, -1), RuntimeError, "negative"),
        (lambda: F.adaptive_avg_pool2d(X, (1, 2, 3)), RuntimeError, "one integer or 2"),
        (lambda: F.adaptive_max_pool1d(X[0], None), TypeError, "output_size"),
        (lambda: F.adaptive_max_pool2d(X[..., :0], 1), RuntimeError, "only the batch"),
        (lambda: F.fractional_max_pool2d(X, 2), ValueError, "either"),
        (lambda: F.fractional_max_pool2d(X, 2, 4), RuntimeError, "do not fit"),
        (lambda: F.fractional_max_pool2d(X, 2, output_ratio=1.5), RuntimeError, "between"),
        (lambda: F.fractional_max_pool2d(X, 2, 2, None, False, X), RuntimeError, "_random"),
        (lambda: F.max_unpool2d(X, I - 1, 2), RuntimeError, "out of range"),
        (lambda: F.max_unpool2d(X, I + 64, 2), RuntimeError, "out of range"),
        (lambda: F.max_unpool2d(X, I.int(), 2), RuntimeError, "int64"),
        (lambda: F.max_unpool2d(X, I[..., :2], 2), RuntimeError, "indices"),
        (lambda: F.max_unpool2d(X, I, 2, output_size=(8, 11)), ValueError, "within the stride"),
        (lambda: F.max_unpool2d(X, I, 2, output_size=(8,)), ValueError, "2 sizes"),
    ],
)
def test_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


@pytest.mark.parametrize("D", [2, 3])
def test_fractional_windows_are_drawn(D):
    x = mg.rand(2, 3, *[9] * D)
    pool = getattr(F, f"fractional_max_pool{D}d")
    y, index = pool(x, 2, output_ratio=0.5, return_indices=True)
    assert y.shape == (2, 3, *[4] * D)
    flat = np.take_along_axis(x.array.reshape(6, -1), index.array.reshape(6, -1), 1)
    np.testing.assert_array_equal(flat.reshape(y.shape), y.array)
