"""Pooling."""

import numpy as np

from .making import layer

SAMPLES = np.linspace(0.1, 0.9, 6)


def in_unit(name, shape, rng):
    """Random samples of a fractional pooling."""
    return rng.uniform(0, 1, shape)


def there_and_back(lib, module, x):
    """Max pooling, and its unpooling to the input's size or by default."""
    pool = getattr(lib.nn, type(module).__name__.replace("Unpool", "Pool"))
    y, places = pool(module.kernel_size, module.stride, module.padding, return_indices=True)(x)
    size = {} if module.padding[0] else {"output_size": x.shape}
    return module(y, places, **size)


ROWS = [
    layer("MaxPool1d", lambda lib: lib.nn.MaxPool1d(3, 2, 1, return_indices=True), (2, 2, 7)),
    layer("MaxPool2d", lambda lib: lib.nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), (2, 2, 7, 8)),
    layer("MaxPool2d dilated", lambda lib: lib.nn.MaxPool2d((2, 1), dilation=2), (2, 5, 6)),
    layer("MaxPool3d", lambda lib: lib.nn.MaxPool3d(2, 1, (1, 0, 1)), (1, 2, 2, 3, 3)),
    layer("AvgPool1d", lambda lib: lib.nn.AvgPool1d(3, 2, 1, True, False), (2, 2, 6)),
    layer("AvgPool1d plain", lambda lib: lib.nn.AvgPool1d(2), (2, 5)),
    layer("AvgPool2d", lambda lib: lib.nn.AvgPool2d(2, count_include_pad=False), (2, 2, 6, 5)),
    layer(
        "AvgPool2d divided",
        lambda lib: lib.nn.AvgPool2d((2, 3), (1, 2), (1, 0), True, divisor_override=5),
        (2, 4, 5),
    ),
    layer("AvgPool3d", lambda lib: lib.nn.AvgPool3d(2, 1, 1, divisor_override=3), (1, 1, 2, 2, 3)),
    layer("LPPool1d", lambda lib: lib.nn.LPPool1d(2, 3, stride=1), (2, 2, 5)),
    layer("LPPool1d max", lambda lib: lib.nn.LPPool1d(float("-inf"), 2), (2, 5)),
    layer("LPPool2d", lambda lib: lib.nn.LPPool2d(2, (2, 3), ceil_mode=True), (1, 2, 5, 4)),
    layer(
        "LPPool3d",
        lambda lib: lib.nn.LPPool3d(1.5, 2),
        np.linspace(0.5, 4, 24).reshape(1, 2, 3, 2, 2),
    ),
    layer("MaxUnpool1d", lambda lib: lib.nn.MaxUnpool1d(2), (2, 1, 5), call=there_and_back),
    layer(
        "MaxUnpool2d",
        lambda lib: lib.nn.MaxUnpool2d(2, None, (1, 0)),
        (1, 1, 4, 4),
        call=there_and_back,
    ),
    layer(
        "MaxUnpool3d",
        lambda lib: lib.nn.MaxUnpool3d((1, 2, 2)),
        (1, 1, 2, 2, 3),
        call=there_and_back,
    ),
    layer("AdaptiveAvgPool1d", lambda lib: lib.nn.AdaptiveAvgPool1d(3), (2, 2, 7)),
    layer("AdaptiveAvgPool2d", lambda lib: lib.nn.AdaptiveAvgPool2d((None, 2)), (2, 3, 5)),
    layer("AdaptiveAvgPool2d one", lambda lib: lib.nn.AdaptiveAvgPool2d(1), (2, 2, 3, 4)),
    layer("AdaptiveAvgPool3d", lambda lib: lib.nn.AdaptiveAvgPool3d(2), (1, 2, 3, 2, 5)),
    layer("AdaptiveMaxPool1d", lambda lib: lib.nn.AdaptiveMaxPool1d(3, True), (2, 7)),
    layer("AdaptiveMaxPool2d", lambda lib: lib.nn.AdaptiveMaxPool2d((2, None)), (1, 2, 5, 3)),
    layer("AdaptiveMaxPool3d", lambda lib: lib.nn.AdaptiveMaxPool3d(2, True), (1, 3, 4, 2)),
    layer(
        "FractionalMaxPool2d",
        lambda lib: lib.nn.FractionalMaxPool2d(
            2,
            output_size=(3, 2),
            return_indices=True,
            _random_samples=lib.tensor(SAMPLES[:4]).view(1, 2, 2),
        ),
        (1, 2, 6, 5),
        state=in_unit,
    ),
    layer(
        "FractionalMaxPool3d",
        lambda lib: lib.nn.FractionalMaxPool3d(
            (2, 1, 2),
            output_ratio=(0.5, 0.8, 0.5),
            _random_samples=lib.tensor(SAMPLES).view(1, 2, 3),
        ),
        (1, 2, 5, 4, 5),
        state=in_unit,
    ),
]
