"""One library in a process of its own, working to orders: a JSON object a line, and one back.

``python -m benchmarks.worker torch 2`` (two threads) reads orders from standard input:

    {"do": "prepare", "workload": name, "folder": path, "seed": s}
                           -> {"way": which was fastest, or null for no such row}; writes evidence
    {"do": "time", "seconds": s}                           -> {"samples": [seconds a step, ...]}
    {"do": "memory", "workload": name, "folder": path}     -> {"import": bytes, "peak": bytes}
    {"do": "first_step", "workload": name, "folder": path} -> {"seconds": s}
    {"do": "peak"}                                         -> {"peak": products a second}
    {"do": "flops", "workload": name}                      -> {"flops": products of a step}
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

from .libraries import LIBRARIES
from .row import Run, seconds_of
from .workloads import WORKLOADS

# Steps are timed in groups at least this long, so that the clock's own cost does not show.
_SHORTEST_SAMPLE = 1e-3

# Compilers and caches settle for ten steps, or for so many seconds.
_SETTLING = 2.0


class Worker:
    """Holds the library and the workload that was prepared last."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        builder = importlib.import_module(f".{LIBRARIES[name].builder}", __package__)
        self.library = builder.Library(name, threads)
        self.run: Run | None = None
        self.group = 1  # steps a sample

    def prepare(self, workload: str, folder: str, seed: int) -> dict[str, Any]:
        """Build `workload` on ``folder/data.npz``, and write what it computes beside.

        It starts from ``weights.npz``; the first library to come draws them by `seed` and writes
        that file. Of several ways to build it, the fastest stays.
        """
        self.run = None  # its memory first
        place = Path(folder)
        ways = self.ways(workload, place, seed)
        if not ways:
            return {"way": None}
        way = 0
        if len(ways) > 1:
            costs = [min(self.settled(build())) for build in ways]
            way = costs.index(min(costs))
        run = drawn(ways[way], place)
        np.savez(place / f"{self.name}.npz", **run.evidence())
        self.group = max(1, round(_SHORTEST_SAMPLE / min(self.settled(run))))
        self.run = run
        return {"way": way}

    def ways(self, workload: str, place: Path, seed: int) -> list[Callable[[], Run]]:
        """How the row may be built on the data, and weights if they were drawn, in a folder."""
        shared = place / "weights.npz"
        weights = dict(np.load(shared)) if shared.exists() else None
        row, data = WORKLOADS[workload], dict(np.load(place / "data.npz"))
        return self.library.candidates(workload, row, data, weights, seed)

    def memory(self, workload: str, folder: str) -> dict[str, Any]:
        """Bytes of this process after its imports, and at the peak of later steps."""
        found = {"import": held("VmRSS")}
        ways = self.ways(workload, Path(folder), 0)
        if not ways:
            return {}
        run = drawn(ways[-1], Path(folder))  # of two memory formats, channels last
        seconds_of(run, 2)
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        seconds_of(run, 3)
        return found | {"peak": held("VmHWM")}

    def first_step(self, workload: str, folder: str) -> dict[str, Any]:
        """Build the row and run one step."""
        ways = self.ways(workload, Path(folder), 0)
        return {"seconds": seconds_of(drawn(ways[0], Path(folder)), 1)} if ways else {}

    def settled(self, run: Run) -> list[float]:
        """Run ten steps or for two seconds; the times of as many as that left time for."""
        start, count = perf_counter(), 0
        while count < 10 and perf_counter() - start < _SETTLING:
            seconds_of(run, 1)
            count += 1
        return [seconds_of(run, 1) for _ in range(max(1, count // 2))]

    def peak(self) -> dict[str, Any]:
        """Products a second, a multiply and an add each, in this library's best matrix product."""
        return {"peak": self.library.peak()}

    def flops(self, workload: str) -> dict[str, Any]:
        """The products of a step of `workload`; null where it does not say."""
        count = WORKLOADS[workload].flops
        return {"flops": count and count(self.library.lib)}

    def time(self, seconds: float) -> dict[str, Any]:
        """Time steps for about `seconds`, at least one sample."""
        assert self.run is not None, "nothing was prepared"
        run, group = self.run, self.group
        seconds_of(run, 1)  # the other library's turn left the caches to itself
        samples: list[float] = []
        end = perf_counter() + seconds
        while not samples or perf_counter() < end:
            samples.append(seconds_of(run, group))
        return {"samples": samples}


def drawn(build: Callable[[], Run], place: Path) -> Run:
    """The row, built. The first library to come leaves the weights it drew to the others."""
    run, shared = build(), place / "weights.npz"
    if not shared.exists():
        np.savez(shared, **run.weights)
    return run._replace(weights={})


def held(field: str) -> int:
    """Bytes, by a field of /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    return 1024 * int(kilobytes)


def main() -> None:
    """Answer orders until standard input ends."""
    # What a library prints must not get between the answers: standard output becomes the error's.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    print(json.dumps({"version": worker.library.version}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(worker, order.pop("do"))(**order)
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
