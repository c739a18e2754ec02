"""Weight normalisation by a hook: a weight of length `weight_g` in the direction `weight_v`."""

from __future__ import annotations

from typing import Any, TypeVar

from ...errors import ArgumentError, Error
from ...ops.norms import vector_norm
from ...tensor import Tensor
from ..module import Module
from ..parameter import Parameter

__all__ = ["remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


def length_but_for(v: Tensor, dim: int) -> Tensor:
    """The norm of `v` over all dimensions but `dim`, each 1 in the result; over all for -1."""
    if dim == -1:
        return vector_norm(v)
    kept = dim % v.ndim
    axes = tuple([axis for axis in range(v.ndim) if axis != kept])
    return vector_norm(v, dim=axes, keepdim=True) if axes else v.abs()


def directed(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """``g v / |v|``."""
    return v * (g / length_but_for(v, dim))


class WeightNorm:
    """The hook that computes the weight before each call of its module."""

    def __init__(self, name: str, dim: int) -> None:
        self.name, self.dim = name, dim

    def compute_weight(self, module: Any) -> Tensor:
        """The weight of now."""
        v, g = getattr(module, self.name + "_v"), getattr(module, self.name + "_g")
        return directed(v, g, self.dim)

    def __call__(self, module: Any, args: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Write a module's parameter as ``w = g v / |v|``, of which `g` and `v` are learned.

    `name` becomes the parameters ``<name>_g`` and ``<name>_v``, and is computed before each call.
    PyTorch calls this the old way; the new is `parametrizations.weight_norm`. (Salimans, Kingma
    2016.)

    Args:
        module: the module, which is changed and returned.
        name: the parameter.
        dim: the dimension whose slices have a length each; None for one length in all.

    Raises:
        Error: the parameter has this norm already.
        AttributeError: there is no such parameter.
    """
    if hook_of(module, WeightNorm, name) is not None:
        raise Error(f"weight_norm: {name!r} has it already")
    hook = WeightNorm(name, -1 if dim is None else dim)
    weight = module.get_parameter(name)
    delattr(module, name)
    g = length_but_for(weight.detach(), hook.dim)
    module.register_parameter(name + "_g", Parameter(g))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight of now a parameter again; ArgumentError if it has no weight norm."""
    hook = take_hook(module, WeightNorm, name, "weight_norm")
    weight = hook.compute_weight(module)
    for member in (name, name + "_g", name + "_v"):
        delattr(module, member)
    setattr(module, name, Parameter(weight.detach()))
    return module


def hook_of(module: Module, kind: type, name: str) -> int | None:
    """The key of a module's hook of this class for the parameter `name`."""
    for key, hook in module._hooks.items():
        if isinstance(hook.function, kind) and hook.function.name == name:  # type: ignore[attr-defined]
            return key
    return None


def take_hook(module: Module, kind: type, name: str, what: str) -> Any:
    """Take that hook away, and return it; ArgumentError if there is none."""
    key = hook_of(module, kind, name)
    if key is None:
        raise ArgumentError(f"{what} of {name!r} not found in {type(module).__name__}")
    return module._hooks.pop(key).function
