"""Random counts and choices, made of uniform numbers `u` in [0, 1) by inversion."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...device import Array, namespace, special_functions

# 53 bits reach 8.3 standard deviations; close to 0, where there are none, 40 counts.
_DEVIATIONS, _COUNTS = 9.0, 40.0


def poisson(out: Array, rate: Array, u: Array) -> None:
    """The count k with ``P(X < k) <= u < P(X <= k)``, X of a Poisson distribution."""
    xp = namespace(out)
    pdtr = special_functions(xp).pdtr
    mean = rate.astype(np.float64)
    reach = _DEVIATIONS * xp.sqrt(mean) + _COUNTS
    low, high = xp.maximum(xp.floor(mean - reach), 0.0), xp.ceil(mean + reach)
    out[...] = _quantile(lambda k: pdtr(k, mean), u, low, high)


def binomial(out: Array, count: Array, prob: Array, u: Array) -> None:
    """The count k with ``P(X < k) <= u < P(X <= k)``, X of a binomial distribution."""
    xp = namespace(out)
    betainc = special_functions(xp).betainc
    n, p = count.astype(np.float64), prob.astype(np.float64)
    reach = _DEVIATIONS * xp.sqrt(n * p * (1 - p)) + _COUNTS
    low, high = xp.maximum(xp.floor(n * p - reach), 0.0), xp.minimum(xp.ceil(n * p + reach), n)

    def distribution(k: Array) -> Array:
        whole = k >= n
        return xp.where(whole, 1.0, betainc(xp.where(whole, 1.0, n - k), k + 1, 1 - p))

    out[...] = _quantile(distribution, u, low, high)


def _quantile(distribution: Callable[[Array], Array], u: Array, low: Array, high: Array) -> Array:
    """The smallest k from `low` to `high` whose probability to be reached is above `u`."""
    xp = namespace(u)
    rounds = 40  # enough for any mean below 1e20; where looking is free, only those that are needed
    if isinstance(u, np.ndarray):
        widest = float(xp.max(high - low)) if u.size else 0.0
        rounds = math.ceil(math.log2(widest + 1)) + 1 if math.isfinite(widest) else rounds
    for _ in range(rounds):
        middle = xp.floor((low + high) / 2)
        reached = distribution(middle) > u
        high = xp.where(reached, xp.minimum(middle, high), high)
        low = xp.where(reached, low, xp.minimum(middle + 1, high))
    return high


def multinomial(out: Array, weights: Array, u: Array, *, replacement: bool) -> None:
    """Indices drawn with `weights`, a vector or one a row."""
    xp = namespace(out)
    p = weights.astype(np.float64)
    if not replacement:  # a race of exponential waiting times, of which the shortest win
        safe = xp.where(p > 0, p, 1.0)
        times = xp.where(p > 0, -xp.log1p(-u) / safe, np.inf)
        out[...] = xp.argsort(times, axis=-1)[..., : out.shape[-1]]
        return
    sums = xp.cumsum(p, axis=-1).reshape(-1, p.shape[-1])
    rows, draws = out.reshape(-1, out.shape[-1]), u.reshape(-1, u.shape[-1])
    for row, sum_, draw in zip(rows, sums, draws):
        # Below the total, lest rounding choose one of weight 0 after the last.
        row[...] = xp.searchsorted(
            sum_, xp.minimum(draw * sum_[-1:], xp.nextafter(sum_[-1:], 0)), "right"
        )
