"""Datasets: anything with `len(dataset)` and `dataset[index]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, RangeError, ShapeError
from ..tensor import Tensor
from .collate import array_of, tensor_of


class Dataset:
    """A collection of items by index. A base to derive from, as in PyTorch; nothing requires it.

    Subclasses define `__getitem__(index)` and `__len__()`. With loader threads `__getitem__` runs
    in several threads at once; draw its randomness from `minigrad.data.item_rng()`.

    Example:
        >>> class Squares(Dataset):
        ...     def __len__(self):
        ...         return 10
        ...     def __getitem__(self, index):
        ...         return index, index**2
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __getitem__(index)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} does not define __len__()")


class TensorDataset(Dataset):
    """Tensors or arrays of one length; item i is the tuple of their i-th rows.

    Args:
        tensors: Tensors or NumPy arrays of shape (N, ...), all with the same N.

    Raises:
        ShapeError: The lengths differ, or one has no dimensions.

    Example:
        >>> images, labels = np.zeros((5, 1, 8, 8), np.float32), np.arange(5)
        >>> dataset = TensorDataset(images, labels)
        >>> len(dataset), dataset[2][1]
        (5, np.int64(2))
    """

    def __init__(self, *tensors: Tensor | np.ndarray) -> None:
        if not tensors:
            raise ArgumentError("TensorDataset needs at least one tensor or array")
        for position, values in enumerate(tensors):
            if not hasattr(values, "shape"):
                kind = type(values).__name__
                raise ArgumentError(f"TensorDataset: argument {position} is a {kind}, not a tensor")
        shapes = [tuple(values.shape) for values in tensors]
        if not all(shapes) or len({shape[0] for shape in shapes}) > 1:
            raise ShapeError(f"TensorDataset needs one common length, got shapes {shapes}")
        self.tensors = tensors

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple([values[index] for values in self.tensors])

    def __len__(self) -> int:
        return self.tensors[0].shape[0]

    def gather(self, indices: Sequence[int]) -> list[Tensor]:
        """The batch of the items `indices`, equal to collating them, by one operation a tensor."""
        rows = np.asarray(indices)
        # CuPy's take wraps indices that are out of range where NumPy's raises.
        if rows.min() < -len(self) or rows.max() >= len(self):
            raise RangeError(f"indices {list(indices)} are not all rows of {len(self)}")
        return [tensor_of(array_of(values).take(rows, axis=0)) for values in self.tensors]
