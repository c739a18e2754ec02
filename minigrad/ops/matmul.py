"""Matrix products. Letters: ... batch, M rows, K contracted, N columns."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import bool_
from ..errors import DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..kernels.launch import broadcast_shape
from ..tensor import Tensor, apply
from .calling import public
from .complex import conj
from .operands import as_tensor_operand
from .rearrange import mH
from .shape import mT, reshape, t, unsqueeze

__all__ = ["bmm", "dot", "ger", "inner", "matmul", "mm", "mv", "outer", "vdot"]


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
        lambda g, b: apply(MATMUL, g, mH(b)),  # (..., M, N) (..., N, K) -> (..., M, K)
        lambda g, a: apply(MATMUL, mH(a), g),  # (..., K, M) (..., M, N) -> (..., K, N)
    ),
    broadcasts=True,
    formula="y[m, n] = sum over k of a[m, k] b[k, n]",
    complex=True,
)


@public
def matmul(input: Tensor, other: Any) -> Tensor:
    """The matrix product: vectors, matrices, or batches of matrices that broadcast.

    A vector on the left is a row, on the right a column, and leaves no dimension behind. Both
    tensors have one dtype.
    """
    a, b = as_tensor_operand(input, "matmul"), as_tensor_operand(other, "matmul")
    _check(a, b)
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
    check_factors("matmul", a, b)
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != inner:
        raise ShapeError(
            f"matmul: shapes {a.shape} and {b.shape} do not fit: {a.shape[-1]} columns on the left "
            f"meet {inner} rows on the right"
        )


def check_factors(op: str, *factors: Tensor) -> None:
    """DTypeError unless all have one dtype, and not bool."""
    for x in factors:
        if x.dtype != factors[0].dtype:
            raise DTypeError(
                f"{op}: expected tensors of one dtype, got {factors[0].dtype} and {x.dtype}; "
                f"convert one, x.to({factors[0].dtype})"
            )
    if factors[0].dtype == bool_:
        raise DTypeError(f"{op}: not for bool tensors; convert them first, x.float()")


def check_ndim(op: str, ndim: int, **tensors: Any) -> None:
    """Errors unless every one is a Tensor of `ndim` dimensions."""
    for name, x in tensors.items():
        found = as_tensor_operand(x, f"{op}: {name}")
        if found.ndim != ndim:
            what = {1: "a vector", 2: "a matrix", 3: "a batch of matrices (3 dimensions)"}[ndim]
            raise ShapeError(f"{op}: {name} must be {what}, got shape {found.shape}")


@public
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    check_ndim("mm", 2, input=input, mat2=mat2)
    return matmul(input, mat2)


@public
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two equal batches of matrices, (B, M, K) by (B, K, N)."""
    check_ndim("bmm", 3, input=input, mat2=mat2)
    if input.shape[0] != mat2.shape[0]:
        raise ShapeError(f"bmm: expected (B, M, K) and (B, K, N), got {input.shape}, {mat2.shape}")
    return matmul(input, mat2)


@public
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix (M, K) and a vector (K)."""
    check_ndim("mv", 2, input=input)
    check_ndim("mv", 1, vec=vec)
    return matmul(input, vec)


@public
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors, neither of them conjugated."""
    check_ndim("dot", 1, input=input, tensor=tensor)
    return matmul(input, tensor)


@public
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The inner product of two vectors, the first of them conjugated."""
    check_ndim("vdot", 1, input=input, other=other)
    return matmul(conj(input), other)


@public
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The inner products of all rows of one tensor with all of the other; of a 0-d one, ``*``."""
    a, b = as_tensor_operand(input, "inner"), as_tensor_operand(other, "inner")
    check_factors("inner", a, b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"inner: the last sizes of {a.shape} and {b.shape} must be equal")
    left, right = a.shape[:-1], b.shape[:-1]
    rows = reshape(a, math.prod(left), a.shape[-1])
    columns = mT(reshape(b, math.prod(right), b.shape[-1]))
    return reshape(matmul(rows, columns), (*left, *right))


@public
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of one vector and one of another, (M, N)."""
    check_ndim("outer", 1, input=input, vec2=vec2)
    return unsqueeze(input, 1) * vec2


ger = outer


@public
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``: (..., in) by weight (out, in) gives (..., out)."""
    if weight.ndim not in (1, 2) or input.ndim == 0 or input.shape[-1] != weight.shape[-1]:
        raise ShapeError(
            f"linear: the input has {input.shape[-1] if input.ndim else 'no'} features (shape "
            f"{input.shape}), the weight {weight.shape} takes {weight.shape[-1]}"
        )
    if bias is None or not _fits_linear(input, weight, bias):
        out = matmul(input, t(weight))
        return out if bias is None else out + bias
    return apply(LINEAR, input, weight, bias)


def _fits_linear(x: Tensor, weight: Tensor, bias: Tensor) -> bool:
    """Whether one product of matrices with a bias of its columns is asked for, in one dtype."""
    shapes = x.ndim > 1 and weight.ndim == 2 and bias.shape == weight.shape[:1]
    return shapes and x.dtype == weight.dtype == bias.dtype and x.dtype.kind in "fc"


def _linear_weight_grad(g: Tensor, x: Tensor) -> Tensor:
    N, K = g.shape[-1], x.shape[-1]
    if g.ndim > 2:
        M = math.prod(g.shape[:-1])
        g, x = reshape(g, M, N), reshape(x, M, K)
    return apply(MATMUL, t(g), conj(x))  # (N, M) (M, K) -> (N, K)


LINEAR = Primitive(
    "linear",
    lambda x, weight, bias: Spec((*x.shape[:-1], weight.shape[0]), x.dtype),
    kernel="matmul.linear",
    vjps=(
        lambda g, weight: matmul(g, conj(weight)),  # (..., N) (N, K) -> (..., K)
        _linear_weight_grad,
        lambda g: g.sum(tuple(range(g.ndim - 1))),
    ),
    formula="y = x weight^T + bias",
    complex=True,
)
