"""Losses of classes."""

import numpy as np

from .making import layer

LABELS = np.array([0, 2, 1, -100, 2])
WEIGHT = [0.5, 1.0, 2.0]
PROBABILITIES = np.linspace(0.05, 0.95, 12).reshape(4, 3)

ROWS = [
    layer(
        "CrossEntropyLoss",
        lambda lib: lib.nn.CrossEntropyLoss(lib.tensor(WEIGHT), label_smoothing=0.1),
        (5, 3), LABELS,
    ),
    layer(
        "NLLLoss",
        lambda lib: lib.nn.NLLLoss(lib.tensor(WEIGHT), reduction="sum"),
        (5, 3), LABELS,
    ),
    layer("BCELoss", lambda lib: lib.nn.BCELoss(), PROBABILITIES, PROBABILITIES[::-1] * 0.9),
    layer(
        "BCEWithLogitsLoss",
        lambda lib: lib.nn.BCEWithLogitsLoss(pos_weight=lib.tensor(WEIGHT)),
        (4, 3), PROBABILITIES,
    ),
]  # fmt: skip
