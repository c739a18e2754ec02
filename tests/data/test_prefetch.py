"""Worker threads: order, bounds, exceptions, and no thread left behind."""

import gc
import os
import subprocess
import sys
import threading
import time

import pytest

from minigrad.data import DataLoader


class Lazy:
    """Items that take a while, each another time; remembers what was asked for."""

    def __init__(self, size=20, bad=None, error=None):
        self.size, self.bad, self.error = size, bad, error
        self.asked = []

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        self.asked.append(index)
        time.sleep(0.001 * (index % 3))
        if index == self.bad:
            raise self.error
        return index


def loader_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("minigrad-loader")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    assert loader_threads() == []
    yield
    assert loader_threads() == []


def test_order_is_kept_and_prefetch_is_bounded():
    dataset = Lazy(60)
    iterator = iter(DataLoader(dataset, 2, num_workers=3, prefetch_factor=2, collate_fn=list))
    assert next(iterator) == [0, 1]
    due = 2 * (1 + 3 * 2)
    deadline = time.monotonic() + 20
    while len(dataset.asked) < due and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(dataset.asked) == due
    assert [index for batch in iterator for index in batch] == list(range(2, 60))


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("error", [KeyError("gone"), SystemExit(3)], ids=["KeyError", "SystemExit"])
def test_an_exception_reaches_the_consumer_in_its_place(num_workers, error):
    loader = DataLoader(Lazy(bad=7, error=error), 2, num_workers=num_workers, collate_fn=list)
    iterator = iter(loader)
    assert [next(iterator) for _ in range(3)] == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(type(error)) as caught:
        next(iterator)
    assert caught.value is error
    if isinstance(error, Exception):
        assert error.__notes__[-1] == "while loading item 7 of Lazy, epoch 0"
    assert loader_threads() == []
    assert list(iterator) == []


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_stop_iteration_in_the_dataset_does_not_end_the_epoch_silently(num_workers):
    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Lazy(bad=7, error=StopIteration()), num_workers=num_workers))


def test_a_failing_collate_names_the_items():
    def refuse(items):
        raise ValueError("no")

    with pytest.raises(ValueError) as caught:
        list(DataLoader(Lazy(), 3, num_workers=1, collate_fn=refuse))
    assert caught.value.__notes__ == ["while collating the items [0, 1, 2] of Lazy"]


def test_dropping_the_iterator_stops_its_threads_without_the_garbage_collector():
    gc.disable()
    try:
        for _ in DataLoader(Lazy(), num_workers=4):
            assert len(loader_threads()) == 4
            break
        assert loader_threads() == []
    finally:
        gc.enable()


def test_an_iterator_never_advanced_starts_no_thread():
    iterator = iter(DataLoader(Lazy(), num_workers=4))
    assert loader_threads() == []
    del iterator


BLOCKED = """
import threading, time
from minigrad.data import DataLoader
class Blocked:
    def __len__(self): return 100
    def __getitem__(self, index):
        if index: threading.Event().wait()
        return index
iterator = iter(DataLoader(Blocked(), num_workers=2))
next(iterator)
print("leaving", flush=True)
"""


def test_a_blocked_dataset_does_not_hang_the_interpreter_s_exit():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED], env=environment, timeout=60, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "leaving\n", "")
