"""Dropout: the oracle draws from a generator of the same seed."""

import numpy as np

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.testing import sample

from .making import X, row

UNIFORM = mg.rand(12, generator=mg.Generator(7)).numpy()
FLOOR = -1.7580993408473766  # of SELU


def kept(p, *shape):
    return UNIFORM[: np.prod(shape, dtype=int)].reshape(shape) >= p


def channels(x):
    return (*x.shape[:2], *[1] * (x.ndim - 2))


def dropped(mask_shape):
    return lambda x, p: x * kept(p, *mask_shape(x)) / (1 - p)


def alpha_dropped(mask_shape):
    """Dropped elements at the floor; then mean 0 and variance 1 again."""

    def oracle(x, p):
        y = np.where(kept(p, *mask_shape(x)), x, FLOOR)
        mean, variance = FLOOR * p, 1 - p + FLOOR**2 * p * (1 - p)
        return (y - mean) / np.sqrt(variance)

    return oracle


def dropout(name, oracle, *samples, **attrs):
    function = getattr(F, name)
    return row(
        name, oracle, *samples, **attrs,
        function=lambda x, p: function(x, p, True, generator=mg.Generator(7)),
    )  # fmt: skip


def whole(x):
    return x.shape


def packaged(name, oracle):
    """The package's own form, which draws from the default generator."""
    function = getattr(mg, name)

    def seeded(x, p):
        mg.manual_seed(7)
        return function(x.clone(), p, True)

    return row(name, oracle, sample(X(2, 3, 2), p=0.3), function=seeded)


ROWS = [
    dropout("dropout", dropped(whole), sample(X(6, 2), p=0.3), sample(X(0, 2), p=0.3),
            sample(X(1, 2), p=0.9999)),
    dropout("dropout1d", dropped(channels), sample(X(2, 3, 4), p=0.3), sample(X(0, 2, 3), p=0.3)),
    dropout("dropout2d", dropped(channels), sample(X(2, 3, 2, 2), p=0.3),
            sample(X(2, 3, 2), p=0.3)),
    dropout("dropout3d", dropped(channels), sample(X(2, 3, 1, 2, 2), p=0.5)),
    dropout("alpha_dropout", alpha_dropped(whole), sample(X(6, 2), p=0.3), sample(X(0, 2), p=0.3)),
    dropout("feature_alpha_dropout", alpha_dropped(channels), sample(X(2, 3, 4), p=0.3)),
    packaged("dropout_", dropped(whole)),
    packaged("feature_dropout", dropped(channels)),
    packaged("feature_dropout_", dropped(channels)),
    packaged("alpha_dropout_", alpha_dropped(whole)),
    packaged("feature_alpha_dropout_", alpha_dropped(channels)),
]  # fmt: skip
