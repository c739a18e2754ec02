"""Loading ahead in threads: bounded, in order, and never outliving the iterator."""

from __future__ import annotations

import contextlib
import functools
import queue
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..errors import Error

_PATIENCE = 1.0  # seconds to wait for a thread that is still loading when the iterator is dropped


def prefetch(
    tasks: Iterable[tuple[int, Any]],
    loads: Sequence[Callable[[Any], Any]],
    ahead: int,
    *,
    share: bool,
    prepare: Callable[[int], None],
    timeout: float = 0,
) -> Iterator[Any]:
    """The results of tasks, in order, computed in threads at most `ahead` tasks early.

    An exception of a load is raised where its result would have come, and ends the iteration.

    Args:
        tasks: (worker, argument) each. They are asked for in the consumer's thread.
        loads: What each worker calls with the argument.
        share: Whether any worker may do any task.
        prepare: Called first in each thread, with the number of the worker.
        timeout: Seconds to wait for a result; 0 waits for ever.
    """
    one: queue.SimpleQueue[Any] = queue.SimpleQueue()
    queues = [one if share else queue.SimpleQueue() for _ in loads]
    workers = [
        functools.partial(_work, functools.partial(prepare, number), load, tasks_of_it)
        for number, (load, tasks_of_it) in enumerate(zip(loads, queues, strict=True))
    ]
    threads: list[threading.Thread] = []
    results = _results(tasks, workers, ahead, queues, threads, timeout)
    # For interpreter exit: a suspended generator's `finally` may then run too late, or never.
    weakref.finalize(results, _stop, queues, threads)
    return results


def _results(
    tasks: Iterable[tuple[int, Any]],
    workers: Sequence[Callable[[], None]],
    ahead: int,
    queues: list[queue.SimpleQueue[Any]],
    threads: list[threading.Thread],
    timeout: float,
) -> Iterator[Any]:
    pending: deque[queue.SimpleQueue[Any]] = deque()  # one slot a task: it receives one result
    try:
        for number, work in enumerate(workers):
            # Daemons: a dataset that waits for ever must not keep the interpreter from exiting.
            name = f"minigrad-loader-{number}"
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            threads.append(thread)
        for worker, argument in tasks:
            slot: queue.SimpleQueue[Any] = queue.SimpleQueue()
            queues[worker].put((slot, argument))
            pending.append(slot)
            if len(pending) > ahead:
                yield _take(pending.popleft(), timeout)
        while pending:
            yield _take(pending.popleft(), timeout)
    finally:
        _stop(queues, threads)


def _work(
    prepare: Callable[[], None], load: Callable[[Any], Any], tasks: queue.SimpleQueue[Any]
) -> None:
    # Holds no reference to the iterator, so that dropping the iterator frees it, and to no result
    # after handing it over.
    failure = _attempt(lambda _: prepare(), None)[1]
    while (task := tasks.get()) is not None:
        slot, argument = task
        slot.put(_attempt(load, argument) if failure is None else (None, failure))
    del failure  # this frame is in its traceback: without this, a reference cycle


def _attempt(load: Callable[[Any], Any], argument: Any) -> tuple[Any, BaseException | None]:
    try:
        return load(argument), None
    except BaseException as error:
        return None, error


def _take(slot: queue.SimpleQueue[Any], timeout: float) -> Any:
    try:
        result, error = slot.get(timeout=timeout or None)
    except queue.Empty:
        raise Error(
            f"DataLoader: no batch within timeout={timeout} seconds: is the dataset waiting?"
        ) from None
    if error is None:
        return result
    try:
        raise error
    finally:
        del error  # this frame is in the error's traceback: without this, a reference cycle


def _stop(queues: list[queue.SimpleQueue[Any]], threads: list[threading.Thread]) -> None:
    """Discard waiting tasks, tell the threads to end, and give them a moment to do so.

    Takes no lock that a thread could hold: garbage collection may call it anywhere.
    """
    for tasks in queues:
        with contextlib.suppress(queue.Empty):
            while True:
                tasks.get_nowait()
    for tasks in queues:  # one queue a thread, though it may be the same
        tasks.put(None)
    deadline = time.monotonic() + _PATIENCE
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(max(0.0, deadline - time.monotonic()))
