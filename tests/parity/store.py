"""Recorded cases on disk: a .npz a namespace, of a JSON text and a pool of numbers a dtype."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .cases import DTYPES, NAMES, Array, Case, Device, DType, Named, Outcome

RECORDED = Path(__file__).parent / "recorded"
SURFACE = RECORDED / "surface.json"  # PyTorch's public functions and their signatures
NAMESPACES = ("nn.functional", "linalg", "special", "fft", "Tensor", "torch")


def namespace_of(function: str) -> str:
    """The file that holds a function: "torch.linalg.inv" is in linalg."""
    name = function.removeprefix("torch.")
    return next((n for n in NAMESPACES if name.startswith(n + ".")), "torch")


# Writing ---------------------------------------------------------------------------------------


class Pool:
    """Numbers of each dtype in one long array; equal arrays are kept once."""

    def __init__(self) -> None:
        self.parts: dict[str, list[np.ndarray]] = {}
        self.sizes: dict[str, int] = {}
        self.seen: dict[tuple[str, bytes], int] = {}

    def put(self, data: np.ndarray) -> int:
        """Where in the pool the values start."""
        name, flat = NAMES[data.dtype], np.ascontiguousarray(data).reshape(-1)
        key = (name, flat.tobytes())
        if key not in self.seen:
            start = self.seen[key] = self.sizes.get(name, 0)
            self.parts.setdefault(name, []).append(flat)
            self.sizes[name] = start + flat.size
        return self.seen[key]

    def arrays(self) -> dict[str, np.ndarray]:
        """The pool for ``np.savez``, which does not know bfloat16."""
        joined = {name: np.concatenate(parts) for name, parts in self.parts.items()}
        if "bfloat16" in joined:
            joined["bfloat16"] = joined["bfloat16"].view(np.uint16)
        return joined


def encode(value: Any, pool: Pool) -> Any:
    """A neutral value as JSON; tensors go to the pool."""
    if isinstance(value, Array):
        found = {"a": [NAMES[value.data.dtype], list(value.data.shape), pool.put(value.data)]}
        if value.strides is not None:
            found["s"] = list(value.strides)
        return {**found, "g": 1} if value.grad else found
    if isinstance(value, Named):
        return {"n": [list(value.fields), encode(list(value.items), pool)]}
    if isinstance(value, list):
        return [encode(part, pool) for part in value]
    if isinstance(value, tuple):
        return {"t": [encode(part, pool) for part in value]}
    if isinstance(value, slice):
        return {"l": [encode(p, pool) for p in (value.start, value.stop, value.step)]}
    if isinstance(value, DType):
        return {"d": value.name}
    if isinstance(value, Device):
        return {"v": value.name}
    if isinstance(value, complex):
        return {"c": [value.real, value.imag]}
    if value is Ellipsis:
        return {"e": 0}
    assert value is None or type(value) in (bool, int, float, str), value
    return value


def _encode_outcome(outcome: Outcome, pool: Pool) -> dict[str, Any]:
    if outcome.raises:
        return {"r": list(outcome.raises), "m": outcome.message[:120]}
    found = {
        "v": encode(outcome.value, pool),
        "h": [int(x) for x in outcome.shares],
        "q": [int(x) for x in outcome.differentiable],
        "g": [encode(g, pool) for g in outcome.grads],
        "w": {str(i): encode(x, pool) for i, x in outcome.written.items()},
    }
    return {key: part for key, part in found.items() if part or key == "v"}


def _encode_case(case: Case, pool: Pool) -> dict[str, Any]:
    kwargs = {name: encode(value, pool) for name, value in case.kwargs.items()}
    outcomes: dict[str, Any] = {}
    for form, outcome in case.outcomes.items():
        text = _encode_outcome(outcome, pool)
        same = [f for f, other in outcomes.items() if other == text]
        outcomes[form] = same[0] if same else text
    return {"a": encode(list(case.args), pool), "k": kwargs, "o": case.origin, "f": outcomes}


def save(path: Path, recorded: dict[str, list[Case]]) -> None:
    """Write the cases of a namespace."""
    pool = Pool()
    cases = {name: [_encode_case(c, pool) for c in found] for name, found in recorded.items()}
    text = json.dumps(cases, separators=(",", ":"))
    np.savez_compressed(
        path, cases=np.frombuffer(text.encode(), np.uint8), **pool.arrays(), allow_pickle=False
    )


# Reading ---------------------------------------------------------------------------------------


def _decode(value: Any, pool: dict[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decode(part, pool) for part in value]
    if not isinstance(value, dict):
        return value
    if "a" in value:
        name, shape, start = value["a"]
        size = int(np.prod(shape))
        data = pool[name][start : start + size].reshape(shape)
        strides = tuple(value["s"]) if "s" in value else None
        return Array(data, strides, "g" in value)
    (kind, part), *_ = value.items()
    if kind == "n":
        return Named(tuple(part[0]), tuple(_decode(part[1], pool)))
    if kind == "t":
        return tuple([_decode(p, pool) for p in part])
    if kind == "l":
        return slice(*[_decode(p, pool) for p in part])
    return {"d": DType, "v": Device, "c": lambda p: complex(*p), "e": lambda p: ...}[kind](part)


def _decode_outcome(found: dict[str, Any], pool: dict[str, np.ndarray]) -> Outcome:
    if "r" in found:
        return Outcome(raises=tuple(found["r"]), message=found["m"])
    return Outcome(
        value=_decode(found["v"], pool),
        shares=tuple([bool(x) for x in found.get("h", ())]),
        differentiable=tuple([bool(x) for x in found.get("q", ())]),
        grads=tuple(_decode(found.get("g", []), pool)),
        written={int(i): _decode(x, pool) for i, x in found.get("w", {}).items()},
    )


@cache
def _file(namespace: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    path = RECORDED / f"{namespace}.npz"
    if not path.exists():
        return {}, {}
    with np.load(path) as found:
        pool = {name: found[name] for name in found.files if name in DTYPES}
        cases = json.loads(found["cases"].tobytes())
    if "bfloat16" in pool:
        pool["bfloat16"] = pool["bfloat16"].view(DTYPES["bfloat16"])
    return cases, pool


def functions() -> list[str]:
    """Every function that has recorded cases."""
    return sorted([name for n in NAMESPACES for name in _file(n)[0]])


def load(function: str) -> list[Case]:
    """The recorded cases of a function."""
    cases, pool = _file(namespace_of(function))
    found = []
    for case in cases.get(function, []):
        args = tuple(_decode(case["a"], pool))
        kwargs = {name: _decode(value, pool) for name, value in case["k"].items()}
        outcomes = {
            form: _decode_outcome(case["f"][o] if isinstance(o, str) else o, pool)
            for form, o in case["f"].items()
        }
        found.append(Case(function, args, kwargs, case["o"], outcomes))
    return found
