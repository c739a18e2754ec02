"""Fractional max pooling (Graham 2014): windows at random steps, for any ratio of sizes.

Letters: N batch, C channels, D spatial dimensions.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import int64
from ..errors import ArgumentError, ShapeError
from ..ir import Primitive, Shape
from ..tensor import Tensor, apply
from .layer_arguments import batched, layer_function, need_float, numbers, positive, unbatched
from .max_pool import max_spec, spread
from .pool_windows import check_places
from .random import rand
from .shape import cast

__all__ = ["fractional_max_pool2d", "fractional_max_pool3d"]

Sizes = int | tuple[int, ...]
Ratios = float | tuple[float, ...]

FRACTIONAL_MAX = Primitive(
    "fractional_max_pool",
    lambda x, samples, *, out_shape, kernel_size: max_spec(x, out_shape=out_shape),
    kernel="adaptive_pool.fractional_max_pool",
    outputs=("y", "index"),
    vjps=(lambda g_y, index, x_shape: spread(g_y, index, x_shape), None),
)


@layer_function
def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Maxima of windows at random steps of (N, C, H, W) or (C, H, W) images. (Graham 2014.)

    Args:
        output_size: (OH, OW), or a number for both; or
        output_ratio: in (0, 1), of the input's sizes.
        return_indices: return also the chosen places, ``h * W + w``.
        _random_samples: (N, C, 2) in [0, 1), one for each dimension, the last dimension first.
    """
    settings = (kernel_size, output_size, output_ratio, return_indices, _random_samples)
    return _fractional("fractional_max_pool2d", 2, input, *settings)


@layer_function
def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Maxima of windows at random steps of (N, C, D, H, W) or (C, D, H, W) volumes; as
    `fractional_max_pool2d`, but for `_random_samples` (N, C, 3), the first dimension first."""
    settings = (kernel_size, output_size, output_ratio, return_indices, _random_samples)
    return _fractional("fractional_max_pool3d", 3, input, *settings)


def _fractional(
    op: str, spatial: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any,
    return_indices: bool, samples: Tensor | None,
) -> Any:  # fmt: skip
    need_float(input, op)
    x, single = batched(input, spatial, op)
    check_places(op, x)
    k = numbers(kernel_size, spatial, "kernel_size", op, spread=False)
    sizes = _sizes(op, x.shape[2:], output_size, output_ratio)
    positive(op, kernel_size=k, output_size=sizes)
    room = 1 if spatial == 3 else 0  # as PyTorch asks
    if any([o + k - 1 + room > n for o, k, n in zip(sizes, k, x.shape[2:], strict=True)]):
        raise ShapeError(f"{op}: {sizes} windows of {k} do not fit an input of {input.shape}")
    shape = (*x.shape[:2], spatial)
    if samples is None:
        samples = rand(shape, dtype=x.dtype, device=x.device)
    elif samples.shape != shape or samples.dtype != x.dtype:
        raise ShapeError(
            f"{op}: _random_samples is {samples.dtype}{samples.shape}, expected {x.dtype}{shape}"
        )
    out = (*x.shape[:2], *sizes)
    y, index = apply(FRACTIONAL_MAX, x, samples, out_shape=out, kernel_size=k)
    y = unbatched(y, single)
    return (y, cast(unbatched(index, single), int64)) if return_indices else y


def _sizes(op: str, inputs: Shape, output_size: Any, output_ratio: Any) -> Shape:
    if output_size is not None:
        return numbers(output_size, len(inputs), "output_size", op, spread=False)
    if output_ratio is None:
        raise ArgumentError(f"{op}: either output_size or output_ratio is needed")
    given = tuple(output_ratio) if isinstance(output_ratio, (tuple, list)) else (output_ratio,)
    ratios = given * len(inputs) if len(given) == 1 else given
    if len(ratios) != len(inputs) or not all([0 < ratio < 1 for ratio in ratios]):
        raise ArgumentError(
            f"{op}: output_ratio={output_ratio!r} must be between 0 and 1, one or {len(inputs)}"
        )
    return tuple([int(n * ratio) for n, ratio in zip(inputs, ratios, strict=True)])
