"""PyTorch as a `Library`, and PyTorch's values in neutral form."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import torch
from parity.cases import DTYPES, Array, Device, DType
from parity.observe import Library

TORCH_DTYPES = {name: getattr(torch, name) for name in DTYPES}
NAME_OF = {dtype: name for name, dtype in TORCH_DTYPES.items()}


class Unsupported(Exception):
    """A value with no neutral form: a layout, a generator, a function, a dtype we have not."""


class Torch(Library):
    """PyTorch, on the CPU."""

    package = torch
    Tensor = torch.Tensor
    exact_warnings = False

    def tensor(self, array: Array) -> torch.Tensor:
        data = array.laid_out()
        if data.dtype == ml_dtypes.bfloat16:
            out = torch.from_numpy(data.view(np.int16)).view(torch.bfloat16)
        else:
            out = torch.from_numpy(data)
        return out.requires_grad_() if array.grad else out

    def array(self, tensor: torch.Tensor) -> np.ndarray:
        tensor = tensor.detach().resolve_conj().resolve_neg()
        if tensor._is_zerotensor():  # a gradient known to be zero, which has no memory
            tensor = torch.zeros(tensor.shape, dtype=tensor.dtype)
        usable = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if not usable or tensor.dtype not in NAME_OF:
            raise Unsupported(f"a tensor of {tensor.dtype}, {tensor.layout}, {tensor.device}")
        if tensor.dtype == torch.bfloat16:
            return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return tensor.numpy()

    def dtype(self, name: str) -> torch.dtype:
        return TORCH_DTYPES[name]

    def device(self, name: str) -> torch.device:
        return torch.device(name)

    def plain(self, value: Any) -> Any:
        return _plain(value)

    def clone(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.clone()

    def share_memory(self, a: torch.Tensor, b: torch.Tensor) -> bool:
        same = a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
        return same and a.numel() > 0 and b.numel() > 0

    def grad(self, outputs: list[Any], inputs: list[Any], weights: list[Any]) -> Any:
        return torch.autograd.grad(outputs, inputs, weights, allow_unused=True)


TORCH = Torch()


def _plain(value: Any) -> Any:
    if isinstance(value, torch.dtype):
        if value not in NAME_OF:
            raise Unsupported(value)
        return DType(NAME_OF[value])
    if isinstance(value, torch.device):
        if value.type != "cpu":
            raise Unsupported(value)
        return Device(value.type)
    if isinstance(value, torch.Size):
        return tuple(value)
    if value is NotImplemented:  # an operator's answer to what it does not know
        return "NotImplemented"
    if value is None or value is Ellipsis or type(value) in (bool, int, float, complex, str):
        return value
    raise Unsupported(f"{type(value).__name__} {value!r}")


def to_neutral(value: Any) -> Any:
    """The neutral form of an argument; Unsupported if it has none."""
    if isinstance(value, torch.Tensor):
        if type(value) not in (torch.Tensor, torch.nn.Parameter):
            raise Unsupported(f"a tensor subclass {type(value).__name__}")
        data = np.array(TORCH.array(value), order="C")
        strides = None if value.is_contiguous() else tuple(value.stride())
        return Array(data, strides, value.requires_grad)
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, (list, tuple)):
        return type(value)([to_neutral(part) for part in value])
    if isinstance(value, dict):
        return {key: to_neutral(part) for key, part in value.items()}
    if isinstance(value, slice):
        return slice(*[to_neutral(p) for p in (value.start, value.stop, value.step)])
    if isinstance(value, np.generic):
        return value.item()
    return _plain(value)
