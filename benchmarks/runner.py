"""Runs workloads: each library in its own process, checked against each other, taking turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .workloads import WORKLOADS, Arrays

ROOT = Path(__file__).parent.parent

# Largest difference allowed between two libraries, relative to the array's largest value. Float32
# sums in different orders differ by about 1e-6; a wrong formula differs by far more than this.
TOLERANCE = 1e-4

# How often weights are drawn before a disagreement counts. In one draw of 70, two numbers that a
# relu or a maximum compares are equal but for rounding, and the libraries choose differently: the
# gradients then differ by a percent. A wrong formula is wrong in every draw.
DRAWS = 3

# The BLAS below a library reads the number of its threads from one of these, at start.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class BenchmarkError(Exception):
    """A workload that cannot be timed: a library failed, or two of them disagree."""


class Disagreement(BenchmarkError):
    """Two libraries computed different numbers."""


class Process:
    """A worker process, and the pipe to it. A context manager: leaving it ends the process."""

    def __init__(self, library: str, threads: int) -> None:
        self.library = library
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | dict.fromkeys(_THREADS, str(threads)),
        )
        self.version = self._answer()["version"]

    def ask(self, do: str, **details: Any) -> dict[str, Any]:
        """Send an order; the answer."""
        assert self.process.stdin is not None
        print(json.dumps({"do": do, **details}), file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise BenchmarkError(f"{self.library}: its process ended, status {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise BenchmarkError(f"{self.library}:\n{answer['error']}")
        return answer

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.communicate()


def measure(
    workload: str, processes: list[Process], rounds: int, seconds: float
) -> dict[str, list[list[float]]]:
    """Seconds a step, by library, round and sample. Libraries that disagree are not timed.

    The libraries take turns, A B A B: a machine that slows down slows both, and each round gives
    a ratio of its own.
    """
    for seed in range(DRAWS):
        try:
            check(workload, prepare(workload, processes, seed))
            break
        except Disagreement:
            if seed == DRAWS - 1:
                raise
    samples: dict[str, list[list[float]]] = {process.library: [] for process in processes}
    for _ in range(rounds):
        for process in processes:
            samples[process.library].append(process.ask("time", seconds=seconds)["samples"])
    return samples


def prepare(workload: str, processes: list[Process], seed: int) -> dict[str, Arrays]:
    """Build the workload in every process, from weights drawn by `seed`; what each computes."""
    evidence = {}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder, "data.npz"), **WORKLOADS[workload].data(np.random.default_rng(0)))
        for process in processes:
            process.ask("prepare", workload=workload, folder=folder, seed=seed)
            with np.load(Path(folder, f"{process.library}.npz")) as found:
                evidence[process.library] = dict(found)
    return evidence


def check(workload: str, evidence: dict[str, Arrays]) -> None:
    """Raise unless every library computed what the first did."""
    (mine, expected), *others = evidence.items()
    for library, found in others:
        if found.keys() != expected.keys():
            names = ", ".join(sorted(found.keys() ^ expected.keys()))
            raise BenchmarkError(f"{workload}: only one of {mine} and {library} has: {names}")
        for name, theirs in found.items():
            error = difference(expected[name], theirs)
            if not error <= TOLERANCE:
                raise Disagreement(
                    f"{workload}: {mine} and {library} disagree on {name}: relative difference "
                    f"{error:.2g}, allowed {TOLERANCE:.0e}. Timing refused"
                )


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, relative to the largest value; infinite for unequal shapes."""
    if a.shape != b.shape:
        return float("inf")
    scale = max(float(np.abs(b).max(initial=0)), 1e-12)
    return float(np.abs(a - b).max(initial=0)) / scale
