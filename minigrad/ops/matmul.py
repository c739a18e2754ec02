"""Matrix products. Letters: ... batch, M rows, K contracted, N columns."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import bool_, promote_types
from ..errors import DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..kernels.launch import broadcast_shape
from ..tensor import Tensor, apply
from .calling import public
from .complex import conj
from .operands import as_tensor_operand
from .shape import cast, mT, reshape, unsqueeze

__all__ = ["bmm", "dot", "matmul", "mm"]


def _matmul_spec(a: Any, b: Any) -> Spec:
    lead = (
        a.shape[:-2]
        if a.shape[:-2] == b.shape[:-2]
        else broadcast_shape([a.shape[:-2], b.shape[:-2]], "matmul")
    )
    return Spec((*lead, a.shape[-2], b.shape[-1]), a.dtype)


MATMUL: Primitive = Primitive(
    "matmul",
    _matmul_spec,
    kernel="matmul.matmul",
    vjps=(
        lambda g, b: apply(MATMUL, g, conj(mT(b))),  # (..., M, N) (..., N, K) -> (..., M, K)
        lambda g, a: apply(MATMUL, conj(mT(a)), g),  # (..., K, M) (..., M, N) -> (..., K, N)
    ),
    broadcasts=True,
    formula="y[m, n] = sum over k of a[m, k] b[k, n]",
    complex=True,
)


@public
def matmul(input: Tensor, other: Any) -> Tensor:
    """The matrix product: vectors, matrices, or batches of matrices that broadcast.

    A vector on the left is a row, on the right a column, and leaves no dimension behind.
    """
    a, b = as_tensor_operand(input, "matmul"), as_tensor_operand(other, "matmul")
    _check(a, b)
    if a.dtype != b.dtype:
        dtype = promote_types(a.dtype, b.dtype)
        a, b = cast(a, dtype), cast(b, dtype)
    if a.ndim == 1:
        out = matmul(unsqueeze(a, 0), b)
        return reshape(out, out.shape[:-1] if b.ndim == 1 else (*out.shape[:-2], out.shape[-1]))
    if b.ndim == 1:
        out = matmul(a, unsqueeze(b, 1))
        return reshape(out, out.shape[:-1])
    if a.ndim > 2 and b.ndim == 2:  # one product of tall matrices, not a batch of small ones
        rows = reshape(a, math.prod(a.shape[:-1]), a.shape[-1])
        return reshape(apply(MATMUL, rows, b), (*a.shape[:-1], b.shape[-1]))
    return apply(MATMUL, a, b)


def _check(a: Tensor, b: Tensor) -> None:
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError("matmul: a 0-d tensor has no rows or columns; use * to scale")
    if a.dtype == bool_ or b.dtype == bool_:
        raise DTypeError("matmul: not for bool tensors; convert them first, x.float()")
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != inner:
        raise ShapeError(
            f"matmul: shapes {a.shape} and {b.shape} do not fit: {a.shape[-1]} columns on the left "
            f"meet {inner} rows on the right"
        )


@public
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    if input.ndim != 2 or mat2.ndim != 2:
        raise ShapeError(f"mm: expected two matrices, got shapes {input.shape} and {mat2.shape}")
    return matmul(input, mat2)


@public
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two equal batches of matrices, (B, M, K) by (B, K, N)."""
    if input.ndim != 3 or mat2.ndim != 3 or input.shape[0] != mat2.shape[0]:
        raise ShapeError(f"bmm: expected (B, M, K) and (B, K, N), got {input.shape}, {mat2.shape}")
    return matmul(input, mat2)


@public
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors."""
    if input.ndim != 1 or tensor.ndim != 1:
        raise ShapeError(f"dot: expected two vectors, got shapes {input.shape} and {tensor.shape}")
    return matmul(input, tensor)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``: (..., in) by weight (out, in) gives (..., out)."""
    if weight.ndim != 2 or input.ndim == 0 or input.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"linear: the input has {input.shape[-1] if input.ndim else 'no'} features (shape "
            f"{input.shape}), the weight {weight.shape} takes {weight.shape[-1]}"
        )
    out = matmul(input, mT(weight))
    return out if bias is None else out + bias
