"""Record where PyTorch's optimizers and schedulers go. Needs PyTorch; the tests do not.

    python tools/torch_optim.py record   # tests/optim/recorded

Each row of `tests/optim/trajectories` is run with PyTorch: the parameters after every step and the
state_dict half-way are kept, in float64 and float32; of a scheduler every learning rate.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "optim"), str(ROOT)]

import torch  # noqa: E402
from trajectories import optimizers, schedulers  # noqa: E402

RECORDED = ROOT / "tests" / "optim" / "recorded"


def record_optimizers() -> None:
    """Write the trajectories and states of all rows."""
    about: dict[str, Any] = {}
    kept = Arrays()
    for row in optimizers.ROWS:
        for dtype in ("float64", "float32"):
            params, rule = optimizers.start(torch, row, dtype)
            path = optimizers.steps(torch, row, params, rule, range(optimizers.HALF))
            state = kept.taken_apart(rule.state_dict())
            rest = range(optimizers.HALF, optimizers.STEPS)
            path += optimizers.steps(torch, row, params, rule, rest)
            assert np.isfinite(path[-1][0]).all(), row.name
            a, b = (kept.keep(np.array(p)) for p in zip(*path, strict=True))
            about[f"{row.name}/{dtype}"] = {"a": a, "b": b, "state": state}
        about[f"{row.name}/repr"] = repr(rule)
    write_json(RECORDED / "optimizers.json", about)
    kept.write(RECORDED / "optimizers.npz")
    print(f"{len(optimizers.ROWS)} settings of optimizers")


def record_schedulers() -> None:
    """Write the rates of all rows, and the states half-way."""
    about: dict[str, Any] = {}
    kept = Arrays()
    for row in schedulers.ROWS:
        optimizer, schedule = schedulers.start(torch, row)
        first = schedulers.rates(optimizer)
        path = schedulers.steps(row, optimizer, schedule, range(schedulers.HALF))
        state = kept.taken_apart([optimizer.state_dict(), schedule.state_dict()])
        rest = range(schedulers.HALF, schedulers.STEPS)
        path += schedulers.steps(row, optimizer, schedule, rest)
        about[row.name] = {"rates": [first, *path], "state": state}
    write_json(RECORDED / "schedulers.json", about)
    kept.write(RECORDED / "schedulers.npz")
    print(f"{len(schedulers.ROWS)} schedules")


def write_json(path: Path, about: dict[str, Any]) -> None:
    """One line an entry."""
    lines = [f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in about.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


class Arrays:
    """Many small arrays as one vector a dtype: a file of its own for each would be mostly names."""

    def __init__(self) -> None:
        self.parts: dict[str, list[np.ndarray]] = {}

    def keep(self, array: np.ndarray) -> dict[str, Any]:
        """Where `array` will be found."""
        parts = self.parts.setdefault(str(array.dtype), [])
        start = sum([p.size for p in parts])
        parts.append(array.reshape(-1).copy())
        return {"tensor": [str(array.dtype), start, list(array.shape)]}

    def taken_apart(self, value: Any) -> Any:
        """`value` as JSON, in which tensors are places in the file and dicts lists of pairs."""
        if isinstance(value, torch.Tensor):
            return self.keep(value.detach().numpy())
        if isinstance(value, dict):
            return {"dict": [[k, self.taken_apart(v)] for k, v in value.items()]}
        if isinstance(value, (list, tuple)):
            return {type(value).__name__: [self.taken_apart(v) for v in value]}
        return value

    def write(self, path: Path) -> None:
        """One compressed file."""
        arrays = {dtype: np.concatenate(parts) for dtype, parts in self.parts.items()}
        np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    match sys.argv[1:]:
        case ["record"]:
            RECORDED.mkdir(exist_ok=True)
            record_optimizers()
            record_schedulers()
        case _:
            print(__doc__)
