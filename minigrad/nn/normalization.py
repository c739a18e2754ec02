"""Normalisation layers without statistics of their own. Letters: N batch, C channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..ops.constant_pad import pad
from ..ops.creation import empty
from ..ops.operands import need_float
from ..ops.shape import expand
from ..tensor import Tensor
from . import functional as F
from . import init
from .batch_norm import add_affine, reset_affine
from .module import Module
from .parameter import Parameter

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


def _sizes(shape: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, Sequence) else (shape,)


def _no_end(layer: str, shape: tuple[int, ...], input: Tensor) -> str:
    return (
        f"{layer}({shape}) got the input shape {input.shape}, which does not end in {shape}: set "
        "normalized_shape, or move those dimensions last"
    )


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
        self.normalized_shape = _sizes(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        has = elementwise_affine
        add_affine(self, self.normalized_shape, has, has and bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Ones and zeros."""
        reset_affine(self)

    def forward(self, input: Tensor) -> Tensor:
        """(..., *normalized_shape), normalised."""
        shape = self.normalized_shape
        if input.shape[input.ndim - len(shape) :] != shape:
            raise ShapeError(_no_end("LayerNorm", shape, input))
        return F.layer_norm(input, shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """``x / sqrt(mean(x ** 2) + eps) * weight`` over the last dimensions of each sample.

    (Zhang, Sennrich 2019.)

    Args:
        normalized_shape: the last dimensions, or a number for the last one.
        eps: keeps the root away from zero; None for the spacing of the input's floats at 1.
        elementwise_affine: whether there is a `weight`, of `normalized_shape`, which starts as
            ones.

    Shapes: input (..., *normalized_shape), the output alike.

    Raises:
        ShapeError: the input does not end in `normalized_shape`.
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape = _sizes(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        weight = None
        if elementwise_affine:
            weight = Parameter(empty(self.normalized_shape, device=device, dtype=dtype))
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Ones."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(..., *normalized_shape), normalised."""
        shape = self.normalized_shape
        if x.shape[x.ndim - len(shape) :] != shape:
            raise ShapeError(_no_end("RMSNorm", shape, x))
        return F.rms_norm(x, shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over each group of channels of a sample.

    (Wu, He 2018.)

    Args:
        num_groups: into how many groups the channels are split.
        num_channels: C.
        eps: keeps the root away from zero.
        affine: whether there are `weight` and `bias`, (C,), which start as ones and zeros.
        bias: whether there is a `bias`.

    Shapes: input (N, C, ...), the output alike.

    Raises:
        ArgumentError: the channels do not divide into the groups.
        ShapeError: the input has other channels.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        if num_groups < 1 or num_channels % num_groups:
            raise ArgumentError(
                f"GroupNorm: num_channels={num_channels} must divide into num_groups={num_groups}"
            )
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        add_affine(self, num_channels, affine, affine and bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Ones and zeros."""
        reset_affine(self)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...), each group normalised."""
        shape = input.shape
        if len(shape) < 2 or (self.affine and shape[1] != self.num_channels):
            raise ShapeError(
                f"GroupNorm({self.num_groups}, {self.num_channels}) takes (N, C, ...) with "
                f"{self.num_channels} channels, got the input shape {shape}: set num_channels, or "
                "move the channels to the second dimension"
            )
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """``x / (k + alpha mean(x ** 2)) ** beta``, the mean over `size` neighbouring channels.

    (Krizhevsky, Sutskever, Hinton 2012, whose alpha is divided by `size` too.)

    Shapes: input (N, C, ...) of three dimensions or more, the output alike.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...), each element damped by its neighbours in other channels."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """`LocalResponseNorm` of images as Lua Torch had it: an even `size` counts as one more, and the
    first channel is a neighbour of all.

    PyTorch's has these values, but gradients that are not theirs; here they are.

    Shapes: input (N, C, H, W), the output alike.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), each element damped by its neighbours in other channels."""
        need_float(input, "CrossMapLRN2d")
        if input.ndim != 4:
            raise ShapeError(f"CrossMapLRN2d takes (N, C, H, W), got the input shape {input.shape}")
        N, C, H, W = input.shape
        reach = int((self.size - 1) / 2 + 1)
        squares = pad(input * input, [0, 0, 0, 0, reach - 1, reach - 1])
        total = squares[:, :C]
        for i in range(1, 2 * reach - 1):
            total = total + squares[:, i : i + C]
        if reach < C:  # of the channels further on, the first one is no neighbour yet
            first = expand(squares[:, reach - 1 : reach], (N, C - reach, H, W))
            total = total + pad(first, [0, 0, 0, 0, reach, 0])
        return input * (total * (self.alpha / self.size) + self.k) ** -self.beta

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
