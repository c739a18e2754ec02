"""The loader's other arguments: what excludes what, streams, workers that know themselves."""

import time

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    TensorDataset,
    epoch_rng,
    get_worker_info,
)
from minigrad.errors import ArgumentError, DTypeError, Error


class Range(IterableDataset):
    """PyTorch's example: a range that workers divide among them, unless they are told how."""

    def __init__(self, start, end, divide=True):
        self.start, self.end, self.divide = start, end, divide

    def __iter__(self):
        info = get_worker_info()
        if info is None or not self.divide:
            return iter(range(self.start, self.end))
        per_worker = -(-(self.end - self.start) // info.num_workers)
        start = self.start + info.id * per_worker
        return iter(range(start, min(start + per_worker, self.end)))

    def __len__(self):
        return self.end - self.start


def numbers(loader):
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("workers", [0, 1, 2, 3, 12])
@pytest.mark.parametrize("batch_size", [1, 2, 5])
@pytest.mark.parametrize("drop_last", [False, True])
def test_a_stream_comes_in_pytorch_s_order(workers, batch_size, drop_last):
    torch_data = pytest.importorskip("torch.utils.data")

    class Theirs(torch_data.IterableDataset):
        """The part of one of PyTorch's workers, without starting it."""

        def __init__(self, worker):
            self.worker = worker

        def __iter__(self):
            per_worker = -(-13 // max(1, workers))
            start = 3 + self.worker * per_worker
            return iter(range(start, min(start + per_worker, 16)))

    parts = [
        numbers(torch_data.DataLoader(Theirs(worker), batch_size, drop_last=drop_last))
        for worker in range(max(1, workers))
    ]
    longest = max([len(part) for part in parts])
    expected = [part[i] for i in range(longest) for part in parts if i < len(part)]
    loader = DataLoader(Range(3, 16), batch_size, drop_last=drop_last, num_workers=workers)
    assert numbers(loader) == numbers(loader) == expected
    assert len(loader) == (13 // batch_size if drop_last else -(-13 // batch_size))


def test_worker_init_fn_configures_its_worker_s_copy():
    stream = Range(3, 7, divide=False)
    assert numbers(DataLoader(stream, num_workers=2))[:4] == [[3], [3], [4], [4]]

    def halve(number):
        info = get_worker_info()
        assert info.id == number and info.num_workers == 2 and info.dataset is not stream
        info.dataset.start, info.dataset.end = (3, 5) if number == 0 else (5, 7)

    assert numbers(DataLoader(stream, num_workers=2, worker_init_fn=halve)) == [[3], [5], [4], [6]]
    assert (stream.start, stream.end) == (3, 7) and get_worker_info() is None


class WhoAmI(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        time.sleep(0.002)
        info = get_worker_info()
        return info.id, info.num_workers, info.seed


def test_workers_of_items_know_themselves_too():
    def seeds(**options):
        loader = DataLoader(WhoAmI(), 1, num_workers=2, **options)
        found = {(int(a), int(b), int(c)) for a, b, c in loader}
        assert {(a, b) for a, b, _ in found} <= {(0, 2), (1, 2)}
        return {c for _, _, c in found}

    all_seeds = seeds(seed=0) | seeds(seed=0)
    assert len(all_seeds) <= 2 and min(all_seeds) >= 0
    assert not (all_seeds & seeds(seed=1))


def test_an_init_fn_that_fails_reaches_the_consumer():
    def refuse(number):
        raise KeyError("no")

    for dataset in (range(3), Range(0, 3)):
        dataset = dataset if isinstance(dataset, Range) else TensorDataset(np.arange(3))
        with pytest.raises(KeyError, match="no"):
            list(DataLoader(dataset, num_workers=2, worker_init_fn=refuse))


def test_an_error_in_a_stream_names_the_item():
    class Broken(IterableDataset):
        def __iter__(self):
            yield from (1, 2)
            raise OSError("gone")

    for workers in (0, 2):
        with pytest.raises(OSError, match="gone") as caught:
            list(DataLoader(Broken(), 2, num_workers=workers))
        assert caught.value.__notes__ == ["while loading item 2 of the stream Broken, epoch 0"]


def test_a_stream_may_shuffle_alike_in_all_workers():
    class Files(IterableDataset):
        def __iter__(self):
            info = get_worker_info()
            order = epoch_rng().permutation(20).tolist()
            yield from order[info.id :: info.num_workers] if info else order

    def epoch(workers):
        return numbers(DataLoader(Files(), 1, num_workers=workers, seed=2))

    assert epoch(2) == epoch(0) and sorted(epoch(3)) == [[i] for i in range(20)] != epoch(0)


def test_without_batches():
    torch_data = pytest.importorskip("torch.utils.data")
    items = [{"x": np.arange(2), "name": "a"}, (1, np.float32(2)), "text", 3.5]
    theirs = list(torch_data.DataLoader(items, batch_size=None))
    ours = list(DataLoader(items, None, num_workers=2))
    assert repr(ours).replace("tensor", "") == repr(theirs).replace("tensor", "")
    assert len(DataLoader(items, None)) == 4
    by_list = DataLoader(np.arange(10), None, sampler=BatchSampler(range(10), 4, False))
    assert numbers(by_list) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    by_batch = DataLoader(TensorDataset(np.arange(10)), batch_sampler=[[3, 4], [9]])
    assert [x.tolist() for (x,) in by_batch] == [[3, 4], [9]] and len(by_batch) == 2
    assert list(DataLoader(Range(0, 3), None)) == [0, 1, 2]


def test_a_timeout_says_so():
    class Slow(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            time.sleep(0.3 * index)
            return index

    with pytest.raises(Error, match=r"no batch within timeout=0\.1 seconds"):
        list(DataLoader(Slow(), num_workers=1, timeout=0.1))


def test_what_means_nothing_with_threads_is_accepted():
    options = {
        "pin_memory": True, "pin_memory_device": "cuda", "persistent_workers": True,
        "multiprocessing_context": "spawn", "in_order": False, "num_workers": 2,
    }  # fmt: skip
    assert numbers(DataLoader(range(5), 2, **options)) == [[0, 1], [2, 3], [4]]


STREAM = Range(0, 3)
ITEMS = range(3)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: DataLoader(STREAM, shuffle=True), ArgumentError, "shuffle=True with Range"),
        (lambda: DataLoader(STREAM, sampler=[0]), ArgumentError, "sampler="),
        (lambda: DataLoader(STREAM, batch_sampler=[[0]]), ArgumentError, "batch_sampler="),
        (lambda: DataLoader(ITEMS, batch_sampler=[[0]], shuffle=True), ArgumentError, "excludes"),
        (lambda: DataLoader(ITEMS, 2, batch_sampler=[[0]]), ArgumentError, "excludes"),
        (lambda: DataLoader(ITEMS, None, drop_last=True), ArgumentError, "makes none"),
        (lambda: DataLoader(ITEMS, timeout=-1), ArgumentError, "timeout"),
        (lambda: DataLoader(ITEMS, timeout=1), ArgumentError, "num_workers > 0"),
        (lambda: DataLoader(ITEMS, prefetch_factor=2), ArgumentError, "num_workers > 0"),
        (lambda: DataLoader(ITEMS, persistent_workers=True), ArgumentError, "num_workers > 0"),
        (lambda: DataLoader(ITEMS, multiprocessing_context="fork"), ArgumentError, "> 0"),
        (
            lambda: DataLoader(ITEMS, num_workers=1, multiprocessing_context="x"),
            ArgumentError,
            "fork, spawn",
        ),
        (lambda: DataLoader(ITEMS, num_workers=1, multiprocessing_context=3), DTypeError, "int"),
        (lambda: DataLoader(ITEMS, seed=1, generator=mg.Generator()), ArgumentError, "not both"),
        (lambda: setattr(DataLoader(ITEMS), "batch_size", 2), ArgumentError, "cannot be changed"),
        (lambda: DataLoader(iter("abc")), ArgumentError, "IterableDataset"),
    ],
)
def test_what_excludes_what(make, error, message):
    with pytest.raises(error, match=message):
        make()
