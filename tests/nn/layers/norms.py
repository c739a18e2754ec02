"""Normalisation."""

from .making import layer


def thrice(lib, module, x):
    """Three batches: what the running statistics become."""
    return [module(x), module(2 * x + 1), module(x * x)]


ROWS = [
    layer("LayerNorm", lambda lib: lib.nn.LayerNorm((3, 4)), (2, 3, 4)),
    layer("LayerNorm plain", lambda lib: lib.nn.LayerNorm(4, bias=False, eps=0.1), (2, 4)),
    layer(
        "LayerNorm fixed", lambda lib: lib.nn.LayerNorm([4], elementwise_affine=False), (2, 3, 4)
    ),
    layer("RMSNorm", lambda lib: lib.nn.RMSNorm((3, 4), eps=0.1), (2, 3, 4)),
    layer("RMSNorm fixed", lambda lib: lib.nn.RMSNorm(4, elementwise_affine=False), (3, 4)),
    layer("GroupNorm", lambda lib: lib.nn.GroupNorm(2, 6), (2, 6, 3)),
    layer("GroupNorm no bias", lambda lib: lib.nn.GroupNorm(3, 3, bias=False), (2, 3, 2, 2)),
    layer("GroupNorm fixed", lambda lib: lib.nn.GroupNorm(1, 4, 0.1, False), (3, 4)),
    layer("BatchNorm1d", lambda lib: lib.nn.BatchNorm1d(3), (4, 3)),
    layer("BatchNorm1d sequences", lambda lib: lib.nn.BatchNorm1d(3, bias=False), (2, 3, 4)),
    layer(
        "BatchNorm1d averaging",
        lambda lib: lib.nn.BatchNorm1d(3, momentum=None), (4, 3), call=thrice,
    ),
    layer("BatchNorm2d", lambda lib: lib.nn.BatchNorm2d(3, 0.1, 0.3), (2, 3, 4, 2), call=thrice),
    layer("BatchNorm2d fixed", lambda lib: lib.nn.BatchNorm2d(2, affine=False), (2, 2, 2, 2)),
    layer(
        "BatchNorm2d untracked",
        lambda lib: lib.nn.BatchNorm2d(2, track_running_stats=False), (2, 2, 2, 2),
    ),
    layer("BatchNorm3d", lambda lib: lib.nn.BatchNorm3d(2), (2, 2, 2, 2, 2)),
    layer("InstanceNorm1d", lambda lib: lib.nn.InstanceNorm1d(3), (2, 3, 4)),
    layer("InstanceNorm1d one", lambda lib: lib.nn.InstanceNorm1d(2, affine=True), (2, 4)),
    layer(
        "InstanceNorm2d",
        lambda lib: lib.nn.InstanceNorm2d(
            2, momentum=0.3, affine=True, track_running_stats=True, bias=False
        ),
        (3, 2, 2, 3), call=thrice,
    ),
    layer(
        "InstanceNorm2d averaging",
        lambda lib: lib.nn.InstanceNorm2d(2, momentum=None, track_running_stats=True), (2, 2, 3),
    ),
    layer("InstanceNorm3d", lambda lib: lib.nn.InstanceNorm3d(2, 0.1), (2, 2, 2, 2, 2)),
    layer(
        "LocalResponseNorm", lambda lib: lib.nn.LocalResponseNorm(3, 0.5, 0.6, 2.0), (2, 5, 2, 2)
    ),
    # PyTorch's gradients are not those of its values: tests/nn/test_normalization.py has ours.
    layer(
        "CrossMapLRN2d",
        lambda lib: lib.nn.CrossMapLRN2d(4, 0.5, 0.6, 2), (2, 6, 2, 2),
        call=lambda lib, module, x: module(x.detach()),
    ),
]  # fmt: skip
