"""Convolutions."""

from .making import layer

ROWS = [
    layer("Conv2d", lambda lib: lib.nn.Conv2d(2, 4, 3, stride=2, padding=1), (2, 2, 7, 6)),
    layer("Conv2d groups", lambda lib: lib.nn.Conv2d(4, 4, (3, 2), groups=2), (2, 4, 6, 6)),
    layer("Conv2d same", lambda lib: lib.nn.Conv2d(1, 2, 4, padding="same", bias=False), (1, 6, 6)),
    layer("Conv2d dilated", lambda lib: lib.nn.Conv2d(2, 2, 3, dilation=2), (1, 2, 7, 6)),
    layer("Conv2d depthwise", lambda lib: lib.nn.Conv2d(3, 6, 3, 2, 1, groups=3), (2, 3, 5, 6)),
    layer(
        "Conv2d reflect",
        lambda lib: lib.nn.Conv2d(2, 2, 3, padding=(2, 1), padding_mode="reflect"),
        (1, 2, 4, 3),
    ),
    layer(
        "Conv2d circular",
        lambda lib: lib.nn.Conv2d(
            2, 2, (4, 3), padding="same", dilation=(1, 2), padding_mode="circular"
        ),
        (1, 2, 4, 5),
    ),
    layer("Conv1d", lambda lib: lib.nn.Conv1d(4, 6, 3, 2, 1, 2, 2, False), (2, 4, 9)),
    layer("Conv1d valid", lambda lib: lib.nn.Conv1d(2, 3, (2,), padding="valid"), (2, 5)),
    layer(
        "Conv1d replicate",
        lambda lib: lib.nn.Conv1d(2, 3, 5, padding=2, stride=2, padding_mode="replicate"),
        (2, 2, 6),
    ),
    layer("Conv3d", lambda lib: lib.nn.Conv3d(2, 2, 2, (1, 2, 1), 1, groups=2), (1, 2, 3, 4, 3)),
    layer(
        "Conv3d circular",
        lambda lib: lib.nn.Conv3d(1, 2, 2, padding=(0, 1, 1), padding_mode="circular"),
        (1, 2, 3, 3),
    ),
    layer("ConvTranspose1d", lambda lib: lib.nn.ConvTranspose1d(2, 3, 3, 2, 1, 1), (2, 2, 4)),
    layer(
        "ConvTranspose2d",
        lambda lib: lib.nn.ConvTranspose2d(4, 6, (3, 2), (2, 1), groups=2, dilation=2, bias=False),
        (2, 4, 3, 3),
    ),
    layer(
        "ConvTranspose2d sized",
        lambda lib: lib.nn.ConvTranspose2d(2, 3, 3, stride=3, padding=1),
        (2, 3, 2),
        call=lambda lib, module, x: module(x, output_size=[3, 8, 6]),
    ),
    layer(
        "ConvTranspose3d",
        lambda lib: lib.nn.ConvTranspose3d(2, 2, 2, 2, padding=(1, 0, 0), output_padding=(0, 1, 0)),
        (1, 2, 2, 2, 2),
    ),
]
