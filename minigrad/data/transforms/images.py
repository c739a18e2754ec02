"""What an image may be: a tensor or array (..., H, W), or a Pillow image."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...tensor import Tensor
from ..collate import tensor_of


def is_pillow(image: Any) -> bool:
    """Whether `image` is a Pillow image, asked without importing Pillow."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(image, module.Image)


def get_dimensions(image: Any) -> list[int]:
    """[C, H, W] of an image."""
    if is_pillow(image):
        return [len(image.getbands()), image.height, image.width]
    if not isinstance(image, Tensor | np.ndarray):
        kind = type(image).__name__
        raise DTypeError(f"an image is a tensor, an array or a Pillow image, not a {kind}")
    if image.ndim < 2:
        raise ShapeError(f"an image has shape (..., H, W), not {tuple(image.shape)}")
    return [image.shape[-3] if image.ndim > 2 else 1, *image.shape[-2:]]


def on_tensor(image: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """`function` of a tensor, or of an array, for which it gives one too."""
    return function(image) if isinstance(image, Tensor) else function(tensor_of(image)).array
