"""Batches of a dataset, shuffled and loaded ahead."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from .. import random
from ..errors import ArgumentError
from . import streams
from .collate import default_collate
from .dataset import TensorDataset
from .prefetch import prefetch


class DataLoader:
    """Iterates over a dataset in batches, as PyTorch's class of this name does.

    Unlike PyTorch's, its randomness is a pure function of (seed, epoch, index): the order of epoch
    e is the same in every run and for every number of workers, and a run resumed with
    `set_epoch(e)` sees what the first would have seen. Workers are threads, never forked
    processes. A `TensorDataset` is gathered a whole batch at a time.

    Args:
        dataset: Anything with `dataset[index]` and `len(dataset)`.
        batch_size: Items a batch.
        shuffle: Whether each epoch has another order.
        sampler: The indices of an epoch in order, instead of `shuffle`: an iterable with a length.
        num_workers: Threads that load ahead; 0 loads in the calling thread.
        collate_fn: Makes a batch of a list of items; `default_collate` if None.
        drop_last: Whether to leave out a last batch that is smaller than `batch_size`.
        seed: Key of all randomness; by default `minigrad.random.initial_seed()`.
        prefetch_factor: Batches loaded ahead, for each worker.

    Raises:
        ArgumentError: An argument is out of its range.

    An exception of the dataset or of `collate_fn` reaches the consumer as it is, with a note that
    names the item; it ends the iteration.

    Example:
        >>> from minigrad.datasets import digits
        >>> images, labels = digits()
        >>> loader = DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True)
        >>> for x, y in loader:
        ...     pass
        >>> x.shape, len(loader)
        ((25, 1, 8, 8), 23)
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        drop_last: bool = False,
        seed: int | None = None,
        prefetch_factor: int = 2,
    ) -> None:
        if sampler is not None and shuffle:
            raise ArgumentError("pass shuffle=True or a sampler, not both: a sampler is the order")
        for method in ["__getitem__"] if sampler is not None else ["__getitem__", "__len__"]:
            if not hasattr(dataset, method):
                raise ArgumentError(f"the dataset, a {type(dataset).__name__}, has no {method}()")
        self.dataset = dataset
        self.batch_size = _integer("batch_size", batch_size, least=1)
        self.shuffle = shuffle
        self.sampler = sampler
        self.num_workers = _integer("num_workers", num_workers, least=0)
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.seed = random.initial_seed() if seed is None else operator.index(seed)
        self.prefetch_factor = _integer("prefetch_factor", prefetch_factor, least=1)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Make the next iteration that of `epoch`; without this, each is one after the last."""
        self.epoch = _integer("epoch", epoch, least=0)

    def __len__(self) -> int:
        """The number of batches."""
        items = len(self.dataset if self.sampler is None else self.sampler)  # type: ignore[arg-type]
        return items // self.batch_size if self.drop_last else -(-items // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        epoch = self.epoch
        self.epoch += 1
        load = functools.partial(_load, self.dataset, self.collate_fn, self.seed, epoch)
        batches = self._batches(epoch)
        if self.num_workers == 0:
            return (load(batch) for batch in batches)
        ahead = self.num_workers * self.prefetch_factor
        return prefetch(load, batches, self.num_workers, ahead)

    def _batches(self, epoch: int) -> Iterator[list[Any]]:
        indices = iter(self._order(epoch))
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def _order(self, epoch: int) -> Iterable[Any]:
        if self.sampler is not None:
            return self.sampler
        size = len(self.dataset)
        if not self.shuffle:
            return range(size)
        with streams.ordering(streams.Order(self.seed, epoch)):
            return streams.permutation(streams.stream(), size).tolist()


def _integer(name: str, value: int, *, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ArgumentError(f"{name} must be an integer of at least {least}, not {value!r}")
    return operator.index(value)


def _load(
    dataset: Any,
    collate_fn: Callable[[list[Any]], Any] | None,
    seed: int,
    epoch: int,
    indices: list[Any],
) -> Any:
    """One batch. Runs in any thread."""
    # A subclass with its own __getitem__ (say, a transform) must be asked item by item.
    if collate_fn is None and type(dataset).__getitem__ is TensorDataset.__getitem__:
        return dataset.gather(indices)
    items = [_load_item(dataset, seed, epoch, index) for index in indices]
    try:
        return (collate_fn or default_collate)(items)
    except Exception as error:
        error.add_note(f"while collating the items {indices} of {type(dataset).__name__}")
        raise


def _load_item(dataset: Any, seed: int, epoch: int, index: Any) -> Any:
    outer = streams.loading.item
    streams.loading.item = streams.Item(seed, epoch, index)
    try:
        return dataset[index]
    except Exception as error:
        error.add_note(f"while loading item {index} of {type(dataset).__name__}, epoch {epoch}")
        raise
    finally:
        streams.loading.item = outer
