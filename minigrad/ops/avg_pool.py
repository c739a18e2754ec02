"""Average and power-average pooling. Letters: N batch, C channels, D H W volume, O output."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import int64, is_float
from ..errors import ArgumentError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .calling import public
from .choice import sign
from .creation import ones
from .elementwise import abs, mul, pow, relu
from .layer_arguments import layer_function, need_float, need_float_or_int64, numbers, unbatched
from .max_pool import max_pool1d, max_pool2d, max_pool3d
from .pool_windows import Windows, merged, slices, volume, windows
from .rounding import div
from .shape import reshape, unsqueeze

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d"]

Sizes = int | tuple[int, ...]


def _average_spec(x: Any, *, out_shape: Shape, **window: Any) -> Spec:
    return Spec(out_shape, x.dtype, memory_order(x))


AVG_POOL: Primitive = Primitive(
    "avg_pool2d",
    _average_spec,
    kernel="pool.avg_pool2d",
    vjps=(
        lambda g, x_shape, kernel_size, stride, padding, count_include_pad, divisor_override: apply(
            AVG_POOL_GRAD, g, out_shape=x_shape, kernel_size=kernel_size, stride=stride,
            padding=padding, count_include_pad=count_include_pad,
            divisor_override=divisor_override,
        ),
    ),
)  # fmt: skip
AVG_POOL_GRAD: Primitive = Primitive(
    "avg_pool2d_input_grad",
    lambda g_out, *, out_shape, **window: _average_spec(g_out, out_shape=out_shape),
    kernel="pool.avg_pool2d_input_grad",
    vjps=(
        lambda g, g_out_shape, kernel_size, stride, padding, count_include_pad, divisor_override:
        apply(
            AVG_POOL, g, out_shape=g_out_shape, kernel_size=kernel_size, stride=stride,
            padding=padding, count_include_pad=count_include_pad,
            divisor_override=divisor_override,
        ),
    ),
)  # fmt: skip


def average_images(
    x: Tensor, at: Windows, count_include_pad: bool = True, divisor_override: int | None = None
) -> Tensor:
    """The means of the windows of x (N, C, H, W)."""
    return apply(
        AVG_POOL, x, out_shape=(*x.shape[:2], *at.counts), count_include_pad=count_include_pad,
        divisor_override=divisor_override, **at.settings(),
    )  # fmt: skip


def average(
    x: Tensor, at: Windows, count_include_pad: bool = True, divisor_override: int | None = None
) -> Tensor:
    """The means of the windows of x (N, C, ...), in one to three dimensions.

    A volume's window is averaged over its slices, then along the depth: its count of elements is
    the product of theirs.
    """
    spatial = x.ndim - 2
    if spatial == 2:
        return average_images(x, at, count_include_pad, divisor_override)
    if spatial == 1:
        flat = at.along(-1, 0)
        out = average_images(unsqueeze(x, 2), flat, count_include_pad, divisor_override)
        return reshape(out, (*x.shape[:2], *at.counts))
    if any([n < k for n, k in zip(x.shape[2:], at.kernel_size, strict=True)]):
        raise ShapeError(f"avg_pool3d: windows {at.kernel_size} are larger than input {x.shape}")
    override = None if divisor_override is None else 1
    planes = average_images(slices(x), at.along(1, 2), count_include_pad, override)
    columns = merged(volume(planes, x))
    along = at.along(0, -1)._replace(counts=(at.counts[0], columns.shape[3]))
    out = average_images(columns, along, count_include_pad, divisor_override)
    return reshape(out, (*x.shape[:2], *at.counts))


def _avg_pool(
    spatial: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    op = f"avg_pool{spatial}d"
    need_float_or_int64(input, op)
    x, single, at = windows(op, input, spatial, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise ArgumentError(f"{op}: divisor_override must not be zero")
    mean = average if is_float(x.dtype) else _truncated_average
    return unbatched(mean(x, at, count_include_pad, divisor_override), single)


def _truncated_average(
    x: Tensor, at: Windows, count_include_pad: bool, divisor_override: int | None
) -> Tensor:
    """The windows' sums of integers, divided and rounded towards 0."""
    total = average(x, at, divisor_override=1)
    if divisor_override is not None:
        return div(total, divisor_override, rounding_mode="trunc")
    border = [2 * p if count_include_pad else 0 for p in at.padding]
    sizes = [n + b for n, b in zip(x.shape[2:], border, strict=True)]
    places = ones(1, 1, *sizes, dtype=int64, device=x.device)
    whole = at._replace(padding=(0,) * len(sizes)) if count_include_pad else at
    return div(total, average(places, whole, divisor_override=1), rounding_mode="trunc")


@layer_function
def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of (N, C, L) or (C, L) sequences; as `avg_pool2d`."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@public
@layer_function
def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, H, W) or (C, H, W) images.

    Args:
        kernel_size, stride: of the windows; they lie side by side if `stride` is None.
        padding: zeros on each side, which count if `count_include_pad`.
        ceil_mode: also windows that hang over the end.
        divisor_override: what the sums are divided by instead.
    """
    settings = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return _avg_pool(2, input, *settings)


@public
@layer_function
def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W) volumes; as `avg_pool2d`."""
    settings = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return _avg_pool(3, input, *settings)


_MAX_POOLS: Any = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}


def _lp_pool(
    spatial: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    op = f"lp_pool{spatial}d"
    need_float(input, op)
    k = numbers(kernel_size, spatial, "kernel_size", op, spread=spatial == 1)
    if norm_type in (math.inf, -math.inf):
        s = 1 if norm_type > 0 else -1
        maxima = _MAX_POOLS[spatial](abs(input) * s, k, stride, ceil_mode=ceil_mode)
        return maxima * s
    x, single, at = windows(op, input, spatial, k, stride, 0, 1, ceil_mode)
    mean = average(pow(x, norm_type), at)
    total = mul(
        sign(mean) * relu(abs(mean)), math.prod(at.kernel_size)
    )  # the sign: a mean below 0 gives NaN
    return unbatched(pow(total, 1.0 / norm_type), single)


@layer_function
def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """``sum(x ** norm_type) ** (1 / norm_type)`` of each window of (N, C, L) or (C, L)."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


@layer_function
def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """``sum(x ** norm_type) ** (1 / norm_type)`` of each window of (N, C, H, W) or (C, H, W)."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


@layer_function
def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """``sum(x ** norm_type) ** (1 / norm_type)`` of each window of (N, C, D, H, W) volumes."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)
