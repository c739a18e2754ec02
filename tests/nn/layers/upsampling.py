"""Resizing."""

from .making import layer

ROWS = [
    layer("Upsample", lambda lib: lib.nn.Upsample(scale_factor=2), (1, 2, 3)),
    layer("Upsample size", lambda lib: lib.nn.Upsample((4, 3), mode="bicubic"), (1, 1, 3, 3)),
    layer(
        "Upsample factors",
        lambda lib: lib.nn.Upsample(
            scale_factor=(1.5, 2), mode="bilinear", align_corners=True, recompute_scale_factor=True
        ),
        (1, 2, 3, 2),
    ),
    layer("Upsample volumes", lambda lib: lib.nn.Upsample(3, mode="trilinear"), (1, 1, 2, 2, 2)),
    layer("UpsamplingNearest2d", lambda lib: lib.nn.UpsamplingNearest2d((3, 5)), (1, 2, 2, 2)),
    layer(
        "UpsamplingBilinear2d",
        lambda lib: lib.nn.UpsamplingBilinear2d(scale_factor=2.0),
        (1, 2, 2, 3),
    ),
]
