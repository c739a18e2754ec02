"""Eigenvalues and singular values. Letters: ... batch, M rows, N columns, K = min(M, N).

Where two eigenvalues (singular values) are equal, their vectors are arbitrary, and a gradient that
depends on them is infinite or NaN; one that does not is right (`over_slope`). Gradient formulas:
Giles, "An extended collection of matrix derivative results" (2008); of complex singular vectors,
Wan and Zhang, "Automatic differentiation for complex valued SVD" (2019).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import complex_of, is_complex, real_of
from ..errors import ArgumentError, GradientError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import public
from .complex import imag
from .diagonal import diag_embed, diagonal
from .elementwise import over_slope
from .matrices import check, matrices, square, without_diagonal
from .rearrange import mH
from .shape import cast, unsqueeze
from .solve import solve

_int32 = np.dtype(np.int32)


def _differences(w: Tensor) -> Tensor:
    """w_j - w_i at place (i, j)."""
    return unsqueeze(w, -2) - unsqueeze(w, -1)


def _columns(x: Tensor, w: Tensor) -> Tensor:
    """x diag(w)."""
    return x * unsqueeze(w, -2)


def _check_phase(op: str, turning: Tensor) -> None:
    """GradientError if a loss depends on the phases of complex vectors, which are arbitrary.

    `turning` is the slope of the loss along the phases. On a GPU nobody looks.
    """
    slope = turning.array
    if isinstance(slope, np.ndarray) and slope.size and np.abs(slope).max() > 1e-2:
        raise GradientError(
            f"{op}: the loss depends on the phases of complex vectors, which are arbitrary: it has "
            "no gradient. Make it independent of them, for example by taking abs()"
        )


# Eigenvalues of symmetric matrices -------------------------------------------------------------


def _eigh_vjp(
    needs: Any, g_w: Tensor | None, g_v: Tensor | None, w: Tensor, v: Tensor
) -> list[Tensor | None]:
    """v (diag(g_w) + v^H g_v / (w_j - w_i) off the diagonal) v^H."""
    if g_v is None:
        return [None if g_w is None else _columns(v, g_w) @ mH(v)]
    turned = mH(v) @ g_v
    if is_complex(v.dtype):
        _check_phase("linalg.eigh", imag(diagonal(turned, 0, -2, -1)))
    inner = over_slope(without_diagonal(turned), _differences(w))
    if g_w is not None:
        inner = inner + diag_embed(g_w)
    return [v @ inner @ mH(v)]


EIGH = Primitive(
    "eigh",
    lambda a: (Spec(a.shape[:-1], real_of(a.dtype)), Spec(a.shape, a.dtype)),
    kernel="linalg.eigh",
    vjp=_eigh_vjp,
    outputs=("w", "v"),
    formula="a = v diag(w) v^H",
    complex=True,
)
EIGVALSH = Primitive(
    "eigvalsh",
    lambda a: Spec(a.shape[:-1], real_of(a.dtype)),
    kernel="linalg.eigvalsh",
    complex=True,
)


def _symmetric(op: str, A: Any, UPLO: str) -> Tensor:
    """Square matrices of which the lower triangle is to be read."""
    a = square(op, A)
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise ArgumentError(f"{op}: UPLO must be 'L' or 'U', got {UPLO!r}")
    return a if UPLO.upper() == "L" else mH(a)


@public
def eigh(input: Tensor, UPLO: str = "L") -> Any:
    """(w, V) of ``A = V diag(w) V^H``, A (..., N, N) symmetric (Hermitian): the triangle `UPLO` is
    read. w ascends. The signs (phases) of vectors are arbitrary."""
    return return_types.linalg_eigh(*apply(EIGH, _symmetric("linalg.eigh", input, UPLO)))


@public
def eigvalsh(input: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of `eigh`, in ascending order."""
    a = _symmetric("linalg.eigvalsh", input, UPLO)
    return apply(EIGH, a)[0] if a.requires_grad else apply(EIGVALSH, a)


# Eigenvalues of any matrix ---------------------------------------------------------------------


def _eig_vjp(
    needs: Any, g_w: Tensor | None, g_v: Tensor | None, w: Tensor, v: Tensor, a_dtype: Any
) -> list[Tensor | None]:
    """v^-H (diag(g_w) + (v^H g_v - v^H v diag(re v^H g_v)) / conj(w_j - w_i)) v^H: the vectors have
    length 1, so what would stretch them is taken out."""
    if g_w is None and g_v is None:
        return [None]
    inner = None if g_w is None else diag_embed(g_w)
    if g_v is not None:
        turned = mH(v) @ g_v
        along = diagonal(turned, 0, -2, -1)
        _check_phase("linalg.eig", imag(along))
        stretched = _columns(mH(v) @ v, cast(along.real, v.dtype))
        moved = over_slope(without_diagonal(turned - stretched), _differences(w).conj())
        inner = moved if inner is None else inner + moved
    assert inner is not None
    g = solve(mH(v), inner @ mH(v))
    return [g if is_complex(a_dtype) else g.real]


EIG = Primitive(
    "eig",
    lambda a: (Spec(a.shape[:-1], complex_of(a.dtype)), Spec(a.shape, complex_of(a.dtype))),
    kernel="linalg.eig",
    vjp=_eig_vjp,
    outputs=("w", "v"),
    formula="a v = v diag(w)",
    complex=True,
)
EIGVALS = Primitive(
    "eigvals",
    lambda a: Spec(a.shape[:-1], complex_of(a.dtype)),
    kernel="linalg.eigvals",
    complex=True,
)


@public
def eig(input: Tensor) -> Any:
    """(w, V) of ``A V = V diag(w)``, both complex, for square matrices (..., N, N) that have N
    independent eigenvectors; those have length 1 and any phase. LinAlgError for NaN."""
    return return_types.linalg_eig(*apply(EIG, square("linalg.eig", input)))


@public
def eigvals(input: Tensor) -> Tensor:
    """The eigenvalues of `eig`, complex, in no order."""
    a = square("linalg.eigvals", input)
    return apply(EIG, a)[0] if a.requires_grad else apply(EIGVALS, a)


# Singular values -------------------------------------------------------------------------------


def _svd_spec(a: Any, *, full: bool) -> tuple[Spec, Spec, Spec, Spec]:
    *batch, M, N = a.shape
    K = min(M, N)
    return (
        Spec((*batch, M, M if full else K), a.dtype),
        Spec((*batch, K), real_of(a.dtype)),
        Spec((*batch, N if full else K, N), a.dtype),
        Spec(tuple(batch), _int32),
    )


def _svd_vjp(
    needs: Any,
    g_u: Tensor | None,
    g_s: Tensor | None,
    g_vh: Tensor | None,
    u: Tensor,
    s: Tensor,
    vh: Tensor,
) -> list[Tensor | None]:
    """u inner vh, with inner of the K vectors; what leads out of their span, divided by s, is added
    on either side. Vectors beyond K are arbitrary: their cotangents are left out, as in PyTorch."""
    K = s.shape[-1]
    u, vh = u[..., :K], vh[..., :K, :]
    g_u = None if g_u is None else g_u[..., :K]
    g_v = None if g_vh is None else mH(g_vh[..., :K, :])
    if g_u is None and g_v is None:
        return [None if g_s is None else _columns(u, g_s) @ vh]
    turned_u = None if g_u is None else mH(u) @ g_u
    turned_v = None if g_v is None else vh @ g_v
    g = u @ _svd_inner(turned_u, turned_v, g_s, s) @ vh
    if g_u is not None and u.shape[-2] > K:
        outside = g_u - u @ turned_u
        g = g + over_slope(outside, unsqueeze(s, -2)) @ vh
    if g_v is not None and vh.shape[-1] > K:
        outside = g_v - mH(vh) @ turned_v
        g = g + u @ mH(over_slope(outside, unsqueeze(s, -2)))
    return [g]


def _svd_inner(
    turned_u: Tensor | None, turned_v: Tensor | None, g_s: Tensor | None, s: Tensor
) -> Tensor:
    """diag(g_s) + (skew(u^H g_u) diag(s) + diag(s) skew(v^H g_v)) / (s_j^2 - s_i^2)."""
    total: Tensor | None = None
    for turned, row in ((turned_u, -2), (turned_v, -1)):
        if turned is not None:
            part = (turned - mH(turned)) * unsqueeze(s, row)
            total = part if total is None else total + part
    assert total is not None
    left, right = unsqueeze(s, -1), unsqueeze(s, -2)
    inner = over_slope(over_slope(without_diagonal(total), right - left), right + left)
    if is_complex(total.dtype):
        slopes = [imag(diagonal(x, 0, -2, -1)) for x in (turned_u, turned_v) if x is not None]
        _check_phase("linalg.svd", sum(slopes[1:], slopes[0]))
        if turned_u is not None:  # the phases of a pair turn together: u takes the whole slope
            inner = inner + diag_embed(over_slope(slopes[0] * 1j, s))
    return inner if g_s is None else inner + diag_embed(cast(g_s, inner.dtype))


SVD = Primitive(
    "svd",
    _svd_spec,
    kernel="linalg.svd",
    vjp=_svd_vjp,
    outputs=("u", "s", "vh", "info"),
    formula="a = u diag(s) vh",
    complex=True,
)
SVDVALS = Primitive(
    "svdvals",
    lambda a: _svd_spec(a, full=False)[1::2],
    kernel="linalg.svdvals",
    outputs=("s", "info"),
    complex=True,
)


def _no_convergence(_: int) -> str:
    return "no convergence: the input is ill-conditioned, or holds infinities or NaN"


def _svd(op: str, A: Any, full: bool) -> tuple[Tensor, Tensor, Tensor]:
    u, s, vh, info = apply(SVD, matrices(op, A), full=full)
    check(op, info, _no_convergence)
    return u, s, vh


@public
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """(U, S, Vh) of ``A = U diag(S) Vh``: (..., M, K), (..., K) descending, (..., K, N); the square
    U and Vh with `full_matrices`. Signs (phases) of vectors are arbitrary. `driver` is for PyTorch
    on GPUs, and must be None elsewhere. LinAlgError for NaN."""
    _no_driver("linalg.svd", A, driver)
    return return_types.linalg_svd(*_svd("linalg.svd", A, full_matrices))


def _no_driver(op: str, A: Any, driver: Any) -> None:
    if driver is not None:
        raise ArgumentError(f"{op}: driver={driver!r} is not available; leave it out")


@public
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values of `svd`, (..., K), in descending order."""
    _no_driver("linalg.svdvals", A, driver)
    return singular_values("linalg.svdvals", A)


def singular_values(op: str, A: Any) -> Tensor:
    """The singular values of matrices; through the vectors if a gradient may be wanted."""
    a = matrices(op, A)
    if a.requires_grad:
        return _svd(op, a, False)[1]
    s, info = apply(SVDVALS, a)
    check(op, info, _no_convergence)
    return s


@public
def torch_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) of ``A = U diag(S) V^H``, the older form of `linalg.svd`; with some=False U and V
    are square, without `compute_uv` they are zeros."""
    if not compute_uv:
        s = singular_values("svd", input)
        *batch, M, N = input.shape
        zeros = [input.new_zeros((*batch, n, n)) for n in (M, N)]
        return return_types.svd(zeros[0], s, zeros[1])
    u, s, vh = _svd("svd", input, not some)
    return return_types.svd(u, s, mH(vh))
