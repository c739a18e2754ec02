"""Modules on other devices and in other dtypes. Parameters stay the objects they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

from ..dtypes import DIFFERENTIABLE, as_dtype, bfloat16, float16, float32, float64
from ..errors import DTypeError
from ..ops.creation import empty_like
from ..ops.shape import destination
from ..tensor import Tensor, storage_of

if TYPE_CHECKING:
    from .module import Module
    from .parameter import Parameter


class Movable:
    """The part of `Module` that changes where and in what dtype its tensors are kept."""

    if TYPE_CHECKING:  # what Module has

        def parameters(self, recurse: bool = True) -> Iterator[Parameter]: ...
        def buffers(self, recurse: bool = True) -> Iterator[Tensor]: ...
        def children(self) -> Iterator[Module]: ...

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Put ``fn(tensor)`` in the place of the values of all parameters, gradients, buffers."""
        if recurse:
            for child in self.children():
                child._apply(fn)
        for t in [*self.parameters(recurse=False), *self.buffers(recurse=False)]:
            value = fn(t.detach())
            if t.requires_grad and value.dtype not in DIFFERENTIABLE:
                raise DTypeError(
                    f"{type(self).__name__}: a parameter that requires grad cannot be {value.dtype}"
                )
            t.array, t.storage = value.array, storage_of(value)
            if t.grad is not None:
                t.grad = fn(t.grad.detach())
        return self

    def to(
        self,
        *args: Any,
        device: Any = None,
        dtype: Any = None,
        non_blocking: bool = False,
        memory_format: Any = None,
    ) -> Self:
        """Move to a device, to a floating-point or complex dtype, or to those of a tensor.

        Parameters stay the same objects, so an optimizer made before stays valid. Tensors of
        integers keep their dtype. With a `memory_format`, tensors of four or five dimensions are
        laid out in it. `non_blocking` changes nothing here. Returns itself.
        """
        args = tuple([x for x in args if not isinstance(x, bool)])  # a positional non_blocking
        device, dtype = destination(args, device, dtype)
        dtype = None if dtype is None else as_dtype(dtype)
        if dtype is not None and dtype not in DIFFERENTIABLE:
            raise DTypeError(
                f"{type(self).__name__}.to: {dtype} is not a floating-point or complex dtype"
            )

        def moved(t: Tensor) -> Tensor:
            t = t.to(device=device, dtype=dtype if t.dtype in DIFFERENTIABLE else None)
            laid_out = memory_format is not None and t.ndim in (4, 5)
            return t.contiguous(memory_format=memory_format) if laid_out else t

        return self._apply(moved)

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move to a device without the values: what the tensors hold is undefined. Returns itself.

        Fill them by `load_state_dict` or `minigrad.nn.init`.
        """
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def cpu(self) -> Self:
        """Move to the CPU; returns itself."""
        return self.to(device="cpu")

    def cuda(self, device: Any = None) -> Self:
        """Move to the GPU; returns itself."""
        return self.to(device="cuda" if device is None else device)

    def type(self, dst_type: Any) -> Self:
        """Make all parameters and buffers of one dtype, those of integers too; returns itself."""
        dtype = as_dtype(dst_type)
        return self._apply(lambda t: t.to(dtype=dtype))

    def float(self) -> Self:
        """Make parameters and floating-point buffers float32; returns itself."""
        return self._floats(float32)

    def double(self) -> Self:
        """Make parameters and floating-point buffers float64; returns itself."""
        return self._floats(float64)

    def half(self) -> Self:
        """Make parameters and floating-point buffers float16; returns itself."""
        return self._floats(float16)

    def bfloat16(self) -> Self:
        """Make parameters and floating-point buffers bfloat16; returns itself."""
        return self._floats(bfloat16)

    def _floats(self, dtype: Any) -> Self:
        return self._apply(lambda t: t.to(dtype=dtype) if t.is_floating_point() else t)
