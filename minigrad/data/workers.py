"""What a loader's thread knows of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import streams


class WorkerInfo(NamedTuple):
    """A loader's thread: its number `id` of `num_workers`, a seed of its own, and its dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


def get_worker_info() -> WorkerInfo | None:
    """Which of a loader's threads this is, for a dataset to divide its items; None elsewhere.

    The `seed` is a function of the loader's seed, the epoch and the number of the worker.

    Example:
        >>> class Numbers(IterableDataset):
        ...     def __iter__(self):
        ...         worker = get_worker_info()
        ...         first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        ...         return iter(range(first, 10, step))
    """
    return streams.loading.worker


def prepare(
    seed: int, epoch: int, datasets: list[Any], init: Callable[[int], Any] | None, number: int
) -> None:
    """Make the current thread worker `number`, with its dataset."""
    own = streams.worker_seed(seed, epoch, number)
    streams.loading.worker = WorkerInfo(number, len(datasets), own, datasets[number])
    if init is not None:
        init(number)
