"""Compare minigrad with PyTorch. Needs PyTorch; nothing in the library or its tests does.

    python tools/torch_parity.py check add nn.functional.conv2d linalg.solve
    python tools/torch_parity.py check --namespace special -v
    python tools/torch_parity.py record             # tests/parity/recorded, all functions
    python tools/torch_parity.py coverage -v        # docs/reference/coverage.md

`check` draws calls (PyTorch's own samples of each function, special values, errors, the calls of
tools/torchside/calls_*.py), runs both libraries, and prints where they differ: value, dtype, shape,
memory, gradient, error. `record` keeps a few cases of each function for the tests, which replay
them without PyTorch. `coverage` writes the page that says how each function fares on them.
"""

from __future__ import annotations

import argparse
import collections
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]  # `parity` is tests/parity

import torch  # noqa: E402
from parity import coverage  # noqa: E402
from torchside import check, draw, record  # noqa: E402

NAMESPACES = {
    "functional": "torch.nn.functional.",
    "linalg": "torch.linalg.",
    "special": "torch.special.",
    "fft": "torch.fft.",
    "Tensor": "torch.Tensor.",
}


def selected(names: list[str], namespace: str | None) -> list[str]:
    """The functions asked for, in full: "add" is torch.add, "view" torch.Tensor.view."""
    known = draw.functions()
    if names:
        found = []
        for name in names:
            name = name.removeprefix("torch.").removeprefix("F.")
            options = [f"torch.{name}", f"torch.Tensor.{name}", f"torch.nn.functional.{name}"]
            matching = [option for option in options if option in known]
            if not matching:
                sys.exit(f"no draws for {name}: add a line to tools/torchside/calls_*.py")
            found += matching[:1]
        return found
    if namespace == "torch":
        return [name for name in known if name.count(".") == 1]
    prefix = NAMESPACES.get(namespace or "", "torch.")
    return [name for name in known if name.startswith(prefix)]


def run_check(options: argparse.Namespace) -> int:
    totals: collections.Counter[str] = collections.Counter()
    failing, absent = [], []
    for function in selected(options.names, options.namespace):
        report = check.check(function, limit=options.limit, seed=options.seed)
        if not report.forms:
            absent.append(function)
            if options.names:
                print(f"{function}: absent from minigrad")
            continue
        totals.update(report.counts)
        counts = ", ".join([f"{n} {what}" for what, n in report.counts.items() if n])
        print(f"{'ok  ' if report.ok else 'FAIL'} {function}: {counts}", flush=True)
        shown = len(report.failures) if options.verbose else 5
        for call, what in report.failures[:shown]:
            print(f"       {cut(call, options)}\n         -> {cut(what, options)}")
        if len(report.failures) > shown:
            print(f"       ... {len(report.failures) - shown} more (-v shows all)")
        if not report.ok:
            failing.append(function)
    print(f"\n{dict(totals)}\nfailing ({len(failing)}): {' '.join(failing)}")
    print(f"absent ({len(absent)}): {' '.join(absent)}")
    return 1 if failing else 0


def run_record(options: argparse.Namespace) -> int:
    named = options.names or options.namespace
    record.record(selected(options.names, options.namespace) if named else None)
    return 0


def run_coverage(options: argparse.Namespace) -> int:
    """Write the page; print what keeps each function from being "same"."""
    coverage.PAGE.parent.mkdir(exist_ok=True)
    coverage.PAGE.write_text(coverage.render(torch.__version__.partition("+")[0]))
    rows = coverage.rows()
    counts = collections.Counter([row.status for row in rows])
    print(f"wrote {coverage.PAGE}: {dict(counts)}")
    if options.verbose:
        for row in sorted(rows, key=lambda row: (row.status, len(row.why), row.name)):
            if row.status != "same":
                print(f"{row.status:8} {row.name}: {row.why}")
    return 0


def cut(text: str, options: argparse.Namespace) -> str:
    width = 1500 if options.verbose else 500
    return text if len(text) <= width else text[:width] + " ..."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("check", help="draw and compare")
    command.add_argument("names", nargs="*", help='"add", "nn.functional.conv2d", "linalg.solve"')
    command.add_argument("--namespace", choices=["torch", *NAMESPACES])
    command.add_argument("--limit", type=int, default=20, help="samples a function and dtype")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("-v", "--verbose", action="store_true")
    command.set_defaults(run=run_check)
    command = commands.add_parser("record", help="store cases for the tests")
    command.add_argument("names", nargs="*")
    command.add_argument("--namespace", choices=["torch", *NAMESPACES])
    command.set_defaults(run=run_record)
    command = commands.add_parser("coverage", help="write docs/reference/coverage.md")
    command.add_argument("-v", "--verbose", action="store_true", help="list what is not the same")
    command.set_defaults(run=run_coverage)
    options = parser.parse_args()
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
