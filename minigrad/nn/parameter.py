"""A tensor that a module learns."""

from __future__ import annotations

from ..errors import DTypeError
from ..tensor import Tensor, storage_of

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A tensor that becomes a parameter of the module it is assigned to.

    Args:
        data: the values; their memory is shared.
        requires_grad: whether gradients are wanted; False for a frozen parameter.

    Raises:
        DTypeError: `data` is not a Tensor.
        GradientError: `data` is of integers, which have no gradients.
    """

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        if not isinstance(data, Tensor):
            raise DTypeError(
                f"Parameter: expected a Tensor, got {type(data).__name__}: wrap the values, "
                "Parameter(minigrad.tensor(...))"
            )
        super().__init__(data.array)
        self.storage = storage_of(data)
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{Tensor(self.array, self.edge)!r}"
