"""Parts of matrices, (..., M, N): the diagonal, the triangles. What gradient formulas of linear
algebra are written with."""

from __future__ import annotations

from ..tensor import Tensor
from .choice import where
from .creation import arange
from .shape import flatten, reshape, unsqueeze


def _offsets(x: Tensor) -> Tensor:
    """Column minus row of every place in the last two dimensions of `x`, (M, N)."""
    rows, columns = [arange(n, device=x.device) for n in x.shape[-2:]]
    return columns - unsqueeze(rows, 1)


def lower(x: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle, zeros above the given diagonal."""
    return where(_offsets(x) <= diagonal, x, 0)


def upper(x: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle, zeros below the given diagonal."""
    return where(_offsets(x) >= diagonal, x, 0)


def without_diagonal(x: Tensor) -> Tensor:
    """`x` with zeros on the diagonal."""
    return where(_offsets(x) != 0, x, 0)


def lower_halved(x: Tensor) -> Tensor:
    """The lower triangle with half of the diagonal: the adjoint of filling a symmetric matrix."""
    return lower(x, -1) + where(_offsets(x) == 0, x, 0) * 0.5


def diagonal_of(x: Tensor) -> Tensor:
    """The diagonal of the last two dimensions, (..., min(M, N))."""
    rows, columns = x.shape[-2:]
    size = min(rows, columns)
    if size == 0:
        return reshape(x[..., :0], (*x.shape[:-2], 0))
    return flatten(x[..., :size, :], -2)[..., :: columns + 1]


def diagonal_matrix(x: Tensor) -> Tensor:
    """(..., N) on the diagonal of (..., N, N)."""
    return where(_offsets(unsqueeze(x, -1).expand(*x.shape, x.shape[-1])) == 0, unsqueeze(x, -1), 0)


def eye_like(x: Tensor) -> Tensor:
    """The identity (N, N) beside matrices (..., M, N) of its dtype and device."""
    count = arange(x.shape[-1], device=x.device)
    return (unsqueeze(count, 1) == count).to(x.dtype)
