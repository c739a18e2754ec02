"""Reading and writing by a mask of bools that broadcasts against the tensor."""

from __future__ import annotations

from typing import Any

from ..dtypes import bool_
from ..errors import DTypeError, ShapeError
from ..kernels.launch import broadcast_shape
from ..tensor import Tensor, apply
from .calling import public
from .choice import where
from .gather import TAKE, nonzero
from .operands import need_tensor, scalar_like
from .scatter import PUT
from .shape import expand, reshape

__all__ = ["masked_fill", "masked_scatter", "masked_select"]


def _common_shape(input: Tensor, mask: Any, op: str) -> tuple[int, ...]:
    need_tensor(mask, op, "mask")
    if mask.dtype != bool_:
        raise DTypeError(f"{op}: the mask must be bool, got {mask.dtype}; use mask.bool()")
    return broadcast_shape([input.shape, mask.shape], op)


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`input` with `value`, a number or a 0-d tensor, where `mask` holds; they broadcast."""
    _common_shape(input, mask, "masked_fill")
    return where(mask, scalar_like(value, input, "masked_fill"), input)


@public
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements of `input` where `mask` holds, a vector; they broadcast."""
    shape = _common_shape(input, mask, "masked_select")
    places = nonzero(reshape(expand(mask, shape), -1))[:, 0]
    return apply(TAKE, reshape(expand(input, shape), -1), places, dim=0)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`input` with its elements where `mask` holds replaced by those of `source`, in order."""
    op = "masked_scatter"
    shape = _common_shape(input, mask, op)
    need_tensor(source, op, "source")
    if source.dtype != input.dtype:
        raise DTypeError(f"{op}: input is {input.dtype} and source {source.dtype}, not the same")
    places = nonzero(reshape(expand(mask, shape), -1))[:, 0]
    count = places.shape[0]
    if count > source.array.size:
        raise ShapeError(
            f"{op}: the mask holds {count} times, but source has {source.array.size} elements"
        )
    flat = reshape(expand(input, shape), -1)
    return reshape(apply(PUT, flat, places, reshape(source, -1)[:count], dim=0), shape)
