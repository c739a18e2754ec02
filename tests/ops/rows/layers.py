"""Norms, dropout."""

import oracles

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.testing import sample

from .making import TWICE, X, row

UNIFORM = mg.rand(12, generator=mg.Generator(7)).numpy()
ROWS = [
    row("layer_norm", oracles.layer_norm, sample(X(4, 3), (3,)),
        sample(X(2, 2, 3), (2, 3), X(2, 3)),
        sample(X(4, 3), (3,), X(3), X(3), 0.1), sample(X(0, 3), (3,)), **TWICE),
    row("dropout", lambda x, p: x * (UNIFORM[: x.size].reshape(x.shape) >= p) / (1 - p),
        sample(X(6, 2), p=0.3), sample(X(0, 2), p=0.3), sample(X(1, 2), p=0.9999),
        function=lambda x, p: F.dropout(x, p, generator=mg.Generator(7))),
]  # fmt: skip
