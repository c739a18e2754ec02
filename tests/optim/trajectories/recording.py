"""Reading what `tools/torch_optim.py` recorded."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

RECORDED = Path(__file__).parent.parent / "recorded"


@cache
def about(subject: str) -> dict[str, Any]:
    """What was recorded of each row."""
    return json.loads((RECORDED / f"{subject}.json").read_text())


@cache
def _vectors(subject: str) -> dict[str, np.ndarray]:
    with np.load(RECORDED / f"{subject}.npz") as file:
        return dict(file)


def put_together(value: Any, subject: str) -> Any:
    """The opposite of the tool's `taken_apart`; tensors are NumPy arrays."""
    if not isinstance(value, dict):
        return value
    [(kind, held)] = value.items()
    if kind == "tensor":
        dtype, start, shape = held
        count = int(np.prod(shape))
        return _vectors(subject)[dtype][start : start + count].reshape(shape).copy()
    if kind == "dict":
        return {k: put_together(v, subject) for k, v in held}
    items = [put_together(v, subject) for v in held]
    return tuple(items) if kind == "tuple" else items


def as_torch(torch: Any, value: Any) -> Any:
    """A state of minigrad's with PyTorch's tensors."""
    if hasattr(value, "numpy"):
        return torch.tensor(value.numpy())
    if isinstance(value, dict):
        return {k: as_torch(torch, v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([as_torch(torch, v) for v in value])
    return value
