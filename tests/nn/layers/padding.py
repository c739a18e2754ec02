"""Padding."""

from .making import layer

ROWS = [
    layer("CircularPad1d", lambda lib: lib.nn.CircularPad1d((1, 2)), (2, 2, 4)),
    layer("CircularPad2d", lambda lib: lib.nn.CircularPad2d((1, 2, -1, 2)), (2, 4, 3)),
    layer("CircularPad3d", lambda lib: lib.nn.CircularPad3d((1, 0, 1, 1, 2, 1)), (1, 1, 3, 2, 3)),
    layer("ConstantPad1d", lambda lib: lib.nn.ConstantPad1d(2, 0.5), (2, 2, 4)),
    layer("ConstantPad2d", lambda lib: lib.nn.ConstantPad2d((1, -1, 0, 2), -1), (2, 4, 3)),
    layer("ConstantPad3d", lambda lib: lib.nn.ConstantPad3d(1, 2.5), (1, 1, 3, 2, 3)),
    layer("ReflectionPad1d", lambda lib: lib.nn.ReflectionPad1d(1), (2, 2, 4)),
    layer("ReflectionPad2d", lambda lib: lib.nn.ReflectionPad2d((1, 2, -1, 2)), (2, 4, 3)),
    layer(
        "ReflectionPad3d", lambda lib: lib.nn.ReflectionPad3d((1, 0, 1, 1, 2, 1)), (1, 1, 3, 2, 3)
    ),
    layer("ReplicationPad1d", lambda lib: lib.nn.ReplicationPad1d(2), (2, 2, 4)),
    layer("ReplicationPad2d", lambda lib: lib.nn.ReplicationPad2d((1, 2, -1, 2)), (2, 4, 3)),
    layer(
        "ReplicationPad3d", lambda lib: lib.nn.ReplicationPad3d((1, 0, 1, 1, 2, 1)), (1, 1, 3, 2, 3)
    ),
    layer("ZeroPad1d", lambda lib: lib.nn.ZeroPad1d(2), (2, 2, 4)),
    layer("ZeroPad2d", lambda lib: lib.nn.ZeroPad2d((1, -1, 0, 2)), (2, 4, 3)),
    layer("ZeroPad3d", lambda lib: lib.nn.ZeroPad3d(1), (1, 1, 3, 2, 3)),
]
