"""Loading one batch, of a dataset with indices or of a stream. Runs in any thread."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

from . import streams
from .dataset import Subset, TensorDataset
from .position import Place, keeps_state
from .windows import TokenWindows


class Fetch:
    """What to do with the indices of a batch: items of `dataset`, collated.

    Args:
        batched: Whether it is called with a list of indices; else with one, and an item comes.
        collate_fn: Makes a batch of items; None if it is the default, which may be done faster.
    """

    def __init__(
        self, dataset: Any, collate_fn: Callable[[Any], Any], batched: bool, seed: int, epoch: int,
        gather: bool,
    ) -> None:  # fmt: skip
        self.dataset, self.collate_fn, self.batched = dataset, collate_fn, batched
        self.seed, self.epoch = seed, epoch
        self.gather = gathering(dataset) if gather and batched else None
        self.read = reading(dataset) if batched else None

    def __call__(self, indices: Any) -> Any:
        """The batch of `indices`, or the item of one index."""
        if self.gather is not None:
            return self.gather(indices)
        if not self.batched:
            (item,) = self._items([indices])
            return collated(self.collate_fn, item, f"item {indices}", self.dataset)
        if self.read is not None:
            try:
                items = self.read(indices)
            except Exception as error:
                error.add_note(
                    f"while loading the items {indices} of {type(self.dataset).__name__}, epoch "
                    f"{self.epoch}"
                )
                raise
        else:
            items = self._items(indices)
        return collated(self.collate_fn, items, f"the items {indices}", self.dataset)

    def _items(self, indices: Any) -> list[Any]:
        loading, dataset, seed, epoch = streams.loading, self.dataset, self.seed, self.epoch
        items, outer, index = [], loading.item, None
        try:
            for index in indices:
                loading.item = [seed, epoch, index, None, None]
                items.append(dataset[index])
        except Exception as error:
            name = type(dataset).__name__
            error.add_note(f"while loading item {index} of {name}, epoch {epoch}")
            raise
        finally:
            loading.item = outer
        return items


def collated(function: Callable[[Any], Any], items: Any, what: str, dataset: Any) -> Any:
    """`function(items)`; an error says which items they were."""
    try:
        return function(items)
    except Exception as error:
        error.add_note(f"while collating {what} of {type(dataset).__name__}")
        raise


def gathering(dataset: Any) -> Callable[[Any], Any] | None:
    """The function that gives a batch by one operation a tensor, for datasets that have one."""
    # A subclass with its own __getitem__ (say, a transform) must be asked item by item.
    method = type(dataset).__getitem__
    if method is Subset.__getitem__:
        inner, chosen = gathering(dataset.dataset), dataset.indices
        return inner and (lambda indices: inner([chosen[i] for i in indices]))
    known = any([method is kind.__getitem__ for kind in (TensorDataset, TokenWindows)])
    return dataset.gather if known else None


def reading(dataset: Any) -> Callable[[Any], Any] | None:
    """`__getitems__` of the dataset, or of the one that it is a subset of."""
    if type(dataset).__getitem__ is Subset.__getitem__ and not hasattr(dataset, "__getitems__"):
        inner, chosen = reading(dataset.dataset), dataset.indices
        return inner and (lambda indices: inner([chosen[i] for i in indices]))
    return getattr(dataset, "__getitems__", None)


END = object()  # what a stream gives after its last batch


class Shard:
    """One worker's part of a stream: each call gives the next batch, or `END`.

    Args:
        batch_size: Items a batch; None for single items.
        worker: The number of the worker, 0 without threads.
        place: What came before, to be skipped.
    """

    def __init__(
        self, dataset: Any, collate_fn: Callable[[Any], Any], batch_size: int | None,
        drop_last: bool, seed: int, epoch: int, worker: int, place: Place,
    ) -> None:  # fmt: skip
        self.dataset, self.collate_fn, self.worker = dataset, collate_fn, worker
        self.batch_size, self.drop_last = batch_size, drop_last
        self.seed, self.order = seed, streams.Order(seed, epoch)
        self.seen = place.batches
        self._items = self._resumed(place)

    def __call__(self, _: Any = None) -> tuple[Any, int, Place]:
        """(the next batch, the worker, its place after that)."""
        size = self.batch_size or 1
        items = list(islice(self._items, size))
        short = len(items) < size
        if not items or (short and self.drop_last):
            return END, self.worker, Place()
        self.seen += 1
        state = copy.deepcopy(self.dataset.state_dict()) if keeps_state(self.dataset) else None
        found = items[0] if self.batch_size is None else items
        batch = collated(self.collate_fn, found, "items", self.dataset)
        return batch, self.worker, Place(self.seen, state, short)

    def _resumed(self, place: Place) -> Iterator[Any]:
        skipped = place.batches * (self.batch_size or 1)
        if place.dataset is not None:
            self.dataset.load_state_dict(copy.deepcopy(place.dataset))
        if place.ended:
            return iter(())
        if place.dataset is not None:
            return self._from(skipped)
        return islice(self._from(0), skipped, None)

    def _from(self, first: int) -> Iterator[Any]:
        with self._loading(first):
            items = iter(self.dataset)
        for position in count(first):
            with self._loading(position):
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    @contextmanager
    def _loading(self, position: int) -> Iterator[None]:
        loading, epoch = streams.loading, self.order.epoch
        outer = loading.item, loading.order
        loading.item = [self.seed, epoch, position, self.worker, None]
        loading.order = self.order
        try:
            yield
        except Exception as error:
            name = type(self.dataset).__name__
            error.add_note(f"while loading item {position} of the stream {name}, epoch {epoch}")
            raise
        finally:
            loading.item, loading.order = outer
