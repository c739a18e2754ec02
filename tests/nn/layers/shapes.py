"""Layers that only move elements."""

from .making import layer

ROWS = [
    layer("Flatten", lambda lib: lib.nn.Flatten(), (2, 3, 4)),
    layer("Flatten some", lambda lib: lib.nn.Flatten(0, 1), (2, 3, 4)),
    layer("Unflatten", lambda lib: lib.nn.Unflatten(1, (3, -1)), (2, 6, 2)),
    layer("Unflatten list", lambda lib: lib.nn.Unflatten(-1, [2, 1]), (3, 2)),
    layer("PixelShuffle", lambda lib: lib.nn.PixelShuffle(2), (1, 8, 2, 3)),
    layer("PixelUnshuffle", lambda lib: lib.nn.PixelUnshuffle(3), (2, 3, 6)),
    layer("ChannelShuffle", lambda lib: lib.nn.ChannelShuffle(2), (1, 6, 2)),
    layer("Unfold", lambda lib: lib.nn.Unfold((2, 3), 1, (1, 0), 2), (2, 2, 4, 5)),
    layer("Unfold one", lambda lib: lib.nn.Unfold(2, dilation=2), (1, 4, 3)),
    layer("Fold", lambda lib: lib.nn.Fold((4, 5), (2, 3), 1, (1, 0), 2), (2, 12, 6)),
    layer("Fold one", lambda lib: lib.nn.Fold(3, 2), (4, 4)),
]
