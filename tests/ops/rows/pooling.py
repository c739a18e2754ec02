"""Pooling of sequences, images and volumes."""

from functools import partial

import layer_oracles as oracles
import numpy as np
from numpy import array, inf, nan

from minigrad.ops.max_pool import TAKE_POOLED
from minigrad.tensor import apply
from minigrad.testing import sample

from .making import P, X, call, row

CORNER = array(
    [[[1.0, nan, 3.0, 3.0], [2.0, nan, 3.0, -inf], [-inf, -inf, 0.0, inf], [0, 0, 0, 0]]]
)
WITH_INDICES = {"result": ("same", "int64")}
SIZES = {1: (5,), 2: (3, 5), 3: (3, 2, 5)}
PLACES = {1: (4,), 2: (2, 2), 3: (2, 1, 2)}


def unpooling(D):
    """Distinct places, equal ones, a given output size, a batch without samples."""
    n = PLACES[D]
    places = np.arange(np.prod(n)).reshape(1, 1, *n) * 2
    named = sample(X(1, 1, *n), places[..., ::-1].copy(), 2, output_size=[m * 2 + 1 for m in n])
    alone = sample(X(1, *n), places[0], 3, 2, 1)
    equal = sample(X(1, 1, *n), places * 0, 2, smooth=False)
    nothing = sample(X(0, 1, *n), places[:0], 2)
    return row(f"max_unpool{D}d", oracles.max_unpool(D), named, alone, equal, nothing)


def fractional(D):
    def function(x, k, o, samples, return_indices=False):
        samples = samples.to(x.dtype) / 1024
        pool = call(f"fractional_max_pool{D}d")
        return pool(x, k, o, return_indices=return_indices, _random_samples=samples)

    def oracle(x, k, o, samples, return_indices=False):
        return oracles.fractional_max_pool(D)(x, k, o, samples / 1024, return_indices)

    name, n = f"fractional_max_pool{D}d", (4, 5, 4)[-D:]
    u = np.random.default_rng(0).integers(0, 1024, (2, 1, D))
    samples = [
        sample(X(2, 1, *n), 2, 2, u),
        sample(X(2, 1, *n), (1, 2, 1)[:D], (2, 3, 1)[-D:], u),
    ]
    return [
        row(name, oracle, *samples, function=function),
        row(
            f"{name} with indices",
            oracle,
            sample(X(2, 1, *n), 2, 2, u, return_indices=True),
            function=function,
            **WITH_INDICES,
        ),
    ]


ROWS = [
    row("max_pool1d", oracles.max_pool(1), sample(X(2, 2, 5), 2), sample(X(2, 6), 3, 2, 1),
        sample(X(1, 1, 7), (2,), 2, 1, 2, ceil_mode=True), sample(CORNER[0], 3, 1, smooth=False),
        sample(X(0, 1, 4), 2)),
    row("max_pool1d with indices", oracles.max_pool(1),
        sample(X(1, 2, 5), 2, return_indices=True), function=call("max_pool1d"), **WITH_INDICES),
    row("max_pool1d_with_indices", partial(oracles.max_pool(1), return_indices=True),
        sample(X(1, 2, 5), 2), sample(X(2, 6), 3, 2, 1), **WITH_INDICES),
    row("max_pool2d", oracles.max_pool(2), sample(X(2, 2, 4, 5), 2), sample(X(2, 5, 5), 3, 2, 1),
        sample(X(1, 1, 5, 6), (2, 3), (2, 1), (1, 0), (1, 2)), sample(CORNER, 2, smooth=False),
        sample(X(1, 2, 5, 5), 2, ceil_mode=True), sample(X(0, 1, 4, 4), 2), kinds="fi"),
    row("max_pool2d with indices", oracles.max_pool(2),
        sample(X(2, 5, 5), 3, 2, return_indices=True),
        sample(CORNER, 2, return_indices=True, smooth=False), function=call("max_pool2d"),
        **WITH_INDICES),
    row("max_pool3d", oracles.max_pool(3), sample(X(2, 2, 2, 3, 3), 2, 1),
        sample(X(1, 4, 3, 5), 3, (2, 1, 2), 1),
        sample(X(1, 1, 5, 2, 3), (2, 1, 2), 1, 0, (2, 1, 1)),
        sample(CORNER[None], (1, 2, 2), smooth=False), sample(X(1, 1, 3, 3, 2), 2, ceil_mode=True),
        sample(X(0, 1, 2, 2, 2), 2), kinds="fi"),
    row("max_pool3d with indices", oracles.max_pool(3),
        sample(X(2, 3, 3, 3), 2, 1, return_indices=True),
        sample(array([CORNER, CORNER]).swapaxes(0, 1), 2, return_indices=True, smooth=False),
        function=call("max_pool3d"), **WITH_INDICES),
    row("max_pool2d_gather", lambda x, i: x.reshape(-1)[i],
        sample(X(1, 1, 2, 3), array([[[[5, 0, 2, 5]]]], np.int32)), kinds="fi",
        function=lambda x, i: apply(TAKE_POOLED, x, i)),
    row("avg_pool1d", oracles.avg_pool(1), sample(X(2, 2, 5), 2), sample(X(2, 6), 3, 2, 1),
        sample(X(1, 1, 6), (3,), 2, 1, True, False), sample(X(0, 1, 4), 2)),
    row("avg_pool2d", oracles.avg_pool(2), sample(X(2, 2, 4, 5), 2), sample(X(2, 5, 5), 3, 2, 1),
        sample(X(1, 1, 5, 6), 3, 2, 1, ceil_mode=True, count_include_pad=False),
        sample(X(1, 1, 5, 6), 2, 3, 1, ceil_mode=True), sample(X(0, 1, 4, 4), 2),
        sample(X(1, 1, 4, 4), 2, divisor_override=3), sample(CORNER, 2, smooth=False)),
    row("avg_pool3d", oracles.avg_pool(3), sample(X(2, 2, 2, 3, 3), 2, 1),
        sample(X(1, 4, 3, 5), 3, 2, 1, ceil_mode=True, count_include_pad=False),
        sample(X(1, 1, 3, 3, 2), 2, 2, 1, True), sample(X(0, 1, 2, 2, 2), 2),
        sample(X(1, 1, 2, 3, 2), 2, 1, divisor_override=3)),
    *[row(f"lp_pool{D}d", oracles.lp_pool(D), sample(P(2, 1, *n), 2, 2), sample(P(1, *n), 3, 2, 1),
          sample(X(1, 1, *n), 2.0, (2, 1, 2)[:D] if D > 1 else 2, 2, True))
      for D, n in SIZES.items()],
    *[row(f"adaptive_avg_pool{D}d", oracles.adaptive_avg_pool(D), sample(X(2, 2, *n), 2),
          sample(X(2, *n), (1,) * D), sample(X(1, 1, *n), (2, 4, 3)[-D:]),
          sample(X(0, 1, *n), 2)  ) for D, n in SIZES.items()],
    row("adaptive_avg_pool2d with None", oracles.adaptive_avg_pool(2),
        sample(X(1, 3, 5), (None, 2)), function=call("adaptive_avg_pool2d")),
    *[row(f"adaptive_max_pool{D}d", oracles.adaptive_max_pool(D), sample(X(2, 2, *n), 2),
          sample(X(2, *n), (1,) * D), sample(X(1, 1, *n), (2, 4, 3)[-D:]),
          sample(X(0, 1, *n), 2)  ) for D, n in SIZES.items()],
    row("adaptive_max_pool2d with indices", oracles.adaptive_max_pool(2),
        sample(X(1, 3, 5), (None, 2), return_indices=True),
        sample(CORNER, 3, return_indices=True, smooth=False),
        sample(CORNER, 2, return_indices=True, smooth=False),
        function=call("adaptive_max_pool2d"), **WITH_INDICES),
    *fractional(2), *fractional(3),
    unpooling(1), unpooling(2), unpooling(3),
]  # fmt: skip
