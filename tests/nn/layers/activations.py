"""Activations."""

import numpy as np

from .making import layer

# On both sides of every bend, and none on one.
LINE = np.array([[-4.1, -2.9, -1.3, -0.6], [-0.2, 0.1, 0.7, 1.9], [2.4, 3.2, 5.7, 6.3]])


def inplace(lib, module, x):
    """What has written over its input, and that it has; a copy of x, for x is a leaf."""
    given = x * 1
    assert module(given) is given
    return given


def piece(name, build, **facts):
    return layer(name, build, LINE, **facts)


ROWS = [
    piece("ReLU", lambda lib: lib.nn.ReLU()),
    piece("ReLU inplace", lambda lib: lib.nn.ReLU(inplace=True), call=inplace),
    piece("ReLU6", lambda lib: lib.nn.ReLU6()),
    piece("ReLU6 inplace", lambda lib: lib.nn.ReLU6(True), call=inplace),
    piece("Hardtanh", lambda lib: lib.nn.Hardtanh(-0.5, 2)),
    piece("Hardtanh inplace", lambda lib: lib.nn.Hardtanh(inplace=True), call=inplace),
    piece("Threshold", lambda lib: lib.nn.Threshold(0.5, 3.0)),
    piece("Threshold inplace", lambda lib: lib.nn.Threshold(-1, -2, True), call=inplace),
    piece("LeakyReLU", lambda lib: lib.nn.LeakyReLU()),
    piece("LeakyReLU inplace", lambda lib: lib.nn.LeakyReLU(0.3, True), call=inplace),
    piece("PReLU", lambda lib: lib.nn.PReLU()),
    piece("PReLU channels", lambda lib: lib.nn.PReLU(4, init=0.5)),
    piece("RReLU", lambda lib: lib.nn.RReLU(), random=True),
    piece("RReLU certain", lambda lib: lib.nn.RReLU(0.25, 0.25)),
    piece("RReLU inplace", lambda lib: lib.nn.RReLU(0.1, 0.1, inplace=True), call=inplace),
    piece("Hardsigmoid", lambda lib: lib.nn.Hardsigmoid()),
    piece("Hardsigmoid inplace", lambda lib: lib.nn.Hardsigmoid(True), call=inplace),
    piece("Hardswish", lambda lib: lib.nn.Hardswish()),
    piece("Hardswish inplace", lambda lib: lib.nn.Hardswish(True), call=inplace),
    piece("Hardshrink", lambda lib: lib.nn.Hardshrink(1)),
    piece("Softshrink", lambda lib: lib.nn.Softshrink()),
    piece("ELU", lambda lib: lib.nn.ELU()),
    piece("ELU inplace", lambda lib: lib.nn.ELU(0.7, inplace=True), call=inplace),
    piece("CELU", lambda lib: lib.nn.CELU(1.5)),
    piece("CELU inplace", lambda lib: lib.nn.CELU(inplace=True), call=inplace),
    piece("SELU", lambda lib: lib.nn.SELU()),
    piece("SELU inplace", lambda lib: lib.nn.SELU(inplace=True), call=inplace),
    piece("Sigmoid", lambda lib: lib.nn.Sigmoid()),
    piece("LogSigmoid", lambda lib: lib.nn.LogSigmoid()),
    piece("Tanh", lambda lib: lib.nn.Tanh()),
    piece("Tanhshrink", lambda lib: lib.nn.Tanhshrink()),
    piece("Softsign", lambda lib: lib.nn.Softsign()),
    piece("Softplus", lambda lib: lib.nn.Softplus()),
    piece("Softplus straight", lambda lib: lib.nn.Softplus(2, threshold=3.0)),
    piece("SiLU", lambda lib: lib.nn.SiLU()),
    piece("SiLU inplace", lambda lib: lib.nn.SiLU(inplace=True), call=inplace),
    piece("Mish", lambda lib: lib.nn.Mish()),
    piece("Mish inplace", lambda lib: lib.nn.Mish(inplace=True), call=inplace),
    piece("GELU", lambda lib: lib.nn.GELU()),
    piece("GELU tanh", lambda lib: lib.nn.GELU(approximate="tanh")),
    piece("GLU", lambda lib: lib.nn.GLU()),
    layer("GLU channels", lambda lib: lib.nn.GLU(1), (2, 4, 3)),
    layer("Softmax", lambda lib: lib.nn.Softmax(dim=0), (3, 4)),
    layer("LogSoftmax", lambda lib: lib.nn.LogSoftmax(dim=1), (3, 4)),
    layer("Softmin", lambda lib: lib.nn.Softmin(dim=-2), (3, 4)),
    layer("Softmax2d", lambda lib: lib.nn.Softmax2d(), (2, 3, 2, 2)),
    layer("Softmax2d single", lambda lib: lib.nn.Softmax2d(), (3, 2, 2)),
]
