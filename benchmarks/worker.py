"""One library in a process of its own, working to orders: a JSON object a line, and one back.

``python -m benchmarks.worker torch 2`` (two threads) reads orders from standard input:

    {"do": "prepare", "workload": name, "folder": path, "seed": s}   build it, write what it gives
    {"do": "time", "seconds": s}                           -> {"samples": [seconds a step, ...]}
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from .workloads import LIBRARIES, WORKLOADS, Run

# Steps are timed in groups at least this long, so that the clock's own cost does not show.
_SHORTEST_SAMPLE = 1e-3


class Worker:
    """Holds the library and the workload that was prepared last."""

    def __init__(self, library: str, threads: int) -> None:
        self.library = library
        self.lib = importlib.import_module(LIBRARIES[library])
        self.lib.set_num_threads(threads)
        self.run: Run | None = None
        self.group = 1  # steps a sample

    def prepare(self, workload: str, folder: str, seed: int) -> dict[str, Any]:
        """Build `workload` on ``folder/data.npz``, and write what it computes beside.

        It starts from ``weights.npz``; the first library to come draws them by `seed` and writes
        that file.
        """
        self.lib.manual_seed(seed)
        place = Path(folder)
        shared = place / "weights.npz"
        weights = dict(np.load(shared)) if shared.exists() else None
        run = WORKLOADS[workload].build(self.lib, dict(np.load(place / "data.npz")), weights)
        if weights is None:
            np.savez(shared, **run.weights)
        np.savez(place / f"{self.library}.npz", **run.evidence())
        for _ in range(10):  # compilers and caches settle
            run.step()
        self.run = run
        self.group = max(1, round(_SHORTEST_SAMPLE / min(seconds_of(run.step, 5))))
        return {"group": self.group}

    def time(self, seconds: float) -> dict[str, Any]:
        """Time steps for about `seconds`, at least three samples."""
        assert self.run is not None, "nothing was prepared"
        step, group = self.run.step, self.group
        seconds_of(step, 3)  # the other library's turn left the caches to itself
        samples: list[float] = []
        end = perf_counter() + seconds
        while len(samples) < 3 or perf_counter() < end:
            start = perf_counter()
            for _ in range(group):
                step()
            samples.append((perf_counter() - start) / group)
        return {"samples": samples}


def seconds_of(step: Callable[[], Any], count: int) -> list[float]:
    """The time of each of `count` steps."""
    found = []
    for _ in range(count):
        start = perf_counter()
        step()
        found.append(perf_counter() - start)
    return found


def main() -> None:
    """Answer orders until standard input ends."""
    # What a library prints must not get between the answers: standard output becomes the error's.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    print(json.dumps({"version": worker.lib.__version__}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(worker, order.pop("do"))(**order)
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
