"""Transforms that do the same to every image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...dtypes import as_dtype
from ...errors import ArgumentError
from ...tensor import Tensor
from . import functional as F
from .geometry import InterpolationMode, borders, interpolation_mode, pair_of

__all__ = [
    "CenterCrop", "Compose", "ConvertImageDtype", "Lambda", "Normalize", "PILToTensor", "Pad",
    "Resize", "ToPILImage", "ToTensor", "Transform",
]  # fmt: skip


class Transform:
    """A function of one image with settings, which it prints. Subclasses define `__call__`."""

    def __call__(self, image: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(image)")

    def _settings(self) -> dict[str, Any]:
        return {}

    def __repr__(self) -> str:
        settings = ", ".join([f"{name}={value}" for name, value in self._settings().items()])
        return f"{type(self).__name__}({settings})"


class Compose(Transform):
    """Transforms one after the other.

    Example:
        >>> prepare = Compose([Resize(256), CenterCrop(224), ConvertImageDtype(np.float32)])
        >>> prepare(np.zeros((3, 300, 400), np.uint8)).shape
        (3, 224, 224)
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image

    def __repr__(self) -> str:
        lines = [f"    {transform}\n" for transform in self.transforms]
        return f"{type(self).__name__}(\n{''.join(lines)})"


class ToTensor(Transform):
    """A Pillow image, or an array (H, W, C) or (H, W), as a tensor (C, H, W); bytes become 0 to 1.

    The one transform that takes arrays with the channels last.
    """

    def __call__(self, image: Any) -> Tensor:
        return F.to_tensor(image)


class PILToTensor(Transform):
    """A Pillow image as a tensor (C, H, W) of the same numbers."""

    def __call__(self, image: Any) -> Tensor:
        return F.pil_to_tensor(image)


class ToPILImage(Transform):
    """A tensor (C, H, W), or an array (H, W, C), as a Pillow image."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, image: Any) -> Any:
        return F.to_pil_image(image, self.mode)

    def _settings(self) -> dict[str, Any]:
        return {} if self.mode is None else {"mode": self.mode}


class ConvertImageDtype(Transform):
    """The image in another dtype, its values scaled: integers fill their range, floats [0, 1]."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, image: Any) -> Any:
        return F.convert_image_dtype(image, self.dtype)


class Normalize(Transform):
    """(image - mean) / std, by channel; for images (..., C, H, W) of floats.

    Example:
        >>> Normalize([0.5], [0.25])(np.ones((1, 2, 2), np.float32)).tolist()
        [[[2.0, 2.0], [2.0, 2.0]]]
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean, self.std, self.inplace = mean, std, inplace

    def __call__(self, image: Any) -> Any:
        return F.normalize(image, self.mean, self.std, self.inplace)

    def _settings(self) -> dict[str, Any]:
        return {"mean": self.mean, "std": self.std}


class Resize(Transform):
    """The image in another size: (h, w), or one number for the shorter side.

    Pillow images are resized by Pillow; arrays and tensors by `nn.functional.interpolate`, which
    has the same filters: bytes come out as Pillow's, but for a few of last digits.

    Args:
        size: (h, w), or one number for the shorter side, the longer one in proportion.
        interpolation: An `InterpolationMode`; bilinear unless given.
        max_size: The most that the longer side may be, where `size` is one number.
        antialias: Whether arrays are averaged where they shrink, as Pillow always does.
    """

    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        if not isinstance(size, int) and len(size) not in (1, 2):
            raise ArgumentError(f"Resize: size must be one number or (h, w), not {size!r}")
        self.size, self.max_size, self.antialias = size, max_size, antialias
        self.interpolation = interpolation_mode(interpolation)

    def __call__(self, image: Any) -> Any:
        return F.resize(image, self.size, self.interpolation, self.max_size, self.antialias)

    def _settings(self) -> dict[str, Any]:
        return {
            "size": self.size,
            "interpolation": self.interpolation.value,
            "max_size": self.max_size,
            "antialias": self.antialias,
        }


class CenterCrop(Transform):
    """The middle (h, w) of the image; a smaller image gets a black border."""

    def __init__(self, size: Any) -> None:
        self.size = pair_of("CenterCrop", size)

    def __call__(self, image: Any) -> Any:
        return F.center_crop(image, self.size)

    def _settings(self) -> dict[str, Any]:
        return {"size": self.size}


class Pad(Transform):
    """The image with a border: see `functional.pad`."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        borders(padding)
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def __call__(self, image: Any) -> Any:
        return F.pad(image, self.padding, self.fill, self.padding_mode)

    def _settings(self) -> dict[str, Any]:
        return {"padding": self.padding, "fill": self.fill, "padding_mode": self.padding_mode}


class Lambda(Transform):
    """A function of yours as a transform."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise ArgumentError(f"Lambda: {type(lambd).__name__} is not a function")
        self.lambd = lambd

    def __call__(self, image: Any) -> Any:
        return self.lambd(image)
