"""Pooling, norms, dropout."""

import numpy as np
import oracles
from numpy import array, inf, nan

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.ops.pool import TAKE_POOLED
from minigrad.tensor import apply
from minigrad.testing import sample

from .making import TWICE, X, call, row

UNIFORM = mg.rand(12, generator=mg.Generator(7)).numpy()
CORNER = array(
    [[[1.0, nan, 3.0, 3.0], [2.0, nan, 3.0, -inf], [-inf, -inf, 0.0, inf], [0, 0, 0, 0]]]
)

ROWS = [
    row("max_pool2d", oracles.max_pool2d, sample(X(2, 2, 4, 5), 2), sample(X(2, 5, 5), 3, 2, 1),
        sample(X(1, 1, 5, 6), (2, 3), (2, 1), (1, 0), (1, 2)), sample(CORNER, 2, smooth=False),
        sample(X(1, 2, 5, 5), 2, ceil_mode=True), sample(X(0, 1, 4, 4), 2)),
    row("max_pool2d with indices", oracles.max_pool2d,
        sample(X(2, 5, 5), 3, 2, return_indices=True),
        sample(CORNER, 2, return_indices=True, smooth=False), result=("same", "int64"),
        function=call("max_pool2d")),
    row("max_pool2d_gather", lambda x, i: x.reshape(-1)[i],
        sample(X(1, 1, 2, 3), array([[[[5, 0, 2, 5]]]], np.int32)),
        function=lambda x, i: apply(TAKE_POOLED, x, i)),
    row("avg_pool2d", oracles.avg_pool2d, sample(X(2, 2, 4, 5), 2), sample(X(2, 5, 5), 3, 2, 1),
        sample(X(1, 1, 5, 6), 3, 2, 1, ceil_mode=True, count_include_pad=False),
        sample(X(1, 1, 5, 6), 2, 3, 1, ceil_mode=True), sample(X(0, 1, 4, 4), 2),
        sample(X(1, 1, 4, 4), 2, divisor_override=3)),
    row("layer_norm", oracles.layer_norm, sample(X(4, 3), (3,)),
        sample(X(2, 2, 3), (2, 3), X(2, 3)),
        sample(X(4, 3), (3,), X(3), X(3), 0.1), sample(X(0, 3), (3,)), **TWICE),
    row("dropout", lambda x, p: x * (UNIFORM[: x.size].reshape(x.shape) >= p) / (1 - p),
        sample(X(6, 2), p=0.3), sample(X(0, 2), p=0.3), sample(X(1, 2), p=0.9999),
        function=lambda x, p: F.dropout(x, p, generator=mg.Generator(7))),
]  # fmt: skip
