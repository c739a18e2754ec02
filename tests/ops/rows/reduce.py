"""Reductions, softmax among them."""

import numpy as np
import oracles
from numpy import array, inf

from minigrad.testing import sample

from .making import ALONG, CONSTANT, EMPTY, PLAIN, TIES, TWICE, ZEROS, P, X, call, method, over, row


def count_of(x, axis, correction):
    return (
        x.size if axis is None else np.prod([x.shape[a] for a in np.atleast_1d(axis)])
    ) - correction


def variance(x, axis, keepdims, correction=1):
    squares = np.square(x - x.mean(axis, keepdims=True)).sum(axis, keepdims=keepdims)
    return squares / max(count_of(x, axis, correction), 0)


def indexed(choose, arg):
    """Values and indices along a dimension."""

    def oracle(x, dim, keepdim=False):
        return choose(x, axis=dim, keepdims=keepdim), arg(x, axis=dim, keepdims=keepdim)

    return oracle


def p_norm(x, p="fro", dim=None, keepdim=False):
    p = 2 if p == "fro" else p
    size = np.abs(x)
    if np.isinf(p):
        return (np.max if p > 0 else np.min)(size, dim, keepdims=keepdim)
    total = np.sum((size != 0) if p == 0 else size**p, dim, keepdims=keepdim)
    return total if p == 0 else total ** (1 / p)


ROWS = [
    row("norm", p_norm, *PLAIN, *[sample(P(2, 3), p) for p in (2, 3, 1.5, 1, 0.5, inf, -inf, -1)],
        sample(X(2, 3), 1, 1), sample(X(3, 2, 2), 3, (0, -1), True), sample(X(3), 0),
        *[sample(TIES, p, 1, smooth=False) for p in ("fro", 1, 3, inf, -inf)], *EMPTY,
        sample(array([[0.0, 0.0], [3.0, 4.0]]), 2, 1, smooth=False), kinds="fc", result="real"),
    over("sum", np.sum, *EMPTY, kinds="fibc", result="wide"),
    over("mean", np.mean, sample(X(2, 0), dim=1, smooth=False), kinds="fc", **TWICE),
    over("var", variance, sample(X(2, 3), dim=1, correction=0), **TWICE),
    over("std", lambda *a, **k: np.sqrt(variance(*a, **k)), function=call("std"), **TWICE),
    row("prod", lambda x, dim=None, keepdim=False: np.prod(x, dim, keepdims=keepdim), *PLAIN,
        *ALONG, *EMPTY, sample(ZEROS), sample(ZEROS, dim=1), sample(ZEROS, dim=0), kinds="fib",
        result="wide"),
    over("nansum", np.nansum, *EMPTY, kinds="fib", result="wide", **TWICE),
    over("nanmean", np.nanmean, **TWICE),
    row("count_nonzero", lambda x, dim=None: np.count_nonzero(x, dim), sample(X(2, 3)), *EMPTY,
        sample(X(2, 3, 2), (0, -1)), sample(X()), sample(TIES, 1),
        kinds="fib", result="int64", **CONSTANT),
    row("aminmax", lambda x, dim=None, keepdim=False: (np.min(x, dim, keepdims=keepdim),
        np.max(x, dim, keepdims=keepdim)), *PLAIN, *ALONG, kinds="fib"),
    over("amax", np.max, kinds="fi"),
    over("amin", np.min, kinds="fi"),
    over("any", np.any, *EMPTY, kinds="fib", result="truth", **CONSTANT),
    over("all", np.all, *EMPTY, kinds="fib", result="truth", **CONSTANT),
    row("argmax", lambda x, dim=None, keepdim=False: np.argmax(x, dim, keepdims=keepdim),
        *PLAIN, *ALONG, kinds="fi", result="int64", **CONSTANT),
    row("argmin", lambda x, dim=None, keepdim=False: np.argmin(x, dim, keepdims=keepdim),
        *PLAIN, *ALONG, kinds="fi", result="int64", **CONSTANT),
    row("max", np.max, *PLAIN, kinds="fi"),
    row("min", np.min, *PLAIN, kinds="fi"),
    row("max along a dimension", indexed(np.max, np.argmax), *ALONG, kinds="fi",
        result=("same", "int64"), function=call("max")),
    row("min along a dimension", indexed(np.min, np.argmin), *ALONG, kinds="fi",
        result=("same", "int64"), function=call("min")),
    row("max of two", np.maximum, sample(X(2, 3), X(3)), function=call("max")),
    row("min of two", np.minimum, sample(X(2, 3), X(3)), function=call("min")),
    row("logsumexp", oracles.logsumexp, sample(X(2, 3), dim=1), sample(X(0, 3), dim=1),
        sample(X(2, 3), dim=-2, keepdim=True), sample(TIES, dim=1, smooth=False),
        sample(array([[1e3, 1e3], [-1e3, -1e3]]), dim=0), **TWICE),
    row("sum_to_size", lambda x, n, m: x.sum((0, 1), keepdims=True)[0], sample(X(4, 2, 3), 1, 3),
        function=method("sum_to_size")),
    row("softmax", lambda x, dim: np.exp(oracles.log_softmax(x, dim)), sample(X(2, 3), dim=1),
        sample(X(2, 3, 2), dim=-2), sample(X(), dim=0), sample(X(0, 3), dim=1),
        sample(X(3, 0), dim=1), sample(TIES, dim=0, smooth=False),
        sample(array([[1e3, 999.0], [-1e3, -1e3]]), dim=1)),
    row("log_softmax", oracles.log_softmax, sample(X(2, 3), dim=1), sample(X(2, 3, 2), dim=-2),
        sample(X(), dim=0), sample(X(0, 3), dim=1), sample(TIES, dim=0, smooth=False),
        sample(array([[1e3, 0.0], [-1e3, -1e3]]), dim=1)),
]  # fmt: skip
