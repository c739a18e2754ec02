"""The image sets: two shipped with the package, one read from where Debian installs it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..errors import ArgumentError
from .files import read_idx, read_npz

_HERE = Path(__file__).parent
_DEBIAN = "/usr/share/datasets/fashion-mnist"


def mnist5k(train: bool | None = True, *, normalize: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """5,000 handwritten digits of MNIST: 4,000 to train on and 1,000 to test on.

    Every class has 400 training and 100 test images. Split and order are fixed by the file (see
    `tools/make_datasets.py`), so figures can be compared.

    Args:
        train: True for the training part, False for the test part, None for both.
        normalize: Whether to scale pixels to [0, 1]; otherwise they are bytes, 0 to 255.

    Returns:
        Images (N, 1, 28, 28), float32 or uint8, white on black, and labels (N,), int64.

    Source: Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0. See `minigrad/datasets/DATA.md`.

    Example:
        >>> images, labels = mnist5k()
        >>> images.shape, labels.shape
        ((4000, 1, 28, 28), (4000,))
    """
    return _shipped("mnist5k.npz", 4000, train, 255 if normalize else None)


def digits(train: bool | None = True, *, normalize: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """1,797 handwritten digits of 8 x 8 pixels: 1,433 to train on and 364 to test on.

    The set of scikit-learn's `load_digits`, in another order: the test part is the last fifth of
    every class. Small enough for a first experiment to take a second.

    Args:
        train: True for the training part, False for the test part, None for both.
        normalize: Whether to scale pixels to [0, 1]; otherwise they are bytes, 0 to 16.

    Returns:
        Images (N, 1, 8, 8), float32 or uint8, white on black, and labels (N,), int64.

    Source: E. Alpaydin, C. Kaynak, UCI repository, 1998; CC BY 4.0. See
    `minigrad/datasets/DATA.md`.

    Example:
        >>> images, labels = digits(train=False)
        >>> images.shape, float(images.max())
        ((364, 1, 8, 8), 1.0)
    """
    return _shipped("digits.npz", 1433, train, 16 if normalize else None)


def fashion_mnist(
    train: bool = True, *, root: str | os.PathLike[str] = _DEBIAN, normalize: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Fashion-MNIST, complete: 60,000 training and 10,000 test images of ten kinds of clothes.

    Args:
        train: True for the training part, False for the test part.
        root: A folder with the four idx files under their published names, with or without .gz.
        normalize: Whether to scale pixels to [0, 1]; otherwise they are bytes, 0 to 255.

    Returns:
        Images (N, 1, 28, 28), float32 or uint8, white on black, and labels (N,), int64.

    Raises:
        FileNotFoundError: The files are not in `root`.
        FileFormatError: A file is corrupt.

    Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
    Machine Learning Algorithms", 2017; MIT licence.
    """
    part = "train" if train else "t10k"
    images = read_idx(_find(Path(root), f"{part}-images-idx3-ubyte"))
    labels = read_idx(_find(Path(root), f"{part}-labels-idx1-ubyte"))
    return _ready(images, labels, 255 if normalize else None)


def _find(root: Path, name: str) -> Path:
    for path in (root / f"{name}.gz", root / name):
        if path.exists():
            return path
    raise FileNotFoundError(
        f"{root} has no {name}.gz (nor {name}). On Debian and Ubuntu, `apt-get install "
        f"dataset-fashion-mnist` puts Fashion-MNIST in {_DEBIAN}; elsewhere download its four "
        "files and pass their folder as root=."
    )


def _shipped(
    name: str, train_size: int, train: bool | None, white: int | None
) -> tuple[np.ndarray, np.ndarray]:
    if train not in (True, False, None):
        raise ArgumentError(f"train must be True, False or None (both parts), not {train!r}")
    arrays = read_npz(_HERE / name)
    part = {True: slice(train_size), False: slice(train_size, None), None: slice(None)}[train]
    return _ready(arrays["images"][part], arrays["labels"][part], white)


def _ready(
    images: np.ndarray, labels: np.ndarray, white: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, H, W) as (N, 1, H, W), divided by `white` if given, and labels as int64."""
    images = images[:, np.newaxis]
    if white is not None:
        images = images.astype(np.float32) / np.float32(white)
    return images, labels.astype(np.int64)
