"""Normalisation: the mean and variance of parts of a tensor made 0 and 1.

Letters: N batch, C channels, S the spatial dimensions, G groups.

One record, `normalize`, serves all: which part is the axes it goes over. It keeps the layout of
its input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import STORAGE_ONLY, float32, is_float
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .constant_pad import pad
from .creation import ones, zeros
from .elementwise import pow
from .layer_arguments import need_float_or_int64, takes_tensors
from .operands import need_float
from .rounding import div
from .shape import cast, reshape

__all__ = ["group_norm", "layer_norm", "local_response_norm", "rms_norm"]


def _definition(
    x: Tensor, weight: Tensor, bias: Tensor, *, axes: Shape, eps: float, centre: bool
) -> tuple[Tensor, Tensor, Tensor]:
    count = math.prod([x.shape[i] for i in axes])
    share = 1 / count if count else math.nan
    mean = x.sum(axes, keepdim=True) * (share if centre else 0)
    centred = x - mean if centre else x
    var = (centred * centred).sum(axes, keepdim=True) * share
    return centred / (var + eps).sqrt() * weight + bias, mean, var


def _vjp(
    needs: Any, g_y: Any, g_mean: Any, g_var: Any, mean: Tensor, var: Tensor, x: Tensor,
    weight: Tensor, axes: Shape, eps: float, centre: bool,
) -> Any:  # fmt: skip
    # The statistics are saved for this formula; what leaves this module is detached.
    assert g_mean is None and g_var is None
    return apply(NORMALIZE_GRAD, g_y, x, mean, var, weight, axes=axes, eps=eps, centre=centre)


def _spec(
    x: Any, weight: Any, bias: Any, *, axes: Shape, eps: float, centre: bool
) -> tuple[Spec, Spec, Spec]:
    kept = tuple([1 if i in axes else n for i, n in enumerate(x.shape)])
    return Spec(x.shape, x.dtype, memory_order(x)), Spec(kept, x.dtype), Spec(kept, x.dtype)


def _grad_spec(
    dy: Any, data: Any, average: Any, variance: Any, scale: Any, *, axes: Shape, eps: float,
    centre: bool,
) -> tuple[Spec, Spec, Spec]:  # fmt: skip
    parameter = Spec(scale.shape, scale.dtype)
    return Spec(data.shape, data.dtype, memory_order(data)), parameter, parameter


NORMALIZE = Primitive(
    "normalize",
    _spec,
    kernel="normalization.normalize",
    outputs=("y", "mean", "var"),
    vjp=_vjp,
    definition=_definition,
    formula="y = (x - mean(x)) / sqrt(var(x) + eps) weight + bias",
)
NORMALIZE_GRAD = Primitive(
    "normalize_grad",
    _grad_spec,
    kernel="normalization.normalize_grad",
    outputs=("dx", "dweight", "dbias"),
)


def normalize(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, axes: Shape, eps: float,
    centre: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """``(x - mean) / sqrt(var + eps) * weight + bias``, and both statistics over `axes`, detached,
    of size 1 there.

    `weight` and `bias` have one shape, of as many dimensions as x, each of x's size or 1; None is
    1 and 0. Without `centre` the mean is taken to be 0.
    """
    given = bias if weight is None else weight
    shape = (1,) * x.ndim if given is None else given.shape
    w = ones(shape, dtype=x.dtype, device=x.device) if weight is None else weight
    b = zeros(shape, dtype=x.dtype, device=x.device) if bias is None else bias
    y, mean, var = apply(NORMALIZE, x, w, b, axes=axes, eps=float(eps), centre=centre)
    return y, mean.detach(), var.detach()


def widened(op: str, input: Tensor, *parameters: Tensor | None) -> list[Any]:
    """`input` and its parameters as they are computed with: 16-bit floats as float32.

    Parameters have the input's dtype; beside 16-bit inputs they may all be float32.
    """
    need_float(input, op)
    given = [p for p in parameters if p is not None]
    dtypes = {p.dtype for p in given}
    mixed = input.dtype in STORAGE_ONLY and dtypes == {float32}
    if dtypes and dtypes != {input.dtype} and not mixed:
        raise DTypeError(
            f"{op}: the input is {input.dtype}, its parameters {sorted(map(str, dtypes))}: convert "
            "them to one dtype"
        )
    if input.dtype not in STORAGE_ONLY:
        return [input, *parameters]
    return [x if x is None else cast(x, float32) for x in (input, *parameters)]


def scaled(y: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """``y * weight + bias``, where they are given."""
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def check_channels(op: str, channels: int, **parameters: Tensor | None) -> None:
    """ShapeError unless the parameters that are given have one number a channel."""
    for name, x in parameters.items():
        if x is not None and x.shape != (channels,):
            raise ShapeError(f"{op}: {name} has shape {x.shape}, expected ({channels},)")


def _last_axes(op: str, input: Tensor, shape: Any, **parameters: Tensor | None) -> Shape:
    """The dimensions that `normalized_shape` names, after checks."""
    if not isinstance(shape, (tuple, list)):
        raise DTypeError(f"{op}: normalized_shape={shape!r} must be a tuple of integers")
    shape = tuple(shape)
    if not shape or input.shape[max(input.ndim - len(shape), 0) :] != shape:
        raise ShapeError(f"{op}: input {input.shape} does not end in {shape}")
    for name, x in parameters.items():
        if x is not None and x.shape != shape:
            raise ShapeError(f"{op}: {name} has shape {x.shape}, expected {shape}")
    return tuple(range(input.ndim - len(shape), input.ndim))


@takes_tensors
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over the last dimensions.

    (Ba, Kiros, Hinton 2016.)

    Args:
        input: (..., *normalized_shape).
        weight, bias: of `normalized_shape`.
    """
    axes = _last_axes("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    x, w, b = widened("layer_norm", input, weight, bias)
    return cast(normalize(x, _aligned(w, x), _aligned(b, x), axes, eps)[0], input.dtype)


def _aligned(parameter: Tensor | None, x: Tensor) -> Tensor | None:
    """A parameter of x's last dimensions, with as many dimensions as x."""
    if parameter is None or parameter.ndim == x.ndim:
        return parameter
    return reshape(parameter, (*[1] * (x.ndim - parameter.ndim), *parameter.shape))


@takes_tensors
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over each group of channels of a sample.

    (Wu, He 2018.)

    Args:
        input: (N, C, ...).
        num_groups: how many; they divide C.
        weight, bias: (C,).
    """
    if input.ndim < 2:
        raise ShapeError(f"group_norm: expected an input (N, C, ...), got shape {input.shape}")
    N, C, *S = input.shape
    if num_groups < 1 or C % num_groups:
        raise ArgumentError(f"group_norm: {C} channels do not divide into {num_groups} groups")
    check_channels("group_norm", C, weight=weight, bias=bias)
    check_counts("group_norm", (N * C // num_groups, num_groups, *S))
    x, w, b = widened("group_norm", input, weight, bias)
    grouped = reshape(x, (N, num_groups, C // num_groups, *S))
    each = (1, num_groups, C // num_groups, *[1] * len(S))
    w, b = [None if p is None else reshape(p, each) for p in (w, b)]
    y = normalize(grouped, w, b, tuple(range(2, grouped.ndim)), eps)[0]
    return cast(reshape(y, input.shape), input.dtype)


def check_counts(op: str, shape: Shape) -> None:
    """ArgumentError if a statistic over all but the channels of `shape` would be of one value."""
    if math.prod([shape[0], *shape[2:]]) == 1:
        raise ArgumentError(f"{op}: expected more than 1 value per channel, got shape {shape}")


@takes_tensors
def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """``x / sqrt(mean(x ** 2) + eps) * weight`` over the last dimensions.

    (Zhang, Sennrich 2019.)

    Args:
        input: (..., *normalized_shape).
        weight: of `normalized_shape`.
        eps: the spacing of floats at 1 if None.
    """
    axes = _last_axes("rms_norm", input, normalized_shape, weight=weight)
    x, w = widened("rms_norm", input, weight)
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    return cast(normalize(x, _aligned(w, x), None, axes, eps, centre=False)[0], input.dtype)


@takes_tensors
def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """``x / (k + alpha mean(x ** 2)) ** beta``, the mean over `size` neighbouring channels.

    (Krizhevsky, Sutskever, Hinton 2012, whose alpha is divided by `size` too.)

    Args:
        input: (N, C, ...), of three dimensions or more.
    """
    if input.ndim < 3:
        raise ShapeError(
            f"local_response_norm: expected (N, C, ...) of 3 dimensions or more, got {input.shape}"
        )
    if size < 1:
        raise ArgumentError(f"local_response_norm: size={size} must be at least 1")
    if input.array.size == 0:
        return input
    need_float_or_int64(input, "local_response_norm")
    x = cast(input, float32) if input.dtype in STORAGE_ONLY else input
    C = x.shape[1]
    borders = [*[0, 0] * (x.ndim - 2), size // 2, (size - 1) // 2]
    squares = pad(x * x, borders)
    total = squares[:, :C]
    for i in range(1, size):
        total = total + squares[:, i : i + C]
    mean = total / size if is_float(x.dtype) else div(total, size, rounding_mode="trunc")
    out = x / pow(mean * alpha + k, beta)
    return cast(out, input.dtype) if is_float(x.dtype) else out
