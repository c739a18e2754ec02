"""Pooling."""

from .making import layer

ROWS = [
    layer("MaxPool2d", lambda lib: lib.nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), (2, 2, 7, 8)),
    layer("AvgPool2d", lambda lib: lib.nn.AvgPool2d(2, count_include_pad=False), (2, 2, 6, 5)),
]
