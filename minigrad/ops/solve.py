"""Inverses and systems of equations. Letters: ... batch, N unknowns, K right-hand sides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import int64
from ..errors import ArgumentError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import public
from .diagonal import diagonal, tril, triu
from .matrices import check, common_batch, eye_like, is_singular, matrices, one_dtype, square
from .operands import axis_of
from .rearrange import mH
from .shape import cast, permute, reshape, unsqueeze

__all__ = ["cholesky_inverse", "cholesky_solve", "inverse", "triangular_solve"]

_int32 = np.dtype(np.int32)


def _info(a: Any) -> Spec:
    return Spec(a.shape[:-2], _int32)


def _inv_vjp(needs: Any, g_y: Tensor | None, y: Tensor) -> list[Tensor | None]:
    return [None if g_y is None else -(mH(y) @ g_y @ mH(y))]


INV = Primitive(
    "inv",
    lambda a: (Spec(a.shape, a.dtype), _info(a)),
    kernel="linalg.inv",
    vjp=_inv_vjp,
    outputs=("y", "info"),
    formula="y a = 1",
    complex=True,
)


def _solve_vjp(needs: Any, g_y: Tensor | None, y: Tensor, a: Tensor) -> list[Tensor | None]:
    if g_y is None:
        return [None, None]
    g_b = solve(mH(a), g_y)  # (..., N, K)
    return [-(g_b @ mH(y)) if needs[0] else None, g_b]


SOLVE = Primitive(
    "solve",
    lambda a, b: (Spec(b.shape, b.dtype), _info(a)),
    kernel="linalg.solve",
    vjp=_solve_vjp,
    outputs=("y", "info"),
    formula="a y = b",
    complex=True,
)


def _triangle(x: Tensor, upper_one: bool, unit: bool) -> Tensor:
    return triu(x, int(unit)) if upper_one else tril(x, -int(unit))


def _solve_triangular_vjp(
    needs: Any, g: Tensor, y: Tensor, a: Tensor, upper: bool, unit: bool
) -> list[Tensor | None]:
    g_b = apply(SOLVE_TRIANGULAR, mH(a), g, upper=not upper, unit=unit)
    return [_triangle(-(g_b @ mH(y)), upper, unit) if needs[0] else None, g_b]


SOLVE_TRIANGULAR: Primitive = Primitive(
    "solve_triangular",
    lambda a, b, *, upper, unit: Spec(b.shape, b.dtype),
    kernel="linalg.solve_triangular",
    vjp=_solve_triangular_vjp,
    formula="triangle(a) y = b",
    complex=True,
)


def _cholesky_solve_vjp(
    needs: Any, g: Tensor, y: Tensor, a: Tensor, upper: bool
) -> list[Tensor | None]:
    """As PyTorch's, the gradient in the factor also fills the triangle that is not read."""
    g_b = apply(CHOLESKY_SOLVE, g, a, upper=upper)
    if not needs[1]:
        return [g_b, None]
    both = g_b @ mH(y)
    both = both + mH(both)
    return [g_b, -(a @ both) if upper else -(both @ a)]


CHOLESKY_SOLVE: Primitive = Primitive(
    "cholesky_solve",
    lambda b, a, *, upper: Spec(b.shape, b.dtype),
    kernel="linalg.cholesky_solve",
    vjp=_cholesky_solve_vjp,
    formula="a a^H y = b, of the lower triangle of a; a^H a y = b of the upper one",
    complex=True,
)

# Inverses --------------------------------------------------------------------------------------


@public
def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices (..., N, N). LinAlgError if one is singular."""
    out, info = apply(INV, square("linalg.inv", A))
    check("linalg.inv", info, is_singular)
    return out


@public
def inverse(input: Tensor) -> Tensor:
    """`linalg.inv`: the inverse of square matrices."""
    return inv(input)


@public
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """(inverse, info): info is 0 for a matrix that has an inverse, else its zero pivot."""
    out, info = apply(INV, square("linalg.inv_ex", A))
    if check_errors:
        check("linalg.inv_ex", info, is_singular)
    return return_types.linalg_inv_ex(out, info)


# Equations -------------------------------------------------------------------------------------


def _prepared(op: str, A: Any, B: Any, left: bool) -> tuple[Tensor, Tensor, bool]:
    """A and B in one batch, and whether B was vectors."""
    a, b = square(op, A), matrices(op, unsqueeze(B, -1) if B.ndim == 1 else B, "B")
    one_dtype(op, a, b)
    vectors = B.ndim == 1 or (a.ndim - 1 == B.ndim and B.shape == a.shape[:-1])
    if vectors and not left:
        raise ShapeError(f"{op}: left=False takes matrices, got B of shape {B.shape}")
    if vectors and B.ndim > 1:
        b = unsqueeze(B, -1)
    if b.shape[-2 if left else -1] != a.shape[-1]:
        equation = "A X = B" if left else "X A = B"
        raise ShapeError(f"{op}: shapes {a.shape} and {B.shape} do not fit {equation}")
    return (*common_batch(op, a, b), vectors)


def _solved(op: str, A: Tensor, B: Tensor, left: bool) -> tuple[Tensor, Tensor]:
    a, b, vectors = _prepared(op, A, B, left)
    if not left:  # X A = B is A^T X^T = B^T
        y, info = apply(SOLVE, a.mT, b.mT)
        return y.mT, info
    y, info = apply(SOLVE, a, b)
    return (reshape(y, y.shape[:-1]) if vectors else y), info


@public
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The X of ``A X = B``, or of ``X A = B``: A (..., N, N), B (..., N, K), (..., N) or (N).

    Raises: LinAlgError if a matrix is singular; ShapeError for shapes that do not fit.
    """
    out, info = _solved("linalg.solve", A, B, left)
    check("linalg.solve", info, is_singular)
    return out


@public
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """(X, info) of `solve`: info is 0 for each matrix that is not singular."""
    out, info = _solved("linalg.solve_ex", A, B, left)
    if check_errors:
        check("linalg.solve_ex", info, is_singular)
    return return_types.linalg_solve_ex(out, info)


@public
def solve_triangular(
    input: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """The X of ``A X = B``, or of ``X A = B``, reading one triangle of A (..., N, N).

    With `unitriangular` its diagonal counts as ones. A zero on the diagonal gives infinities.
    """
    op = "linalg.solve_triangular"
    a, b = square(op, input), matrices(op, B, "B")
    one_dtype(op, a, b)
    if b.shape[-2 if left else -1] != a.shape[-1]:
        equation = "A X = B" if left else "X A = B"
        raise ShapeError(f"{op}: shapes {a.shape} and {b.shape} do not fit {equation}")
    a, b = common_batch(op, a, b)
    if not left:
        y = apply(SOLVE_TRIANGULAR, a.mT, b.mT, upper=not upper, unit=bool(unitriangular))
        return y.mT
    return apply(SOLVE_TRIANGULAR, a, b, upper=bool(upper), unit=bool(unitriangular))


@public
def triangular_solve(
    input: Tensor,
    A: Tensor,
    upper: bool = True,
    transpose: bool = False,
    unitriangular: bool = False,
) -> Any:
    """(X, A) of ``A X = input``, or ``A^T X = input``; deprecated: use linalg.solve_triangular."""
    a, triangle = (A.mT, not upper) if transpose else (A, upper)
    x = solve_triangular(a, input, upper=triangle, unitriangular=unitriangular)
    return return_types.triangular_solve(x, A.clone())


@public
def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """The X of ``A X = input``, given the factor of ``A = L L^H``, or ``A = L^H L`` if `upper`."""
    b, factor = matrices("cholesky_solve", input, "input"), square("cholesky_solve", input2, "L")
    one_dtype("cholesky_solve", b, factor)
    if b.shape[-2] != factor.shape[-1]:
        raise ShapeError(f"cholesky_solve: shapes {factor.shape} and {b.shape} do not fit A X = B")
    b, factor = common_batch("cholesky_solve", b, factor)
    return apply(CHOLESKY_SOLVE, b, factor, upper=bool(upper))


@public
def cholesky_inverse(input: Tensor, upper: bool = False) -> Tensor:
    """The inverse of ``A = L L^H``, or ``A = L^H L`` if `upper`, given that factor."""
    factor = square("cholesky_inverse", input)
    zeros = cast(diagonal(factor, 0, -2, -1) == 0, int64)
    if zeros.shape[-1]:
        check("cholesky_inverse", (zeros.argmax(-1) + 1) * zeros.amax(-1), is_singular)
    return cholesky_solve(eye_like(factor), factor, upper)


# Tensors as matrices ---------------------------------------------------------------------------


@public
def tensorinv(input: Tensor, ind: int = 2) -> Tensor:
    """The inverse of `tensordot` with A: its first `ind` dimensions are rows, the rest columns."""
    if not isinstance(ind, int) or ind <= 0:
        raise ArgumentError(f"linalg.tensorinv: ind must be a positive integer, got {ind}")
    rows, columns = input.shape[:ind], input.shape[ind:]
    if math.prod(rows) != math.prod(columns):
        raise ShapeError(
            f"linalg.tensorinv: the sizes {rows} and {columns} of A must have one product"
        )
    flat = inv(reshape(input, math.prod(rows), math.prod(columns)))
    return reshape(flat, (*columns, *rows))


@public
def tensorsolve(input: Tensor, other: Tensor, dims: Any = None) -> Tensor:
    """The X of ``tensordot(A, X, X.ndim) = B``; `dims` of A are moved to the right first."""
    op = "linalg.tensorsolve"
    if dims is not None:
        last = [axis_of(d, input.ndim, op) for d in dims]
        input = permute(input, (*[i for i in range(input.ndim) if i not in last], *last))
    unknown = input.shape[other.ndim :]
    if math.prod(unknown) != math.prod(other.shape) or input.array.size != other.array.size**2:
        raise ShapeError(
            f"{op}: A {input.shape} must have as many elements as B {other.shape}, squared"
        )
    count = math.prod(unknown)
    return reshape(solve(reshape(input, count, count), reshape(other, count)), unknown)
