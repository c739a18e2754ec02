"""What minigrad is held to: how many times as fast as its peers each row has to be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from .workloads import GROUPS

PEAK = 0.8  # a train step at this share of the matrix-product peak has met its bar
TRAIN, LAYERS, INFERENCE = (GROUPS.get(name, {}) for name in ("train", "layers", "inference"))

# Rows with a bar of their own: against the fastest of these peers.
OWN = {
    "cnn": (("torch",), 1 / 0.40),
    "lstm": (("jax",), 1 / 0.42),
    "transformer": (("torch", "torch.compile"), 1 / 0.66),
}


class Row(NamedTuple):
    """A row's figures: times as fast as each peer (above 1: minigrad is faster), share of peak."""

    name: str
    ratios: dict[str, float]
    share: float | None

    def peers(self) -> dict[str, float]:
        """The ratios that count: NumPy's gradients by hand are a floor, not a library's."""
        return {peer: ratio for peer, ratio in self.ratios.items() if peer != "numpy"}

    def bar(self) -> tuple[str, float] | None:
        """The peer that counts and the ratio to reach; None where there is no bar or no peer."""
        ratios = self.peers()
        if not ratios:
            return None
        fastest = min(ratios, key=lambda peer: ratios[peer])
        if self.name in TRAIN:
            return fastest, 1.5
        least = 1.0 if self.name in LAYERS else 1.3
        if self.name in LAYERS or self.name in INFERENCE:
            return ("torch", least) if "torch" in self.ratios else None
        return None

    def verdict(self) -> str:
        """Whether the bars are met; empty without one."""
        found = []
        if (bar := self.bar()) is not None:
            peer, least = bar
            met = self.ratios[peer] >= least or (self.name in TRAIN and (self.share or 0) >= PEAK)
            found.append(f"{least:.1f} x {peer}: {word(met)}")
        if self.name in OWN:
            peers, least = OWN[self.name]
            ratios = [self.ratios[peer] for peer in peers if peer in self.ratios]
            if ratios:
                met = min(ratios) >= least
                found.append(f"{least:.2f} x {'/'.join(peers)}: {word(met)}")
        return ", ".join(found)


def word(met: bool) -> str:
    """How a bar's state is printed."""
    return "met" if met else "MISSED"


def geometric_mean(values: Iterable[float]) -> float:
    """The n-th root of the product of n values."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs))


def summary(rows: list[Row]) -> list[str]:
    """Geometric means over PyTorch eager and over the fastest peer, by group; bars met."""
    lines = []
    for group, least in (("train", 3.5), ("layers", 1.3), ("inference", 1.3)):
        mine = [row for row in rows if row.name in GROUPS.get(group, {}) and row.peers()]
        over = [row.ratios["torch"] for row in mine if "torch" in row.ratios]
        if over:
            mean = geometric_mean(over)
            state = word(mean >= least)
            lines.append(f"{group}: {mean:.2f} x torch in the mean, bar {least}: {state}")
        if mine:
            mean = geometric_mean([min(row.peers().values()) for row in mine])
            lines.append(f"{group}: {mean:.2f} x the fastest peer in the mean")
    missed = [row.name for row in rows if "MISSED" in row.verdict()]
    if missed:
        lines.append(f"bars missed: {', '.join(missed)}")
    return lines
