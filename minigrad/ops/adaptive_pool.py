"""Adaptive pooling: as many windows as outputs are wanted, output i over inputs from
``floor(i n / o)`` up to ``ceil((i + 1) n / o)``.

Letters: N batch, C channels, n an input size, o an output size. Where o divides n the windows are
those of ordinary pooling, whose kernels serve.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import int64
from ..errors import ArgumentError, DTypeError
from ..ir import Primitive, Shape, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .avg_pool import average
from .layer_arguments import batched, layer_function, need_float, numbers, unbatched
from .max_pool import max_pool1d, max_pool2d, max_pool3d, max_spec, spread
from .pool_windows import Windows, check_places
from .shape import cast

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]

Sizes = int | tuple[int | None, ...]


def _shaped(x: Any, *, out_shape: Shape) -> Spec:
    return Spec(out_shape, x.dtype, memory_order(x))


ADAPTIVE_AVG: Primitive = Primitive(
    "adaptive_avg_pool",
    _shaped,
    kernel="adaptive_pool.adaptive_avg_pool",
    vjps=(lambda g, x_shape: apply(ADAPTIVE_AVG_GRAD, g, out_shape=x_shape),),
)
ADAPTIVE_AVG_GRAD: Primitive = Primitive(
    "adaptive_avg_pool_input_grad",
    lambda g_out, *, out_shape: _shaped(g_out, out_shape=out_shape),
    kernel="adaptive_pool.adaptive_avg_pool_input_grad",
    vjps=(lambda g, g_out_shape: apply(ADAPTIVE_AVG, g, out_shape=g_out_shape),),
)
ADAPTIVE_MAX = Primitive(
    "adaptive_max_pool",
    max_spec,
    kernel="adaptive_pool.adaptive_max_pool",
    outputs=("y", "index"),
    vjps=(lambda g_y, index, x_shape: spread(g_y, index, x_shape),),
)


def _prepared(
    op: str, spatial: int, input: Tensor, output_size: Any, channels: bool
) -> tuple[Tensor, bool, Shape]:
    """`input` as (N, C, ...), whether the batch was added, and the output's shape."""
    need_float(input, op)
    x, single = batched(input, spatial, op)
    if isinstance(output_size, (tuple, list)) and spatial > 1:
        if len(output_size) == spatial:
            pairs = zip(output_size, x.shape[2:], strict=True)
            output_size = [n if o is None else o for o, n in pairs]
    elif output_size is None:
        raise DTypeError(f"{op}: output_size must be an integer or {spatial} of them")
    sizes = numbers(output_size, spatial, "output_size", op, spread=False)
    if min(sizes) < 0:
        raise ArgumentError(f"{op}: output_size {sizes} must not be negative")
    check_places(op, x, channels)
    return x, single, (*x.shape[:2], *sizes)


def _even(x: Tensor, shape: Shape) -> Windows | None:
    """The ordinary windows, if they are all alike."""
    pairs = list(zip(x.shape[2:], shape[2:], strict=True))
    if any([o == 0 or n % o for n, o in pairs]) or 0 in x.shape:
        return None
    k = tuple([n // o for n, o in pairs])
    return Windows(k, k, (0,) * len(k), (1,) * len(k), shape[2:])


def _adaptive_avg(op: str, spatial: int, input: Tensor, output_size: Any) -> Tensor:
    x, single, shape = _prepared(op, spatial, input, output_size, channels=False)
    at = _even(x, shape)
    return unbatched(average(x, at) if at else apply(ADAPTIVE_AVG, x, out_shape=shape), single)


@layer_function
def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    """Means of `output_size` windows of (N, C, L) or (C, L) sequences."""
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


@layer_function
def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
    """Means of windows of (N, C, H, W) or (C, H, W) images, for an output of `output_size`.

    Args:
        output_size: (OH, OW), or a number for both; None keeps the input's size.
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


@layer_function
def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    """Means of windows of (N, C, D, H, W) volumes, for an output of `output_size`."""
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


_MAX_POOLS: Any = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}


def _adaptive_max(spatial: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    op = f"adaptive_max_pool{spatial}d"
    x, single, shape = _prepared(op, spatial, input, output_size, channels=True)
    at = _even(x, shape)
    if at:
        return _MAX_POOLS[spatial](input, at.kernel_size, return_indices=return_indices)
    y, index = apply(ADAPTIVE_MAX, x, out_shape=shape)
    y = unbatched(y, single)
    return (y, cast(unbatched(index, single), int64)) if return_indices else y


@layer_function
def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    """Maxima of `output_size` windows of (N, C, L) or (C, L) sequences; their places if asked."""
    return _adaptive_max(1, input, output_size, return_indices)


@layer_function
def adaptive_max_pool2d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    """Maxima of windows of (N, C, H, W) or (C, H, W) images, for an output of `output_size`.

    Args:
        output_size: (OH, OW), or a number for both; None keeps the input's size.
        return_indices: return also the chosen places, ``h * W + w``.
    """
    return _adaptive_max(2, input, output_size, return_indices)


@layer_function
def adaptive_max_pool3d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    """Maxima of windows of (N, C, D, H, W) volumes, for an output of `output_size`; their places
    ``(d * H + h) * W + w`` if asked."""
    return _adaptive_max(3, input, output_size, return_indices)
