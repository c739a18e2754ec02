"""From pictures to numbers and back. C channels, H W the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...dtypes import as_dtype, get_default_dtype, is_float
from ...errors import ArgumentError, DTypeError, ShapeError
from ...ops.creation import tensor
from ...tensor import Tensor
from .images import is_pillow, on_tensor

__all__ = ["convert_image_dtype", "normalize", "pil_to_tensor", "to_pil_image", "to_tensor"]


def pil_to_tensor(pic: Any) -> Tensor:
    """A Pillow image as a tensor (C, H, W) of the same numbers, uint8 for ordinary images."""
    if not is_pillow(pic):
        raise DTypeError(f"pil_to_tensor: expected a Pillow image, got a {type(pic).__name__}")
    pixels = np.array(pic)
    pixels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)  # (C, H, W)
    return Tensor(np.ascontiguousarray(pixels))


def to_tensor(pic: Any) -> Tensor:
    """A Pillow image, or an array (H, W, C) or (H, W), as a tensor (C, H, W).

    Bytes 0 to 255 become floats 0 to 1; other numbers stay as they are.
    """
    if is_pillow(pic):
        bilevel = pic.mode == "1"
        pixels = np.array(pic.convert("L") if bilevel else pic)
    elif isinstance(pic, np.ndarray):
        pixels = pic
    else:
        raise DTypeError(
            f"to_tensor: expected a Pillow image or an array (H, W, C), got a {type(pic).__name__}"
        )
    if pixels.ndim not in (2, 3):
        raise ShapeError(f"to_tensor: an image has 2 or 3 dimensions, not shape {pixels.shape}")
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.dtype == np.uint8:
        floats = pixels.astype(get_default_dtype())
        pixels = np.divide(floats, 255, out=floats)
    as_dtype(pixels.dtype)
    return Tensor(np.array(pixels.transpose(2, 0, 1), order="C"))  # (H, W, C) -> (C, H, W)


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W), or an array (H, W, C), as a Pillow image; floats 0 to 1 become bytes."""
    from PIL import Image

    if isinstance(pic, Tensor):
        pixels = pic.detach().cpu().array
        pixels = pixels[None] if pixels.ndim == 2 else pixels
        if is_float(pixels.dtype) and mode != "F":
            pixels = (pixels * 255).astype(np.uint8)
        pixels = pixels.transpose(1, 2, 0)  # (C, H, W) -> (H, W, C)
    else:
        pixels = np.asarray(pic)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return image if mode in (None, image.mode) else image.convert(mode)


def convert_image_dtype(image: Any, dtype: Any = np.float32) -> Any:
    """The image in another dtype, its values scaled: integers fill their range, floats [0, 1].

    Raises:
        DTypeError: Floats to integers that hold more digits than the floats do.
    """
    dtype, given = as_dtype(dtype), image.dtype
    if given == dtype:
        return image
    if is_float(given) and is_float(dtype):
        return on_tensor(image, lambda x: x.to(dtype))
    if is_float(given):
        if dtype.itemsize >= given.itemsize:
            raise DTypeError(f"convert_image_dtype: {dtype} holds more digits than {given}")
        # Not quite 256, so that 1.0 is 255 and each integer has its equal share of [0, 1]; in
        # float32 at least, as float16 would round it to 256.
        scale = np.iinfo(dtype).max + 1 - 1e-3
        return on_tensor(image, lambda x: ((x if x.itemsize > 2 else x.float()) * scale).to(dtype))
    most = int(np.iinfo(given).max)
    if is_float(dtype):
        return on_tensor(image, lambda x: x.to(dtype) / most)
    target = int(np.iinfo(dtype).max)
    if most > target:
        factor = (most + 1) // (target + 1)
        return on_tensor(image, lambda x: (x // factor).to(dtype))
    factor = (target + 1) // (most + 1)
    return on_tensor(image, lambda x: x.to(dtype) * factor)


def normalize(
    image: Any, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Any:
    """(image - mean) / std, one mean and one standard deviation a channel.

    Raises:
        DTypeError: The image's numbers are no floats.
        ShapeError: It is not (..., C, H, W), or C is not the number of means.
        ArgumentError: A standard deviation is 0.
    """
    if not isinstance(image, Tensor | np.ndarray):
        raise DTypeError(
            f"normalize: expected a tensor or array, got a {type(image).__name__}: ToTensor first"
        )
    if not is_float(image.dtype):
        raise DTypeError(f"normalize: needs floats, got {image.dtype}: ToTensor() gives them")
    if image.ndim < 3:
        raise ShapeError(f"normalize: expected (..., C, H, W), got shape {tuple(image.shape)}")

    def of_channels(values: Any, like: Tensor) -> Tensor:
        numbers = tensor(values, dtype=like.dtype, device=like.device).reshape(-1, 1, 1)
        if numbers.shape[0] not in (1, like.shape[-3]):
            raise ShapeError(
                f"normalize: {values} for an image of {like.shape[-3]} channels, {like.shape}"
            )
        return numbers

    if not np.all(np.asarray(std, image.dtype)):
        raise ArgumentError(f"normalize: std has a 0 as {image.dtype}: {std}")

    def scaled(x: Tensor) -> Tensor:
        centre, scale = of_channels(mean, x), of_channels(std, x)
        return (x.sub_(centre) if inplace else x - centre).div_(scale)

    result = on_tensor(image, scaled)
    return image if inplace else result
