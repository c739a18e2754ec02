"""Sliding blocks as columns and back, and channels traded for places.

Letters: N batch, C channels, H W image, KH KW kernel, L blocks (OH rows of OW).
"""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import CATEGORY, INT
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..tensor import Tensor, apply
from .layer_arguments import numbers, positive, span, unbatched
from .shape import CONTIGUOUS, permute, reshape, unsqueeze

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def _unfold_spec(x: Any, *, counts: Shape, kernel: Shape, **_: Any) -> Spec:
    N, C = x.shape[:2]
    return Spec((N, C * math.prod(kernel), math.prod(counts)), x.dtype)


def _fold_spec(v: Any, *, counts: Shape, kernel: Shape, size: Shape, **_: Any) -> Spec:
    N, C = v.shape[0], v.shape[1] // math.prod(kernel)
    return Spec((N, C, *size), v.dtype)


def _adjoint(prim: str) -> Any:
    def vjp(
        g: Tensor, counts: Any, kernel: Any, dilation: Any, padding: Any, stride: Any, size: Any
    ) -> Tensor:
        return apply(
            UNFOLD if prim == "unfold" else FOLD, g, counts=counts, kernel=kernel,
            dilation=dilation, padding=padding, stride=stride, size=size,
        )  # fmt: skip

    return vjp


def _spec_of(rule: Any) -> Any:
    def spec(
        x: Any, *, counts: Any, kernel: Any, dilation: Any, padding: Any, stride: Any, size: Any
    ) -> Spec:
        return rule(x, counts=counts, kernel=kernel, size=size)

    return spec


UNFOLD: Primitive = Primitive(
    "im2col", _spec_of(_unfold_spec), kernel="fold.unfold", vjps=(_adjoint("fold"),), complex=True
)
FOLD: Primitive = Primitive(
    "col2im", _spec_of(_fold_spec), kernel="fold.fold", vjps=(_adjoint("unfold"),), complex=True
)


def _check_dtype(x: Tensor, op: str) -> None:
    if CATEGORY[x.dtype] == INT:
        raise DTypeError(f"{op}: not for integers, got {x.dtype}; use x.float()")


def _settings(
    op: str, size: Shape, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> dict[str, Shape]:
    """The attributes of the records, checked; `counts` are the blocks a row and a column."""
    k, d, p, s = (
        numbers(value, 2, name, op, spread=False)
        for name, value in [
            ("kernel_size", kernel_size), ("dilation", dilation), ("padding", padding),
            ("stride", stride),
        ]
    )  # fmt: skip
    positive(op, kernel_size=k, dilation=d, stride=s)
    if min(p) < 0:
        raise ArgumentError(f"{op}: padding {p} must not be negative")
    counts = tuple([(n + 2 * p[i] - span(k[i], d[i])) // s[i] + 1 for i, n in enumerate(size)])
    if min(counts) < 1:
        raise ShapeError(
            f"{op}: no block of kernel_size {k}, dilation {d} fits an image of {size} with padding "
            f"{p}"
        )
    return {"counts": counts, "kernel": k, "dilation": d, "padding": p, "stride": s, "size": size}


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Every block that a kernel sees, as a column: (N, C, H, W) to (N, C·KH·KW, L).

    The blocks are those of a convolution with these settings, in C order. `fold` adds them up.
    """
    op = "unfold"
    _check_dtype(input, op)
    if input.ndim not in (3, 4):
        raise RangeError(f"{op}: input must be (N, C, H, W) or (C, H, W), got shape {input.shape}")
    x = unsqueeze(input, 0) if input.ndim == 3 else input
    if 0 in x.shape[1:]:
        raise ShapeError(f"{op}: only the batch may be empty, got shape {input.shape}")
    settings = _settings(op, x.shape[2:], kernel_size, dilation, padding, stride)
    return unbatched(apply(UNFOLD, x, **settings), input.ndim == 3)


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
    stride: Any = 1,
) -> Tensor:  # fmt: skip
    """Blocks added up where `unfold` would have read them: (N, C·KH·KW, L) to (N, C, H, W), with
    `output_size` (H, W)."""
    op = "fold"
    _check_dtype(input, op)
    if input.ndim not in (2, 3):
        raise ShapeError(f"{op}: input must be (N, C·KH·KW, L) or (C·KH·KW, L), got {input.shape}")
    size = numbers(output_size, 2, "output_size", op, spread=False)
    positive(op, output_size=size)
    settings = _settings(op, size, kernel_size, dilation, padding, stride)
    v = unsqueeze(input, 0) if input.ndim == 2 else input
    taps, blocks = math.prod(settings["kernel"]), math.prod(settings["counts"])
    if 0 in v.shape[1:]:
        raise ShapeError(f"{op}: only the batch may be empty, got shape {input.shape}")
    if v.shape[1] % taps or v.shape[2] != blocks:
        raise ShapeError(
            f"{op}: an output of {size} with kernel_size {settings['kernel']}, dilation "
            f"{settings['dilation']}, padding {settings['padding']} and stride "
            f"{settings['stride']} has {blocks} blocks of a multiple of {taps} rows; input is "
            f"{input.shape}"
        )
    return unbatched(apply(FOLD, v, **settings), input.ndim == 2)


# Channels for places ---------------------------------------------------------------------------


def _need_dims(x: Tensor, op: str) -> None:
    if x.ndim < 3:
        raise ShapeError(f"{op}: input must have at least 3 dimensions, got shape {x.shape}")


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r², H, W) to (..., C, H r, W r): channels become places, r is `upscale_factor`."""
    r = upscale_factor
    _need_dims(input, "pixel_shuffle")
    *batch, C, H, W = input.shape
    if r < 1 or C % (r * r):
        raise ArgumentError(
            f"pixel_shuffle: upscale_factor={r} must be positive, and its square must divide the "
            f"{C} channels of shape {input.shape}"
        )
    B = math.prod(batch)
    parts = permute(reshape(input, (B, C // r**2, r, r, H, W)), 0, 1, 4, 2, 5, 3)
    return reshape(apply(CONTIGUOUS, parts), (*batch, C // r**2, H * r, W * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) to (..., C r², H, W): places become channels, r is `downscale_factor`."""
    r = downscale_factor
    _need_dims(input, "pixel_unshuffle")
    *batch, C, H, W = input.shape
    if r < 1 or H % r or W % r:
        raise ArgumentError(
            f"pixel_unshuffle: downscale_factor={r} must be positive and divide height and width "
            f"of shape {input.shape}"
        )
    B = math.prod(batch)
    parts = permute(reshape(input, (B, C, H // r, r, W // r, r)), 0, 1, 3, 5, 2, 4)
    return reshape(apply(CONTIGUOUS, parts), (*batch, C * r**2, H // r, W // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of (N, C, ...) dealt out: read as (groups, C / groups), transposed."""
    _need_dims(input, "channel_shuffle")
    N, C, *places = input.shape
    if groups < 1 or C % groups:
        raise ArgumentError(
            f"channel_shuffle: groups={groups} must be positive and divide {C} channels"
        )
    parts = reshape(input, (N, groups, C // groups, math.prod(places)))
    return reshape(apply(CONTIGUOUS, permute(parts, 0, 2, 1, 3)), input.shape)
