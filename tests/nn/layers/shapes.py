"""Layers that only move elements."""

from .making import layer

ROWS = [
    layer("Flatten", lambda lib: lib.nn.Flatten(), (2, 3, 4)),
    layer("Unflatten", lambda lib: lib.nn.Unflatten(1, (3, -1)), (2, 6, 2)),
]
