"""Finding places in sorted sequences."""

from __future__ import annotations

from typing import Any

from ..dtypes import int32, int64, result_dtype
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .calling import public
from .creation import tensor
from .gather import gather
from .shape import cast, reshape

__all__ = ["bucketize", "searchsorted"]

SEARCHSORTED = Primitive(
    "searchsorted",
    lambda sequence, x, *, right: Spec(x.shape, int64),
    kernel="search.searchsorted",
    formula="how many of a row of sequence are smaller than x (with right: or equal)",
)


@public
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each element of `input` would stand in the sorted last dimension of `sorted_sequence`.

    The first place possible, with ``right=True`` or ``side="right"`` the last. The sequence is one
    vector, or has the leading dimensions of `input`; `sorter` are the indices that sort it.
    """
    if side not in (None, "left", "right"):
        raise ArgumentError(f"searchsorted: side {side!r} must be 'left' or 'right'")
    if side == "left" and right:
        raise ArgumentError("searchsorted: side='left' and right=True are opposites")
    right = right or side == "right"
    if sorter is not None:
        sorted_sequence = _in_order(sorted_sequence, sorter)
    return _search(sorted_sequence, input, right, out_int32, "searchsorted")


@public
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """The bucket of each element: ``boundaries[i - 1] < x <= boundaries[i]``; with `right`,
    ``boundaries[i - 1] <= x < boundaries[i]``."""
    if boundaries.ndim != 1:
        raise ShapeError(f"bucketize: boundaries must be a vector, got shape {boundaries.shape}")
    return _search(boundaries, input, right, out_int32, "bucketize")


def _in_order(sequence: Tensor, sorter: Tensor) -> Tensor:
    if sorter.shape != sequence.shape:
        raise ShapeError(
            f"searchsorted: sorter {sorter.shape} must have the shape {sequence.shape} of the "
            "sequence"
        )
    if sorter.dtype != int64:
        raise DTypeError(f"searchsorted: sorter must be int64, got {sorter.dtype}")
    return gather(sequence.detach(), -1, sorter)


def _search(sequence: Tensor, x: Any, right: bool, out_int32: bool, op: str) -> Tensor:
    if not isinstance(sequence, Tensor):
        raise DTypeError(f"{op}: the sorted sequence must be a Tensor, got {sequence!r}")
    if sequence.ndim == 0:
        raise ShapeError(f"{op}: the sorted sequence must have a dimension")
    if not isinstance(x, Tensor):
        if sequence.ndim != 1:
            raise ShapeError(f"{op}: a number is searched in a vector, not in {sequence.shape}")
        x = tensor(x, device=sequence.device)
    if sequence.ndim > 1 and sequence.shape[:-1] != x.shape[:-1]:
        raise ShapeError(
            f"{op}: the sequence {sequence.shape} must be a vector or have the leading dimensions "
            f"of the input {x.shape}"
        )
    dtype = result_dtype(sequence.array, x.array)
    if x.array.size:
        rows = 1 if sequence.ndim == 1 else x.array.size // x.shape[-1]
        table = reshape(cast(sequence.detach(), dtype), (rows, sequence.shape[-1]))
        found = apply(
            SEARCHSORTED, table, reshape(cast(x.detach(), dtype), (rows, -1)), right=right
        )
        found = reshape(found, x.shape)
    else:
        found = cast(x.detach(), int64)
    return cast(found, int32) if out_int32 else found
