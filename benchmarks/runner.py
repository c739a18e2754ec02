"""Runs workloads: each library in its own process, checked against each other, taking turns."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from .libraries import environment
from .row import Arrays
from .workloads import WORKLOADS

ROOT = Path(__file__).parent.parent

# Largest difference allowed between two libraries: the length of the difference over the length of
# the array. Float32 sums in different orders differ by about 1e-6, in a Transformer by 1e-5; a
# wrong formula differs by far more than this.
TOLERANCE = 1e-4

# How often weights are drawn before a disagreement counts. In one draw of 70, two numbers that a
# relu or a maximum compares are equal but for rounding, and the libraries choose differently: the
# gradients then differ by a percent. A wrong formula is wrong in every draw.
DRAWS = 3


class BenchmarkError(Exception):
    """A workload that cannot be timed: a library failed, or two of them disagree."""


class Disagreement(BenchmarkError):
    """Two libraries computed different numbers."""


class Process:
    """A worker process, and the pipe to it. A context manager: leaving it ends the process."""

    def __init__(
        self, library: str, threads: int, variables: Mapping[str, str] = {}, label: str = ""
    ) -> None:
        self.library = library
        self.label = label or library
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(library, threads) | dict(variables),
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
    return timed(agreed(workload, processes), rounds, seconds)


def agreed(workload: str, processes: list[Process]) -> list[Process]:
    """Build the workload; the processes that have it, which computed the same."""
    for seed in range(DRAWS):
        evidence = prepare(workload, processes, seed)
        try:
            check(workload, evidence)
            break
        except Disagreement:
            if seed == DRAWS - 1:
                raise
    return [process for process in processes if process.label in evidence]


def timed(processes: list[Process], rounds: int, seconds: float) -> dict[str, list[list[float]]]:
    """Seconds a step of what was prepared, by label, round and sample."""
    samples: dict[str, list[list[float]]] = {process.label: [] for process in processes}
    for _ in range(rounds):
        for process in processes:
            samples[process.label].append(process.ask("time", seconds=seconds)["samples"])
    return samples


def prepare(workload: str, processes: list[Process], seed: int) -> dict[str, Arrays]:
    """Build the workload in every process, from weights drawn by `seed`; what each computes.

    Libraries that have no such row are left out.
    """
    evidence = {}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder, "data.npz"), **WORKLOADS[workload].data(np.random.default_rng(0)))
        for process in processes:
            answer = process.ask("prepare", workload=workload, folder=folder, seed=seed)
            if answer["way"] is None:
                continue  # a row that this library does not have
            with np.load(Path(folder, f"{process.library}.npz")) as found:
                evidence[process.label] = dict(found)
    return evidence


def alone(
    do: str, workload: str, libraries: list[str], threads: int, variables: Mapping[str, str] = {}
) -> dict[str, dict[str, Any]]:
    """What each library answers to an order in a fresh process, by those that have the workload.

    With it the seconds from the start of the process.
    """
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder, "data.npz"), **WORKLOADS[workload].data(np.random.default_rng(0)))
        for library in libraries:
            begin = perf_counter()
            with Process(library, threads, variables) as process:
                answer = process.ask(do, workload=workload, folder=folder)
                if answer:
                    answers[library] = answer | {"since start": perf_counter() - begin}
    return answers


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
    """The length of a - b over the length of b; infinite for unequal shapes."""
    if a.shape != b.shape:
        return float("inf")
    a, b = a.astype(float), b.astype(float)
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(b)), 1e-12)
