"""Dropouts. Their statistics are tested in `tests/nn/test_dropout_layers.py`."""

from .making import layer

ROWS = [
    layer("Dropout", lambda lib: lib.nn.Dropout(0.7), (9,), random=True),
    layer("Dropout zero", lambda lib: lib.nn.Dropout(0.0), (9,)),
    layer("Dropout one", lambda lib: lib.nn.Dropout(1.0), (4,)),
    layer(
        "Dropout1d",
        lambda lib: lib.nn.Dropout1d(0.2, inplace=True),
        (2, 3),
        call=lambda lib, module, x: module(x * 1),
        random=True,
    ),
    layer("Dropout1d one", lambda lib: lib.nn.Dropout1d(1.0), (2, 3)),
    layer("Dropout2d", lambda lib: lib.nn.Dropout2d(), (2, 3, 1, 2), random=True),
    layer("Dropout3d", lambda lib: lib.nn.Dropout3d(), (2, 3, 1, 2), random=True),
    layer("AlphaDropout", lambda lib: lib.nn.AlphaDropout(0.3), (5,), random=True),
    layer("FeatureAlphaDropout", lambda lib: lib.nn.FeatureAlphaDropout(), (2, 3, 2), random=True),
]
