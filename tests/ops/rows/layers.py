"""Dropout."""

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.testing import sample

from .making import X, row

UNIFORM = mg.rand(12, generator=mg.Generator(7)).numpy()
ROWS = [
    row("dropout", lambda x, p: x * (UNIFORM[: x.size].reshape(x.shape) >= p) / (1 - p),
        sample(X(6, 2), p=0.3), sample(X(0, 2), p=0.3), sample(X(1, 2), p=0.9999),
        function=lambda x, p: F.dropout(x, p, generator=mg.Generator(7))),
]  # fmt: skip
