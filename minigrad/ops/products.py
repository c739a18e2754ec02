"""Products made of matrix products and sums: addmm and kin, tensordot, kron, cross.

Letters: B batch, M rows, K contracted, N columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from ..dtypes import CATEGORY, FLOAT, STORAGE_ONLY, bool_, float32
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Shape
from ..kernels.launch import broadcast_shape
from ..tensor import Tensor
from .calling import public
from .choice import where
from .diagonal import diagonal
from .einsum import einsum
from .join import stack
from .matmul import bmm, check_factors, check_ndim, mm, mv, outer
from .operands import as_tensor_operand, axis_of
from .reduce import sum
from .shape import cast, expand, flatten, permute, reshape

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "chain_matmul", "cross", "kron", "tensordot",
    "trace",
]  # fmt: skip

# beta * input + alpha * product ----------------------------------------------------------------


def _scaled_sum(
    op: str,
    product: Callable[[Tensor, Tensor], Tensor],
    input: Tensor,
    a: Tensor,
    b: Tensor,
    beta: float,
    alpha: float,
) -> Tensor:
    """``beta * input + alpha * product(a, b)``, in one dtype; 16-bit floats are rounded once.

    A factor of 0 leaves its term out, NaN and all.
    """
    x = as_tensor_operand(input, op)
    check_factors(op, x, a, b)
    if CATEGORY[x.dtype] < FLOAT:
        beta, alpha = int(beta), int(alpha)
    narrow = x.dtype if x.dtype in STORAGE_ONLY else None
    if narrow is not None:
        x, a, b = cast(x, float32), cast(a, float32), cast(b, float32)
    y = product(a, b)
    if x.ndim > y.ndim or broadcast_shape([x.shape, y.shape], op) != y.shape:
        raise ShapeError(f"{op}: input {x.shape} does not expand to the product's {y.shape}")
    y = _scaled(y, alpha)
    if beta or x.requires_grad:
        y = y + _scaled(x, beta)
    return y if narrow is None else cast(y, narrow)


def _scaled(x: Tensor, factor: float) -> Tensor:
    if factor == 1:
        return x
    return x * factor if factor else where(x.new_zeros((), dtype=bool_), x, 0)


@public
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2``; `input` expands to (M, N)."""
    check_ndim("addmm", 2, mat1=mat1, mat2=mat2)
    return _scaled_sum("addmm", mm, input, mat1, mat2, beta, alpha)


@public
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * mat @ vec``; `input` expands to (M)."""
    check_ndim("addmv", 2, mat=mat)
    check_ndim("addmv", 1, vec=vec)
    return _scaled_sum("addmv", mv, input, mat, vec, beta, alpha)


@public
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``; the tensors promote, `input` expands."""
    check_ndim("addr", 1, vec1=vec1, vec2=vec2)
    x, y = as_tensor_operand(input, "addr"), outer(vec1, vec2)
    if x.ndim > 2 or broadcast_shape([x.shape, y.shape], "addr") != y.shape:
        raise ShapeError(f"addr: input {x.shape} does not expand to the product's {y.shape}")
    if x.dtype == y.dtype == bool_:
        return (y & bool(alpha)) | (x & bool(beta))
    for name, factor in (("beta", beta), ("alpha", alpha)):
        if max(CATEGORY[x.dtype], CATEGORY[y.dtype]) < FLOAT and isinstance(factor, float):
            raise DTypeError(f"addr: {name} must be an integer for integer tensors, got {factor}")
    return _scaled(x, beta) + _scaled(y, alpha)


@public
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """``beta * input + alpha * sum over the batch of batch1 @ batch2``, (M, N)."""
    check_ndim("addbmm", 3, batch1=batch1, batch2=batch2)
    return _scaled_sum("addbmm", _summed_bmm, input, batch1, batch2, beta, alpha)


def _summed_bmm(a: Tensor, b: Tensor) -> Tensor:
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise ShapeError(f"addbmm: expected (B, M, K) and (B, K, N), got {a.shape}, {b.shape}")
    wide = flatten(permute(a, 1, 0, 2), 1)  # (M, B K): one product sums the batch too
    return mm(wide, flatten(b, 0, 1))


@public
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """``beta * input + alpha * batch1 @ batch2``; `input` expands to (B, M, N)."""
    check_ndim("baddbmm", 3, batch1=batch1, batch2=batch2)
    return _scaled_sum("baddbmm", bmm, input, batch1, batch2, beta, alpha)


# Contractions ----------------------------------------------------------------------------------


@public
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum over pairs of dimensions: the last `dims` of `a` with the first of `b`, or the pairs
    that `dims`, two lists, names."""
    x, y = as_tensor_operand(a, "tensordot"), as_tensor_operand(b, "tensordot")
    check_factors("tensordot", x, y)
    left, right = _pairs(dims, x, y)
    kept_left = [i for i in range(x.ndim) if i not in left]
    kept_right = [i for i in range(y.ndim) if i not in right]
    for i, j in zip(left, right):
        if x.shape[i] != y.shape[j]:
            x, y = _one_sized_summed(x, y, i, j)
    rows, columns = [x.shape[i] for i in kept_left], [y.shape[j] for j in kept_right]
    inner = math.prod([x.shape[i] for i in left])
    x = reshape(permute(x, (*kept_left, *left)), math.prod(rows), inner)
    y = reshape(permute(y, (*right, *kept_right)), inner, math.prod(columns))
    return reshape(mm(x, y), (*rows, *columns))


def _pairs(dims: Any, x: Tensor, y: Tensor) -> tuple[list[int], list[int]]:
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if not 0 <= dims <= min(x.ndim, y.ndim):
            raise ArgumentError(
                f"tensordot: dims={dims} must lie between 0 and the dimensions of {x.shape}, "
                f"{y.shape}"
            )
        return list(range(x.ndim - dims, x.ndim)), list(range(dims))
    first, second = [list(d) if isinstance(d, Sequence) else [d] for d in dims]
    if len(first) != len(second):
        raise ArgumentError(f"tensordot: dims {first} and {second} must pair up")
    left = [axis_of(d, x.ndim, "tensordot") for d in first]
    right = [axis_of(d, y.ndim, "tensordot") for d in second]
    if len(set(left)) != len(left) or len(set(right)) != len(right):
        raise ArgumentError(f"tensordot: dims {first}, {second} name a dimension twice")
    return left, right


def _one_sized_summed(x: Tensor, y: Tensor, i: int, j: int) -> tuple[Tensor, Tensor]:
    """A contracted size of 1 broadcasts: the other side is summed."""
    if x.shape[i] == 1:
        return x, cast(sum(y, j, keepdim=True), y.dtype)
    if y.shape[j] == 1:
        return cast(sum(x, i, keepdim=True), x.dtype), y
    raise ShapeError(
        f"tensordot: contracted dimensions need equal sizes, but dimension {i} of {x.shape} meets "
        f"dimension {j} of {y.shape}"
    )


@public
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of `input` times the whole of `other`."""
    a, b = as_tensor_operand(input, "kron"), as_tensor_operand(other, "kron")
    width = max(a.ndim, b.ndim)
    left, right = (1,) * (width - a.ndim) + a.shape, (1,) * (width - b.ndim) + b.shape
    spread_left = [n for size in left for n in (size, 1)]
    spread_right = [n for size in right for n in (1, size)]
    product = reshape(a, spread_left) * reshape(b, spread_right)
    return reshape(product, tuple([m * n for m, n in zip(left, right)]))


@public
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix; integers sum as int64."""
    check_ndim("trace", 2, input=input)
    if input.dtype == bool_:
        raise DTypeError("trace: not for bool tensors; convert them first, x.long()")
    return sum(diagonal(input, 0, -2, -1))


@public
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along `dim`, of size 3; by default the first such dimension."""
    if dim is None:
        sizes = as_tensor_operand(input, "cross").shape
        if 3 not in sizes:
            raise ShapeError(f"cross: no dimension of size 3 in {sizes}")
        dim = sizes.index(3)
    return vector_product(input, other, dim, "cross")


def vector_product(input: Tensor, other: Tensor, dim: int, op: str) -> Tensor:
    """The cross product along `dim`; the other dimensions broadcast."""
    a, b = as_tensor_operand(input, op), as_tensor_operand(other, op)
    if a.ndim != b.ndim:
        raise ShapeError(f"{op}: {a.shape} and {b.shape} must have the same number of dimensions")
    check_factors(op, a, b)
    axis = axis_of(dim, a.ndim, op)
    if a.ndim == 0 or a.shape[axis] != 3 or b.shape[axis] != 3:
        raise ShapeError(f"{op}: dimension {dim} of {a.shape} and {b.shape} must have size 3")
    shape = broadcast_shape([a.shape, b.shape], op)
    a, b = expand(a, shape), expand(b, shape)
    before = (slice(None),) * axis
    a0, a1, a2 = [a[(*before, i)] for i in range(3)]
    b0, b1, b2 = [b[(*before, i)] for i in range(3)]
    return stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``y[o] = sum of x1[i] weight[o, i, j] x2[j] + bias[o]``: (..., I), (..., J) give (..., O)."""
    check_ndim("bilinear", 3, weight=weight)
    shapes = f"inputs {input1.shape} and {input2.shape}, weight {weight.shape}"
    if input1.ndim == 0 or input1.shape[:-1] != input2.shape[:-1]:
        raise ShapeError(f"bilinear: the inputs' sizes but the last must be equal: {shapes}")
    if weight.shape[1:] != (input1.shape[-1], input2.shape[-1]):
        raise ShapeError(
            f"bilinear: weight must be (O, {input1.shape[-1]}, {input2.shape[-1]}): {shapes}"
        )
    check_factors("bilinear", input1, input2, weight)
    out = einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else out + bias


# Chains ----------------------------------------------------------------------------------------


@public
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of matrices in the cheapest order, as `linalg.multi_dot`."""
    check_ndim("chain_matmul", 2, **{f"matrix {i}": x for i, x in enumerate(matrices)})
    return multiplied(matrices, "chain_matmul") if len(matrices) > 1 else matrices[0]


def multiplied(matrices: Sequence[Tensor], op: str) -> Tensor:
    """The product of two matrices or more, in the order of fewest multiplications."""
    for a, b in pairwise(matrices):
        if a.shape[1] != b.shape[0]:
            raise ShapeError(f"{op}: shapes {a.shape} and {b.shape} do not fit")
    split = _cheapest_splits([x.shape for x in matrices])

    def between(first: int, last: int) -> Tensor:
        if first == last:
            return matrices[first]
        middle = split[first, last]
        return mm(between(first, middle), between(middle + 1, last))

    return between(0, len(matrices) - 1)


def _cheapest_splits(shapes: list[Shape]) -> dict[tuple[int, int], int]:
    """Where to split the product of matrices first to last (Cormen et al., section 14.2)."""
    count = len(shapes)
    sizes = [shape[0] for shape in shapes] + [shapes[-1][1]]
    cost = {(i, i): 0 for i in range(count)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, count):
        for first in range(count - length):
            last = first + length
            ends = sizes[first] * sizes[last + 1]
            choices = [
                (cost[first, k] + cost[k + 1, last] + ends * sizes[k + 1], k)
                for k in range(first, last)
            ]
            cost[first, last], split[first, last] = min(choices)
    return split
