"""Losses of numbers."""

from .making import layer

ROWS = [
    layer("MSELoss", lambda lib: lib.nn.MSELoss(reduction="none"), (4,), (4,)),
    layer("L1Loss", lambda lib: lib.nn.L1Loss(), (4,), (4,), twice=False),
]
