"""Memory for arrays: kept when an array dies, given to the next.

A train step frees and asks again for the same megabytes. Memory fresh from the system must be
mapped and cleared page by page at its first touch, which would be a third of an LSTM's step.

Small and middling arrays come from the C library, which is told to keep what is freed: it hands out
next what was freed last, which the processor's cache still holds. It cannot be told so of blocks
above 32 MiB, and not every C library can be told at all: `MemoryCache` keeps large arrays' memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import operator
import os
import sys
import threading
import weakref
from typing import Any

import numpy as np

# glibc's mallopt: how much free memory it keeps, and from which size it maps blocks apart.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT = 256 << 20


def _c_library() -> Any:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def _keep_freed_memory() -> bool:
    """Let glibc keep what is freed, up to a limit, for the next arrays; whether it does.

    Whoever set glibc's own variables knows better and is left alone.
    """
    mallopt = getattr(_c_library(), "mallopt", None)  # another C library may lack it
    if any(name in os.environ for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")):
        return False
    return bool(mallopt and mallopt(_TRIM_THRESHOLD, _KEPT) and mallopt(_MMAP_THRESHOLD, 32 << 20))


# Bytes from which the cache serves. On glibc the CNN of 2.8 MB arrays took 5.7 ms with its heap and
# 5.9 with the cache from 256 KiB on; a Transformer of 8 MB arrays 15.9 and 14.5.
SMALLEST = 1 << 22 if _keep_freed_memory() else 1 << 18
_HUGE = 1 << 21  # from here on ask for pages of 2 MiB, if the system has them to give
_LINE = 64  # bytes of a cache line


class _Lease(weakref.ref):
    """Tells when the array that was given a block is gone."""

    __slots__ = ("block", "size")
    block: Any
    size: int


class MemoryCache:
    """Blocks in use and free ones, which together a train step needs again and again.

    An array's memory is a block, its `base`. Views hold the array, so a weak reference to the array
    tells when nothing can see the block any more: NumPy lets views share their base where that is
    an array, but a block is not one.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit  # of free bytes
        self._free: dict[int, list[Any]] = {}  # by size
        self._leases: dict[int, _Lease] = {}  # by id: what keeps the weak references alive
        # A block is given back wherever its array dies: also while this lock is held, by the
        # garbage collector on the same thread.
        self._lock = threading.RLock()
        self._made = 0
        self.hits = self.misses = self.cached = self.allocated = self.peak = 0

    def empty(self, shape: tuple[int, ...], dtype: np.dtype, nbytes: int) -> np.ndarray:
        """An array of uninitialised memory, at the beginning of a cache line."""
        size = _rounded(nbytes)
        with self._lock:
            waiting = self._free.get(size)
            if waiting:
                block, offset = waiting.pop()
                self.cached -= size
                self.hits += 1
            else:
                try:
                    block, offset = self._new_block(size)
                except (OSError, OverflowError, ValueError):
                    self.clear()
                    return np.empty(shape, dtype)  # or the error that says how much was asked for
                self.misses += 1
            array = np.ndarray(shape, dtype, block, offset)
            lease = _Lease(array, self._give_back)
            lease.block, lease.size = (block, offset), size
            self._leases[id(lease)] = lease
            self.allocated += size
            self.peak = max(self.peak, self.allocated)
        return array

    def _new_block(self, size: int) -> tuple[Any, int]:
        # Blocks begin at different lines of a page: equal lines of many arrays, read together,
        # would fight for the same places in the cache.
        self._made += 1
        offset = self._made * 5 % 32 * _LINE
        if not hasattr(mmap, "MAP_PRIVATE"):
            return memoryview(np.empty(size + offset, np.uint8)), offset  # type: ignore[arg-type]
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # private: a forked child gets its own
        block = mmap.mmap(-1, size + offset, flags=flags)
        if size >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):  # a system without them
                block.madvise(mmap.MADV_HUGEPAGE)
        return block, offset

    def _give_back(self, lease: _Lease) -> None:
        with self._lock:
            if self._leases.pop(id(lease), None) is None:
                return  # a forked child's: see `forget`
            self.allocated -= lease.size
            if self.cached + lease.size > self.limit:
                self.clear()  # it holds sizes that are no longer asked for
            if lease.size <= self.limit:
                self._free.setdefault(lease.size, []).append(lease.block)
                self.cached += lease.size

    def clear(self) -> None:
        """Return the free blocks to the system."""
        with self._lock:
            self._free.clear()
            self.cached = 0

    def after_fork(self) -> None:
        """In a child: another thread may have held the lock when it was made."""
        self._lock = threading.RLock()


def _rounded(nbytes: int) -> int:
    """`nbytes` up to the next of eight sizes an octave, so that nearly equal arrays share blocks.

    Memory that is not touched is not taken: rounding costs addresses only.
    """
    step = max(1 << 16, 1 << max(0, nbytes.bit_length() - 4))
    return -(-nbytes // step) * step


def _default_limit() -> int:
    """An eighth of the machine's memory, at most 1 GiB; ``MINIGRAD_CACHE_BYTES`` says otherwise."""
    asked = os.environ.get("MINIGRAD_CACHE_BYTES", "")
    if asked.isdigit():
        return int(asked)
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 28
    return min(1 << 30, total // 8)


CACHE = MemoryCache(_default_limit())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CACHE.after_fork)


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """`numpy.empty`, from the cache if it is large."""
    nbytes = dtype.itemsize
    for n in shape:
        nbytes *= operator.index(n)
    if nbytes < SMALLEST:
        return np.empty(shape, dtype)
    return CACHE.empty(shape, dtype, nbytes)


class _HeapState(ctypes.Structure):
    """What glibc's mallinfo2 returns."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks used free keepcost".split()
    ]


def memory_stats() -> dict[str, int]:
    """Bytes that arrays on the CPU use now, and that are kept for the next.

    ``allocated``, its ``peak``, ``cached`` (free, at most ``limit``: ``MINIGRAD_CACHE_BYTES`` sets
    it), ``hits`` and ``misses`` (arrays that found memory in the cache, or not) are of large
    arrays, from ``smallest`` bytes on. ``heap_used`` and ``heap_free`` are the C library's, of all
    else in the process; 0 where it does not say.
    """
    c, heap = CACHE, _HeapState()
    if read := getattr(_c_library(), "mallinfo2", None):
        read.restype = _HeapState
        heap = read()
    return {
        "allocated": c.allocated, "peak": c.peak, "cached": c.cached, "limit": c.limit,
        "smallest": SMALLEST, "hits": c.hits, "misses": c.misses,
        "heap_used": heap.used, "heap_free": heap.free,
    }  # fmt: skip


def empty_cache() -> None:
    """Return to the system the memory that no array uses."""
    CACHE.clear()
    if trim := getattr(_c_library(), "malloc_trim", None):
        trim(0)
