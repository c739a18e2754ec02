"""Transforms that draw what they do: while a `DataLoader` loads an item, from its `item_rng()`,
so that it is a function of (seed, epoch, index); elsewhere from the default generator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import ArgumentError
from ..streams import augmenting_rng
from . import functional as F
from .fixed import Compose, Transform
from .geometry import InterpolationMode, borders, interpolation_mode, pair_of
from .images import get_dimensions

__all__ = [
    "RandomApply", "RandomChoice", "RandomCrop", "RandomHorizontalFlip", "RandomOrder",
    "RandomResizedCrop", "RandomVerticalFlip",
]  # fmt: skip


class _RandomFlip(Transform):
    def __init__(self, p: float = 0.5) -> None:
        self.p = p

    def _settings(self) -> dict[str, Any]:
        return {"p": self.p}


class RandomHorizontalFlip(_RandomFlip):
    """Left and right exchanged with probability `p`."""

    def __call__(self, image: Any) -> Any:
        return F.hflip(image) if augmenting_rng().random() < self.p else image


class RandomVerticalFlip(_RandomFlip):
    """Upside down with probability `p`."""

    def __call__(self, image: Any) -> Any:
        return F.vflip(image) if augmenting_rng().random() < self.p else image


class RandomCrop(Transform):
    """A region of size (h, w), anywhere in the image.

    Args:
        size: (h, w), or one number for both.
        padding: A border that the image gets first, as `Pad` takes it.
        pad_if_needed: Whether a smaller image gets a border; without it, it is an error.
        fill: The value of a constant border.
        padding_mode: What the border is made of, as in `Pad`.

    Raises:
        ArgumentError: The image is smaller than the region.
    """

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        if padding is not None:
            borders(padding)
        self.size, self.padding = pair_of("RandomCrop", size), padding
        self.pad_if_needed, self.fill, self.padding_mode = pad_if_needed, fill, padding_mode

    @staticmethod
    def get_params(image: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(T, L, h, w) of a random region, to crop an image and its mask alike."""
        (H, W), (h, w) = get_dimensions(image)[1:], output_size
        if h > H or w > W:
            raise ArgumentError(
                f"RandomCrop: a region of {(h, w)} from an image of {(H, W)}: resize it first, or "
                "use pad_if_needed=True"
            )
        if (h, w) == (H, W):
            return 0, 0, h, w
        rng = augmenting_rng()
        return int(rng.integers(H - h + 1)), int(rng.integers(W - w + 1)), h, w

    def __call__(self, image: Any) -> Any:
        if self.padding is not None:
            image = F.pad(image, self.padding, self.fill, self.padding_mode)
        H, W = get_dimensions(image)[1:]
        h, w = self.size
        if self.pad_if_needed and (w > W or h > H):
            border = [max(w - W, 0), max(h - H, 0)]
            image = F.pad(image, border, self.fill, self.padding_mode)
        return F.crop(image, *self.get_params(image, self.size))

    def _settings(self) -> dict[str, Any]:
        return {"size": self.size, "padding": self.padding}


class RandomResizedCrop(Transform):
    """A region of random area and shape, resized to (h, w).

    Args:
        size: (h, w), or one number for both.
        scale: The least and the greatest share of the image's area.
        ratio: The least and the greatest w / h of the region.
        interpolation: An `InterpolationMode`.
        antialias: As in `Resize`.

    Source: C. Szegedy et al., "Going Deeper with Convolutions", 2014.
    """

    def __init__(
        self,
        size: Any,
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        for name, interval in (("scale", scale), ("ratio", ratio)):
            if len(interval) != 2 or interval[0] > interval[1]:
                raise ArgumentError(
                    f"RandomResizedCrop: {name} must be (least, greatest), not {interval!r}"
                )
        self.size, self.antialias = pair_of("RandomResizedCrop", size), antialias
        self.interpolation = interpolation_mode(interpolation)
        self.scale, self.ratio = scale, ratio

    @staticmethod
    def get_params(
        image: Any, scale: Sequence[float], ratio: Sequence[float]
    ) -> tuple[int, int, int, int]:
        """(T, L, h, w) of a random region."""
        H, W = get_dimensions(image)[1:]
        rng = augmenting_rng()
        for _ in range(10):
            area = H * W * rng.uniform(scale[0], scale[1])
            shape = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
            h, w = round(math.sqrt(area / shape)), round(math.sqrt(area * shape))
            if 0 < h <= H and 0 < w <= W:
                return int(rng.integers(H - h + 1)), int(rng.integers(W - w + 1)), h, w
        # A long, thin image: the largest region in its middle that has one of the outer ratios.
        h, w = min(H, round(W / min(ratio))), min(W, round(H * max(ratio)))
        return (H - h) // 2, (W - w) // 2, h, w

    def __call__(self, image: Any) -> Any:
        region = self.get_params(image, self.scale, self.ratio)
        return F.resized_crop(image, *region, self.size, self.interpolation, self.antialias)

    def _settings(self) -> dict[str, Any]:
        return {
            "size": self.size,
            "scale": tuple([round(share, 4) for share in self.scale]),
            "ratio": tuple([round(ratio, 4) for ratio in self.ratio]),
            "interpolation": self.interpolation.value,
            "antialias": self.antialias,
        }


class RandomApply(Compose):
    """All of the transforms with probability `p`, or none of them."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: float = 0.5) -> None:
        super().__init__(transforms)
        self.p = p

    def __call__(self, image: Any) -> Any:
        return super().__call__(image) if augmenting_rng().random() < self.p else image

    def __repr__(self) -> str:
        first, *lines = super().__repr__().splitlines(keepends=True)
        return "".join([first, f"    p={self.p}\n", *lines])


class RandomOrder(Compose):
    """All of the transforms, in random order."""

    def __call__(self, image: Any) -> Any:
        for i in augmenting_rng().permutation(len(self.transforms)):
            image = self.transforms[i](image)
        return image


class RandomChoice(Compose):
    """One of the transforms, each with its probability in `p`, or all equally likely."""

    def __init__(
        self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None
    ) -> None:
        if p is not None and (len(p) != len(transforms) or min(p) < 0 or sum(p) <= 0):
            raise ArgumentError(
                f"RandomChoice: p must be a weight for each of {len(transforms)} transforms, "
                f"not {p!r}"
            )
        super().__init__(transforms)
        self.p = p

    def __call__(self, image: Any) -> Any:
        weights = None if self.p is None else [weight / sum(self.p) for weight in self.p]
        chosen = augmenting_rng().choice(len(self.transforms), p=weights)
        return self.transforms[chosen](image)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"
