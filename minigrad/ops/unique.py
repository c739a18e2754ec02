"""Distinct elements."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ShapeError
from ..ir import DataDependent, Primitive
from ..tensor import Tensor, apply
from .calling import of_tensor
from .gather import TAKE
from .operands import axis_of
from .reduce import without
from .shape import permute, reshape

__all__ = ["unique", "unique_consecutive"]

# (a row of each group, the group of each row, how many rows each group has) of rows (N, M).
UNIQUE: Primitive = DataDependent("unique", lambda rows, *, ordered: None, kernel="order.unique")


def _unique(input: Tensor, dim: Any, ordered: bool, inverse: bool, counts: bool, op: str) -> Any:
    """Distinct elements, or slices along `dim`; sorted if `ordered`, else of neighbours only."""
    axis = 0 if dim is None else axis_of(dim, input.ndim, op)
    source = reshape(input, -1) if dim is None or input.ndim == 0 else input
    if any([n == 0 for i, n in enumerate(source.shape) if i != axis]):
        raise ShapeError(f"{op}: slices along {dim} of shape {input.shape} have no elements")
    width = math.prod(without(source.shape, (axis,)))
    order = (axis, *[i for i in range(source.ndim) if i != axis])
    rows = reshape(permute(source.detach(), order), (source.shape[axis], width))
    first, group, count = apply(UNIQUE, rows, ordered=ordered)
    results = [apply(TAKE, source, first, dim=axis)]
    if inverse:
        results.append(reshape(group, input.shape) if dim is None else group)
    if counts:
        results.append(count)
    return results[0] if len(results) == 1 else tuple(results)


@of_tensor
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements in order, or the distinct slices along `dim`.

    With `return_inverse` also which of them each element is, with `return_counts` how often each
    occurs. NaNs are all unlike.
    """
    return _unique(input, dim, True, return_inverse, return_counts, "unique")


@of_tensor
def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """`input` with each run of equal elements, or slices along `dim`, as one; see `unique`."""
    return _unique(input, dim, False, return_inverse, return_counts, "unique_consecutive")
