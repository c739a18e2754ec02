"""Calls to compare beyond PyTorch's own samples: the lines of calls_torch.py and calls_layers.py.

A line is the text of a call's arguments, under the function's name without "torch.". What it may
name is in `names`; each line is evaluated anew, so its tensors are fresh.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from . import calls_layers, calls_torch

inf, nan = math.inf, math.nan


def T(data: Any, dtype: torch.dtype | None = None, grad: bool = False) -> torch.Tensor:
    """A tensor, as text writes it."""
    return torch.tensor(data, dtype=dtype, requires_grad=grad)


def _floats(*shape: int, grad: bool = True) -> torch.Tensor:
    """Fixed numbers between -2 and 2, none twice."""
    n = math.prod(shape)
    steps = (torch.arange(n) * 37 + 11) % 101
    return ((steps - 50).float() / 25).reshape(shape).requires_grad_(grad)


def names() -> dict[str, Any]:
    """What a line may name, made anew."""
    dtypes = "float16 bfloat16 float32 float64 complex64 complex128 uint8 int8 int16 int32 int64"
    return {
        **{name: getattr(torch, name) for name in dtypes.split()},
        "bool_": torch.bool,
        "inf": inf,
        "nan": nan,
        "T": T,
        "F": _floats,
        "torch": torch,
        "v": _floats(4),  # a vector
        "x": _floats(2, 3),
        "y": _floats(2, 3).detach().flip(1).contiguous().requires_grad_(),
        "m": _floats(3, 3),
        "c": _floats(2, 3, 4),  # a cube
        "d": _floats(2, 3, grad=False).double().requires_grad_(),
        "z": T(1.5, grad=True),  # 0-d
        "e": torch.zeros(0, 3).requires_grad_(),  # empty
        "s": T(SPECIAL, grad=True),
        "i": T([[3, -1, 2], [0, 5, -4]]),
        "j": T([[1, 2, -2], [4, 3, 2]]),
        "b": T([[True, False, True], [False, False, True]]),
        "img": _floats(2, 3, 6, 5),  # N C H W
        "seq": _floats(2, 3, 8),  # N C L
        "vol": _floats(1, 2, 4, 5, 3),  # N C D H W
    }


SPECIAL = [0.0, -0.0, inf, -inf, nan, 1.0, -1.0, 1e-45, 1e30, -1e-30, 0.5, 2.5]

# function -> the texts of its calls
CALLS: dict[str, list[str]] = {**calls_torch.CALLS, **calls_layers.CALLS}


def calls(function: str) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """The calls of `function` ("torch.add") listed here: text, args, kwargs."""
    found = []
    for text in CALLS.get(function.removeprefix("torch."), []):
        scope = {**names(), "_call": lambda *args, **kwargs: (args, kwargs)}
        with torch.no_grad():  # a derived argument, such as x.t(), is a constant
            args, kwargs = eval("_call" + text, scope)
        found.append((text, args, kwargs))
    return found
