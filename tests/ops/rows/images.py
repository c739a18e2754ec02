"""Images resized, padded, folded and read at coordinates."""

import image_oracles as oracles

from minigrad.testing import sample

from .making import TWICE, X, call, row


def inner(*shape):
    """Coordinates: most inside the image, some outside."""
    return X(*shape, low=-1.3, high=1.3)


def resized(mode, *shape):
    linear = "linear" in mode or mode == "bicubic"
    return row(
        f"interpolate {mode}", oracles.interpolate,
        sample(X(*shape), size=(5, 3, 2)[: len(shape) - 2], mode=mode),
        sample(X(*shape), scale_factor=1.7, mode=mode),
        sample(X(*shape), scale_factor=(0.6, 1.5, 2)[: len(shape) - 2], mode=mode,
               recompute_scale_factor=True),
        *[sample(X(*shape), size=n, mode=mode, align_corners=True) for n in (1, 4) if linear],
        *[sample(X(*shape), size=n, mode=mode, antialias=True) for n in (2, 6)
          if mode in ("bilinear", "bicubic")],
        function=lambda x, **options: call("interpolate")(x, **options), **TWICE,
    )  # fmt: skip


def read(mode, padding_mode, *samples):
    return row(
        f"grid_sample {mode} {padding_mode}", oracles.grid_sample,
        *[sample(*args, mode=mode, padding_mode=padding_mode, align_corners=align)
          for args in samples for align in (False, True)],
        function=lambda *args, **options: call("grid_sample")(*args, **options), **TWICE,
    )  # fmt: skip


IMAGE = (X(2, 2, 3, 4), inner(2, 2, 3, 2))
VOLUME = (X(1, 2, 2, 3, 2), inner(1, 1, 2, 2, 3))

BORDERS = [
    (X(2, 4), (2, 3)), (X(2, 1, 4), (0, 3)), (X(0, 1, 3), (1, 1)), (X(2, 3, 3), (1, 2, 2, 0)),
    (X(1, 2, 3, 4), (2, -1, 0, 1)), (X(1, 2, 2, 3), (1, 1, 1, 1, 1, 0)),
    (X(1, 1, 2, 2, 3), (0, 2, 1, 1, 1, 0)),
]  # fmt: skip

ROWS = [
    *[resized(mode, *shape) for mode, shape in [
        ("nearest", (2, 1, 4)), ("nearest-exact", (1, 2, 3, 4)), ("area", (1, 2, 3, 4)),
        ("linear", (2, 1, 4)), ("bilinear", (1, 2, 3, 4)), ("bicubic", (1, 2, 3, 4)),
        ("trilinear", (1, 1, 3, 2, 4)),
    ]],
    row("upsample", oracles.interpolate, sample(X(1, 2, 3), size=5), **TWICE),
    row("upsample_nearest", oracles.interpolate, sample(X(1, 2, 3, 2), size=5),
        sample(X(0, 2, 3), scale_factor=2), **TWICE),
    row("upsample_bilinear", lambda x, n: oracles.interpolate(x, n, None, "bilinear", True),
        sample(X(1, 2, 3, 2), 5), **TWICE),
    *[read(mode, padding_mode, IMAGE, *[VOLUME] * (mode != "bicubic"))
      for mode in ("bilinear", "nearest", "bicubic")
      for padding_mode in ("zeros", "border", "reflection")],
    row("affine_grid", oracles.affine_grid, sample(X(2, 2, 3), (2, 1, 3, 2)),
        sample(X(1, 3, 4), (1, 1, 2, 1, 3), True), **TWICE),
    row("pad modes", oracles.padded,
        *[sample(x, widths, mode) for mode in ("reflect", "replicate", "circular")
          for x, widths in BORDERS],
        function=lambda *args: call("pad")(*args), kinds="fi"),
    row("unfold", oracles.unfold, sample(X(2, 2, 4, 3), 2),
        sample(X(2, 5, 5), (2, 3), 2, 1, (2, 1)),
        sample(X(0, 1, 3, 3), 2), sample(X(1, 1, 3, 3), (1, 2), 1, (0, 1), 2),
        function=lambda x, *args: call("unfold")(x, *args)),
    row("fold", oracles.fold, sample(X(2, 8, 6), (4, 3), 2),
        sample(X(12, 9), (5, 5), (2, 3), 2, 1, (2, 1)),
        sample(X(0, 4, 4), 3, 2)),
    row("pixel_shuffle", oracles.pixel_shuffle, sample(X(2, 8, 2, 3), 2), sample(X(9, 1, 2), 3),
        sample(X(1, 2, 3), 1), kinds="fib"),
    row("pixel_unshuffle", oracles.pixel_unshuffle, sample(X(2, 2, 4, 6), 2), sample(X(1, 3, 6), 3),
        sample(X(1, 2, 3), 1), kinds="fib"),
    row("channel_shuffle", oracles.channel_shuffle, sample(X(2, 6, 2), 3), sample(X(1, 4, 2, 2), 2),
        kinds="fib"),
]  # fmt: skip
