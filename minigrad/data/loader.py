"""Batches of a dataset, shuffled and loaded ahead."""

from __future__ import annotations

import copy
import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

from .. import random
from ..errors import ArgumentError
from . import streams
from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .fetch import END, Fetch, Shard
from .options import check_order, integer, prefetch_of
from .position import Place, Position, generators_of, keeper_of, keeps_state, standing_at
from .prefetch import prefetch
from .samplers import BatchSampler, RandomSampler, SequentialSampler
from .workers import prepare

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader:
    """Iterates over a dataset in batches, as PyTorch's class of this name does.

    Unlike PyTorch's, its randomness is a pure function of (seed, epoch, index): the order of epoch
    e is the same in every run and for every number of workers. `state_dict()` says how far the
    consumer has come; a loader that loads it goes on with the next batch. Workers are threads,
    never forked processes. A `TensorDataset` is gathered a whole batch at a time.

    Args:
        dataset: Anything with `dataset[index]` and `len(dataset)`, or an `IterableDataset`.
        batch_size: Items a batch; None gives single items, as `default_convert` makes them.
        shuffle: Whether each epoch has another order.
        sampler: The indices of an epoch in order, instead of `shuffle`: an iterable.
        batch_sampler: The lists of indices of an epoch, instead of `batch_size`, `shuffle`,
            `sampler` and `drop_last`.
        num_workers: Threads that load ahead; 0 loads in the calling thread.
        collate_fn: Makes a batch of a list of items; `default_collate` if None.
        pin_memory: Accepted; no memory is pinned.
        drop_last: Whether to leave out a last batch that is smaller than `batch_size`.
        timeout: Seconds to wait for a batch of the workers; 0 waits for ever.
        worker_init_fn: Called with its number in each worker, at the start of each epoch.
            Each has a shallow copy of the dataset then: `get_worker_info().dataset`.
        multiprocessing_context: Checked as PyTorch does; workers are threads all the same.
        generator: Each epoch's seed is drawn from it, so that epochs are a function of where it
            stands, and not of `seed`.
        prefetch_factor: Batches loaded ahead, for each worker; 2 if None.
        persistent_workers: Accepted; threads start anew each epoch, as that costs microseconds.
        pin_memory_device: Accepted, and of no effect.
        in_order: Accepted; batches come in order always.
        seed: Key of all randomness; by default `minigrad.random.initial_seed()`.

    Raises:
        ArgumentError: An argument is out of its range, or two exclude one another.

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
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: random.Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        seed: int | None = None,
    ) -> None:
        self.num_workers = integer("num_workers", num_workers, least=0)
        self.prefetch_factor = prefetch_of(
            num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context
        )
        self._is_stream = isinstance(dataset, IterableDataset)
        check_order(
            dataset, self._is_stream, batch_size, shuffle, sampler, batch_sampler, drop_last
        )
        if seed is not None and generator is not None:
            raise ArgumentError("pass a seed or a generator, not both: seeds are drawn from it")
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            batch_size = integer("batch_size", batch_size, least=1)
        if sampler is None and not self._is_stream:
            ordered = shuffle and batch_sampler is None
            sampler = RandomSampler(dataset) if ordered else SequentialSampler(dataset)
        self._batched = batch_sampler is not None or batch_size is not None
        if batch_size is not None and sampler is not None:
            batch_sampler = BatchSampler(sampler, batch_size, bool(drop_last))
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self._gathers = collate_fn is None
        self.collate_fn = collate_fn or (default_collate if self._batched else default_convert)
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.timeout, self.worker_init_fn = timeout, worker_init_fn
        self.multiprocessing_context, self.in_order = multiprocessing_context, in_order
        self.seed = random.initial_seed() if seed is None else operator.index(seed)
        self.epoch = 0
        self._position: Position | None = None
        self.persistent_workers = persistent_workers  # the last: from here on `_FIXED` are fixed

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "persistent_workers" in self.__dict__:
            raise ArgumentError(f"{name} cannot be changed after the DataLoader was made")
        super().__setattr__(name, value)

    def set_epoch(self, epoch: int) -> None:
        """Make the next iteration that of `epoch`; without this, each is one after the last.

        The epoch that a loaded state is in goes on where the state says.
        """
        self.epoch = integer("epoch", epoch, least=0)
        position = self._position
        if position is not None and not (position.resumed and position.epoch == self.epoch):
            self._position = None

    def __len__(self) -> int:
        """The number of batches; of a stream, what its own length promises."""
        if not self._is_stream:
            return len(self._indices)
        items = len(self.dataset)
        if self.batch_size is None:
            return items
        return items // self.batch_size if self.drop_last else -(-items // self.batch_size)

    @property
    def _indices(self) -> Any:
        return self.batch_sampler if self._batched else self.sampler

    # Iteration -------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        resumed = self._position
        if resumed is not None and resumed.resumed:
            position = resumed
            # What was seen is drawn again; then the generators are put back to where they are.
            with standing_at(self._generators(), position.generators):
                indices = self._drawn(position)
        else:
            position = self._position = self._beginning()
            indices = self._drawn(position)
        self.epoch = position.epoch + 1
        if self._is_stream:
            batches = self._stream(position)
        else:
            batches = _counted(self._map(position, indices), position)
        position.resumed = False
        return batches

    def _beginning(self) -> Position:
        """The start of the next epoch."""
        seed = self.seed
        if self.generator is not None:
            seed = int(streams.stream(self.generator).random_raw() >> 1)
        generators = [generator.get_state() for generator in self._generators()]
        sampler, places = self._states()
        return Position(self.epoch, seed, generators=generators, sampler=sampler, places=places)

    def _states(self) -> tuple[Any, list[Place]]:
        """The sampler's own state, and a stream's, before an epoch."""
        keeper = keeper_of(self._indices)
        sampler = None if keeper is None else copy.deepcopy(keeper.state_dict())
        if not self._is_stream:
            return sampler, []
        # Without threads the dataset itself is iterated over; workers have copies, each epoch.
        keeps = self.num_workers == 0 and keeps_state(self.dataset)
        state = copy.deepcopy(self.dataset.state_dict()) if keeps else None
        return sampler, [Place(0, state) for _ in range(max(1, self.num_workers))]

    def _generators(self) -> list[random.Generator]:
        return generators_of(self, self.batch_sampler)

    def _drawn(self, position: Position) -> Iterator[Any]:
        """What is left of the epoch's indices."""
        if self._is_stream:
            return iter(())
        order = streams.Order(position.seed, position.epoch)
        return streams.drawn(self._indices, order, position.batches)

    def _map(self, position: Position, indices: Iterator[Any]) -> Iterator[Any]:
        settings = (self.collate_fn, self._batched, position.seed, position.epoch, self._gathers)
        if self.num_workers == 0:
            fetch = Fetch(self.dataset, *settings)
            return (fetch(index) for index in indices)
        datasets = self._copies() if self.worker_init_fn else [self.dataset] * self.num_workers
        loads = [Fetch(dataset, *settings) for dataset in datasets]
        return self._prefetch(zip(repeat(0), indices), loads, datasets, position, share=True)

    def _stream(self, position: Position) -> Iterator[Any]:
        datasets = self._copies() if self.num_workers else [self.dataset]
        # A stream that stands where it is need not be told.
        places = position.places if position.resumed else [Place() for _ in datasets]
        shards = [
            Shard(
                dataset, self.collate_fn, self.batch_size, bool(self.drop_last), position.seed,
                position.epoch, worker, places[worker],
            )
            for worker, dataset in enumerate(datasets)
        ]  # fmt: skip
        ended: set[int] = set()
        turns = _turns(position.turn, len(shards), ended)
        if self.num_workers:
            results = self._prefetch(turns, shards, datasets, position, share=False)
        else:
            results = (shards[0](argument) for _, argument in turns)
        return _streamed(results, position, ended)

    def _copies(self) -> list[Any]:
        return [copy.copy(self.dataset) for _ in range(self.num_workers)]

    def _prefetch(
        self,
        tasks: Iterable[tuple[int, Any]],
        loads: Sequence[Callable[[Any], Any]],
        datasets: list[Any],
        position: Position,
        share: bool,
    ) -> Iterator[Any]:
        start = functools.partial(
            prepare, position.seed, position.epoch, datasets, self.worker_init_fn
        )
        ahead = self.num_workers * (self.prefetch_factor or 1)
        return prefetch(tasks, loads, ahead, share=share, prepare=start, timeout=self.timeout)

    # State -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Where the consumer stands: the epoch, and how many of its batches have come out.

        Made of numbers, strings, lists and dicts, for `minigrad.save`. It is the position in the
        iteration begun last, even if a `break` has left it; after its end, the start of the next.
        """
        position = self._position
        if position is None or position.finished:
            sampler, places = self._states()
            position = Position(self.epoch, self.seed, begun=False, sampler=sampler, places=places)
        now = [generator.get_state() for generator in self._generators()]
        return copy.deepcopy({**position.state(), "now": now, "loader": self._settings()})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let the next iteration go on where `state_dict` found another loader of the same kind.

        Raises:
            ArgumentError: It is no such state, or of a loader with other settings: dataset's
                length, batches, kind of sampler, or, for a stream, number of workers.
        """
        state = copy.deepcopy(state)
        position = Position.of(state)
        theirs, ours = state.get("loader"), self._settings()
        if theirs != ours:
            raise ArgumentError(
                f"the state is of a loader with {theirs}, this one has {ours}: a position in one "
                "means nothing in the other"
            )
        for generator, now in zip(self._generators(), state["now"], strict=True):
            generator.set_state(now)
        keeper = keeper_of(self._indices)
        if keeper is not None:
            keeper.load_state_dict(position.sampler)
        self.epoch = position.epoch
        if self.generator is None:
            self.seed = position.seed
        self._position = position if position.begun else None
        if not position.begun and position.places and position.places[0].dataset is not None:
            self.dataset.load_state_dict(position.places[0].dataset)

    def _settings(self) -> dict[str, Any]:
        """What a position depends on."""
        return {
            "batch_size": self.batch_size,
            "drop_last": bool(self.drop_last),
            "items": len(self.dataset) if hasattr(self.dataset, "__len__") else None,
            "sampler": None if self._is_stream else type(self._innermost).__name__,
            "generators": len(self._generators()),
            "workers": max(1, self.num_workers) if self._is_stream else None,
        }

    @property
    def _innermost(self) -> Any:
        own = self._batched and self.batch_size is None
        return self.batch_sampler if own else self.sampler


def _counted(batches: Iterator[Any], position: Position) -> Iterator[Any]:
    """The batches, counted as they come out. (No variable here keeps one alive.)"""

    def count(batch: Any) -> Any:
        position.batches += 1
        return batch

    yield from map(count, batches)
    position.finished = True


def _streamed(
    results: Iterator[tuple[Any, int, Place]], position: Position, ended: set[int]
) -> Iterator[Any]:
    """The batches of the workers, counted as they come out; who has no more is put into `ended`."""

    def take(result: tuple[Any, int, Place]) -> Any:
        batch, worker, place = result
        if batch is END:
            ended.add(worker)
            return END
        position.places[worker] = place
        position.batches, position.turn = position.batches + 1, worker + 1
        return batch

    yield from filter(lambda batch: batch is not END, map(take, results))
    position.finished = True


def _turns(first: int, workers: int, ended: set[int]) -> Iterator[tuple[int, None]]:
    """(worker, None) for one worker after the other, as long as any has more."""
    worker = first % workers
    while len(ended) < workers:
        if worker not in ended:
            yield worker, None
        worker = (worker + 1) % workers
