"""Distances and similarities."""

from .making import layer

ROWS = [
    layer("PairwiseDistance", lambda lib: lib.nn.PairwiseDistance(), (4, 3), (4, 3)),
    layer("PairwiseDistance keep", lambda lib: lib.nn.PairwiseDistance(3, 0.1, True), (4, 3), (3,)),
    layer("CosineSimilarity", lambda lib: lib.nn.CosineSimilarity(), (4, 3), (4, 3)),
    layer("CosineSimilarity flat", lambda lib: lib.nn.CosineSimilarity(0, 0.1), (4, 3), (4, 3)),
]
