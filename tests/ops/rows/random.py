"""Random counts and choices, as functions of the uniform numbers they are made of; and their slope,
which is zero. `test_distributions.py` looks at the distributions."""

import numpy as np
from scipy import stats

from minigrad.ops import distributions as d
from minigrad.testing import Draw, sample

from .making import CONSTANT, X, row

U = np.array([[0.03, 0.4, 0.77], [0.999, 0.5, 0.25]])


def rates(*shape):
    return Draw(shape, 0.2, 30.0)


def chosen(weights, u):
    """Place by place: the first partial sum above the drawn part of the whole."""
    rows = zip(weights.reshape(-1, weights.shape[-1]), u.reshape(-1, u.shape[-1]))
    found = [[np.flatnonzero(np.cumsum(w) > x * w.sum())[0] for x in draws] for w, draws in rows]
    return np.array(found).reshape(u.shape)


def raced(weights, u, count):
    return np.argsort(-np.log1p(-u) / weights, axis=-1)[..., :count]


ROWS = [
    row("poisson of uniform numbers", lambda rate, u: stats.poisson.ppf(u, rate),
        sample(rates(2, 3), U), sample(rates(0), U[0, :0]),
        function=lambda rate, u: d.apply(d.POISSON, rate, u), **CONSTANT),
    row("binomial of uniform numbers", lambda p, u: stats.binom.ppf(u, 20, p),
        sample(Draw((2, 3), 0.05, 0.95), U),
        function=lambda p, u: d.apply(d.BINOMIAL, p * 0 + 20, p, u), **CONSTANT),
    row("multinomial with replacement", chosen, sample(rates(2, 4), U), sample(rates(4), U[0]),
        function=lambda w, u: d.apply(
            d.MULTINOMIAL, w, u, replacement=True, out_shape=u.shape), result="int64", **CONSTANT),
    row("multinomial without", lambda w, u: raced(w, u, 2), sample(rates(2, 3), U),
        function=lambda w, u: d.apply(
            d.MULTINOMIAL, w, u, replacement=False, out_shape=(2, 2)), result="int64", **CONSTANT),
    row("drawn", lambda a, p: a, sample(X(2, 3), X(2, 3), smooth=False),
        function=lambda a, p: d.apply(d.DRAWN, a, p)),
]  # fmt: skip
