"""Powers, the exponential, and small functions of matrices and vectors."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .calling import public
from .complex import conj
from .creation import arange
from .diagonal import diagonal as any_diagonal
from .join import cat
from .matmul import matmul, mH
from .matrices import constant_beside, eye_like, floats, square
from .operands import as_tensor_operand
from .products import multiplied, vector_product
from .shape import expand, reshape, transpose, unsqueeze
from .solve import inv


def _matrix_exp_vjp(g: Tensor, a: Tensor) -> Tensor:
    """The exponential of ((a^H, g), (0, a^H)) has the gradient in its corner (Van Loan 1978)."""
    N = a.shape[-1]
    above = cat([mH(a), g], -1)
    below = cat([g * 0, mH(a)], -1)
    return matrix_exp(cat([above, below], -2))[..., :N, N:]


MATRIX_EXP = Primitive(
    "matrix_exp",
    lambda a: Spec(a.shape, a.dtype),
    kernel="linalg.matrix_exp",
    vjps=(_matrix_exp_vjp,),
    formula="sum of a^k / k!",
    complex=True,
)


@public
def matrix_exp(input: Tensor) -> Tensor:
    """The exponential ``1 + A + A^2 / 2 + ...`` of square matrices (..., N, N)."""
    return apply(MATRIX_EXP, square("linalg.matrix_exp", input, low_precision=True))


@public
def matrix_power(input: Tensor, n: int) -> Tensor:
    """The n-th power of square matrices; n may be negative, for powers of the inverse."""
    a = as_tensor_operand(input, "linalg.matrix_power")
    if isinstance(n, bool) or not isinstance(n, int):
        raise DTypeError(f"linalg.matrix_power: n must be an integer, got {n!r}")
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"linalg.matrix_power: A must be square matrices, got shape {a.shape}")
    if n == 0:
        return constant_beside(a, expand(eye_like(a), a.shape).clone())
    if n < 0:
        a, n = inv(a), -n
    power = None
    while n:  # the binary digits of n, least first
        if n % 2:
            power = a if power is None else matmul(power, a)
        n //= 2
        a = matmul(a, a) if n else a
    return a if power is None else power


@public
def torch_matrix_exp(input: Tensor) -> Tensor:
    """`linalg.matrix_exp` under its older name."""
    return matrix_exp(input)


@public
def torch_matrix_power(input: Tensor, n: int) -> Tensor:
    """`linalg.matrix_power` under its older name."""
    return matrix_power(input, n)


@public
def multi_dot(tensors: Any) -> Tensor:
    """The product of matrices in the order of fewest multiplications. The first tensor may be a
    vector, a row, and the last one a column."""
    op = "linalg.multi_dot"
    factors = [as_tensor_operand(x, op) for x in tensors]
    if len(factors) < 2:
        raise ArgumentError(f"{op}: expected at least 2 tensors, got {len(factors)}")
    first, last = factors[0].ndim == 1, factors[-1].ndim == 1
    if first:
        factors[0] = unsqueeze(factors[0], 0)
    if last:
        factors[-1] = unsqueeze(factors[-1], -1)
    for i, x in enumerate(factors):
        if x.ndim != 2:
            raise ShapeError(f"{op}: tensor {i} must be a matrix, got shape {x.shape}")
    out = multiplied(factors, op)
    rows, columns = out.shape
    return reshape(out, (*(() if first else (rows,)), *(() if last else (columns,))))


@public
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product along `dim`, of size 3; the other dimensions broadcast."""
    return vector_product(input, other, dim, "linalg.cross")


@public
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The inner product along `dim`, x conjugated; the other dimensions broadcast."""
    a, b = [floats("linalg.vecdot", v, low_precision=True) for v in (x, y)]
    if a.dtype != b.dtype:
        raise DTypeError(f"linalg.vecdot: expected one dtype, got {a.dtype} and {b.dtype}")
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError("linalg.vecdot: a 0-d tensor has no dimension to multiply along")
    a, b = transpose(a, dim, -1), transpose(b, dim, -1)
    if a.shape[-1] != b.shape[-1] and 1 not in (a.shape[-1], b.shape[-1]):
        raise ShapeError(f"linalg.vecdot: sizes {a.shape[-1]} and {b.shape[-1]} along dim {dim}")
    size = max(a.shape[-1], b.shape[-1])
    a, b = expand(a, *a.shape[:-1], size), expand(b, *b.shape[:-1], size)
    out = matmul(unsqueeze(conj(a), -2), unsqueeze(b, -1))
    return reshape(out, out.shape[:-2])


@public
def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers 0 to N - 1 of every element, in a new last dimension; N is the last size."""
    x = x if x.ndim else reshape(x, 1)
    count = x.shape[-1] if N is None else N
    if count <= 1:
        raise ArgumentError(f"linalg.vander: N must be greater than 1, got {count}")
    return unsqueeze(x, -1) ** arange(count, device=x.device)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, (..., min(M, N)). A view."""
    return any_diagonal(A, offset, dim1, dim2)
