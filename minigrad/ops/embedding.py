"""Vectors for integers: rows of a table, one by one or a bag at a time.

V rows in the table, D numbers a row, n integers, B bags.
"""

from __future__ import annotations

import math
from typing import Any

from ..context import set_grad
from ..dtypes import STORAGE_ONLY, float32, int64
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, View
from ..tensor import Tensor, apply
from .choice import clamp_min, where
from .creation import arange
from .elementwise import abs, pow, sqrt
from .extreme import amax
from .gather import INDEX_ADD, TAKE, checked_index, gather
from .index import setitem
from .operands import need_tensor
from .reduce import sum
from .scatter import combined, spread
from .search import searchsorted
from .shape import cast, expand, reshape, unsqueeze

SCALED_GRADIENT: Primitive = View(
    "scaled_gradient", lambda x, *, scale: x, vjps=(lambda g, scale: g * scale,)
)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of `weight` (V, D) at the integers `input` (...), giving (..., D).

    Args:
        padding_idx: a row that gets no gradient.
        max_norm: rows that are used and longer than this are scaled down first, in `weight` itself.
        norm_type: the p of that length.
        scale_grad_by_freq: a row's gradient is divided by how often it is used.
        sparse: taken for PyTorch's sake; gradients are dense.

    Raises:
        RangeError: an integer outside [0, V).
    """
    index, padding = _checked(input, weight, padding_idx, "embedding")
    if max_norm is not None:
        _shorten(weight, index, max_norm, norm_type)
    return _rows(weight, index, padding, scale_grad_by_freq)


def _checked(
    input: Tensor, weight: Tensor, padding_idx: int | None, op: str
) -> tuple[Tensor, int | None]:
    need_tensor(weight, op, "weight")
    if weight.ndim != 2:
        raise ShapeError(f"{op}: weight must be (V, D), got shape {weight.shape}")
    rows = weight.shape[0]
    index = checked_index(input, rows, op)
    if padding_idx is None:
        return index, None
    if not -rows <= padding_idx < rows:
        raise RangeError(f"{op}: padding_idx={padding_idx} is no row of {rows}")
    return index, padding_idx % rows


def _rows(weight: Tensor, index: Tensor, padding: int | None, by_frequency: bool) -> Tensor:
    """The rows of `weight`; gradients divided by frequency, and none for the padding row."""
    out = apply(TAKE, weight, index, dim=0)
    if by_frequency:
        flat = reshape(index, -1)
        ones = weight.new_full(flat.shape, 1)
        counts = apply(INDEX_ADD, ones, flat, dim=0, out_shape=(weight.shape[0],))
        share = 1 / apply(TAKE, counts, index, dim=0)
        out = apply(SCALED_GRADIENT, out, scale=unsqueeze(share, -1))
    if padding is None:
        return out
    return where(unsqueeze(index == padding, -1), out.detach(), out)


def _shorten(weight: Tensor, index: Tensor, max_norm: float, p: float) -> None:
    """Rows of `weight` at `index` that are longer than `max_norm` scaled down to it, in place."""
    with set_grad(False):
        flat = reshape(index, -1)
        rows = apply(TAKE, weight.detach(), flat, dim=0)
        wide = cast(rows, float32) if rows.dtype in STORAGE_ONLY else rows
        # Rounded as the weight is, or a row scaled once would be found too long again.
        length = cast(cast(unsqueeze(_norm(wide, p), -1), rows.dtype), wide.dtype)
        scaled = where(length > max_norm, wide * (max_norm / (length + 1e-7)), wide)
        setitem(weight, flat, cast(scaled, weight.dtype))


def _norm(rows: Tensor, p: float) -> Tensor:
    """The p-norm of each row."""
    if p == 2:
        return sqrt(sum(rows * rows, -1))
    size = abs(rows)
    if p == math.inf:
        return amax(size, -1)
    return cast(sum(rows != 0, -1), rows.dtype) if p == 0 else pow(sum(pow(size, p), -1), 1 / p)


# Bags ----------------------------------------------------------------------------------------


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum (`mode`) of bags of rows of `weight` (V, D), giving (B, D).

    `input` is (B, N), bags of N integers; or (n) with `offsets` (B), where each bag starts: with
    `include_last_offset` the last of B + 1 offsets says where the last bag ends. An empty bag
    gives 0.

    Args:
        per_sample_weights: factors for the rows, as `input`; for `mode` "sum".
        padding_idx: a row that counts nowhere and gets no gradient.
        max_norm, norm_type, scale_grad_by_freq, sparse: as in `embedding`.

    Raises:
        RangeError: an integer outside [0, V).
    """
    op = "embedding_bag"
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"{op}: mode must be 'sum', 'mean' or 'max', got {mode!r}")
    if mode == "max" and (scale_grad_by_freq or sparse):
        raise ArgumentError(f"{op}: mode 'max' takes neither scale_grad_by_freq nor sparse")
    index, padding = _checked(input, weight, padding_idx, op)
    factors = _checked_factors(per_sample_weights, input, weight, mode)
    bag, count = _bags(index, offsets, include_last_offset)
    index = reshape(index, -1)  # (n)
    if max_norm is not None:
        _shorten(weight, index, max_norm, norm_type)
    rows = _rows(weight, index, padding, scale_grad_by_freq)  # (n, D)
    rows = cast(rows, float32) if rows.dtype in STORAGE_ONLY else rows
    keep = None if padding is None else unsqueeze(index != padding, -1)
    if mode == "max":
        return cast(_largest(rows, bag, count, keep), weight.dtype)
    if factors is not None:
        rows = rows * unsqueeze(cast(reshape(factors, -1), rows.dtype), -1)
    rows = rows if keep is None else where(keep, rows, 0)
    total = apply(INDEX_ADD, rows, bag, dim=0, out_shape=(count + 1, rows.shape[1]))[:count]
    if mode == "mean":
        total = total / clamp_min(_sizes(bag, count, keep), 1)
    return cast(total, weight.dtype)


def _checked_factors(factors: Any, input: Tensor, weight: Tensor, mode: str) -> Tensor | None:
    if factors is None:
        return None
    need_tensor(factors, "embedding_bag", "per_sample_weights")
    if mode != "sum":
        raise ArgumentError(f"embedding_bag: per_sample_weights are for mode 'sum', not {mode!r}")
    if factors.shape != input.shape:
        raise ShapeError(
            f"embedding_bag: per_sample_weights {factors.shape} and input {input.shape} must have "
            "the same shape"
        )
    if factors.dtype != weight.dtype:
        raise DTypeError(
            f"embedding_bag: per_sample_weights are {factors.dtype}, weight is {weight.dtype}"
        )
    return factors


def _bags(index: Tensor, offsets: Any, include_last: bool) -> tuple[Tensor, int]:
    """(the bag of each integer, how many bags); what is in none has the number after the last."""
    op = "embedding_bag"
    if index.ndim == 2:
        if offsets is not None:
            raise ArgumentError(f"{op}: a 2-d input is its own bags: offsets must be None")
        count, size = index.shape
        return reshape(
            expand(unsqueeze(arange(count, device=index.device), 1), count, size), -1
        ), count
    if index.ndim != 1:
        raise ArgumentError(f"{op}: input must have 1 or 2 dimensions, got shape {index.shape}")
    if not isinstance(offsets, Tensor) or offsets.ndim != 1:
        raise ArgumentError(f"{op}: a 1-d input needs 1-d offsets, where each bag starts")
    n = index.shape[0]
    offsets = checked_index(offsets, n + 1, f"{op} offsets")
    count = offsets.shape[0] - include_last
    if count < 0:
        raise ArgumentError(f"{op}: include_last_offset needs at least one offset")
    if offsets.shape[0] and offsets.device.type == "cpu":
        if offsets.array[0] != 0:
            raise ArgumentError(f"{op}: offsets must start at 0, got {offsets.array[0]}")
        if (offsets.array[1:] < offsets.array[:-1]).any():
            raise ArgumentError(f"{op}: offsets must not decrease, got {offsets.tolist()}")
    places = arange(n, device=index.device)
    return searchsorted(offsets, places, right=True) - 1, count


def _sizes(bag: Tensor, count: int, keep: Tensor | None) -> Tensor:
    """How many rows each bag has, (B, 1)."""
    ones = bag.new_full((bag.shape[0], 1), 1) if keep is None else cast(keep, int64)
    return apply(INDEX_ADD, ones, bag, dim=0, out_shape=(count + 1, 1))[:count]


def _largest(rows: Tensor, bag: Tensor, count: int, keep: Tensor | None) -> Tensor:
    """The maximum of each bag: the places of the first largest are found, and read."""
    n, columns = rows.shape
    if n == 0:
        return rows.new_full((count, columns), 0)
    with set_grad(False):
        seen = rows.detach() if keep is None else where(keep, rows, -math.inf)
        to = spread(bag, 0, seen.shape)
        lowest = seen.new_full((count + 1, columns), -math.inf)
        best = combined(lowest, 0, to, seen, "amax")
        mine = apply(TAKE, best, bag, dim=0)
        is_best = (seen == mine) | (seen != seen)
        places = unsqueeze(arange(n, device=rows.device), 1)
        places = where(is_best, places, n)
        first = combined(places.new_full(best.shape, n), 0, to, places, "amin")[:count]
        none = _sizes(bag, count, keep) == 0
        first = where((first >= n) | none, 0, first)
    return where(none, 0.0, gather(rows, 0, first))


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """A new last dimension that is 1 at each integer and 0 elsewhere, int64.

    Raises:
        RangeError: an integer outside [0, num_classes).
    """
    need_tensor(input, "one_hot", "input")
    if input.dtype != int64:
        raise DTypeError(f"one_hot: the input must be int64, got {input.dtype}; use x.long()")
    if num_classes < 1 and (input.array.size == 0 or num_classes != -1):
        raise ArgumentError(
            f"one_hot: num_classes={num_classes} says nothing for a tensor of shape {input.shape}"
        )
    count = int(input.array.max()) + 1 if num_classes < 0 else num_classes
    index = checked_index(input, count, "one_hot")
    return cast(unsqueeze(index, -1) == arange(count, device=input.device), int64)
