"""Tensors that belong to a module: those that it learns, and those that it keeps."""

from __future__ import annotations

from ..errors import DTypeError
from ..ops.creation import empty
from ..tensor import Tensor, storage_of

__all__ = ["Buffer", "Parameter"]


class Parameter(Tensor):
    """A tensor that becomes a parameter of the module it is assigned to.

    Args:
        data: the values; their memory is shared. None has none: shape (0,).
        requires_grad: whether gradients are wanted; False for a frozen parameter.

    Raises:
        DTypeError: `data` is not a Tensor.
        GradientError: `data` is of integers, which have no gradients.
    """

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        _share(self, data)
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{Tensor(self.array, self.edge)!r}"


class Buffer(Tensor):
    """A tensor that becomes a buffer of the module it is assigned to: it moves with the module.

    Args:
        data: the values; their memory is shared. None has none: shape (0,).
        persistent: whether it is part of the module's `state_dict`.

    Raises:
        DTypeError: `data` is not a Tensor.
    """

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        _share(self, data)
        self.requires_grad_(data is not None and data.requires_grad)
        self.persistent = persistent


def _share(made: Tensor, data: Tensor | None) -> None:
    name = type(made).__name__
    if data is None:
        data = empty(0)
    if not isinstance(data, Tensor):
        raise DTypeError(
            f"{name}: expected a Tensor, got {type(data).__name__}: wrap the values, "
            f"{name}(minigrad.tensor(...))"
        )
    Tensor.__init__(made, data.array)
    made.storage = storage_of(data)
