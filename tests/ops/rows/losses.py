"""Losses."""

import numpy as np
import oracles
from numpy import array, inf, nan

from minigrad.testing import sample

from .making import GRID, TWICE, P, X, call, row

LABELS = array([2, 0, 1, 2])
SKIPPING = array([2, -100, 1, 2])

ROWS = [
    row("cross_entropy", oracles.cross_entropy, sample(X(4, 3), LABELS), sample(X(4, 3), SKIPPING),
        sample(X(4, 3), LABELS, reduction="none"), sample(X(4, 3), LABELS, reduction="sum"),
        sample(X(4, 3), SKIPPING, P(3)), sample(X(4, 3), SKIPPING, label_smoothing=0.2),
        sample(X(4, 3), SKIPPING, P(3), label_smoothing=0.2), sample(X(3), array(1)),
        sample(X(2, 3, 2), GRID), sample(X(4, 3), P(4, 3)), sample(X(4, 3), P(4, 3), P(3)),
        sample(X(4, 3), P(4, 3), label_smoothing=0.2, reduction="none"), **TWICE),
    row("nll_loss", oracles.nll, sample(X(4, 3), LABELS), sample(X(4, 3), SKIPPING, P(3)),
        sample(X(4, 3), SKIPPING, reduction="none"), sample(X(2, 3, 2), GRID, reduction="sum"),
        **TWICE),
    *[row(f"{name}_loss", lambda a, b, reduction="mean", f=f: oracles.reduced(f(a - b), reduction),
          sample(X(2, 3), X(2, 3)), sample(X(2, 3), X(2, 3), reduction="sum"),
          sample(X(0), X(0), reduction="none"), **TWICE)
      for name, f in (("mse", np.square), ("l1", np.abs))],
    row("binary_cross_entropy", oracles.bce, sample(X(4, low=0.1, high=0.9), X(4, low=0, high=1)),
        sample(X(2, 2, low=0.1, high=0.9), X(2, 2, low=0, high=1), P(2), reduction="sum"),
        sample(array([0.0, 1.0, 1.0, 0.5]), array([0.0, 1.0, 0.0, 1.0]), reduction="none",
               smooth=False), **TWICE),
    row("binary_cross_entropy_with_logits", oracles.bce_with_logits,
        sample(X(4), X(4, low=0, high=1)), sample(X(2, 2), X(2, 2, low=0, high=1), P(2)),
        sample(array([-1e3, 1e3, inf, nan]), array([0.0, 0.0, 1.0, 1.0]), reduction="none",
               smooth=False), **TWICE),
    row("binary_cross_entropy_with_logits with pos_weight",
        lambda x, t, p: oracles.bce_with_logits(x, t, reduction="sum", pos_weight=p),
        sample(X(2, 2), X(2, 2, low=0, high=1), P(2)), **TWICE,
        function=lambda x, t, p: call("binary_cross_entropy_with_logits")(
            x, t, reduction="sum", pos_weight=p)),
]  # fmt: skip
