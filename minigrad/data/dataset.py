"""Datasets: anything with `len(dataset)` and `dataset[index]`; and streams, to iterate over."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from ..device import namespace
from ..errors import ArgumentError, RangeError, ShapeError
from ..random import Generator
from ..tensor import Tensor
from . import streams
from .collate import array_of, tensor_of

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """A collection of items by index. A base to derive from, as in PyTorch; nothing requires it.

    Subclasses define `__getitem__(index)` and `__len__()`. With loader threads `__getitem__` runs
    in several threads at once; draw its randomness from `minigrad.data.item_rng()`. A subclass may
    also define `__getitems__(indices)`, which gives a list of items in one go. The sum of two
    datasets is a `ConcatDataset`.

    Example:
        >>> class Squares(Dataset):
        ...     def __len__(self):
        ...         return 10
        ...     def __getitem__(self, index):
        ...         return index, index**2
    """

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError(f"{type(self).__name__} does not define __getitem__(index)")

    def __add__(self, other: Any) -> Any:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """A stream of items: subclasses define `__iter__()`, and `__len__()` if they know it.

    With loader threads each has its own shallow copy of the dataset and iterates over that:
    divide the items by `get_worker_info()`, or all of them come once for each worker. To resume
    within an epoch the loader skips what was seen; a subclass with `state_dict()` and
    `load_state_dict(state)` is asked instead. The sum of two is a `ChainDataset`.

    Example:
        >>> class Lines(IterableDataset):
        ...     def __init__(self, path):
        ...         self.path = path
        ...     def __iter__(self):
        ...         worker = get_worker_info()
        ...         first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        ...         with open(self.path) as lines:
        ...             yield from itertools.islice(lines, first, None, step)
    """

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__()")

    def __add__(self, other: Any) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Any, ...]]):
    """Tensors or arrays of one length; item i is the tuple of their i-th rows.

    Arrays may be memory-mapped files (`numpy.load(path, mmap_mode="r")`, `numpy.memmap`,
    `minigrad.datasets.read_idx(path, mmap_mode="r")`): only the rows of a batch are read.

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
        arrays = [array_of(values) for values in self.tensors]
        return [tensor_of(a.take(namespace(a).asarray(rows), axis=0)) for a in arrays]


class Subset(Dataset[T]):
    """The items of a dataset at `indices`, in that order.

    Example:
        >>> subset = Subset("abcdef", [4, 0])
        >>> len(subset), subset[0]
        (2, 'e')
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[T]):
    """Datasets one after the other, as one.

    Example:
        >>> both = ConcatDataset(["abc", "de"])
        >>> len(both), both[3], both[-5]
        (5, 'd', 'a')
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("ConcatDataset needs at least one dataset")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise ArgumentError(
                    f"ConcatDataset: {type(dataset).__name__} is a stream without indices: "
                    "use ChainDataset"
                )
        self.cumulative_sizes = list(itertools.accumulate([len(d) for d in self.datasets]))

    def __getitem__(self, index: int) -> Any:
        size = len(self)
        if index < -size:
            raise ArgumentError(f"ConcatDataset: index {index} for {size} items")
        if index >= size:
            raise RangeError(f"ConcatDataset: index {index} for {size} items")
        index = index + size if index < 0 else index
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[T]):
    """Streams one after the other, as one stream."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise ArgumentError(
                    f"ChainDataset: a {type(dataset).__name__} is no IterableDataset: "
                    "use ConcatDataset for datasets with indices"
                )

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum([len(dataset) for dataset in self.datasets])


class StackDataset(Dataset[Any]):
    """Datasets of one length side by side: item i is the tuple, or by keywords the dict, of theirs.

    Example:
        >>> StackDataset("abc", [1, 2, 3])[1], StackDataset(image="abc", label=[1, 2, 3])[1]
        (('b', 2), {'image': 'b', 'label': 2})
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ArgumentError(
                "StackDataset needs datasets, all positional (for tuples) or all by keyword"
            )
        self.datasets: Any = args or kwargs
        lengths = [len(dataset) for dataset in args or kwargs.values()]
        if len(set(lengths)) > 1:
            raise ShapeError(f"StackDataset needs datasets of one length, got {lengths}")
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple([dataset[index] for dataset in self.datasets])

    def __len__(self) -> int:
        return self._length


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[Any]]:
    """The dataset divided at random into subsets that share no item.

    Args:
        dataset: Anything with a length and indices.
        lengths: Items of each part; or fractions that sum to 1, whose remainders of rounding down
            go to the first parts, one each.
        generator: Where the order comes from; the default generator if None.

    Raises:
        ArgumentError: The lengths do not sum to the dataset's, or a fraction is not in [0, 1].

    Example:
        >>> train, test = random_split(range(10), [0.8, 0.2], mg.Generator().manual_seed(0))
        >>> len(train), len(test), sorted([*train, *test]) == list(range(10))
        (8, 2, True)
    """
    size, total = len(dataset), sum(lengths)
    if math.isclose(total, 1) and total <= 1:
        if any([not 0 <= fraction <= 1 for fraction in lengths]):
            raise ArgumentError(f"random_split: fractions {list(lengths)} are not all in [0, 1]")
        counts = [math.floor(size * fraction) for fraction in lengths]
        for i in range(size - sum(counts)):
            counts[i % len(counts)] += 1
        for i, count in enumerate(counts):
            if count == 0:
                warnings.warn(f"random_split: part {i} of {list(lengths)} is empty", stacklevel=2)
    else:
        counts = [int(length) for length in lengths]
        if sum(counts) != size or counts != list(lengths) or min(counts, default=0) < 0:
            raise ArgumentError(
                f"random_split: lengths {list(lengths)} must be whole and sum to {size}, the "
                "number of items, or be fractions that sum to 1"
            )
    order = streams.permutation(streams.stream(generator), size).tolist()
    ends = itertools.accumulate(counts)
    return [Subset(dataset, order[end - n : end]) for end, n in zip(ends, counts, strict=True)]
