"""Factorizations: Cholesky, LU, QR. Letters: ... batch, M rows, N columns, K = min(M, N).

Gradient formulas: Murray, "Differentiation of the Cholesky decomposition" (2016); Walter and
Lehmann, "Algorithmic differentiation of linear algebra functions" (2010); of LU, see `_lu_vjp`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import int64
from ..errors import ArgumentError, GradientError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import public
from .creation import arange
from .diagonal import tril, triu
from .gather import gather
from .join import cat
from .matrices import check, common_batch, is_indefinite, matrices, one_dtype, square
from .parts import constant_beside, eye_like, lower_halved
from .rearrange import mH
from .shape import cast, expand, unsqueeze
from .solve import solve_triangular

__all__ = ["geqrf", "lu_unpack", "orgqr", "ormqr"]

_int32 = np.dtype(np.int32)


# Cholesky --------------------------------------------------------------------------------------


def _cholesky_vjp(needs: Any, g_y: Tensor | None, y: Tensor, upper: bool) -> list[Tensor | None]:
    """y^-H phi y^-1, with phi the lower triangle of y^H g, copied above the diagonal and halved."""
    if g_y is None:
        return [None]
    if upper:
        y, g_y = mH(y), mH(g_y)
    inner = tril(mH(y) @ g_y)
    half = solve_triangular(mH(y), inner + mH(tril(inner, -1)), upper=True)  # y^-H (...)
    return [solve_triangular(y, half, upper=False, left=False) * 0.5]


CHOLESKY = Primitive(
    "cholesky",
    lambda a, *, upper: (Spec(a.shape, a.dtype), Spec(a.shape[:-2], _int32)),
    kernel="linalg.cholesky",
    vjp=_cholesky_vjp,
    outputs=("y", "info"),
    formula="a = y y^H, y a lower triangle; or a = y^H y, y an upper one",
    complex=True,
)


def _cholesky(op: str, A: Any, upper: bool) -> tuple[Tensor, Tensor]:
    return apply(CHOLESKY, square(op, A), upper=bool(upper))


def _cholesky_checked(op: str, A: Any, upper: bool) -> Tensor:
    y, info = _cholesky(op, A, upper)
    check(op, info, is_indefinite)
    return y


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower L of ``A = L L^H``, or with `upper` the upper one of ``A = U^H U``; that triangle
    of A is read. LinAlgError if a matrix is not positive definite."""
    return _cholesky_checked("linalg.cholesky", A, upper)


def torch_cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """`linalg.cholesky` under its older name."""
    return _cholesky_checked("cholesky", input, upper)


@public
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """(L, info) of `cholesky`: info is 0 for a positive definite matrix, else the order of the
    first leading minor that is not."""
    y, info = _cholesky("linalg.cholesky_ex", A, upper)
    if check_errors:
        check("linalg.cholesky_ex", info, is_indefinite)
    return return_types.linalg_cholesky_ex(y, info)


# QR --------------------------------------------------------------------------------------------


def _qr_spec(a: Any, *, complete: bool, r_alone: bool) -> tuple[Spec, Spec]:
    *batch, M, N = a.shape
    K = M if complete else min(M, N)
    return Spec((*batch, M, K), a.dtype), Spec((*batch, K, N), a.dtype)


def _qr_vjp(
    needs: Any, g_q: Tensor | None, g_r: Tensor | None, q: Tensor, r: Tensor, r_alone: bool
) -> list[Tensor | None]:
    """(g_q + q sym(triu(g_r r^H - q^H g_q))) r^-H, of M >= N."""
    if r_alone:
        raise GradientError(
            "linalg.qr: the gradient needs Q, which mode='r' does not give; use mode='reduced'"
        )
    if q.shape[-1] > r.shape[-1]:
        raise GradientError(
            "linalg.qr: mode='complete' of more rows than columns has no gradient: the last "
            "columns of Q are arbitrary. Use mode='reduced'"
        )
    inner = None if g_r is None else g_r @ mH(r)
    if g_q is not None:
        crossed = mH(q) @ g_q
        inner = -crossed if inner is None else inner - crossed
    assert inner is not None
    # The upper triangle, filled to a Hermitian matrix.
    half = mH(lower_halved(mH(inner)))
    total = q @ (half + mH(half))
    total = total if g_q is None else total + g_q
    return [solve_triangular(mH(r), total, upper=False, left=False)]


QR = Primitive(
    "qr",
    _qr_spec,
    kernel="linalg.qr",
    vjp=_qr_vjp,
    outputs=("q", "r"),
    formula="a = q r, q^H q = 1, r an upper triangle",
    complex=True,
)


@public
def qr(A: Tensor, mode: str = "reduced") -> Any:
    """(Q, R) of ``A = Q R``: (..., M, K) and (..., K, N); mode 'complete' makes K = M, and mode 'r'
    leaves Q empty. Gradients need the first K columns to be independent."""
    a = matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(f"linalg.qr: mode {mode!r} is none of 'reduced', 'complete', 'r'")
    M, N = a.shape[-2:]
    if mode == "r":
        return return_types.linalg_qr(
            a.new_zeros((0,)), apply(QR, a, complete=False, r_alone=True)[1]
        )
    if M >= N or not a.requires_grad:
        return return_types.linalg_qr(*apply(QR, a, complete=mode == "complete", r_alone=False))
    q, r = apply(QR, a[..., :M], complete=False, r_alone=False)
    return return_types.linalg_qr(q, cat([r, mH(q) @ a[..., M:]], -1))


GEQRF = Primitive(
    "geqrf",
    lambda a: (Spec(a.shape, a.dtype), Spec((*a.shape[:-2], min(a.shape[-2:])), a.dtype)),
    kernel="linalg.geqrf",
    outputs=("reflectors", "tau"),
    complex=True,
)


@public
def geqrf(input: Tensor) -> Any:
    """The factors of `linalg.qr` as LAPACK packs them, for `linalg.householder_product`; without
    gradient."""
    return return_types.geqrf(*apply(GEQRF, matrices("geqrf", input)))


@public
def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first N columns of ``H_1 H_2 ... H_K``, ``H_i = 1 - tau_i v_i v_i^H``, where v_i stands
    below the diagonal of column i of `input` (..., M, N), led by 1; `tau` is (..., K)."""
    a = _reflectors("linalg.householder_product", input, tau)
    start = constant_beside(a, expand(eye_like(a, square=False), a.shape))
    return _reflected(a, tau, start)


def orgqr(input: Tensor, tau: Tensor) -> Tensor:
    """`linalg.householder_product` under LAPACK's name."""
    return householder_product(input, tau)


@public
def ormqr(
    input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False
) -> Tensor:
    """``Q other``, or with left=False ``other Q``, of the whole Q (..., M, M) that `geqrf` packs;
    `transpose` takes Q^H."""
    a = _reflectors("ormqr", input, tau)
    x = matrices("ormqr", other, "other")
    if x.shape[-2 if left else -1] != a.shape[-2]:
        raise ShapeError(f"ormqr: Q has {a.shape[-2]} rows, other has shape {x.shape}")
    if not left:
        return mH(_reflected(a, tau, mH(x), not transpose))
    return _reflected(a, tau, x, transpose)


def _reflectors(op: str, input: Tensor, tau: Tensor) -> Tensor:
    a = matrices(op, input, "input")
    one_dtype(op, a, tau)
    *batch, M, N = a.shape
    if tau.shape[:-1] != tuple(batch) or tau.shape[-1] > N:
        raise ShapeError(f"{op}: tau {tau.shape} must be (..., K), K <= N, for input {a.shape}")
    if N > M and op != "ormqr":
        raise ShapeError(f"{op}: input {a.shape} must have at least as many rows as columns")
    return a


def _reflected(a: Tensor, tau: Tensor, x: Tensor, adjoint: bool = False) -> Tensor:
    """The reflections applied to `x`, the last one first; the other way round for Q^H."""
    vectors = tril(a, -1) + eye_like(a, square=False)
    count = range(tau.shape[-1])
    for i in count if adjoint else reversed(count):
        v = vectors[..., i : i + 1]  # (..., M, 1)
        factor = tau[..., i : i + 1, None]
        x = x - (factor.conj() if adjoint else factor) * (v @ (mH(v) @ x))
    return x


# LU --------------------------------------------------------------------------------------------


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
    """The order (..., M) in which the rows of A are factored; or the way back."""
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


def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """(LU, pivots): L below, U from the diagonal of ``A = P L U``, and the row that each row was
    exchanged with, from 1. LinAlgError if a pivot is zero; `lu_factor_ex` goes on."""
    y, pivots, info = _lu("linalg.lu_factor", A, pivot)
    check(
        "linalg.lu_factor", info, lambda k: f"U[{k}, {k}] is zero, so lu_solve would divide by it"
    )
    return return_types.linalg_lu_factor(y, pivots)


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


def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """(P, L, U) of ``A = P L U``: (..., M, M), (..., M, K), (..., K, N)."""
    y, pivots, _ = _lu("linalg.lu", A, pivot)
    return return_types.linalg_lu(*_unpacked(y, pivots))


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    """(P, L, U) of what `lu_factor` gives; what is not asked for is empty."""
    nothing = LU_data.new_zeros((0,))
    P, L, U = _unpacked(LU_data, LU_pivots)
    triangles = (L, U) if unpack_data else (nothing, nothing)
    return return_types.lu_unpack(P if unpack_pivots else nothing, *triangles)


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
def torch_lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """`linalg.lu_solve` under its older name and order of arguments."""
    return lu_solve(LU_data, LU_pivots, b)


def torch_qr(input: Tensor, some: bool = True) -> Any:
    """`linalg.qr` under its older name: with some=False, mode 'complete'."""
    return return_types.qr(*qr(input, "reduced" if some else "complete"))
