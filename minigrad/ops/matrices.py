"""What functions of linear algebra ask of their matrices, how they say what failed, and the parts
of matrices that their gradients are written with.

Matrices are the last two dimensions, (..., M, N); the dimensions before are batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import STORAGE_ONLY, bool_, is_differentiable
from ..errors import DTypeError, LinAlgError, ShapeError
from ..kernels.launch import broadcast_shape
from ..tensor import Tensor
from .choice import where
from .creation import arange
from .diagonal import tril, triu
from .operands import as_tensor_operand
from .shape import expand, unsqueeze


def floats(op: str, x: Any, low_precision: bool = False) -> Tensor:
    """`x` as a tensor of float32, float64 or complex numbers."""
    found = as_tensor_operand(x, op)
    if not is_differentiable(found.dtype):
        raise DTypeError(
            f"{op}: expected a floating-point or complex tensor, got {found.dtype}; use x.float()"
        )
    if found.dtype in STORAGE_ONLY and not low_precision:
        raise DTypeError(f"{op}: low precision is not supported, got {found.dtype}; use x.float()")
    return found


def matrices(op: str, x: Any, name: str = "A", low_precision: bool = False) -> Tensor:
    """`x` as matrices of floats."""
    found = floats(op, x, low_precision)
    if found.ndim < 2:
        raise ShapeError(f"{op}: {name} must have at least 2 dimensions, got shape {found.shape}")
    return found


def square(op: str, x: Any, name: str = "A", low_precision: bool = False) -> Tensor:
    """`x` as square matrices of floats."""
    found = matrices(op, x, name, low_precision)
    if found.shape[-1] != found.shape[-2]:
        raise ShapeError(f"{op}: {name} must be square matrices, got shape {found.shape}")
    return found


def one_dtype(op: str, a: Tensor, b: Tensor) -> None:
    """DTypeError unless both have the same."""
    if a.dtype != b.dtype:
        raise DTypeError(f"{op}: expected one dtype, got {a.dtype} and {b.dtype}")


def common_batch(op: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the batch dimensions that theirs broadcast to."""
    batch = broadcast_shape([a.shape[:-2], b.shape[:-2]], op)
    return expand(a, *batch, *a.shape[-2:]), expand(b, *batch, *b.shape[-2:])


def check(op: str, info: Tensor, reason: Callable[[int], str]) -> None:
    """LinAlgError for the first matrix whose `info` is not 0.

    On a GPU looking would stop the stream: there a matrix that failed gives NaN.
    """
    array = info.array
    if isinstance(array, np.ndarray) and array.any():
        position = int(np.flatnonzero(array)[0])
        where = f" (batch element {position})" if array.ndim else ""
        raise LinAlgError(f"{op}{where}: {reason(int(array.reshape(-1)[position]))}")


def is_singular(pivot: int) -> str:
    """Why a matrix has no inverse."""
    return f"the matrix is singular: pivot {pivot} of its LU factorization is zero"


def is_indefinite(order: int) -> str:
    """Why a matrix has no Cholesky factor."""
    return f"the matrix is not positive definite: its leading minor of order {order} is not"


# Parts of them, for gradient formulas ------------------------------------------------------------


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
