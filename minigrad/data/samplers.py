"""Samplers: the order in which a loader asks for items.

One without a generator draws, while a loader asks, from the loader's (seed, epoch), so that epochs
differ and runs do not; elsewhere from the default generator. One with a generator draws from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from ..dtypes import float64
from ..errors import ArgumentError, DTypeError
from ..ops.from_data import as_tensor
from ..random import Generator
from ..tensor import Tensor
from . import streams

T = TypeVar("T", covariant=True)
_CHUNK = 4096  # numbers drawn at a time


class Sampler(Generic[T]):
    """The indices of an epoch in order, or batches of them: a base to derive from.

    Subclasses define `__iter__()`, and `__len__()` if they know it. Draw what is random from
    `minigrad.data.epoch_rng()`. One that keeps a state of its own from epoch to epoch has it saved
    with the loader's, if it defines `state_dict()` and `load_state_dict(state)`; so has one with a
    `Generator` as its attribute `generator`.
    """

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__()")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ...: the dataset's own order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in random order, or, with replacement, any index at any time.

    Args:
        data_source: What has the length N.
        replacement: Whether each index is drawn from all N, whatever was drawn before.
        num_samples: Indices an epoch; N if None. Without replacement, more than N begin anew with
            another order.
        generator: Where the order comes from, if not from the loader.

    Raises:
        ArgumentError: `num_samples` (or N) is not a positive integer.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise DTypeError(f"RandomSampler: replacement must be a bool, not {replacement!r}")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        _positive("RandomSampler: num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """Indices an epoch."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        return self._indices(streams.stream(self.generator))

    def _indices(self, source: np.random.Philox) -> Iterator[int]:
        size, due = len(self.data_source), self.num_samples
        while due > 0:
            if self.replacement:
                part = (streams.uniform(source, min(due, _CHUNK)) * size).astype(np.int64)
            else:
                part = streams.permutation(source, size)[:due]
            yield from part.tolist()
            due -= len(part)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order, each once."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        order = streams.permutation(streams.stream(self.generator), len(self.indices))
        return (self.indices[i] for i in order.tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Index i with a probability in proportion to weights[i].

    Args:
        weights: One weight of at least 0 for each item; they need not sum to 1.
        num_samples: Indices an epoch.
        replacement: Whether an index may come again. If not, each is drawn from those that are
            left.
        generator: Where they come from, if not from the loader.

    Raises:
        ArgumentError: `weights` are not one-dimensional, finite and of a positive sum; there are
            fewer above 0 than draws without replacement; `num_samples` is not positive.

    Source: without replacement, P. Efraimidis, P. Spirakis, "Weighted random sampling with a
    reservoir", 2006.

    Example:
        >>> rare_twice_as_often = WeightedRandomSampler([1.0, 1.0, 2.0], 4)
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor | np.ndarray,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _positive("WeightedRandomSampler: num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ArgumentError(
                f"WeightedRandomSampler: replacement must be a bool, not {replacement!r}"
            )
        self.weights = as_tensor(weights, dtype=float64)
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator
        numbers = self._numbers()
        if numbers.ndim != 1:
            raise ArgumentError(
                f"WeightedRandomSampler: weights must have shape (N,), not {numbers.shape}"
            )
        if not np.isfinite(numbers).all() or (numbers < 0).any() or not numbers.sum() > 0:
            raise ArgumentError(
                "WeightedRandomSampler: weights must be finite, at least 0, and not all 0"
            )
        if not replacement and num_samples > (count := np.count_nonzero(numbers)):
            raise ArgumentError(
                f"WeightedRandomSampler: {num_samples} draws without replacement from {count} "
                "items of a weight above 0"
            )

    def _numbers(self) -> np.ndarray:
        return self.weights.detach().cpu().numpy()

    def __iter__(self) -> Iterator[int]:
        source = streams.stream(self.generator)
        return self._with_replacement(source) if self.replacement else self._without(source)

    def _with_replacement(self, source: np.random.Philox) -> Iterator[int]:
        ends = np.cumsum(self._numbers())  # item i owns [ends[i - 1], ends[i])
        last = int(np.flatnonzero(self._numbers())[-1])
        for start in range(0, self.num_samples, _CHUNK):
            places = streams.uniform(source, min(self.num_samples - start, _CHUNK)) * ends[-1]
            found = np.searchsorted(ends, places, side="right")
            yield from np.minimum(found, last).tolist()  # rounding may give the very end

    def _without(self, source: np.random.Philox) -> Iterator[int]:
        # In the order of exponential waiting times of these rates.
        weights = self._numbers()
        waits = -np.log1p(-streams.uniform(source, len(weights)))
        times = np.divide(waits, weights, out=np.full_like(waits, np.inf), where=weights > 0)
        return iter(np.argsort(times, kind="stable")[: self.num_samples].tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[Any]]):
    """The indices of another sampler, in lists.

    Args:
        sampler: Any iterable of indices.
        batch_size: Indices a list.
        drop_last: Whether to leave out a last list that is shorter.

    Example:
        >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        _positive("BatchSampler: batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ArgumentError(f"BatchSampler: drop_last must be a bool, not {drop_last!r}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[Any]]:
        return self._batches(iter(self.sampler))

    def _batches(self, indices: Iterator[Any]) -> Iterator[list[Any]]:
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def _positive(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"{name} must be an integer of at least 1, not {value!r}")
