"""A loader resumed anywhere sees exactly what the first one would have seen next."""

import itertools
import os
import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    epoch_rng,
    get_worker_info,
    item_rng,
)
from minigrad.errors import ArgumentError

SIZE = 17


class Noisy(Dataset):
    def __len__(self):
        return SIZE

    def __getitem__(self, index):
        return index, item_rng().random()


class Shuffled(Sampler):
    """A sampler of the user's own."""

    def __len__(self):
        return SIZE

    def __iter__(self):
        yield from epoch_rng().permutation(SIZE).tolist()


class Rotating(Sampler):
    """One with a state from epoch to epoch."""

    start = 0

    def __len__(self):
        return SIZE

    def __iter__(self):
        self.start += 1
        return iter([(i + self.start) % SIZE for i in range(SIZE)])

    def state_dict(self):
        return {"start": self.start}

    def load_state_dict(self, state):
        self.start = state["start"]


class Stream(IterableDataset):
    """Uneven shards of 0 to 24, with noise."""

    def __iter__(self):
        worker = get_worker_info()
        one, of = (worker.id, worker.num_workers) if worker else (0, 1)
        for i in epoch_rng().permutation(25).tolist():
            if (i * i) % of == one:
                yield i, item_rng().random()


class Counting(IterableDataset):
    """A stream that knows where it is; `produced` counts what was made, also to be skipped."""

    def __init__(self):
        self.at = 0
        self.produced = []

    def __iter__(self):
        worker = get_worker_info()
        one, of = (worker.id, worker.num_workers) if worker else (0, 1)
        while self.at < 12:
            self.at += 1
            self.produced.append(self.at)
            yield self.at * of + one, item_rng().random()
        self.at = 0

    def state_dict(self):
        return {"at": self.at}

    def load_state_dict(self, state):
        self.at = state["at"]


def generator():
    return mg.Generator().manual_seed(5)


def on_items(options):
    return lambda workers: DataLoader(Noisy(), seed=3, num_workers=workers, **options())


def on(stream, *arguments, **options):
    return lambda workers: DataLoader(stream(), *arguments, num_workers=workers, seed=1, **options)


def sampled(sampler, batch_size=4):
    return on_items(lambda: {"batch_size": batch_size, "sampler": sampler()})


LOADERS = {
    "sequential": on_items(lambda: {"batch_size": 3}),
    "shuffle": on_items(lambda: {"batch_size": 3, "shuffle": True, "drop_last": True}),
    "without batches": on_items(lambda: {"batch_size": None, "shuffle": True}),
    "replacement": sampled(lambda: RandomSampler(Noisy(), True, 11, generator())),
    "more than all": sampled(lambda: RandomSampler(Noisy(), False, 30)),
    "subset": sampled(lambda: SubsetRandomSampler([1, 3, 5, 7, 9], generator()), 2),
    "weighted": sampled(lambda: WeightedRandomSampler(range(SIZE), 9)),
    "one's own": sampled(Shuffled),
    "with a state": sampled(Rotating),
    "batch sampler": on_items(
        lambda: {
            "batch_sampler": BatchSampler(RandomSampler(Noisy(), generator=generator()), 4, False)
        }
    ),
    "generator": lambda workers: DataLoader(
        Noisy(), 3, True, num_workers=workers, generator=generator()
    ),
    "stream": on(Stream, 3),
    "stream, drop_last": on(Stream, 4, drop_last=True),
    "stream without batches": on(Stream, None),
    "stream with a state": on(Counting, 5),
}  # fmt: skip


def plain(batch):
    return [np.asarray(part).tolist() for part in batch]


def run(loader, count):
    """The next `count` batches, over as many epochs as that takes; the rest of the last."""
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    return [plain(batch) for batch in itertools.islice(batches, count)]


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(LOADERS)), st.integers(0, 3), st.integers(0, 3), st.integers(0, 14),
)  # fmt: skip
def test_resumed_anywhere(name, workers, others, position):
    make = LOADERS[name]
    others = workers if "stream" in name else others
    expected = run(make(workers), 30)

    def until(loader):
        """(`position` batches, the state right after the last)."""
        if position == 0:
            return [], loader.state_dict()
        seen = []
        for batch in itertools.chain.from_iterable(itertools.repeat(loader)):
            seen.append(plain(batch))
            if len(seen) == position:
                return seen, loader.state_dict()

    seen, state = until(make(workers))
    assert seen == expected[:position]
    with tempfile.TemporaryDirectory() as folder:  # a state is what mg.save takes
        mg.save(state, os.path.join(folder, "state"))
        state = mg.load(os.path.join(folder, "state"))
    resumed = make(others)
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    assert run(resumed, 30 - position) == expected[position:]


def test_a_stream_with_a_state_is_not_read_again():
    loader = DataLoader(Counting(), 3, seed=1)
    batches = iter(loader)
    next(batches), next(batches)
    resumed = DataLoader(Counting(), 3, seed=1)
    resumed.load_state_dict(loader.state_dict())
    assert plain(next(iter(resumed))) == plain(next(batches))
    assert resumed.dataset.produced == [7, 8, 9]


def test_a_break_leaves_the_position_and_another_epoch_forgets_it():
    loader = DataLoader(Noisy(), 3, shuffle=True, seed=3, num_workers=2)
    for _ in loader:
        break
    state = loader.state_dict()
    assert (state["epoch"], state["batches"]) == (0, 1)
    loader.set_epoch(0)
    assert loader.state_dict()["batches"] == 0
    loader.load_state_dict(state)
    loader.set_epoch(0)  # as a loop over epochs does: the epoch goes on
    assert len(list(loader)) == 5 and loader.epoch == 1
    assert len(list(loader)) == len(loader) == 6


def test_a_failed_batch_is_tried_again():
    class Failing(Noisy):
        broken = True

        def __getitem__(self, index):
            if index == 7 and self.broken:
                raise OSError("network")
            return super().__getitem__(index)

    loader = DataLoader(Failing(), 3, seed=3)
    with pytest.raises(OSError, match="network"):
        list(loader)
    loader.load_state_dict(loader.state_dict())
    loader.dataset.broken = False
    assert plain(next(iter(loader)))[0] == [6, 7, 8]


def test_a_generator_shared_with_others_stands_where_it_would_have():
    def start():
        shared = mg.Generator().manual_seed(9)
        return shared, DataLoader(Noisy(), 3, sampler=RandomSampler(Noisy(), generator=shared))

    def train(shared, loader, steps):
        return [
            (plain(b), mg.rand(1, generator=shared).item()) for b in itertools.islice(loader, steps)
        ]

    expected = train(*(first := start()), 6) + train(*first, 6)
    shared, loader = start()
    seen = []
    for batch in loader:
        seen.append((plain(batch), mg.rand(1, generator=shared).item()))
        if len(seen) == 2:
            break
    state = loader.state_dict()
    again = start()
    again[1].load_state_dict(state)
    assert seen + train(*again, 4) + train(*again, 6) == expected


@pytest.mark.parametrize(
    "other",
    [
        lambda: DataLoader(Noisy(), 4, seed=3),
        lambda: DataLoader(Noisy(), 3, shuffle=True, seed=3),
        lambda: DataLoader(range(5), 3, seed=3),
        lambda: DataLoader(Noisy(), 3, drop_last=True),
    ],
)
def test_a_state_of_another_kind_of_loader_is_refused(other):
    state = DataLoader(Noisy(), 3, seed=3).state_dict()
    with pytest.raises(ArgumentError, match="means nothing"):
        other().load_state_dict(state)


def test_what_is_no_state_is_refused():
    for state in ({}, {"epoch": 1}, None):
        with pytest.raises(ArgumentError, match="not the state of a DataLoader"):
            DataLoader(Noisy()).load_state_dict(state)
