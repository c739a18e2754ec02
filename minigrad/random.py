"""The counter-based generator behind every random number: Philox4x32-10.

A `Generator` is a seed and an offset; drawing moves the offset. The numbers depend on those two
alone, so they are equal on every device, and a mask can be computed again instead of stored.
"""

from __future__ import annotations

import contextlib
import operator
import os
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from .device import device as Device
from .errors import ArgumentError


class Draw(NamedTuple):
    """A stretch of the random stream: the key and the first counter."""

    seed: int
    offset: int


class Generator:
    """A stream of random numbers: the same seed gives the same numbers, run after run."""

    def __init__(self, seed: Any = None, device: Any = "cpu") -> None:
        self._lock = threading.Lock()
        if seed is not None and not isinstance(seed, int):  # PyTorch's Generator("cuda")
            seed, device = None, seed
        self.device = Device(device)  # where it was asked for; its numbers are the same everywhere
        self.seed() if seed is None else self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of `seed`, an integer of 64 bits (negative ones wrap)."""
        if not -(2**63) <= seed < 2**64:
            raise ArgumentError(f"manual_seed: {seed} does not fit in 64 bits")
        self._seed, self._offset = seed % 2**64, 0
        return self

    def seed(self) -> int:
        """Start the stream of a seed that the operating system gives, which is returned."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 1)
        return self._seed

    def initial_seed(self) -> int:
        """The seed of the stream."""
        return self._seed

    def get_state(self) -> dict[str, int]:
        """Where the stream stands, for `set_state`."""
        return {"seed": self._seed, "offset": self._offset}

    def set_state(self, state: dict[str, int]) -> None:
        """Continue from a state that `get_state` gave."""
        try:
            found = [operator.index(state[name]) for name in ("seed", "offset")]
        except (TypeError, KeyError, IndexError):
            found = [-1]
        if not all([0 <= number < 2**64 for number in found]):
            raise ArgumentError(f"set_state: {state!r} is no state of a Generator's get_state()")
        self._seed, self._offset = found

    def draw(self, counters: int) -> Draw:
        """Claim the next `counters` counters of the stream."""
        with self._lock:
            start = self._offset
            self._offset += counters
        return Draw(self._seed, start)


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, which layers, dropout and `rand` draw from."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed the default generator from the operating system; returns the seed."""
    return default_generator.seed()


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """``with fork_rng():`` what is drawn inside leaves the default generator where it was.

    (Devices share one generator, so `devices` changes nothing.)
    """
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


def initial_seed() -> int:
    """The default generator's seed."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, int]:
    """Where the default generator stands."""
    return default_generator.get_state()


def set_rng_state(state: dict[str, int]) -> None:
    """Put the default generator where `get_rng_state` found it."""
    default_generator.set_state(state)
