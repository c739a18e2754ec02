"""Factorizations: Cholesky, QR. Letters: ... batch, M rows, N columns, K = min(M, N).

Gradient formulas: Murray, "Differentiation of the Cholesky decomposition" (2016); Walter and
Lehmann, "Algorithmic differentiation of linear algebra functions" (2010).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, GradientError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import public
from .diagonal import tril
from .join import cat
from .matrices import (
    check,
    constant_beside,
    eye_like,
    is_indefinite,
    lower_halved,
    matrices,
    one_dtype,
    square,
)
from .rearrange import mH
from .shape import expand
from .solve import solve_triangular

__all__ = ["geqrf", "orgqr", "ormqr"]

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


@public
def cholesky(input: Tensor, *, upper: bool = False) -> Tensor:
    """The lower L of ``A = L L^H``, or with `upper` the upper one of ``A = U^H U``; that triangle
    of A is read. LinAlgError if a matrix is not positive definite."""
    return _cholesky_checked("linalg.cholesky", input, upper)


@public
def torch_cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """`linalg.cholesky` under its older name."""
    return _cholesky_checked("cholesky", input, upper)


@public
def cholesky_ex(input: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """(L, info) of `cholesky`: info is 0 for a positive definite matrix, else the order of the
    first leading minor that is not."""
    y, info = _cholesky("linalg.cholesky_ex", input, upper)
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


@public
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


@public
def torch_qr(input: Tensor, some: bool = True) -> Any:
    """`linalg.qr` under its older name: with some=False, mode 'complete'."""
    return return_types.qr(*qr(input, "reduced" if some else "complete"))
