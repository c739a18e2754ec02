"""Samples made readable: medians with spreads, paired ratios, a table, a file and a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

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
    """The first library's time over each other's: of medians within a round, spread over rounds."""
    medians = {library: [np.median(r) for r in rounds] for library, rounds in samples.items()}
    (_, mine), *peers = medians.items()
    return {peer: spread(np.divide(mine, theirs)) for peer, theirs in peers}


def table(results: dict[str, Samples]) -> str:
    """One row a workload: each library's time, and minigrad's over it (below 1 is faster)."""
    rows = []
    for workload, samples in results.items():
        cells = [f"{library} {_time(found)}" for library, found in times(samples).items()]
        cells += [
            f"{r.median:.2f} x {peer} ({r.low:.2f}-{r.high:.2f})"
            for peer, r in ratios(samples).items()
        ]
        rows.append([workload, *cells])
    columns = max([len(row) for row in rows])
    rows = [row + [""] * (columns - len(row)) for row in rows]
    widths = [max([len(row[i]) for row in rows]) for i in range(columns)]
    lines = [
        "  ".join([cell.ljust(w) for cell, w in zip(row, widths, strict=True)]) for row in rows
    ]
    return "\n".join([line.rstrip() for line in lines])


def _time(found: Spread) -> str:
    scale, unit = (1e3, "ms") if found.median >= 1e-3 else (1e6, "µs")
    return f"{found.median * scale:.2f} {unit} ({found.low * scale:.2f}-{found.high * scale:.2f})"


def write(folder: Path, name: str, conditions: dict[str, Any], results: dict[str, Samples]) -> Path:
    """Every sample and the conditions as JSON; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"conditions": conditions, "seconds": results}) + "\n")
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
    figure = Figure(figsize=(7, 1.2 + 0.4 * len(bars)), layout="constrained")
    axes = figure.add_subplot()
    labels, found = zip(*reversed(bars), strict=True)
    low, median, high = np.array(found).T
    axes.barh(labels, median, xerr=[median - low, high - median], color="tab:blue", capsize=3)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("time of a step, minigrad's over the peer's (below 1: minigrad is faster)")
    figure.savefig(path, dpi=150)
    return True
