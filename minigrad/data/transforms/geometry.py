"""Cutting, framing, mirroring and resizing an image.

C channels, H W the image, T L the top and left of a region of it, h w its size.
"""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from ...dtypes import is_float
from ...errors import ArgumentError, DTypeError
from ...ops.constant_pad import pad as constant_pad
from ...ops.creation import tensor
from ...ops.gather import index_select
from ...ops.interpolate import interpolate
from ...ops.rearrange import flip
from ...ops.rounding import floor
from ...tensor import Tensor
from .images import get_dimensions, is_pillow, on_tensor

__all__ = [
    "InterpolationMode", "center_crop", "crop", "hflip", "pad", "resize", "resized_crop", "vflip",
]  # fmt: skip


class InterpolationMode(enum.Enum):
    """How an image is resized. Tensors and arrays take the first four."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


# Pillow's own numbers for its filters, which stand for modes.
_PILLOW = {
    InterpolationMode.NEAREST: 0, InterpolationMode.NEAREST_EXACT: 0, InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2, InterpolationMode.BICUBIC: 3, InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
}  # fmt: skip
_OF_PILLOW = {number: mode for mode, number in reversed(_PILLOW.items())}


def interpolation_mode(value: Any) -> InterpolationMode:
    """The mode that `value` is, names or, as Pillow's constant, numbers."""
    try:
        return _OF_PILLOW[value] if isinstance(value, int) else InterpolationMode(value)
    except (KeyError, ValueError):
        names = ", ".join([mode.value for mode in InterpolationMode])
        raise ArgumentError(f"interpolation must be one of {names}, not {value!r}") from None


def crop(image: Any, top: int, left: int, height: int, width: int) -> Any:
    """The region (h, w) whose upper left corner is (T, L); black where it leaves the image."""
    if is_pillow(image):
        return image.crop((left, top, left + width, top + height))
    H, W = get_dimensions(image)[1:]
    bottom, right = top + height, left + width
    region = image[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if min(top, left) >= 0 and bottom <= H and right <= W:
        return region
    outside = [
        min(max(-left, 0), width), min(max(right - max(W, left), 0), width),
        min(max(-top, 0), height), min(max(bottom - max(H, top), 0), height),
    ]  # fmt: skip
    return on_tensor(region, lambda x: constant_pad(x, outside))


def center_crop(image: Any, output_size: Any) -> Any:
    """The middle of an image; a smaller image gets a black border."""
    h, w = pair_of("center_crop", output_size)
    H, W = get_dimensions(image)[1:]
    if h > H or w > W:
        more_h, more_w = max(h - H, 0), max(w - W, 0)
        image = pad(image, [more_w // 2, more_h // 2, (more_w + 1) // 2, (more_h + 1) // 2])
        H, W = get_dimensions(image)[1:]
    return crop(image, round((H - h) / 2), round((W - w) / 2), h, w)


def hflip(image: Any) -> Any:
    """The image with left and right exchanged."""
    if is_pillow(image):
        return image.transpose(0)  # Image.Transpose.FLIP_LEFT_RIGHT
    get_dimensions(image)
    return on_tensor(image, lambda x: flip(x, -1))


def vflip(image: Any) -> Any:
    """The image upside down."""
    if is_pillow(image):
        return image.transpose(1)  # Image.Transpose.FLIP_TOP_BOTTOM
    get_dimensions(image)
    return on_tensor(image, lambda x: flip(x, -2))


_PADDING_MODES = ("constant", "edge", "reflect", "symmetric")


def pad(image: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """The image with a border.

    Args:
        padding: Pixels: one number for all sides, (left and right, top and bottom), or
            (left, top, right, bottom). Negative ones cut.
        fill: The value of a constant border; for a Pillow image, also a tuple of one a channel.
        padding_mode: "constant", "edge" (the edge repeated), "reflect" (mirrored without the edge
            itself) or "symmetric" (mirrored with it).
    """
    left, top, right, bottom = borders(padding)
    if padding_mode not in _PADDING_MODES:
        known = ", ".join(_PADDING_MODES)
        raise ArgumentError(f"pad: padding_mode must be one of {known}, not {padding_mode!r}")
    if is_pillow(image):
        return _pad_pillow(image, (left, top, right, bottom), fill, padding_mode)
    H, W = get_dimensions(image)[1:]
    if padding_mode == "constant":
        if not isinstance(fill, int | float):
            raise DTypeError(f"pad: fill must be one number for an array, got {fill!r}")
        return on_tensor(image, lambda x: constant_pad(x, [left, right, top, bottom], fill))

    def mirrored(x: Tensor) -> Tensor:
        for dim, size, sides in ((-2, H, (top, bottom)), (-1, W, (left, right))):
            if padding_mode == "reflect" and max(sides) >= size:
                raise ArgumentError(f"pad: cannot reflect {sides} pixels of {size}")
            within = np.arange(max(-sides[0], 0), size - max(-sides[1], 0))
            wide: np.ndarray = np.pad(within, [max(n, 0) for n in sides], padding_mode)  # type: ignore[call-overload]
            x = index_select(x, dim, tensor(wide, device=x.device))
        return x

    return on_tensor(image, mirrored)


def _pad_pillow(image: Any, sides: tuple[int, int, int, int], fill: Any, mode: str) -> Any:
    from PIL import Image, ImageOps

    if mode == "constant":
        bands = len(image.getbands())
        colour = fill if not isinstance(fill, int | float) or bands == 1 else (int(fill),) * bands
        return ImageOps.expand(image, border=sides, fill=colour)
    pixels = np.asarray(image)
    moved = pad(pixels.reshape(*pixels.shape[:2], -1).transpose(2, 0, 1), sides, 0, mode)
    padded = Image.fromarray(np.ascontiguousarray(moved.transpose(1, 2, 0).squeeze()))
    if image.mode == "P":
        padded.putpalette(image.getpalette())
    return padded


def resize(
    image: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """The image in another size.

    Args:
        size: (h, w), or one number for the shorter side, the longer one in proportion.
        interpolation: An `InterpolationMode`.
        max_size: The most that the longer side may be, where `size` is one number.
        antialias: Whether tensors are averaged where they shrink, as Pillow always does
            (bilinear and bicubic).
    """
    mode = interpolation_mode(interpolation)
    H, W = get_dimensions(image)[1:]
    h, w = _resized(H, W, size, max_size)
    if (h, w) == (H, W):
        return image
    if is_pillow(image):
        return image.resize((w, h), _PILLOW[mode])
    if mode in (InterpolationMode.BOX, InterpolationMode.HAMMING, InterpolationMode.LANCZOS):
        raise ArgumentError(f"resize: {mode.value} is for Pillow images")
    smooth = mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)
    averaged = bool(antialias) and smooth

    def pass_over(x: Tensor, shape: tuple[int, int]) -> Tensor:
        planes = x if is_float(x.dtype) else x.float()
        out = interpolate(planes, shape, mode=mode.value, antialias=averaged)
        if x.dtype == np.uint8 and mode == InterpolationMode.BICUBIC:
            out = out.clamp(0, 255)  # a cubic overshoots beside an edge
        # Halves upwards, as Pillow does.
        return (floor(out + 0.5) if smooth and planes is not x else out).to(x.dtype)

    def resized(x: Tensor) -> Tensor:
        planes = x.reshape(1, -1, H, W)
        if x.dtype == np.uint8 and averaged:  # Pillow rounds between its passes, first along rows
            planes = pass_over(planes, (H, w))
        return pass_over(planes, (h, w)).reshape(*x.shape[:-2], h, w)

    return on_tensor(image, resized)


def resized_crop(
    image: Any, top: int, left: int, height: int, width: int, size: Any,
    interpolation: Any = InterpolationMode.BILINEAR, antialias: bool | None = True,
) -> Any:  # fmt: skip
    """A region of the image, resized."""
    return resize(crop(image, top, left, height, width), size, interpolation, None, antialias)


def _resized(H: int, W: int, size: Any, max_size: int | None) -> tuple[int, int]:
    sizes = [size] if isinstance(size, int) else list(size)
    if len(sizes) == 2:
        if max_size is not None:
            raise ArgumentError(f"resize: max_size={max_size} is for a size of one number")
        return sizes[0], sizes[1]
    if len(sizes) != 1:
        raise ArgumentError(f"resize: size must be one number or (h, w), not {size!r}")
    short, long = min(H, W), max(H, W)
    new_short, new_long = sizes[0], int(sizes[0] * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ArgumentError(f"resize: max_size={max_size} must be more than size={size}")
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if W <= H else (new_short, new_long)


def pair_of(op: str, size: Any) -> tuple[int, int]:
    """(h, w) of one number, which both are, or of two."""
    sizes = (size,) if isinstance(size, int) else tuple(size)
    if len(sizes) not in (1, 2) or not all([hasattr(n, "__index__") for n in sizes]):
        raise ArgumentError(f"{op}: size must be one integer or (h, w), not {size!r}")
    return sizes[0], sizes[-1]


def borders(padding: Any) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what `Pad` takes."""
    sides = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(sides) not in (1, 2, 4):
        raise ArgumentError(f"pad: padding must be 1, 2 or 4 numbers, not {padding!r}")
    left, top = sides[0], sides[1 % len(sides)]
    return left, top, *(sides[2:] or (left, top))
