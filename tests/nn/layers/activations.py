"""Activations."""

from .making import layer

ROWS = [
    layer("ReLU", lambda lib: lib.nn.ReLU(), (5,)),
    layer("Tanh", lambda lib: lib.nn.Tanh(), (5,)),
    layer("Sigmoid", lambda lib: lib.nn.Sigmoid(), (5,)),
    layer("Softmax", lambda lib: lib.nn.Softmax(dim=0), (3, 4)),
    layer("LogSoftmax", lambda lib: lib.nn.LogSoftmax(dim=1), (3, 4)),
]
