"""Where a loader stands, in a form that can be saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import ArgumentError
from ..random import Generator


@dataclass
class Place:
    """One worker's place in its part of a stream."""

    batches: int = 0  # that the consumer has had
    dataset: Any = None  # the state of its dataset after those, if that keeps one
    ended: bool = False  # the last of them was the last there is, being short


@dataclass
class Position:
    """An iteration of a loader: what it depends on, and how far the consumer has come.

    What is loaded ahead does not count, so that a run resumed here sees the next batch.
    """

    epoch: int
    seed: int
    batches: int = 0  # that the consumer has had
    begun: bool = True  # else it stands between two epochs
    resumed: bool = False  # loaded from a state, and not yet gone on with
    finished: bool = False
    generators: list[Any] = field(default_factory=list)  # states before the order was drawn
    sampler: Any = None  # the state of the sampler before that
    places: list[Place] = field(default_factory=list)  # of a stream, one a worker
    turn: int = 0  # the worker whose batch is next

    def state(self) -> dict[str, Any]:
        """Its numbers, strings and states, for `of`."""
        return {
            "epoch": self.epoch,
            "seed": self.seed,
            "batches": self.batches,
            "begun": self.begun,
            "generators": self.generators,
            "sampler": self.sampler,
            "workers": [dataclasses.asdict(place) for place in self.places],
            "turn": self.turn,
        }

    @classmethod
    def of(cls, state: Any) -> Position:
        """The position that `state` is of; `ArgumentError` if it is of none."""
        try:
            places = [Place(**place) for place in state["workers"]]
            return cls(
                epoch=state["epoch"], seed=state["seed"], batches=state["batches"],
                begun=state["begun"], resumed=True,
                generators=state["generators"], sampler=state["sampler"], places=places,
                turn=state["turn"],
            )  # fmt: skip
        except (KeyError, TypeError, IndexError) as error:
            raise ArgumentError(f"this is not the state of a DataLoader: {error!r}") from error


def generators_of(*roots: Any) -> list[Generator]:
    """The generators that `roots`, and the samplers inside them, draw from; each once."""
    found: list[Generator] = []
    for owner in roots:
        while owner is not None:
            generator = getattr(owner, "generator", None)
            if isinstance(generator, Generator) and all([generator is not g for g in found]):
                found.append(generator)
            owner = getattr(owner, "sampler", None)
    return found


@contextmanager
def standing_at(generators: list[Generator], states: list[Any]) -> Iterator[None]:
    """Inside, the generators are at `states`; afterwards where they were."""
    before = [generator.get_state() for generator in generators]
    for generator, state in zip(generators, states, strict=True):
        generator.set_state(state)
    try:
        yield
    finally:
        for generator, state in zip(generators, before, strict=True):
            generator.set_state(state)


def keeps_state(thing: Any) -> bool:
    """Whether a sampler or dataset has a state of its own to save."""
    return hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")


def keeper_of(sampler: Any) -> Any:
    """The sampler, or the one inside it, that keeps a state of its own; None if none does."""
    while sampler is not None and not keeps_state(sampler):
        sampler = getattr(sampler, "sampler", None)
    return sampler
