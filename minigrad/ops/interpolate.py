"""Resizing sequences, images and volumes: one axis after the other."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import is_float, uint8
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .adaptive_pool import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .layer_arguments import layer_function


def _resample_spec(
    x: Any, *, axis: int, sizes: tuple[int, int], mode: str, scale: float, align_corners: bool,
    antialias: bool,
) -> Spec:  # fmt: skip
    return Spec((*x.shape[:axis], sizes[1], *x.shape[axis + 1 :]), x.dtype)


def _adjoint_spec(
    v: Any, *, axis: int, sizes: tuple[int, int], mode: str, scale: float, align_corners: bool,
    antialias: bool,
) -> Spec:  # fmt: skip
    return Spec((*v.shape[:axis], sizes[0], *v.shape[axis + 1 :]), v.dtype)


def _other(name: str) -> Any:
    def vjp(
        g: Tensor, axis: Any, sizes: Any, mode: Any, scale: Any, align_corners: Any, antialias: Any
    ) -> Tensor:
        prim = RESAMPLE if name == "resample" else RESAMPLE_ADJOINT
        return apply(
            prim, g, axis=axis, sizes=sizes, mode=mode, scale=scale, align_corners=align_corners,
            antialias=antialias,
        )  # fmt: skip

    return vjp


RESAMPLE: Primitive = Primitive(
    "resample", _resample_spec, kernel="interpolate.resample", vjps=(_other("adjoint"),)
)
RESAMPLE_ADJOINT: Primitive = Primitive(
    "resample_adjoint", _adjoint_spec, kernel="interpolate.resample_adjoint",
    vjps=(_other("resample"),),
)  # fmt: skip

_DIMENSIONS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
_OTHERS = ("nearest", "nearest-exact", "area")


@layer_function
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """`input` (N, C, ...) resized to `size`, or by `scale_factor`: one number or one a dimension.

    Args:
        mode: "nearest", "nearest-exact", "area" (means), "linear" (of sequences), "bilinear" and
            "bicubic" (images) or "trilinear" (volumes).
        align_corners: the centres of the corner elements stay where they are, and not the corners
            of the whole.
        recompute_scale_factor: the scale is worked out anew from the rounded sizes.
        antialias: "bilinear" and "bicubic" average over what an output covers when they shrink.
    """
    op = "interpolate"
    _check_mode(op, input, mode, align_corners, antialias)
    sizes, scales = _sizes(op, input, size, scale_factor)
    if recompute_scale_factor or (mode == "area" and size is None):
        if size is not None:
            raise ArgumentError(f"{op}: recompute_scale_factor means nothing beside a size")
        scales = None
    if 0 in input.shape[1:] or min(sizes) < 1:
        raise ShapeError(
            f"{op}: only the batch may be empty: input {input.shape}, output size {sizes}"
        )
    _check_dtype(op, input, mode)
    if mode == "area":
        pools = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)
        return pools[len(sizes) - 1](input, sizes)
    kind = mode if mode in _OTHERS else "cubic" if mode == "bicubic" else "linear"
    out = input
    for i in reversed(range(len(sizes))):
        axis = i + 2
        if kind.startswith("nearest") and sizes[i] == out.shape[axis] and scales is None:
            continue
        out = apply(
            RESAMPLE, out, axis=axis, sizes=(out.shape[axis], sizes[i]), mode=kind,
            scale=scales[i] if scales else 0.0, align_corners=bool(align_corners),
            antialias=antialias,
        )  # fmt: skip
    return input.clone() if out is input else out


def _check_mode(op: str, x: Tensor, mode: str, align: bool | None, antialias: bool) -> None:
    if mode not in (*_DIMENSIONS, *_OTHERS) or x.ndim not in (3, 4, 5):
        known = ", ".join([*_OTHERS, *_DIMENSIONS])
        raise ArgumentError(
            f"{op}: mode {mode!r} for an input of {x.ndim} dimensions: there are {known}, for "
            "inputs (N, C, ...) of 3, 4 or 5 dimensions"
        )
    if mode in _OTHERS and align is not None:
        raise ArgumentError(f"{op}: align_corners is for the linear and cubic modes, not {mode!r}")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(f"{op}: antialias is for 'bilinear' and 'bicubic', not {mode!r}")
    if x.ndim != _DIMENSIONS.get(mode, x.ndim):
        raise ArgumentError(
            f"{op}: mode {mode!r} needs an input of {_DIMENSIONS[mode]} dimensions, got {x.shape}"
        )


def _check_dtype(op: str, x: Tensor, mode: str) -> None:
    if not is_float(x.dtype) and not (x.dtype == uint8 and mode.startswith("nearest")):
        raise DTypeError(
            f"{op}: mode {mode!r} is not for {x.dtype}: use x.float(); 'nearest' takes uint8 too"
        )


def _sizes(op: str, x: Tensor, size: Any, scale_factor: Any) -> tuple[tuple[int, ...], Any]:
    """(output sizes, scale factors or None)."""
    count = x.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"{op}: give one of size and scale_factor")
    given = size if scale_factor is None else scale_factor
    several = tuple(given) if isinstance(given, (tuple, list)) else (given,) * count
    if len(several) != count:
        raise ArgumentError(
            f"{op}: {given!r} must be one number or {count}, for an input of shape {x.shape}"
        )
    if scale_factor is None:
        if not all([hasattr(n, "__index__") for n in several]):
            raise DTypeError(f"{op}: size must be integers, got {size!r}")
        return tuple([n.__index__() for n in several]), None
    scales = tuple([float(f) for f in several])
    return tuple([math.floor(n * f) for n, f in zip(x.shape[2:], scales, strict=True)]), scales


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:  # fmt: skip
    """`interpolate`, under its old name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "nearest", under its old name."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "bilinear" and aligned corners, under its old name."""
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)
