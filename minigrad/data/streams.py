"""Random numbers of a loader, each a pure function of (seed, epoch, index).

Nothing is drawn from a shared generator, so neither the number of threads nor the point where a
program was resumed can change what is drawn. The numbers are those of Philox, whose key is (seed,
epoch): a permutation reads counters from zero; item i has the counters that begin (1, 0, i).
"""

from __future__ import annotations

import operator
import threading

import numpy as np

from ..errors import Error

_WORD = 2**64 - 1


class _Loading(threading.local):
    """What the current thread loads: (seed, epoch, index), or None outside of loading."""

    item: tuple[int, int, int] | None = None


loading = _Loading()


def permutation(size: int, seed: int, epoch: int) -> np.ndarray:
    """The indices 0 to size - 1 in the order of `epoch`."""
    # Sorting raw words, because NumPy promises their stream for ever, and that of
    # Generator.permutation only within a version.
    words = np.random.Philox(key=_words(seed, epoch)).random_raw(size)
    return np.argsort(words, kind="stable")


def item_rng() -> np.random.Generator:
    """The random generator of the item being loaded, for random crops, flips and noise.

    Call it inside a dataset's `__getitem__`, or inside what that calls. Each call starts the same
    stream, a function of the loader's seed, the epoch and the index.

    Raises:
        Error: The current thread is not loading an item for a `DataLoader`.

    Example:
        >>> class Flipped:
        ...     def __getitem__(self, index):
        ...         direction = item_rng().choice([-1, 1])
        ...         return images[index, ..., ::direction].copy()
    """
    if loading.item is None:
        raise Error("item_rng() works only while a DataLoader loads an item in this thread")
    seed, epoch, index = loading.item
    counter = _words(0, 0, index, 1)
    return np.random.Generator(np.random.Philox(counter=counter, key=_words(seed, epoch)))


def _words(*values: int) -> np.ndarray:
    return np.array([operator.index(value) & _WORD for value in values], np.uint64)
