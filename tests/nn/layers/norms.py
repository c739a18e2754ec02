"""Normalisation."""

from .making import layer

ROWS = [
    layer("LayerNorm", lambda lib: lib.nn.LayerNorm((3, 4)), (2, 3, 4)),
    layer("LayerNorm plain", lambda lib: lib.nn.LayerNorm(4, bias=False, eps=0.1), (2, 4)),
]
