"""Threads that share a kernel's work: native code, so that handing over takes about 1 us.

A job is a range cut into chunks. Whoever is free takes the next chunk by one atomic exchange, so a
thread that the system holds up holds up one chunk only. Idle workers look for a job for a moment
(a train step asks again within microseconds) and then sleep: nobody burns a core that others need,
and nobody waits in Python, where threads queue for the interpreter's lock.

All that threads share is the pool, an array of 64-bit words; the numbers below name its words.
"""

from __future__ import annotations

import functools
import importlib
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .cache import build, module_digest

# The ticket holds the job's number above 32 bits, and below how many chunks nobody has taken.
TICKET = 0
UNFINISHED = 8  # chunks; words that different threads write lie in different cache lines
THUNK, CONTEXT, KERNEL, COUNT, CHUNKS, FAILED = 16, 17, 18, 19, 20, 21  # of the job
TAKEN = 24  # whether a caller uses the pool; another one meanwhile works alone
WORKERS = 32  # how many of the workers may take part
SLEEPERS, WAITING = 33, 34  # workers asleep, and whether the caller is
MUTEX, WORK, DONE = 40, 48, 56  # of pthreads, at most 64 bytes each
WORDS = 64

_LOW = (1 << 32) - 1
SPIN_NANOSECONDS = 100_000  # how long to look before sleeping: the pauses within a train step
_CLOCK = getattr(time, "CLOCK_MONOTONIC", 1)


class Pool:
    """What the threads share, and the workers that serve it (until the process ends)."""

    def __init__(self) -> None:
        room = np.zeros(WORDS + 8, np.int64)
        self.words = room[-room.ctypes.data // 8 % 8 :][
            :WORDS
        ]  # cache lines begin where they should
        self.address = self.words.ctypes.data
        self.threads = 1  # the caller
        self._started = 0
        _native("start")(self.words)

    def resize(self, threads: int) -> None:
        """Let `threads` take part, the caller among them."""
        for number in range(self._started, threads - 1):
            serve = _native("serve")
            threading.Thread(target=serve, args=(self.words, number), daemon=True).start()
            self._started += 1
        self.words[WORKERS] = threads - 1
        self.threads = threads


def default_count() -> int:
    """The threads to use unless told otherwise.

    ``MINIGRAD_NUM_THREADS``, else ``OMP_NUM_THREADS`` (which PyTorch reads too), else the cores
    that this process may use, by its affinity and by the quota of its container.
    """
    for name in ("MINIGRAD_NUM_THREADS", "OMP_NUM_THREADS"):
        asked = os.environ.get(name, "").split(",")[0].strip()
        if asked.isdigit() and int(asked) > 0:
            return int(asked)
    affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if affinity else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _quota())))


def _quota(root: Path = Path("/sys/fs/cgroup")) -> float:
    """How many cores' time Linux grants this process's control group; infinite if it does not say.

    Version 2 has ``cpu.max`` ("200000 100000", or "max 100000") in each group on the path to the
    process's own; version 1 has two files. A container sees its own group as the root.
    """
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        own = next((g[3:] for g in groups if g.startswith("0::")), "/").strip("/")
        folders = [root / own, *(root / own).parents]
        limits = [f / "cpu.max" for f in folders if f == root or root in f.parents]
        found = [file.read_text().split() for file in limits if file.exists()]
        shares = [float(q) / float(period) for q, period in found if q != "max"]
        old = [root / "cpu" / f"cpu.cfs_{name}_us" for name in ("quota", "period")]
        if all([file.exists() for file in old]):
            quota, period = [float(file.read_text()) for file in old]
            shares += [quota / period] if quota > 0 else []
        return min(shares, default=math.inf)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


# --- instructions that Python does not have -------------------------------------------------------


def _intrinsic(returns: str, arguments: int, emit: Any) -> Any:
    """A Numba function of int64s; ``emit(ir, builder, *arguments)`` writes its instructions."""
    numba = importlib.import_module("numba")
    ir = importlib.import_module("llvmlite.ir")
    signature = getattr(numba.types, returns)(*[numba.types.int64] * arguments)

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        result = emit(ir, builder, *args)
        return context.get_dummy_value() if returns == "void" else result

    names = ", ".join([f"a{i}" for i in range(arguments)])
    scope: dict[str, Any] = {"signature": signature, "generate": generate}
    exec(f"def intrinsic(_context{', ' * bool(names)}{names}): return signature, generate", scope)
    return numba.extending.intrinsic(scope["intrinsic"])


def _word(ir: Any, builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, ir.IntType(64).as_pointer())


def _load(ir: Any, builder: Any, address: Any) -> Any:
    return builder.load_atomic(_word(ir, builder, address), "seq_cst", 8)


def _store(ir: Any, builder: Any, address: Any, value: Any) -> None:
    builder.store_atomic(value, _word(ir, builder, address), "seq_cst", 8)


def _add(ir: Any, builder: Any, address: Any, value: Any) -> Any:
    return builder.atomic_rmw("add", _word(ir, builder, address), value, "seq_cst")


def _exchange(ir: Any, builder: Any, address: Any, value: Any) -> Any:
    return builder.atomic_rmw("xchg", _word(ir, builder, address), value, "seq_cst")


def _replace(ir: Any, builder: Any, address: Any, expected: Any, value: Any) -> Any:
    """Whether the word held `expected`, and now holds `value`."""
    pair = builder.cmpxchg(_word(ir, builder, address), expected, value, "seq_cst", "seq_cst")
    return builder.zext(builder.extract_value(pair, 1), ir.IntType(64))


def _pause(ir: Any, builder: Any) -> None:
    """Tell the core that it is waiting, where LLVM has a word for it."""
    machine = builder.module.triple.partition("-")[0]
    if machine in ("x86_64", "i686", "i386"):
        name, arguments = "llvm.x86.sse2.pause", []
    elif machine in ("aarch64", "arm64"):
        name, arguments = "llvm.aarch64.hint", [ir.IntType(32)(1)]
    else:
        return
    kind = ir.FunctionType(ir.VoidType(), [x.type for x in arguments])
    cgutils = importlib.import_module("numba.core.cgutils")
    builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def _clock(ir: Any, builder: Any) -> Any:
    """Nanoseconds of a clock that only moves forward."""
    i64 = ir.IntType(64)
    with builder.goto_entry_block():
        room = builder.alloca(ir.ArrayType(i64, 2))
    kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32), room.type])
    cgutils = importlib.import_module("numba.core.cgutils")
    read = cgutils.get_or_insert_function(builder.module, kind, "clock_gettime")
    builder.call(read, [ir.IntType(32)(_CLOCK), room])
    parts = [builder.extract_value(builder.load(room), i) for i in range(2)]
    return builder.add(builder.mul(parts[0], i64(10**9)), parts[1])


def _call(
    ir: Any, builder: Any, thunk: Any, context: Any, kernel: Any, first: Any, last: Any
) -> Any:
    """The status of a kernel's run over a chunk: 0 if it went well."""
    i64 = ir.IntType(64)
    kind = ir.FunctionType(i64, [i64] * 4)
    return builder.call(builder.inttoptr(thunk, kind.as_pointer()), [context, kernel, first, last])


def _system(name: str, arguments: int) -> Any:
    """A function of pthreads, which takes addresses."""

    def emit(ir: Any, builder: Any, *args: Any) -> None:
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(64)] * arguments)
        cgutils = importlib.import_module("numba.core.cgutils")
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)

    return _intrinsic("void", arguments, emit)


# --- a job's arguments, kept on the caller's stack ------------------------------------------------


@functools.cache
def packed() -> Any:
    """A Numba function: (thunk, context) of a tuple of arguments.

    `context` is where they lie on the stack of the function that calls it; ``thunk(context,
    kernel, first, last)`` calls the kernel at that address with them. One thunk serves all kernels
    of a signature.
    """
    numba = importlib.import_module("numba")
    cgutils = importlib.import_module("numba.core.cgutils")
    ir = importlib.import_module("llvmlite.ir")
    i64 = ir.IntType(64)
    int64 = numba.types.int64

    def thunk(context: Any, module: Any, types: Any) -> Any:
        function = ir.Function(
            module, ir.FunctionType(i64, [i64] * 4), module.get_unique_name("thunk")
        )
        function.linkage = "internal"
        builder = ir.IRBuilder(function.append_basic_block())
        place, kernel, first, last = function.args
        kind = context.get_value_type(types)
        values = cgutils.unpack_tuple(
            builder, builder.load(builder.inttoptr(place, kind.as_pointer()))
        )
        takes = (*types.types, int64, int64)
        callee = context.call_conv.get_function_type(numba.types.none, takes).as_pointer()
        status, _ = context.call_conv.call_function(
            builder, builder.inttoptr(kernel, callee), numba.types.none, takes,
            [*values, first, last],
        )  # fmt: skip
        builder.ret(builder.zext(status.is_error, i64))
        return function

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = cgutils.alloca_once_value(builder, args[0])
        function = thunk(context, builder.module, signature.args[0])
        addresses = [builder.ptrtoint(x, i64) for x in (function, place)]
        return cgutils.pack_array(builder, addresses)

    @numba.extending.intrinsic
    def packed(_context, arguments):  # type: ignore[no-untyped-def]
        types = arguments
        if isinstance(types, numba.types.UniTuple):
            types = numba.types.UniTuple(types.dtype, types.count)
        return numba.types.UniTuple(int64, 2)(types), generate

    return packed


@functools.cache
def call_share() -> Any:
    """A Numba function: ``share`` (see `_sources`) called by its address, the first argument."""
    numba = importlib.import_module("numba")
    int64 = numba.types.int64
    takes = (int64,) * 6

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = context.call_conv.get_function_type(int64, takes).as_pointer()
        share = builder.inttoptr(args[0], kind)
        return context.call_conv.call_function(builder, share, int64, takes, args[1:])[1]

    @numba.extending.intrinsic
    def call(_context, share, pool, thunk, context, kernel, count, chunks):  # type: ignore[no-untyped-def]
        return int64(int64, *takes), generate

    return call


@functools.cache
def share_address() -> int:
    """Where the compiled ``share`` is."""
    return address_of(_native("share"))


def address_of(compiled: Any) -> int:
    """Where the machine code is of a function that Numba compiled for one signature."""
    (entry,) = compiled.overloads.values()
    return entry.library.get_pointer_to_function(entry.fndesc.llvm_func_name)


def _sources() -> dict[str, Callable[..., Any]]:
    """``start(pool)``, ``serve(pool, number)`` and ``share(...)``, to be compiled."""
    numba = importlib.import_module("numba")
    load, store = _intrinsic("int64", 1, _load), _intrinsic("void", 2, _store)
    add, exchange = _intrinsic("int64", 2, _add), _intrinsic("int64", 2, _exchange)
    replace, call = _intrinsic("int64", 3, _replace), _intrinsic("int64", 5, _call)
    pause, clock = _intrinsic("void", 0, _pause), _intrinsic("int64", 0, _clock)
    lock, unlock = _system("pthread_mutex_lock", 1), _system("pthread_mutex_unlock", 1)
    sleep, wake = _system("pthread_cond_wait", 2), _system("pthread_cond_broadcast", 1)
    new_mutex = _system("pthread_mutex_init", 2)
    new_condition = _system("pthread_cond_init", 2)
    helper = numba.njit(nogil=True, error_model="numpy", inline="never")

    def start(pool):  # type: ignore[no-untyped-def]
        at = pool.ctypes.data
        new_mutex(at + 8 * MUTEX, 0)
        new_condition(at + 8 * WORK, 0)
        new_condition(at + 8 * DONE, 0)

    @helper
    def work(at):  # type: ignore[no-untyped-def]
        """Take chunks until there are none."""
        ticket = load(at + 8 * TICKET)
        while ticket & _LOW:
            if not replace(at + 8 * TICKET, ticket, ticket - 1):
                ticket = load(at + 8 * TICKET)
                continue
            # The job cannot end before this chunk does: what it says is still true.
            chunks, count = load(at + 8 * CHUNKS), load(at + 8 * COUNT)
            chunk = chunks - (ticket & _LOW)
            first, last = count * chunk // chunks, count * (chunk + 1) // chunks
            thunk, context = load(at + 8 * THUNK), load(at + 8 * CONTEXT)
            if call(thunk, context, load(at + 8 * KERNEL), first, last):
                store(at + 8 * FAILED, 1)
            if add(at + 8 * UNFINISHED, -1) == 1 and load(at + 8 * WAITING):
                lock(at + 8 * MUTEX)
                wake(at + 8 * DONE)
                unlock(at + 8 * MUTEX)
            ticket = load(at + 8 * TICKET)

    def serve(pool, number):  # type: ignore[no-untyped-def]
        at = pool.ctypes.data
        while True:
            end = clock() + SPIN_NANOSECONDS
            while True:
                if number < load(at + 8 * WORKERS):
                    if load(at + 8 * TICKET) & _LOW:
                        work(at)
                        end = clock() + SPIN_NANOSECONDS
                    pause()
                    if clock() < end:
                        continue
                break
            lock(at + 8 * MUTEX)
            add(at + 8 * SLEEPERS, 1)
            while not load(at + 8 * TICKET) & _LOW or number >= load(at + 8 * WORKERS):
                sleep(at + 8 * WORK, at + 8 * MUTEX)
            add(at + 8 * SLEEPERS, -1)
            unlock(at + 8 * MUTEX)
        return pool[0]  # never: but so long the array is kept

    def share(at, thunk, context, kernel, count, chunks):  # type: ignore[no-untyped-def]
        """Run a job on this thread and the workers; 0 if every chunk went well."""
        if exchange(at + 8 * TAKEN, 1):
            return call(thunk, context, kernel, 0, count)
        store(at + 8 * THUNK, thunk)
        store(at + 8 * CONTEXT, context)
        store(at + 8 * KERNEL, kernel)
        store(at + 8 * COUNT, count)
        store(at + 8 * CHUNKS, chunks)
        store(at + 8 * FAILED, 0)
        store(at + 8 * UNFINISHED, chunks)
        number = (load(at + 8 * TICKET) >> 32) + 1
        store(at + 8 * TICKET, (number << 32) + chunks)
        if load(at + 8 * SLEEPERS):
            lock(at + 8 * MUTEX)
            wake(at + 8 * WORK)
            unlock(at + 8 * MUTEX)
        work(at)
        end = clock() + SPIN_NANOSECONDS
        while load(at + 8 * UNFINISHED) and clock() < end:
            pause()
        if load(at + 8 * UNFINISHED):
            lock(at + 8 * MUTEX)
            store(at + 8 * WAITING, 1)
            while load(at + 8 * UNFINISHED):
                sleep(at + 8 * DONE, at + 8 * MUTEX)
            store(at + 8 * WAITING, 0)
            unlock(at + 8 * MUTEX)
        failed = load(at + 8 * FAILED)
        store(at + 8 * TAKEN, 0)
        return failed

    return {"start": start, "serve": serve, "share": share}


@functools.cache
def _native(name: str) -> Any:
    """One of the pool's functions, compiled or from the disk."""
    numba = importlib.import_module("numba")
    types = numba.types
    signatures = {
        "start": (types.int64[::1],),
        "serve": (types.int64[::1], types.int64),
        "share": (types.int64,) * 6,
    }
    function = _sources()[name]
    function.__qualname__ = f"native_{name}"  # becomes a symbol
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    build(compiled, f"{__name__}.{name}", module_digest(_native), signatures[name])
    return compiled
