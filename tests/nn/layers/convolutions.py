"""Convolutions."""

from .making import layer

ROWS = [
    layer("Conv2d", lambda lib: lib.nn.Conv2d(2, 4, 3, stride=2, padding=1), (2, 2, 7, 6)),
    layer("Conv2d groups", lambda lib: lib.nn.Conv2d(4, 4, (3, 2), groups=2), (2, 4, 6, 6)),
    layer("Conv2d same", lambda lib: lib.nn.Conv2d(1, 2, 4, padding="same", bias=False), (1, 6, 6)),
    layer("Conv2d dilated", lambda lib: lib.nn.Conv2d(2, 2, 3, dilation=2), (1, 2, 7, 6)),
]
