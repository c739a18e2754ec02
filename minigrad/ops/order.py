"""Sorting and what follows from it. NaN is larger than any number, as in PyTorch.

One operation, a stable `argsort`, finds the order; values are gathered, so gradients flow.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import BOOL, CATEGORY, int64
from ..errors import ArgumentError, DTypeError, RangeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import of_tensor
from .cumulative import along
from .extreme import among_ties, need_elements, picked
from .gather import GATHER
from .operands import axis_of
from .shape import reshape

__all__ = ["argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "sort", "topk"]


def _index_spec(x: Any, axis: int) -> Spec:
    return Spec((*x.shape[:axis], 1, *x.shape[axis + 1 :]), int64)


ARGSORT = Primitive(
    "argsort",
    lambda x, *, axis, descending: Spec(x.shape, int64),
    kernel="order.argsort",
    formula="the stable order of x along axis",
)
MODE = Primitive(
    "mode",
    lambda x, *, axis: _index_spec(x, axis),
    kernel="order.mode",
    formula="the last index of the smallest of the most frequent values along axis",
)
MEDIAN = Primitive(
    "median",
    lambda x, *, axis, ignore_nan: _index_spec(x, axis),
    kernel="order.median",
    formula="the index of the lower median along axis",
)
MIDDLE = Primitive(
    "middle",
    lambda x, *, axes, ignore_nan: Spec((), x.dtype),
    kernel="order.middle",
    vjps=(among_ties,),
    formula="the lower median of all elements",
)


def _order(input: Tensor, dim: Any, descending: bool, op: str) -> Tensor:
    axis = axis_of(dim, input.ndim, op)
    flat = reshape(input, 1) if input.ndim == 0 else input
    return reshape(apply(ARGSORT, flat, axis=axis, descending=bool(descending)), input.shape)


def _taken(input: Tensor, dim: int, indices: Tensor) -> Tensor:
    if input.ndim == 0:
        return input.clone()
    return apply(GATHER, input, indices, dim=axis_of(dim, input.ndim, "sort"))


@of_tensor
def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None
) -> Any:
    """The elements in order along `dim`, and where they stood: (values, indices). Always stable."""
    indices = _order(input, dim, descending, "sort")
    return return_types.sort(_taken(input, dim, indices), indices)


@of_tensor
def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False
) -> Tensor:
    """The indices that sort `input` along `dim`. Always stable."""
    return _order(input, dim, descending, "argsort")


@of_tensor
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0).values


def _number_of(k: Any, op: str) -> int:
    if isinstance(k, bool) or not hasattr(k, "__index__"):
        raise DTypeError(f"{op}: k must be an integer, got {k!r}")
    return int(k)


@of_tensor
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The `k` largest (or smallest) elements along `dim` in order: (values, indices)."""
    axis, k = axis_of(dim, input.ndim, "topk"), _number_of(k, "topk")
    _need_order(input, "topk")
    size = input.shape[axis] if input.ndim else 1
    if not 0 <= k <= size:
        raise RangeError(f"topk: k={k} is not within a dimension of size {size}")
    indices = _order(input, axis, largest, "topk")
    if input.ndim == 0:
        empty = reshape(input, 1)[:k]
        return return_types.topk(*[x.clone() if k else empty for x in (input, indices)])
    indices = along(indices, axis, slice(k)).contiguous()
    return return_types.topk(_taken(input, axis, indices), indices)


def _need_order(input: Tensor, op: str) -> None:
    if CATEGORY[input.dtype] == BOOL:
        raise DTypeError(f"{op}: bools have no order here; use x.int()")


@of_tensor
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The `k`-th smallest element along `dim`, from 1, and its index: (values, indices)."""
    axis, k = axis_of(dim, input.ndim, "kthvalue"), _number_of(k, "kthvalue")
    _need_order(input, "kthvalue")
    size = input.shape[axis] if input.ndim else 1
    if input.ndim:
        need_elements(input, (axis,), "kthvalue")
    if not 1 <= k <= size:
        raise RangeError(f"kthvalue: k={k} is not within a dimension of size {size}, from 1")
    order = _order(input, axis, False, "kthvalue")
    indices = along(order, axis, slice(k - 1, k)) if input.ndim else order
    return picked(return_types.kthvalue, input, axis, indices, keepdim)


@of_tensor
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent value along `dim` (the smallest of several), and its last index."""
    axis = axis_of(dim, input.ndim, "mode")
    if input.ndim:
        need_elements(input, (axis,), "mode")
    flat = reshape(input, 1) if input.ndim == 0 else input
    indices = apply(MODE, flat, axis=axis)
    return picked(return_types.mode, input, axis, indices, keepdim)


def _median(input: Tensor, dim: Any, keepdim: bool, ignore_nan: bool, op: str) -> Any:
    _need_order(input, op)
    if dim is None:
        if keepdim:
            raise ArgumentError(f"{op}: keepdim needs dim")
        axes = tuple(range(input.ndim))
        return apply(MIDDLE, input, axes=axes, ignore_nan=ignore_nan)
    axis = axis_of(dim, input.ndim, op)
    if input.ndim:
        need_elements(input, (axis,), op)
    flat = reshape(input, 1) if input.ndim == 0 else input
    indices = apply(MEDIAN, flat, axis=axis, ignore_nan=ignore_nan)
    return picked(getattr(return_types, op), input, axis, indices, keepdim)


@of_tensor
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower median of all elements; along `dim`, (values, indices). NaN if any is NaN."""
    return _median(input, dim, keepdim, False, "median")


@of_tensor
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower median of what is not NaN, of all elements; along `dim`, (values, indices)."""
    return _median(input, dim, keepdim, True, "nanmedian")
