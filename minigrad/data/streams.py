"""Random numbers of a loader, each a pure function of (seed, epoch, index).

Nothing is drawn from a shared generator, so neither the number of threads nor the point where a
program was resumed can change what is drawn. The numbers are those of Philox, whose key is (seed,
epoch). Its counters are four words, of which the last says what they are for, and the one before
it for which: 0, the order of the epoch (the first stream of it, the second, ...); 1, item i of a
dataset; 2, item i of a stream, in the worker that the second word names; 3, an item whose index is
not a number; 4, what stands outside of loading, where the key is a stretch of a `Generator`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from ..errors import Error
from ..random import Generator, default_generator

_WORD = 2**64 - 1


class Order:
    """The epoch whose order is being drawn, and how many streams have been drawn from."""

    __slots__ = ("epoch", "seed", "streams")

    def __init__(self, seed: int, epoch: int) -> None:
        self.seed, self.epoch, self.streams = seed, epoch, 0


class _Loading(threading.local):
    """What the current thread does for a loader."""

    # [seed, epoch, index, worker or None, generator or None]: the item, and its generator once one
    # is asked for. A list, because one is made for every item.
    item: list[Any] | None = None
    order: Order | None = None
    worker: Any = None  # its WorkerInfo


loading = _Loading()


def drawn(indices: Iterable[Any], order: Order, skip: int) -> Iterator[Any]:
    """`indices` after the first `skip`, drawn from the epoch `order`."""
    outer, loading.order = loading.order, order
    try:
        iterator = iter(indices)
        for _ in islice(iterator, skip):
            pass
    finally:
        loading.order = outer
    return _drawing(iterator, order)


def _drawing(indices: Iterator[Any], order: Order) -> Iterator[Any]:
    while True:
        outer, loading.order = loading.order, order
        try:
            index = next(indices)
        except StopIteration:
            return
        finally:
            loading.order = outer
        yield index


def item_rng() -> np.random.Generator:
    """The random generator of the item being loaded, for random crops, flips and noise.

    Call it inside a dataset's `__getitem__` (or `__iter__`), or inside what that calls. An item
    has one generator: a second call goes on where the first one stopped. Its stream is a function
    of the loader's seed, the epoch and the index. (Of an `IterableDataset`, the index is the
    item's position in the stream, and the number of the worker matters too.)

    Raises:
        Error: The current thread is not loading an item for a `DataLoader`.

    Example:
        >>> class Flipped:
        ...     def __getitem__(self, index):
        ...         direction = item_rng().choice([-1, 1])
        ...         return images[index, ..., ::direction].copy()
    """
    item = loading.item
    if item is None:
        raise Error("item_rng() works only while a DataLoader loads an item in this thread")
    if item[4] is None:
        seed, epoch, index, worker, _ = item
        bits = np.random.Philox(counter=_place(index, worker), key=_words(seed, epoch))
        item[4] = np.random.Generator(bits)
    return item[4]


def _place(index: Any, worker: int | None) -> np.ndarray:
    """Where the stream of an item begins."""
    if worker is not None:
        return _words(0, worker, index, 2)
    if hasattr(index, "__index__"):
        return _words(0, 0, index.__index__(), 1)
    digest = hashlib.blake2b(repr(index).encode(), digest_size=8).digest()
    return _words(0, 0, int.from_bytes(digest, "little"), 3)


def epoch_rng(generator: Generator | None = None) -> np.random.Generator:
    """A random generator for a sampler of your own; call it in `__iter__`.

    While a `DataLoader` asks for the order of an epoch, its stream is a function of the loader's
    seed and the epoch, so that a resumed run sees the same order. Elsewhere, or if a generator is
    given, it is the next stretch of `generator` (of the default generator).

    Example:
        >>> class Pairs(Sampler):
        ...     def __iter__(self):
        ...         for i in epoch_rng().permutation(5):
        ...             yield from (2 * i, 2 * i + 1)
    """
    return np.random.Generator(stream(generator))


def augmenting_rng() -> np.random.Generator:
    """The generator of the item being loaded; outside of loading, one of the default stream."""
    return epoch_rng() if loading.item is None else item_rng()


def stream(generator: Generator | None = None) -> np.random.Philox:
    """The next stream of the epoch being ordered; else the next stretch of `generator`."""
    order = loading.order
    if generator is None and order is not None:
        order.streams += 1
        counter = _words(0, 0, order.streams - 1, 0)
        return np.random.Philox(counter=counter, key=_words(order.seed, order.epoch))
    seed, offset = (default_generator if generator is None else generator).draw(1)
    return np.random.Philox(counter=_words(0, 0, 0, 4), key=_words(seed, offset))


def worker_seed(seed: int, epoch: int, worker: int) -> int:
    """The seed of a worker for an epoch, at least 0 and below 2**63."""
    counter = _words(0, 0, worker, 5)
    return int(np.random.Philox(counter=counter, key=_words(seed, epoch)).random_raw() >> 1)


# Made of raw words, because NumPy promises their stream for ever, and those of its Generator only
# within a version.


def permutation(source: np.random.Philox, size: int) -> np.ndarray:
    """The numbers 0 to size - 1 in random order."""
    return np.argsort(source.random_raw(size), kind="stable")


def uniform(source: np.random.Philox, count: int) -> np.ndarray:
    """float64 numbers in [0, 1), multiples of 2**-53."""
    return (source.random_raw(count) >> np.uint64(11)) * 2.0**-53


def _words(*values: int) -> np.ndarray:
    return np.array([value & _WORD for value in values], np.uint64)
