"""What is measured beside the time of a step: memory, the start, a busy machine, threads."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

import numpy as np

from .bars import word
from .libraries import LIBRARIES
from .runner import Process, agreed, alone, prepare, timed
from .workloads import GROUPS

MB = 2**20


def memory(options: Namespace, libraries: list[str]) -> dict[str, Any]:
    """Peak memory while steps run, in a fresh process each: of the process, and above its imports.

    Processes that compile hold a compiler, too: torch.compile is left out.
    """
    print("memory: peak of the process, and above what it held after importing, in MB")
    found: dict[str, Any] = {}
    libraries = [library for library in libraries if library != "torch.compile"]
    for row in options.names or [*GROUPS["train"], *GROUPS["layers"]]:
        found[row] = alone("memory", row, libraries, options.threads)
        cells = [
            f"{library} {held['peak'] / MB:.0f} ({(held['peak'] - held['import']) / MB:.0f})"
            for library, held in found[row].items()
        ]
        mine, torch = (found[row].get(library) for library in ("minigrad", "torch"))
        if mine and torch:
            above = [held["peak"] - held["import"] for held in (mine, torch)]
            cells.append(f"process: {word(mine['peak'] <= torch['peak'])}")
            cells.append(f"above imports: {word(above[0] <= above[1])}")
        print(f"  {row:19}", "  ".join(cells), flush=True)
    return found


def start(options: Namespace, libraries: list[str]) -> dict[str, Any]:
    """Seconds of importing, and from the start of a process to the end of the CNN's first step.

    Cold is with empty caches of compiled kernels, warm with those that cold left.
    """
    print("start: seconds of importing; to the CNN's first step, cold and warm")
    with tempfile.TemporaryDirectory() as empty:
        caches = dict.fromkeys(["XDG_CACHE_HOME", "TORCHINDUCTOR_CACHE_DIR"], empty)
        starts = [alone("first_step", "cnn", libraries, options.threads, caches) for _ in range(4)]
    found: dict[str, Any] = {}
    for library in starts[0]:
        imports = [seconds_of_import(LIBRARIES[library].package) for _ in range(5)]
        cold, *warm = (each[library]["since start"] for each in starts)
        found[library] = {"import": imports, "cold": cold, "warm": warm}
        line = f"import {min(imports):.2f}  cold {cold:.2f}  warm {min(warm):.2f}"
        if library == "minigrad":
            line += "  " + word(cold < 15 and min(warm) < 2)
        print(f"  {library:19}", line, flush=True)
    return found


def seconds_of_import(package: str) -> float:
    """In a fresh process, whose own start does not count."""
    code = f"from time import *; t = perf_counter(); import {package}; print(perf_counter() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return float(done.stdout)


@contextlib.contextmanager
def busy_process() -> Iterator[None]:
    """Another process that keeps one core busy."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def loaded(options: Namespace, libraries: list[str]) -> dict[str, Any]:
    """The CNN's step in quiet, and beside a process that keeps one core busy."""
    print("loaded: how many times as long the CNN's step takes beside one busy process")
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(Process(n, options.threads)) for n in libraries]
        playing = agreed("cnn", processes)
        quiet = timed(playing, options.rounds, options.seconds)
        with busy_process():
            busy = timed(playing, options.rounds, options.seconds)
    for library, samples in busy.items():
        # The median of all samples: beside another process single steps differ a hundredfold.
        then, now = (np.median(np.concatenate(s)) for s in (quiet[library], samples))
        worst = np.percentile(np.concatenate(samples), 90) / then
        line = f"{now / then:.2f} (90th percentile {worst:.2f})"
        if library == "minigrad":
            line += "  " + word(now <= 3 * then)
        print(f"  {library:19}", line, flush=True)
    return {"quiet": quiet, "busy": busy}


SCALING = ("cnn", "lstm", "transformer_small", "conv_stage1", "linear", "layer_norm")


def scaling(options: Namespace, libraries: list[str]) -> dict[str, Any]:
    """How many times as fast all threads are as one, and whether both give the same bits."""
    print(f"scaling: how many times as fast {options.threads} threads are as one; the same bits?")
    found: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        pair = [
            stack.enter_context(Process("minigrad", n, label=f"{n} threads"))
            for n in (1, options.threads)
        ]
        for row in options.names or SCALING:
            one, many = prepare(row, pair, seed=0).values()
            same = all(np.array_equal(one[key], many[key]) for key in one)
            samples = timed(pair, options.rounds, options.seconds)
            medians = [np.median(np.concatenate(s)) for s in samples.values()]
            found[row] = {"samples": samples, "same bits": bool(same)}
            print(
                f"  {row:19} {medians[0] / medians[1]:.2f}  {'same' if same else 'DIFFERENT'} bits"
            )
    return found


EXTRAS = {"memory": memory, "start": start, "loaded": loaded, "scaling": scaling}
