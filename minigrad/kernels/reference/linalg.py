"""Solving and factoring in array code: the LAPACK behind NumPy and SciPy, cuSOLVER behind CuPy.

Matrices are the last two dimensions, the rest is batch. Outputs called `info` are 0 where a matrix
could be treated, and name the pivot or leading minor that failed otherwise; there the result is
NaN. CuPy says nothing of failures, so on a GPU `info` is 1 where finite numbers gave others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...device import Array, matrix_functions, namespace
from ...errors import LinAlgError

_FAILED = np.linalg.LinAlgError


def _attempt(
    outs: tuple[Array, ...],
    info: Array,
    a: Array,
    compute: Callable[..., Any],
    inputs: tuple[Array, ...],
    diagnose: Callable[[Array], int],
) -> None:
    """``outs = compute(*inputs)``; where that fails, matrix by matrix."""
    if not any([out.size for out in outs]):
        info[...] = 0
        return
    try:
        _store(outs, compute(*inputs))
        if isinstance(a, np.ndarray):
            info[...] = 0
        else:
            info[...] = _finite(a, a.ndim - 2) & ~_finite(outs[0], a.ndim - 2)
    except _FAILED:
        for i in np.ndindex(a.shape[:-2]):
            one = tuple([out[i] for out in outs])
            try:
                _store(one, compute(*[x[i] for x in inputs]))
                info[i] = 0
            except _FAILED:
                _store(one, [math.nan] * len(one))
                info[i] = diagnose(a[i]) if isinstance(a, np.ndarray) else 1


def _or_raise(op: str, compute: Callable[..., Any], *args: Any) -> Any:
    try:
        return compute(*args)
    except _FAILED as error:
        raise LinAlgError(
            f"{op}: no convergence: the input is ill-conditioned, or holds infinities or NaN"
        ) from error


def _store(outs: tuple[Array, ...], values: Any) -> None:
    for out, value in zip(outs, values, strict=True):
        out[...] = value


def _finite(x: Array, batch: int) -> Array:
    return namespace(x).isfinite(x).all(tuple(range(batch, x.ndim)))


def _zero_pivot(a: Array) -> int:
    """Which pivot of an LU factorization is the first that is zero, from 1; 0 for none."""
    (getrf,) = matrix_functions(np).get_lapack_funcs(("getrf",), (a,))
    return int(getrf(a)[2])


def _bad_minor(a: Array) -> int:
    """The order of the first leading minor that is not positive definite; 0 for none."""
    (potrf,) = matrix_functions(np).get_lapack_funcs(("potrf",), (a,))
    return int(potrf(a, lower=True)[1])


# Equations -------------------------------------------------------------------------------------


def inv(out: Array, info: Array, a: Array) -> None:
    """out = a^-1."""
    inverse = namespace(a).linalg.inv
    _attempt((out,), info, a, lambda x: (inverse(x),), (a,), _zero_pivot)


def solve(out: Array, info: Array, a: Array, b: Array) -> None:
    """a (..., N, N) times out (..., N, K) is b."""
    solved = namespace(a).linalg.solve
    _attempt((out,), info, a, lambda x, y: (solved(x, y),), (a, b), _zero_pivot)


def solve_triangular(out: Array, a: Array, b: Array, *, upper: bool, unit: bool) -> None:
    """As `solve`, of a triangle of a; with `unit`, its diagonal counts as ones. A zero on the
    diagonal gives infinities."""
    if out.size == 0:
        return
    if not isinstance(a, np.ndarray):
        solved = matrix_functions(namespace(a)).solve_triangular
        out[...] = solved(a, b, lower=not upper, unit_diagonal=unit)
        return
    (trsm,) = matrix_functions(np).get_blas_funcs(("trsm",), (a,))
    for i in np.ndindex(a.shape[:-2]):
        out[i] = trsm(1, a[i], b[i], lower=not upper, diag=unit)


def cholesky_solve(out: Array, b: Array, a: Array, *, upper: bool) -> None:
    """a a^H out = b of the lower triangle of a, or a^H a out = b of the upper one."""
    adjoint = a.conj().swapaxes(-2, -1)
    first, second = (adjoint, a) if upper else (a, adjoint)
    half = namespace(b).empty(b.shape, b.dtype)
    solve_triangular(half, first, b, upper=False, unit=False)
    solve_triangular(out, second, half, upper=True, unit=False)


# Factors ---------------------------------------------------------------------------------------


def cholesky(out: Array, info: Array, a: Array, *, upper: bool) -> None:
    """a = out out^H of the lower triangle of a, or out^H out of the upper one."""
    factor = namespace(a).linalg.cholesky
    if upper:
        out, a = out.swapaxes(-2, -1), a.swapaxes(-2, -1)
    _attempt((out,), info, a, lambda x: (factor(x),), (a,), _bad_minor)
    if isinstance(a, np.ndarray) and out.size:  # some LAPACKs take NaN for positive
        bad = np.isnan(np.diagonal(out, 0, -2, -1))
        info[...] = np.where(info == 0, (bad.argmax(-1) + 1) * bad.any(-1), info)


def lu(out: Array, pivots: Array, info: Array, a: Array) -> None:
    """a with rows exchanged is L U, packed into out; row k was exchanged with pivots[k] - 1."""
    if out.size == 0:
        info[...] = 0
        return
    on_host = isinstance(a, np.ndarray)
    library = matrix_functions(namespace(a))
    if on_host:
        (getrf,) = library.get_lapack_funcs(("getrf",), (a,))
    for i in np.ndindex(a.shape[:-2]):
        found = getrf(a[i]) if on_host else library.lu_factor(a[i], check_finite=False)
        out[i], pivots[i] = found[0], found[1] + 1
    diagonal = namespace(a).diagonal(out, 0, -2, -1) == 0
    info[...] = (diagonal.argmax(-1) + 1) * diagonal.any(-1)


def permutation(out: Array, pivots: Array, *, inverse: bool) -> None:
    """The rows of a in the order that the exchanges of `lu` put them; or the way back."""
    xp = namespace(pivots)
    out[...] = xp.arange(out.shape[-1])
    for k in range(pivots.shape[-1]):
        other = pivots[..., k : k + 1].astype(xp.int64) - 1
        moved = xp.take_along_axis(out, other, -1)
        xp.put_along_axis(out, other, out[..., k : k + 1].copy(), -1)
        out[..., k : k + 1] = moved
    if inverse:
        out[...] = out.argsort(-1)


def qr(q: Array, r: Array, a: Array, *, complete: bool, r_alone: bool) -> None:
    """a = q r, with q (..., M, K) of orthonormal columns and r an upper triangle."""
    _store((q, r), _batched(a, lambda x: namespace(x).linalg.qr(x, _QR_MODES[complete]), q, r))


def geqrf(reflectors: Array, tau: Array, a: Array) -> None:
    """The factors of `qr` as LAPACK packs them: R above, Householder vectors below the diagonal."""
    if reflectors.size:
        h, t = _batched(
            a, lambda x: namespace(x).linalg.qr(x, "raw"), reflectors.swapaxes(-2, -1), tau
        )
        _store((reflectors, tau), (h.swapaxes(-2, -1), t))


_QR_MODES = ("reduced", "complete")


def _batched(a: Array, compute: Callable[[Array], Any], *outs: Array) -> Any:
    """`compute` of all matrices at once with NumPy, one after another with CuPy."""
    if isinstance(a, np.ndarray) or a.ndim == 2:
        return compute(a)
    xp = namespace(a)
    found = tuple([xp.empty(out.shape, out.dtype) for out in outs])
    for i in np.ndindex(a.shape[:-2]):
        for whole, part in zip(found, compute(a[i]), strict=True):
            whole[i] = part
    return found


# Spectra ---------------------------------------------------------------------------------------


def _svd(a: Array, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The library's; LAPACK's does not return from some matrices with infinities."""
    if isinstance(a, np.ndarray) and not np.isfinite(a).all():
        raise _FAILED("not finite")
    return namespace(a).linalg.svd(a, full_matrices, compute_uv)


def svd(u: Array, s: Array, vh: Array, info: Array, a: Array, *, full: bool) -> None:
    """a = u diag(s) vh, with s descending."""
    _attempt((u, s, vh), info, a, lambda x: _svd(x, full), (a,), lambda _: 1)


def svdvals(s: Array, info: Array, a: Array) -> None:
    """The s of `svd`."""
    _attempt((s,), info, a, lambda x: (_svd(x, compute_uv=False),), (a,), lambda _: 1)


def eigh(w: Array, v: Array, a: Array) -> None:
    """a v = v diag(w) of the lower triangle of a symmetric (Hermitian) a, w ascending."""
    if w.size:
        _store((w, v), namespace(a).linalg.eigh(a))


def eigvalsh(w: Array, a: Array) -> None:
    """The w of `eigh`."""
    if w.size:
        w[...] = namespace(a).linalg.eigvalsh(a)


def eig(w: Array, v: Array, a: Array) -> None:
    """a v = v diag(w) of any square a; w and v are complex, the columns of v have length 1."""
    if w.size:
        _store((w, v), _or_raise("linalg.eig", namespace(a).linalg.eig, a))


def eigvals(w: Array, a: Array) -> None:
    """The w of `eig`."""
    if w.size:
        w[...] = _or_raise("linalg.eigvals", namespace(a).linalg.eigvals, a)


# Determinants ----------------------------------------------------------------------------------


def det(out: Array, a: Array) -> None:
    """The determinant; 1 of a matrix (0, 0)."""
    out[...] = namespace(a).linalg.det(a)


def slogdet(sign: Array, logabsdet: Array, a: Array) -> None:
    """Sign (or phase) and log of the absolute value of the determinant."""
    _store((sign, logabsdet), namespace(a).linalg.slogdet(a))


def cofactors(out: Array, a: Array) -> None:
    """conj(det(a)) a^-H, the conjugate cofactors, by way of singular values: a may be singular."""
    xp = namespace(a)
    if out.size == 0:
        return
    finite = xp.isfinite(a).all((-2, -1), keepdims=True)
    u, s, vh = xp.linalg.svd(xp.where(finite, a, 0))
    phase = (xp.linalg.det(u) * xp.linalg.det(vh)).conj()[..., None, None]
    eye = xp.eye(a.shape[-1], dtype=bool)
    others = xp.where(eye, 1, s[..., None, :]).prod(-1)  # all singular values but one
    out[...] = xp.where(finite, phase * ((u * others[..., None, :]) @ vh), math.nan)


# Functions of matrices -------------------------------------------------------------------------


def pinv(out: Array, a: Array, cutoff: Array, *, hermitian: bool) -> None:
    """The pseudoinverse of a, singular values up to `cutoff` (a share of the largest, or with
    cutoff (..., 2) that and an absolute bound, whichever is more) taken as zero."""
    xp = namespace(a)
    if out.size == 0:
        out[...] = 0
        return
    if hermitian:
        w, v = _or_raise("linalg.pinv", xp.linalg.eigh, a)
        u, s, vh = v, w, v.conj().swapaxes(-2, -1)
    else:
        u, s, vh = _or_raise("linalg.pinv", _svd, a, False)
    size = abs(s)
    least = xp.maximum(cutoff[..., :1] * size.max(-1)[..., None], cutoff[..., 1:])
    inverse = xp.where(size > least, 1 / xp.where(size > least, s, 1), 0)
    inverse = xp.where(xp.isnan(s), s, inverse)
    out[...] = (vh.conj().swapaxes(-2, -1) * inverse[..., None, :]) @ u.conj().swapaxes(-2, -1)


# The largest 1-norm for which the rational approximation of degree 13 is exact to double precision,
# and its numerator (Higham 2005, "The scaling and squaring method for the matrix exponential").
_NORM_13 = 5.371920351148152
_PADE_13 = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
    10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip


def matrix_exp(out: Array, a: Array) -> None:
    """The exponential of square matrices: scaled, approximated, squared as often."""
    if out.size == 0:
        return
    xp, b = namespace(a), _PADE_13
    norm = abs(a).sum(-2).max(-1)
    norm = xp.where(xp.isfinite(norm), norm, 0)
    times = xp.ceil(xp.log2(xp.maximum(norm / _NORM_13, 1)))[..., None, None]
    a = a * (0.5**times).astype(out.real.dtype)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    eye = xp.eye(a.shape[-1], dtype=a.dtype)
    odd = a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2
    odd = a @ (odd + b[1] * eye)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2
    even = even + b[0] * eye
    y = xp.linalg.solve(even - odd, even + odd)
    for k in range(int(times.max())):
        y = xp.where(times > k, y @ y, y)
    out[...] = y
