"""minigrad as a `Library`, and the comparison of what it did with what PyTorch did."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.device import to_numpy

from .agree import differences
from .cases import NAMES, Array, Case, Device, DType
from .observe import Absent, Library, NoDType, observe


class Minigrad(Library):
    """minigrad, asked by PyTorch's names; on `device`."""

    package = mg
    Tensor = mg.Tensor
    exact_warnings = True

    def __init__(self, device: str = "cpu") -> None:
        self.place = device

    def tensor(self, array: Array) -> Any:
        name = NAMES[array.data.dtype]
        if not hasattr(mg, name):
            raise NoDType(name)
        out = mg.from_numpy(array.laid_out())
        if self.place != "cpu":
            out = out.to(self.place)
        return out.requires_grad_() if array.grad else out

    def array(self, tensor: Any) -> np.ndarray:
        return to_numpy(tensor.array)

    def dtype(self, name: str) -> Any:
        if not hasattr(mg, name):
            raise NoDType(name)
        return getattr(mg, name)

    def device(self, name: str) -> Any:
        return self.place

    def plain(self, value: Any) -> Any:
        if isinstance(value, np.dtype):
            return DType(NAMES.get(value, str(value)))
        if value is NotImplemented:
            return "NotImplemented"
        if isinstance(value, mg.device):
            return Device(value.type)
        return value

    def clone(self, tensor: Any) -> Any:
        return tensor.clone()

    def share_memory(self, a: Any, b: Any) -> bool:
        return self.place == "cpu" and np.may_share_memory(a.array, b.array)

    def grad(self, outputs: list[Any], inputs: list[Any], weights: list[Any]) -> Any:
        return mg.grad(outputs, inputs, weights, allow_unused=True)


@functools.cache
def library(device: str) -> Minigrad:
    return Minigrad(device)


def forms_present(function: str) -> list[str]:
    """Which forms of `function` minigrad has."""
    name = function.rpartition(".")[2]
    paths = {"function": function}
    if function.count(".") == 1:
        paths |= {"method": f"torch.Tensor.{name}", "inplace": f"torch.Tensor.{name}_"}
    return [form for form, path in paths.items() if _has(path)]


def _has(path: str) -> bool:
    try:
        library("cpu").find(path)
    except Absent:
        return False
    return True


def replay(case: Case, form: str, device: str = "cpu") -> list[str]:
    """How minigrad differs from PyTorch in this form of the case: nothing, if all is well."""
    try:
        actual = observe(library(device), case, form)
    except (Absent, NoDType) as lack:
        return [f"absent: {lack}"]
    return differences(case, form, case.outcomes[form], actual, on_cpu=device == "cpu")
