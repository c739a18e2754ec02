"""Samples made readable: medians with quartiles, paired ratios, lines, a file and a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .bars import Row

Samples = dict[str, list[list[float]]]  # by library, round and sample, in seconds a step


class Spread(NamedTuple):
    """A median between the quartiles."""

    low: float
    median: float
    high: float


def spread(values: Any) -> Spread:
    """The spread of `values`."""
    return Spread(*np.percentile(np.asarray(values), [25, 50, 75]).tolist())


def times(samples: Samples) -> dict[str, Spread]:
    """The time of a step, by library."""
    return {library: spread(np.concatenate(rounds)) for library, rounds in samples.items()}


def ratios(samples: Samples) -> dict[str, Spread]:
    """Each other library's time over the first's: of medians within a round, spread over rounds.

    Above 1 the first is faster.
    """
    medians = {library: [np.median(r) for r in rounds] for library, rounds in samples.items()}
    (_, mine), *peers = medians.items()
    return {peer: spread(np.divide(theirs, mine)) for peer, theirs in peers}


def judged(name: str, samples: Samples, flops: float | None, peak: float) -> Row:
    """A row's figures against its bar; `peak` in products a second."""
    share = None if flops is None else flops / times(samples)["minigrad"].median / peak
    return Row(name, {peer: r.median for peer, r in ratios(samples).items()}, share)


def line(name: str, samples: Samples, row: Row) -> str:
    """A row: each library's time, how many times as fast minigrad is, its share of the peak."""
    cells = [f"{library} {_time(found)}" for library, found in times(samples).items()]
    cells += [
        f"{r.median:.2f} x {peer} ({r.low:.2f}-{r.high:.2f})" for peer, r in ratios(samples).items()
    ]
    if row.share is not None:
        cells.append(f"{row.share:.0%} of the peak")
    verdict = row.verdict()
    return "  ".join([f"{name:19}", *cells, *([verdict] if verdict else [])])


def _time(found: Spread) -> str:
    scale, unit = (1e3, "ms") if found.median >= 1e-3 else (1e6, "µs")
    return f"{found.median * scale:.2f} {unit} ({found.low * scale:.2f}-{found.high * scale:.2f})"


def write(folder: Path, name: str, conditions: dict[str, Any], results: dict[str, Any]) -> Path:
    """Every sample and the conditions as JSON; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"conditions": conditions, **results}) + "\n")
    return path


def plot(path: Path, results: dict[str, Samples]) -> bool:
    """The ratios as bars; False, and no file, without matplotlib or a peer."""
    bars = [
        (f"{workload} / {peer}", found)
        for workload, samples in results.items()
        for peer, found in ratios(samples).items()
    ]
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    if not bars:
        return False
    figure = Figure(figsize=(7, 1.2 + 0.25 * len(bars)), layout="constrained")
    axes = figure.add_subplot()
    labels, found = zip(*reversed(bars), strict=True)
    low, median, high = np.array(found).T
    axes.barh(labels, median, xerr=[median - low, high - median], color="tab:blue", capsize=2)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel("how many times as fast as the peer minigrad is (above 1: faster)")
    figure.savefig(path, dpi=150)
    return True
