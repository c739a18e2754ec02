"""Dropouts. Their statistics are tested in `tests/nn/test_layers.py`."""

from .making import layer

ROWS = [
    layer("Dropout", lambda lib: lib.nn.Dropout(0.7), (9,), random=True),
    layer("Dropout zero", lambda lib: lib.nn.Dropout(0.0), (9,)),
]
