"""The state of an optimizer as numbers, names and tensors, and back; PyTorch's too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..dtypes import CATEGORY, FLOAT, float32
from ..errors import ArgumentError
from ..ops.creation import as_tensor
from ..tensor import Tensor

# 0-d tensors on the CPU that count: they keep their dtype, and resuming gives the same bits.
_COUNTERS = frozenset(("step", "mu_product", "mu", "eta"))
_NOT_OFFERED = ("capturable", "differentiable")


def state_of(groups: list[dict[str, Any]], state: dict[Any, Any]) -> dict[str, Any]:
    """`Optimizer.state_dict`."""
    params = [p for group in groups for p in group["params"]]
    place = {id(p): i for i, p in enumerate(params)}
    return {
        "state": {place.get(id(p), p): dict(held) for p, held in state.items()},
        "param_groups": [
            {**{k: v for k, v in group.items() if k != "params"},
             "params": [place[id(p)] for p in group["params"]]}
            for group in groups
        ],
    }  # fmt: skip


def fitted(
    owner: str, groups: list[dict[str, Any]], given: Mapping[str, Any], shaped: bool
) -> tuple[list[dict[str, Any]], dict[Any, Any]]:
    """The groups and the state that a `state_dict` makes of an optimizer with these groups."""
    saved, state = given["param_groups"], given["state"]
    sizes = [len(group["params"]) for group in groups]
    theirs = [len(group["params"]) for group in saved]
    if sizes != theirs:
        raise ArgumentError(
            f"{owner}.load_state_dict: the state has groups of {theirs} tensors,"
            f" this optimizer of {sizes}"
        )
    numbers = [number for group in saved for number in group["params"]]
    params = [p for group in groups for p in group["params"]]
    loaded = {}
    for number, p in zip(numbers, params, strict=True):
        if number in state:
            loaded[p] = {
                name: _fitted(value, p, name, number, shaped)
                for name, value in state[number].items()
                if value is not None or not shaped
            }
    return [_settings(old, new) for old, new in zip(groups, saved, strict=True)], loaded


def _settings(group: dict[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _copied(value) for name, value in saved.items() if name != "params"}
    for name in _NOT_OFFERED:
        if name in found:
            found[name] = False  # another way to the same result
    if "param_names" in group:
        found.setdefault("param_names", group["param_names"])
    return {**found, "params": group["params"]}


def _is_array(value: Any) -> bool:
    """Tensors, NumPy's arrays, and PyTorch's tensors."""
    return isinstance(value, Tensor) or (hasattr(value, "__array__") and hasattr(value, "shape"))


def _as_tensor(value: Any) -> Tensor:
    return value.detach() if isinstance(value, Tensor) else as_tensor(np.array(value))


def _copied(value: Any) -> Any:
    if _is_array(value):
        return _as_tensor(value).clone()
    if isinstance(value, (list, tuple)):
        return type(value)([_copied(v) for v in value])
    return value


def _fitted(value: Any, p: Tensor, name: str, number: int, shaped: bool) -> Any:
    """A copy of a saved value for the parameter `p`."""
    if name in _COUNTERS:
        if _is_array(value):
            return _as_tensor(value).cpu().clone()
        return as_tensor(np.asarray(value, float32))
    if isinstance(value, (list, tuple)):
        return type(value)([_fitted(v, p, "", number, shaped) for v in value])
    if not _is_array(value):
        return value
    found = _as_tensor(value)
    if shaped and found.shape != p.shape:
        raise ArgumentError(
            f"load_state_dict: the state of parameter {number} has shape {found.shape}, the "
            f"parameter {p.shape}"
        )
    floats = CATEGORY[p.dtype] >= FLOAT
    return found.to(p).clone() if floats else found.to(p.device).clone()
