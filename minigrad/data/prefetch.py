"""Loading ahead in threads: bounded, in order, and never outliving the iterator."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_PATIENCE = 1.0  # seconds to wait for a thread that is still loading when the iterator is dropped


def prefetch(
    load: Callable[[Any], Any], batches: Iterable[Any], workers: int, ahead: int
) -> Iterator[Any]:
    """`load(batch)` for each batch, in order, computed in threads at most `ahead` batches early.

    An exception of `load` is raised where its result would have come, and ends the iteration.
    """
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threads: list[threading.Thread] = []
    results = _results(load, batches, workers, ahead, tasks, threads)
    # For interpreter exit: a suspended generator's `finally` may then run too late, or never.
    weakref.finalize(results, _stop, tasks, threads)
    return results


def _results(
    load: Callable[[Any], Any],
    batches: Iterable[Any],
    workers: int,
    ahead: int,
    tasks: queue.SimpleQueue[Any],
    threads: list[threading.Thread],
) -> Iterator[Any]:
    pending: deque[queue.SimpleQueue[Any]] = deque()  # one slot a batch: it receives one result
    try:
        for number in range(workers):
            # Daemons: a dataset that waits for ever must not keep the interpreter from exiting.
            name = f"minigrad-loader-{number}"
            thread = threading.Thread(target=_work, args=(load, tasks), name=name, daemon=True)
            thread.start()
            threads.append(thread)
        for batch in batches:
            slot: queue.SimpleQueue[Any] = queue.SimpleQueue()
            tasks.put((slot, batch))
            pending.append(slot)
            if len(pending) > ahead:
                yield _take(pending.popleft())
        while pending:
            yield _take(pending.popleft())
    finally:
        _stop(tasks, threads)


def _work(load: Callable[[Any], Any], tasks: queue.SimpleQueue[Any]) -> None:
    # Holds no reference to the iterator, so that dropping the iterator frees it, and to no result
    # after handing it over.
    while (task := tasks.get()) is not None:
        slot, batch = task
        slot.put(_attempt(load, batch))


def _attempt(load: Callable[[Any], Any], batch: Any) -> tuple[Any, BaseException | None]:
    try:
        return load(batch), None
    except BaseException as error:
        return None, error


def _take(slot: queue.SimpleQueue[Any]) -> Any:
    result, error = slot.get()
    if error is None:
        return result
    try:
        raise error
    finally:
        del error  # this frame is in the error's traceback: without this, a reference cycle


def _stop(tasks: queue.SimpleQueue[Any], threads: list[threading.Thread]) -> None:
    """Discard waiting tasks, tell the threads to end, and give them a moment to do so.

    Takes no lock that a thread could hold: garbage collection may call it anywhere.
    """
    with contextlib.suppress(queue.Empty):
        while True:
            tasks.get_nowait()
    for _ in threads:
        tasks.put(None)
    deadline = time.monotonic() + _PATIENCE
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(max(0.0, deadline - time.monotonic()))
