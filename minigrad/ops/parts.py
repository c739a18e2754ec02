"""Parts of matrices, (..., M, N), that gradient formulas of linear algebra are written with."""

from __future__ import annotations

from ..dtypes import bool_
from ..tensor import Tensor
from .choice import where
from .creation import arange
from .diagonal import tril, triu
from .shape import unsqueeze


def without_diagonal(x: Tensor) -> Tensor:
    """`x` with zeros on the diagonal."""
    return tril(x, -1) + triu(x, 1)


def lower_halved(x: Tensor) -> Tensor:
    """The lower triangle with half of the diagonal: the adjoint of filling a symmetric matrix."""
    return (tril(x) + tril(x, -1)) * 0.5


def constant_beside(x: Tensor, value: Tensor) -> Tensor:
    """`value`, of the shape of `x`, at a place in the graph: its gradient in `x` is zero."""
    return where(x.new_zeros((), dtype=bool_), x, value) if x.requires_grad else value


def eye_like(x: Tensor, square: bool = True) -> Tensor:
    """The identity (N, N) beside matrices (..., M, N), of their dtype and device; or (M, N)."""
    columns = arange(x.shape[-1], device=x.device)
    rows = columns if square else arange(x.shape[-2], device=x.device)
    return (unsqueeze(rows, 1) == columns).to(x.dtype)
