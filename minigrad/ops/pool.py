"""Pooling over windows. Letters: N batch, C channels, H W image, OH OW output.

Max pooling is a choice of one element a window: its forward is `take_pooled` at the chosen index,
its gradient the adjoint scatter; those two are each other's gradients.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import int32, int64
from ..errors import ArgumentError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .conv import Pair, pair
from .operands import need_float
from .shape import cast, reshape, unsqueeze


def _window_count(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """How many windows fit; in ceil mode one may hang over the end, if it starts inside."""
    room = n + 2 * p - d * (k - 1) - 1
    count = (-(-room // s) if ceil_mode else room // s) + 1
    if ceil_mode and (count - 1) * s >= n + p:
        count -= 1
    return count


def _pooled_shape(
    x: Any, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> Shape:
    sizes = zip(x.shape[2:], kernel_size, stride, padding, dilation, strict=True)
    return (*x.shape[:2], *[_window_count(*size, ceil_mode) for size in sizes])


def _max_spec(x: Any, *, out_shape: Shape, **window: Pair) -> tuple[Spec, Spec]:
    order = memory_order(x)
    return Spec(out_shape, x.dtype, order), Spec(out_shape, int32, order)


MAX_POOL: Primitive = Primitive(
    "max_pool2d",
    _max_spec,
    kernel="pool.max_pool2d",
    outputs=("y", "index"),
    vjps=(lambda g_y, index, x_shape: apply(SCATTER_POOLED, g_y, index, out_shape=x_shape),),
)
TAKE_POOLED: Primitive = Primitive(
    "max_pool2d_gather",
    lambda x, index: Spec(index.shape, x.dtype, memory_order(index)),
    kernel="pool.max_pool2d_gather",
    vjps=(lambda g, index, x_shape: apply(SCATTER_POOLED, g, index, out_shape=x_shape), None),
)
SCATTER_POOLED: Primitive = Primitive(
    "max_pool2d_scatter",
    lambda v, index, *, out_shape: Spec(out_shape, v.dtype, memory_order(index)),
    kernel="pool.max_pool2d_scatter",
    vjps=(lambda g, index: apply(TAKE_POOLED, g, index), None),
)


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
    _average_spec,
    kernel="pool.avg_pool2d_input_grad",
    vjps=(
        lambda g, x_shape, kernel_size, stride, padding, count_include_pad, divisor_override: apply(
            AVG_POOL, g, out_shape=x_shape, kernel_size=kernel_size, stride=stride,
            padding=padding, count_include_pad=count_include_pad,
            divisor_override=divisor_override,
        ),
    ),
)  # fmt: skip


def max_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of (N, C, H, W) or (C, H, W) images; NaN wins, padding never.

    With `return_indices` also the chosen places, ``h * W + w`` in the input's plane.
    """
    window = _window("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    shape = _pooled_shape(x, *window, ceil_mode)
    names = ("kernel_size", "stride", "padding", "dilation")
    y, index = apply(MAX_POOL, x, out_shape=shape, **dict(zip(names, window, strict=True)))
    if input.ndim == 3:
        y, index = reshape(y, shape[1:]), reshape(index, shape[1:])
    return (y, cast(index, int64)) if return_indices else y


def avg_pool2d(
    input: Tensor,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, H, W) or (C, H, W) images."""
    need_float(input, "avg_pool2d")
    window = _window("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise ArgumentError("avg_pool2d: divisor_override must not be zero")
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    shape = _pooled_shape(x, *window, ceil_mode)
    y = apply(
        AVG_POOL, x, out_shape=shape, kernel_size=window[0], stride=window[1], padding=window[2],
        count_include_pad=count_include_pad, divisor_override=divisor_override,
    )  # fmt: skip
    return reshape(y, shape[1:]) if input.ndim == 3 else y


def _window(
    op: str, x: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[Pair, Pair, Pair, Pair]:
    """Checked (kernel_size, stride, padding, dilation)."""
    k = pair(kernel_size, "kernel_size", op)
    s = k if stride is None or stride == () else pair(stride, "stride", op)
    p, d = pair(padding, "padding", op), pair(dilation, "dilation", op)
    if x.ndim not in (3, 4):
        raise ShapeError(f"{op}: expected (N, C, H, W) or (C, H, W), got shape {x.shape}")
    if min(*k, *s, *d) < 1 or min(p) < 0:
        raise ArgumentError(
            f"{op}: kernel_size {k}, stride {s} and dilation {d} must be at least 1, padding {p} "
            "at least 0"
        )
    if p[0] * 2 > k[0] or p[1] * 2 > k[1]:
        raise ArgumentError(f"{op}: padding {p} may be at most half of kernel_size {k}")
    for size in zip(x.shape[-2:], k, s, p, d, strict=True):
        if _window_count(*size, ceil_mode) < 1:
            raise ShapeError(
                f"{op}: windows of {k} (dilation {d}) do not fit images of {x.shape[-2:]} with "
                f"padding {p}"
            )
    return k, s, p, d
