"""The counter-based generator behind every random number: Philox4x32-10.

A `Generator` is a seed and an offset; drawing moves the offset. The numbers depend on those two
alone, so they are equal on every device, and a mask can be computed again instead of stored.
"""

from __future__ import annotations

import os
import threading
from typing import NamedTuple

from .errors import ArgumentError


class Draw(NamedTuple):
    """A stretch of the random stream: the key and the first counter."""

    seed: int
    offset: int


class Generator:
    """A stream of random numbers: the same seed gives the same numbers, run after run."""

    def __init__(self, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 1 if seed is None else seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of `seed`, an integer of 64 bits (negative ones wrap)."""
        if not -(2**63) <= seed < 2**64:
            raise ArgumentError(f"manual_seed: {seed} does not fit in 64 bits")
        self._seed, self._offset = seed % 2**64, 0
        return self

    def initial_seed(self) -> int:
        """The seed of the stream."""
        return self._seed

    def get_state(self) -> dict[str, int]:
        """Where the stream stands, for `set_state`."""
        return {"seed": self._seed, "offset": self._offset}

    def set_state(self, state: dict[str, int]) -> None:
        """Continue from a state that `get_state` gave."""
        self._seed, self._offset = state["seed"], state["offset"]

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


def initial_seed() -> int:
    """The default generator's seed."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, int]:
    """Where the default generator stands."""
    return default_generator.get_state()


def set_rng_state(state: dict[str, int]) -> None:
    """Put the default generator where `get_rng_state` found it."""
    default_generator.set_state(state)
