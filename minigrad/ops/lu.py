"""LU factorization with exchanges of rows. Letters: ... batch, M rows, N columns, K = min(M, N)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import int64
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import public
from .creation import arange
from .diagonal import tril, triu
from .gather import gather
from .join import cat
from .matrices import check, common_batch, eye_like, matrices, one_dtype, square
from .rearrange import mH
from .shape import cast, expand, unsqueeze
from .solve import solve_triangular

__all__ = ["lu_unpack"]

_int32 = np.dtype(np.int32)


def _lu_spec(a: Any) -> tuple[Spec, Spec, Spec]:
    *batch, M, N = a.shape
    pivots = Spec((*batch, min(M, N)), _int32)
    return Spec(a.shape, a.dtype), pivots, Spec(tuple(batch), _int32)


def _lu_vjp(needs: Any, g_y: Tensor | None, y: Tensor, pivots: Tensor) -> list[Tensor | None]:
    """With B = L U the rows of a in their new order, and the square parts L1, U1 of the factors,
    phi = L1^-1 dB1 U1^-1 is strictly lower (from dL1) plus upper (from dU1). What lies below, L2 =
    B2 U1^-1, or to the right, U2 = L1^-1 B2, adds its part."""
    if g_y is None:
        return [None]
    K = min(y.shape[-2:])
    L1, U1, g1 = y[..., :K, :K], y[..., :K, :K], g_y[..., :K, :K]
    L = tril(L1, -1) + eye_like(L1)
    below, right = g_y[..., K:, :], g_y[..., :, K:]  # one of them is empty
    inner_lower = mH(L) @ tril(g1, -1)
    inner_upper = triu(g1) @ mH(triu(U1))
    if y.shape[-2] > K:
        inner_upper = inner_upper - mH(y[..., K:, :]) @ below
    if y.shape[-1] > K:
        inner_lower = inner_lower - right @ mH(y[..., :, K:])
    phi = tril(inner_lower, -1) + triu(inner_upper)
    half = solve_triangular(mH(U1), phi, upper=False, left=False)
    g = solve_triangular(mH(L1), half, upper=True, unitriangular=True)
    if y.shape[-2] > K:
        g = cat([g, solve_triangular(mH(U1), below, upper=False, left=False)], -2)
    if y.shape[-1] > K:
        g = cat([g, solve_triangular(mH(L1), right, upper=True, unitriangular=True)], -1)
    return [_rows(g, permutation(pivots, y.shape[-2], inverse=True))]


LU = Primitive(
    "lu",
    _lu_spec,
    kernel="linalg.lu",
    vjp=_lu_vjp,
    outputs=("y", "pivots", "info"),
    formula="rows of a in another order = (tril(y, -1) + 1) triu(y)",
    complex=True,
)
PERMUTATION = Primitive(
    "permutation",
    lambda pivots, *, out_shape, inverse: Spec(out_shape, int64),
    kernel="linalg.permutation",
    formula="the order of rows that the exchanges give",
)


def permutation(pivots: Tensor, rows: int, inverse: bool = False) -> Tensor:
    """The order (..., M) in which the rows of A are factored; or the way back. On a GPU nobody
    looks whether the pivots name rows."""
    if pivots.dtype != _int32:
        raise DTypeError(f"pivots must be int32, as lu_factor gives them, not {pivots.dtype}")
    array = pivots.array
    if isinstance(array, np.ndarray) and array.size and not 0 < array.min() <= array.max() <= rows:
        raise RangeError(f"pivots must lie between 1 and {rows}, got {array.min()}, {array.max()}")
    shape = (*pivots.shape[:-1], rows)
    return apply(PERMUTATION, pivots, out_shape=shape, inverse=inverse)


def _rows(x: Tensor, order: Tensor) -> Tensor:
    """The rows of `x` (..., M, N) in the order (..., M)."""
    return gather(x, -2, expand(unsqueeze(order, -1), x.shape))


def _lu(op: str, A: Any, pivot: bool) -> tuple[Tensor, Tensor, Tensor]:
    if not pivot:
        raise ArgumentError(f"{op}: LU without pivoting is not available (PyTorch: on GPUs only)")
    return apply(LU, matrices(op, A))


def _zero_pivot(k: int) -> str:
    return f"U[{k}, {k}] is zero, so that lu_solve would divide by it"


@public
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """(LU, pivots): L below, U from the diagonal of ``A = P L U``, and the row that each row was
    exchanged with, from 1. LinAlgError if a pivot is zero; `lu_factor_ex` goes on."""
    y, pivots, info = _lu("linalg.lu_factor", A, pivot)
    check(
        "linalg.lu_factor", info, lambda k: f"U[{k}, {k}] is zero, so lu_solve would divide by it"
    )
    return return_types.linalg_lu_factor(y, pivots)


@public
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """(LU, pivots, info) of `lu_factor`: info is 0 where no pivot is zero, else its number."""
    y, pivots, info = _lu("linalg.lu_factor_ex", A, pivot)
    if check_errors:
        check("linalg.lu_factor_ex", info, _zero_pivot)
    return return_types.linalg_lu_factor_ex(y, pivots, info)


def torch_lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """`linalg.lu_factor` under its older name; with `get_infos`, `linalg.lu_factor_ex`."""
    y, pivots, info = _lu("lu", A, pivot)
    if get_infos:
        return return_types.linalg_lu_factor_ex(y, pivots, info)
    check("lu", info, _zero_pivot)
    return y, pivots


def lu_of(A: Tensor, pivot: bool = True, get_infos: bool = False) -> tuple[Tensor, ...]:
    """`linalg.lu_factor`; with `get_infos`, `linalg.lu_factor_ex`."""
    return tuple(torch_lu(A, pivot, get_infos))


@public
def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """(P, L, U) of ``A = P L U``: (..., M, M), (..., M, K), (..., K, N)."""
    y, pivots, _ = _lu("linalg.lu", A, pivot)
    return return_types.linalg_lu(*_unpacked(y, pivots))


@public
def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    """(P, L, U) of what `lu_factor` gives; what is not asked for is empty."""
    matrices("lu_unpack", LU_data, "LU_data")
    _check_pivots("lu_unpack", LU_data, LU_pivots)
    nothing = LU_data.new_zeros((0,))
    P, L, U = _unpacked(LU_data, LU_pivots)
    triangles = (L, U) if unpack_data else (nothing, nothing)
    return return_types.lu_unpack(P if unpack_pivots else nothing, *triangles)


def _check_pivots(op: str, y: Tensor, pivots: Tensor) -> None:
    wanted = (*y.shape[:-2], min(y.shape[-2:]))
    if pivots.shape != wanted:
        raise ShapeError(f"{op}: pivots {pivots.shape} must be {wanted} for LU {y.shape}")


def _unpacked(y: Tensor, pivots: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    K, M = min(y.shape[-2:]), y.shape[-2]
    order = unsqueeze(permutation(pivots, M), -2)
    P = cast(unsqueeze(arange(M, device=order.device), -1) == order, y.dtype)
    left = y[..., :K]
    return P, tril(left, -1) + eye_like(left, square=False), triu(y[..., :K, :])


@public
def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False
) -> Tensor:
    """The X of ``A X = B`` (``X A = B``; ``A^H X = B``), given what `lu_factor` makes of A."""
    op = "linalg.lu_solve"
    y, b = square(op, LU, "LU"), matrices(op, B, "B")
    one_dtype(op, y, b)
    _check_pivots(op, y, pivots)
    if not left:
        return mH(lu_solve(LU, pivots, mH(b), adjoint=not adjoint))
    if b.shape[-2] != y.shape[-1]:
        raise ShapeError(f"{op}: shapes {y.shape} and {b.shape} do not fit A X = B")
    order = permutation(pivots, y.shape[-2], inverse=adjoint)
    y, b = common_batch(op, y, b)
    order = expand(order, y.shape[:-1])
    if adjoint:
        half = solve_triangular(mH(y), b, upper=False)
        x = solve_triangular(mH(y), half, upper=True, unitriangular=True)
        return _rows(x, order)
    half = solve_triangular(y, _rows(b, order), upper=False, unitriangular=True)
    return solve_triangular(y, half, upper=True)


@public
def torch_lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """`linalg.lu_solve` under its older name and order of arguments."""
    return lu_solve(LU_data, LU_pivots, input)
