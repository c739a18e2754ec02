"""Max unpooling: values put back where max pooling found them. Letters: N batch, C channels."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import int32, int64
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .gather import checked_index
from .layer_arguments import batched, layer_function, need_float, numbers, unbatched
from .max_pool import TAKE_POOLED
from .pool_windows import check_places, flat_rows
from .shape import cast, reshape

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

Sizes = int | tuple[int, ...]

# Values that meet at one place: the last is kept, and each has the place's gradient, as in PyTorch.
UNPOOL = Primitive(
    "max_unpool",
    lambda v, index, *, out_shape: Spec(out_shape, v.dtype, memory_order(index)),
    kernel="pool.max_unpool",
    vjps=(lambda g, index: apply(TAKE_POOLED, g, index), None),
)


@layer_function
def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:
    """The partial inverse of `max_pool1d`; as `max_unpool2d`, of (N, C, L) or (C, L)."""
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


@layer_function
def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:
    """The partial inverse of `max_pool2d`: zeros but for the maxima, at their places.

    Args:
        input, indices: (N, C, H, W) or (C, H, W), what `max_pool2d` returned.
        kernel_size, stride, padding: of that pooling.
        output_size: of its input, where several sizes are possible; with or without (N, C).
    """
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


@layer_function
def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:
    """The partial inverse of `max_pool3d`; as `max_unpool2d`, of (N, C, D, H, W) volumes."""
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _unpool(
    op: str, spatial: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any,
    padding: Any, output_size: Any,
) -> Tensor:  # fmt: skip
    need_float(input, op)
    k = numbers(kernel_size, spatial, "kernel_size", op)
    s = k if stride is None else numbers(stride, spatial, "stride", op)
    p = numbers(padding, spatial, "padding", op)
    x, single = batched(input, spatial, op)
    if indices.dtype != int64:
        raise DTypeError(f"{op}: indices must be int64, got {indices.dtype}")
    if indices.shape != input.shape:
        raise ShapeError(f"{op}: indices {indices.shape} must have the input's {input.shape}")
    check_places(op, x)
    sizes = _output_size(op, x.shape[2:], k, s, p, output_size)
    if min(sizes) < 1:
        raise ShapeError(f"{op}: the output would have sizes {sizes}")
    places = math.prod(sizes)
    index = cast(checked_index(indices, places, op, negative=False), int32)
    index = flat_rows(reshape(index, x.shape))
    shape = (*x.shape[:2], places // sizes[-1], sizes[-1])
    out = apply(UNPOOL, flat_rows(x), index, out_shape=shape)
    return unbatched(reshape(out, (*x.shape[:2], *sizes)), single)


def _output_size(op: str, pooled: Shape, k: Shape, s: Shape, p: Shape, given: Any) -> Shape:
    default = tuple([(n - 1) * s - 2 * p + k for n, k, s, p in zip(pooled, k, s, p, strict=True)])
    if given is None:
        return default
    sizes = tuple(given)
    sizes = sizes[2:] if len(sizes) == len(pooled) + 2 else sizes
    if len(sizes) != len(pooled):
        raise ArgumentError(f"{op}: output_size {tuple(given)} must have {len(pooled)} sizes")
    if not all([n - s < o < n + s for o, n, s in zip(sizes, default, s, strict=True)]):
        raise ArgumentError(
            f"{op}: output_size {sizes} is not within the stride {s} of {default}, which the "
            "pooling's settings give"
        )
    return tuple([int(o) for o in sizes])
