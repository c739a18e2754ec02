"""The windows of a pooling: their settings checked, their count.

Letters: N batch, C channels, D H W volume, OD OH OW output.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..errors import ArgumentError, ShapeError
from ..ir import Shape
from ..kernels.launch import memory_order
from ..tensor import Tensor
from .layer_arguments import batched, channels_last, numbers, positive, span
from .shape import permute, reshape


class Windows(NamedTuple):
    """Sizes, steps, padding and dilation of a pooling's windows, and their counts."""

    kernel_size: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    counts: Shape

    def along(self, *axes: int) -> Windows:
        """Those of the spatial axes `axes`; a negative one has windows of one element."""
        flat = (1, 1, 0, 1, 1)
        return Windows(
            *[
                tuple([values[i] if i >= 0 else neutral for i in axes])
                for values, neutral in zip(self, flat, strict=True)
            ]
        )

    def settings(self) -> dict[str, Shape]:
        """The attributes of the pooling records."""
        return {"kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding}


def windows(
    op: str, x: Tensor, spatial: int, kernel_size: Any, stride: Any, padding: Any,
    dilation: Any = 1, ceil_mode: bool = False,
) -> tuple[Tensor, bool, Windows]:  # fmt: skip
    """`x` as (N, C, ...), whether the batch was added, and the checked windows."""
    k = numbers(kernel_size, spatial, "kernel_size", op)
    s = k if stride is None or stride in ((), []) else numbers(stride, spatial, "stride", op)
    p = numbers(padding, spatial, "padding", op)
    d = numbers(dilation, spatial, "dilation", op)
    batch, single = batched(x, spatial, op)
    check_places(op, batch)
    positive(op, kernel_size=k, stride=s, dilation=d)
    if any([p < 0 or p > k // 2 for p, k in zip(p, k, strict=True)]):
        raise ArgumentError(f"{op}: padding {p} must lie between 0 and half of kernel_size {k}")
    sizes = list(zip(batch.shape[2:], k, s, p, d, strict=True))
    counts = tuple([_count(*size, ceil_mode) for size in sizes])
    if min(counts) < 1:
        raise ShapeError(
            f"{op}: windows of {k} (dilation {d}) do not fit an input of {x.shape} with padding {p}"
        )
    return batch, single, Windows(k, s, p, d, counts)


def check_places(op: str, x: Tensor, channels: bool = True) -> None:
    """ShapeError if `x` (N, C, ...) has places without elements; only the batch may be empty."""
    if 0 in x.shape[1 if channels else 2 :]:
        raise ShapeError(
            f"{op}: only the batch may be empty, got an input (N, C, ...) of {x.shape}"
        )


def _count(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """How many windows fit; in ceil mode one may hang over the end, if it starts inside."""
    room = n + 2 * p - span(k, d)
    count = (-(-room // s) if ceil_mode else room // s) + 1
    if ceil_mode and (count - 1) * s >= n + p:
        count -= 1
    return count


def slices(x: Tensor) -> Tensor:
    """x (N, C, D, H, W) as images, in the order of its memory: (N·D, C, H, W) or (N, C·D, H, W)."""
    N, C, D, H, W = x.shape
    if memory_order(x.array) == channels_last(5):
        return reshape(permute(x, 0, 2, 1, 3, 4), (N * D, C, H, W))
    return reshape(x, (N, C * D, H, W))


def volume(y: Tensor, like: Tensor) -> Tensor:
    """The images y that were made of ``slices(like)`` as (N, C, D, OH, OW)."""
    N, C, D = like.shape[:3]
    if memory_order(like.array) == channels_last(5):
        return permute(reshape(y, (N, D, C, *y.shape[2:])), 0, 2, 1, 3, 4)
    return reshape(y, (N, C, D, *y.shape[2:]))


def flat_rows(x: Tensor) -> Tensor:
    """x (N, C, ..., W) as (N, C, rows, W)."""
    return reshape(x, (*x.shape[:2], math.prod(x.shape[2:-1]), x.shape[-1]))


def merged(x: Tensor) -> Tensor:
    """x (N, C, D, H, W) as (N, C, D, H·W)."""
    return reshape(x, (*x.shape[:3], x.shape[3] * x.shape[4]))
