"""Max pooling. Letters: N batch, C channels, D H W volume, OD OH OW output.

It is a choice of one element a window: its forward is `take_pooled` at the chosen index, its
gradient the adjoint scatter; those two are each other's gradients.
"""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import bool_, int32, int64
from ..errors import DTypeError
from ..grad_mode import no_grad
from ..ir import Primitive, Shape, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .creation import arange
from .layer_arguments import layer_function, need_float, span, unbatched
from .pool_windows import Windows, flat_rows, merged, slices, volume, windows
from .shape import cast, reshape, unsqueeze

__all__ = ["max_pool1d", "max_pool2d", "max_pool3d"]

Sizes = int | tuple[int, ...]


def max_spec(x: Any, *, out_shape: Shape, **window: Shape) -> tuple[Spec, Spec]:
    """The maxima and their places."""
    order = memory_order(x)
    return Spec(out_shape, x.dtype, order), Spec(out_shape, int32, order)


def _apart(kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape | None:
    """The stride of windows that do not overlap, nor reach over the edge: a simpler gradient."""
    fits = [s >= span(k, d) for k, s, d in zip(kernel, stride, dilation, strict=True)]
    return stride if all(fits) and not any(padding) else None


MAX_POOL: Primitive = Primitive(
    "max_pool2d",
    max_spec,
    kernel="pool.max_pool2d",
    outputs=("y", "index"),
    vjps=(
        lambda g_y, index, x_shape, kernel_size, stride, padding, dilation: apply(
            SCATTER_POOLED, g_y, index, out_shape=x_shape,
            apart=_apart(kernel_size, stride, padding, dilation),
        ),
    ),
)  # fmt: skip
TAKE_POOLED: Primitive = Primitive(
    "max_pool2d_gather",
    lambda x, index: Spec(index.shape, x.dtype, memory_order(index)),
    kernel="pool.max_pool2d_gather",
    vjps=(lambda g, index, x_shape: apply(SCATTER_POOLED, g, index, out_shape=x_shape), None),
)
SCATTER_POOLED: Primitive = Primitive(
    "max_pool2d_scatter",
    lambda v, index, *, out_shape, apart=None: Spec(out_shape, v.dtype, memory_order(index)),
    kernel="pool.max_pool2d_scatter",
    vjps=(lambda g, index: apply(TAKE_POOLED, g, index), None),
)


def chosen(x: Tensor, index: Tensor) -> Tensor:
    """The elements of x (N, C, ...) at `index` (N, C, ...), int32, of the flattened planes."""
    out = apply(TAKE_POOLED, flat_rows(x), flat_rows(index))
    return reshape(out, index.shape)


def spread(g: Tensor, index: Tensor, shape: Shape) -> Tensor:
    """The adjoint of `chosen`: g (N, C, ...) added at `index` into zeros of `shape`."""
    rows = math.prod(shape[2:-1])
    out_shape = (*shape[:2], rows, shape[-1])
    return reshape(
        apply(SCATTER_POOLED, flat_rows(g), flat_rows(index), out_shape=out_shape), shape
    )


def _pool_images(x: Tensor, at: Windows) -> tuple[Tensor, Tensor]:
    """(maxima, indices) of x (N, C, H, W)."""
    shape = (*x.shape[:2], *at.counts)
    return apply(MAX_POOL, x, out_shape=shape, dilation=at.dilation, **at.settings())


def _pool_volumes(x: Tensor, at: Windows) -> tuple[Tensor, Tensor]:
    """(maxima, indices) of x (N, C, D, H, W): of the slices, then along the depth.

    The first of equal maxima, in the order of memory, is chosen both times.
    """
    _, _, D, H, W = x.shape
    with no_grad():
        y, within = [volume(part, x) for part in _pool_images(slices(x), at.along(1, 2))]
        start = reshape(arange(D, dtype=int32, device=x.device) * (H * W), (D, 1, 1))
        y, within = merged(y), merged(within + start)
        flat = at.along(0, -1)._replace(counts=(at.counts[0], y.shape[3]))
        _, best = _pool_images(y, flat)
        index = reshape(apply(TAKE_POOLED, within, best), (*x.shape[:2], *at.counts))
    return chosen(x, index), index


def _max_pool(
    spatial: int, with_indices: bool, input: Tensor, kernel_size: Any, stride: Any, padding: Any,
    dilation: Any, ceil_mode: bool,
) -> Any:  # fmt: skip
    op = f"max_pool{spatial}d"
    if input.dtype == bool_:
        raise DTypeError(f"{op}: not for bool tensors; convert first, x.float()")
    x, single, at = windows(op, input, spatial, kernel_size, stride, padding, dilation, ceil_mode)
    if spatial == 3:
        y, index = _pool_volumes(x, at)
    else:
        image, at = (x, at) if spatial == 2 else (unsqueeze(x, 2), at.along(-1, 0))
        y, index = _pool_images(image, at)
    if spatial == 1:
        shape = (*x.shape[:2], y.shape[3])
        y, index = reshape(y, shape), reshape(index, shape)
    y = unbatched(y, single)
    return (y, cast(unbatched(index, single), int64)) if with_indices else y


@layer_function
def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of (N, C, L) or (C, L) sequences; as `max_pool2d`."""
    if not return_indices:
        need_float(input, "max_pool1d")
    return _max_pool(1, return_indices, input, kernel_size, stride, padding, dilation, ceil_mode)


@layer_function
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of (N, C, H, W) or (C, H, W) images; NaN wins, padding never.

    With `return_indices` also the chosen places, ``h * W + w`` in the input's plane.
    """
    return _max_pool(2, return_indices, input, kernel_size, stride, padding, dilation, ceil_mode)


@layer_function
def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of (N, C, D, H, W) or (C, D, H, W) volumes; as `max_pool2d`.

    The places are ``(d * H + h) * W + w``.
    """
    return _max_pool(3, return_indices, input, kernel_size, stride, padding, dilation, ceil_mode)
