"""Normalisation layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from ..ops.creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["LayerNorm"]


class LayerNorm(Module):
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over the last dimensions of each sample.

    (Ba, Kiros, Hinton 2016.)

    Args:
        normalized_shape: the last dimensions, or a number for the last one.
        eps: keeps the root away from zero.
        elementwise_affine: whether there are `weight` and `bias`, of `normalized_shape`, which
            start as ones and zeros.
        bias: whether there is a `bias`.

    Shapes: input (..., *normalized_shape), the output alike.

    Raises:
        ShapeError: the input does not end in `normalized_shape`.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if isinstance(normalized_shape, int):
            normalized_shape = (normalized_shape,)
        self.normalized_shape = tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        for name, wanted in (("weight", True), ("bias", bias)):
            has = elementwise_affine and wanted
            values = empty(self.normalized_shape, device=device, dtype=dtype) if has else None
            self.register_parameter(name, None if values is None else Parameter(values))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Ones and zeros."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(..., *normalized_shape), normalised."""
        shape = self.normalized_shape
        if input.shape[input.ndim - len(shape) :] != shape:
            raise ShapeError(
                f"LayerNorm({shape}) got the input shape {input.shape}, which does not end in "
                f"{shape}: set normalized_shape, or move those dimensions last"
            )
        return F.layer_norm(input, shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )
