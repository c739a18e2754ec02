"""Losses that ask for a margin. Letters: N batch, C classes, M features."""

import numpy as np

from .making import layer

SIGNS = np.array([1, -1, -1, 1])
NUMBERS = np.array([2, 0, 1, 2])
LISTS = np.array([[2, 0, -1], [1, -1, 0], [-1, 0, 1], [0, 1, 2]])
WEIGHT = [0.5, 1.0, 2.0]
PAIR = ((4, 3), (4, 3))
TRIPLET = ((4, 3), (4, 3), (4, 3))

ROWS = [
    layer("SoftMarginLoss", lambda lib: lib.nn.SoftMarginLoss(reduction="sum"), (4,), SIGNS),
    layer("HingeEmbeddingLoss", lambda lib: lib.nn.HingeEmbeddingLoss(), (4,), SIGNS),
    layer(
        "HingeEmbeddingLoss none",
        lambda lib: lib.nn.HingeEmbeddingLoss(0.2, reduction="none"), (4,), SIGNS,
    ),
    layer("MarginRankingLoss", lambda lib: lib.nn.MarginRankingLoss(), (4,), (4,), SIGNS),
    layer(
        "MarginRankingLoss none",
        lambda lib: lib.nn.MarginRankingLoss(0.5, reduction="none"), (4,), (4,), SIGNS,
    ),
    layer("CosineEmbeddingLoss", lambda lib: lib.nn.CosineEmbeddingLoss(), *PAIR, SIGNS),
    layer(
        "CosineEmbeddingLoss none",
        lambda lib: lib.nn.CosineEmbeddingLoss(-0.3, reduction="none"), *PAIR, SIGNS,
    ),
    layer("MultiLabelMarginLoss", lambda lib: lib.nn.MultiLabelMarginLoss(), (4, 3), LISTS),
    layer("MultiMarginLoss", lambda lib: lib.nn.MultiMarginLoss(), (4, 3), NUMBERS),
    layer(
        "MultiMarginLoss squared",
        lambda lib: lib.nn.MultiMarginLoss(2, 0.7, lib.tensor(WEIGHT).double(), reduction="none"),
        (4, 3), NUMBERS,
    ),
    layer("TripletMarginLoss", lambda lib: lib.nn.TripletMarginLoss(), *TRIPLET),
    layer(
        "TripletMarginLoss swap",
        lambda lib: lib.nn.TripletMarginLoss(2.0, 3, 0.1, swap=True, reduction="none"), *TRIPLET,
    ),
    layer(
        "TripletMarginWithDistanceLoss",
        lambda lib: lib.nn.TripletMarginWithDistanceLoss(), *TRIPLET,
    ),
    layer(
        "TripletMarginWithDistanceLoss cosine",
        lambda lib: lib.nn.TripletMarginWithDistanceLoss(
            distance_function=lib.nn.CosineSimilarity(), margin=0.5, swap=True, reduction="sum"
        ),
        *TRIPLET,
    ),
]  # fmt: skip
