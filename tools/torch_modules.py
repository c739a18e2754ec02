"""Record what PyTorch's modules do, for the tests. Needs PyTorch; the tests do not.

    python tools/torch_modules.py record            # tests/nn/layers/recorded, every family
    python tools/torch_modules.py record conv norm  # these families
    python tools/torch_modules.py names             # classes of torch.nn that minigrad.nn lacks
    python tools/torch_modules.py surface           # tests/nn/torch_nn.json: how torch.nn is called

Each row of `tests/nn/layers` is built and run with PyTorch: its text, the names, shapes and spread
of its state, and its outputs, gradients and buffers are kept (float64, rounded to float32).
"""

from __future__ import annotations

import inspect
import json
import sys
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "nn"), str(ROOT)]

import torch  # noqa: E402
from layers import FAMILIES  # noqa: E402
from layers.making import anatomy, arguments, observe  # noqa: E402

import minigrad as mg  # noqa: E402

RECORDED = ROOT / "tests" / "nn" / "layers" / "recorded"


def record(families: list[str]) -> None:
    """Write the recordings of `families`."""
    RECORDED.mkdir(exist_ok=True)
    for family in families:
        rows = getattr(FAMILIES[family], "ROWS", [])
        if not rows:
            continue
        about = {row.name: anatomy(torch, row) for row in rows}
        arrays = {
            f"{row.name}/{k}": _small(v) for row in rows for k, v in observe(torch, row).items()
        }
        text = json.dumps(about, indent=0, sort_keys=False)
        (RECORDED / f"{family}.json").write_text(text + "\n")
        np.savez_compressed(RECORDED / f"{family}.npz", **arrays)
        print(f"{family}: {len(rows)} rows, {len(arrays)} arrays")


def _small(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32) if values.dtype == np.float64 else values


def surface() -> None:
    """Write what torch.nn offers: its classes, their arguments and methods; nn.init's functions."""
    lines = []
    for name, value in sorted(vars(torch.nn).items()):
        if inspect.isclass(value) and name[0] != "_":
            bases = [c for c in value.__mro__ if c.__module__.startswith("torch.nn.modules")]
            own = [c for c in bases if c is not torch.nn.Module or value is c]
            forward = getattr(value, "forward", None)
            about = {
                "init": arguments(value.__init__),
                "forward": arguments(forward) if callable(forward) else None,
                "methods": sorted({
                    m for c in own for m, v in vars(c).items() if m[0] != "_" and callable(v)
                }),
            }  # fmt: skip
            lines.append(f"{json.dumps(name)}: {json.dumps(about)}")
    for name in torch.nn.init.__all__:
        lines.append(f'"init.{name}": {json.dumps(arguments(getattr(torch.nn.init, name)))}')
    (ROOT / "tests" / "nn" / "torch_nn.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} names")


def names() -> None:
    """Print the public classes of torch.nn that minigrad.nn does not have."""
    for name, value in vars(torch.nn).items():
        if inspect.isclass(value) and name[0] != "_" and not hasattr(mg.nn, name):
            print(name)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    match sys.argv[1:]:
        case ["record", *families]:
            record(families or list(FAMILIES))
        case ["surface"]:
            surface()
        case ["names"]:
            names()
        case _:
            print(__doc__)
