"""Linear, the dense layer, and Bilinear, the dense layer of two inputs."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..ops.creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Bilinear", "Linear"]


class Linear(Module):
    """``y = x W^T + b``.

    Args:
        in_features: the size of the input's last dimension.
        out_features: the size of the output's last dimension.
        bias: whether there is a `b`.

    Shapes: input (..., in_features), output (..., out_features); `weight` (out_features,
        in_features) and `bias` (out_features,) start uniform within ``1 / sqrt(in_features)``.

    Raises:
        ShapeError: the input's last dimension is not `in_features`.

    Example:
        >>> Linear(784, 10)(mg.zeros(32, 784)).shape
        (32, 10)
    """

    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        offset = empty(out_features, device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", None if offset is None else Parameter(offset))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.linear_defaults_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        shape = input.shape
        if not shape or shape[-1] != self.in_features:
            raise ShapeError(self._misfit(shape))
        return F.linear(input, self.weight, self.bias)

    def _misfit(self, shape: tuple[int, ...]) -> str:
        got = f"{shape[-1]} features" if shape else "a single number"
        remedy = f"set in_features={shape[-1]}, or reshape the input" if shape else "reshape it"
        if math.prod(shape[1:]) == self.in_features:
            remedy = "flatten the input first, x.flatten(1)"
        return (
            f"Linear(in_features={self.in_features}, out_features={self.out_features}) got {got} "
            f"(input shape {shape}): {remedy}"
        )

    def extra_repr(self) -> str:
        bias = self.bias is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={bias}"


class Bilinear(Module):
    """``y[o] = sum of x1[i] weight[o, i, j] x2[j] + bias[o]``.

    Args:
        in1_features, in2_features: the sizes of the inputs' last dimensions, I and J.
        out_features: the size of the output's last dimension, O.
        bias: whether there is a `bias`.

    Shapes: inputs (..., I) and (..., J), output (..., O); `weight` (O, I, J) and `bias` (O,) start
        uniform within ``1 / sqrt(I)``.

    Raises:
        ArgumentError: `in1_features` is not positive.
        ShapeError: the inputs end in other sizes, or their other dimensions differ.
    """

    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if in1_features <= 0:
            raise ArgumentError(f"Bilinear: in1_features={in1_features} must be positive")
        self.in1_features, self.in2_features = in1_features, in2_features
        self.out_features = out_features
        shape = (out_features, in1_features, in2_features)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        offset = empty(out_features, device=device, dtype=dtype) if bias else None
        self.register_parameter("bias", None if offset is None else Parameter(offset))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """(..., in1_features) and (..., in2_features) -> (..., out_features)."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
