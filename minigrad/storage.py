"""Memory shared by a tensor and its views, with a log of in-place writes.

Backward must not use a saved array that was overwritten after it was saved. Each write is logged
with the bytes it touched, so a loop may fill ``h[t]`` while ``h[t - 1]`` is kept for backward: only
a write that overlaps the saved bytes is an error.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .device import Array, byte_bounds, namespace

# Past this many writes the older half is merged into one: conservative, never wrong.
_LONGEST_LOG = 4096


class Write(NamedTuple):
    """One in-place write: its place in time, the bytes it may have touched, the view written."""

    version: int
    low: int
    high: int
    array: Array | None


class Storage:
    """The identity of a piece of memory: how often it was written, and where.

    `foreign` marks memory that code outside minigrad can write to (`from_numpy`): what backward
    needs of it is copied.
    """

    __slots__ = ("foreign", "version", "writes")

    def __init__(self, foreign: bool = False) -> None:
        self.version = 0
        self.writes: list[Write] = []
        self.foreign = foreign

    def log_write(self, array: Array) -> None:
        """Note that `array`, a view of this memory, was written."""
        self.version += 1
        low, high = byte_bounds(array)
        if low == high:
            return
        writes = self.writes
        if high - low == array.nbytes:  # dense: it hides earlier writes within it
            while writes and low <= writes[-1].low and writes[-1].high <= high:
                writes.pop()
        writes.append(Write(self.version, low, high, array))
        if len(writes) > _LONGEST_LOG:
            self._merge_older_half()

    def _merge_older_half(self) -> None:
        half = len(self.writes) // 2
        old = self.writes[:half]
        low, high = min([w.low for w in old]), max([w.high for w in old])
        self.writes[:half] = [Write(old[-1].version, low, high, None)]

    def overwritten_since(self, version: int, array: Array) -> bool:
        """Whether any byte of `array` was written after `version`."""
        if version == self.version:
            return False
        low, high = byte_bounds(array)
        for write in reversed(self.writes):
            if write.version <= version:
                return False
            if write.low < high and low < write.high and _share_bytes(write.array, array):
                return True
        return False


def _share_bytes(written: Array | None, array: Array) -> bool:
    """Whether arrays whose byte ranges overlap share an element: two columns do not."""
    if written is None:
        return True
    try:
        return bool(namespace(array).shares_memory(written, array, max_work=100_000))
    except (np.exceptions.TooHardError, TypeError):
        return True
