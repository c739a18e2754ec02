"""Pseudoinverse, least squares, rank and condition. Letters: ... batch, M rows, N columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..device import namespace_of
from ..dtypes import float64, int64, real_of
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import public
from .choice import where
from .eigen import eigvalsh, singular_values
from .join import stack
from .matrices import common_batch, eye_like, matrices, one_dtype, square
from .norms import matrix_norm
from .operands import as_tensor_operand
from .rearrange import mH
from .reduce import sum
from .shape import cast, expand, reshape, unsqueeze
from .solve import inv_ex

__all__ = ["pinverse"]


def _pinv_vjp(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    """``-y^H g y^H + (1 - a y) g^H y y^H + y^H y g^H (1 - y a)``, of constant rank (Golub and
    Pereyra 1973)."""
    g = mH(g)  # (..., M, N)
    inner = g @ y  # (..., M, M)
    left = inner @ mH(y)
    right = mH(y) @ (y @ g)
    return left - a @ (y @ left) + right - (right @ y) @ a - mH(y @ inner)


PINV = Primitive(
    "pinv",
    lambda a, cutoff, *, hermitian: Spec((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype),
    kernel="linalg.pinv",
    vjps=(_pinv_vjp, None),
    formula="a y a = a, y a y = y, a y and y a Hermitian",
    complex=True,
)


def _cutoffs(op: str, a: Tensor, atol: Any, rtol: Any) -> tuple[Tensor, Tensor]:
    """(rtol, atol): eps times the larger side and 0, unless given; rtol is 0 if only atol is."""
    for tolerance in (atol, rtol):
        if isinstance(tolerance, Tensor) and tolerance.dtype.kind == "c":
            raise DTypeError(f"{op}: a tolerance must be real, got {tolerance.dtype}")
    real = real_of(a.dtype)
    if rtol is None:
        given = _as_tensor(a, 0.0 if atol is None else atol)
        default = float(np.finfo(real).eps) * max(a.shape[-2:])
        rtol = (
            where(given > 0, 0.0, default)
            if isinstance(atol, Tensor)
            else (0.0 if atol is not None and float(atol) > 0 else default)
        )
    return _as_tensor(a, rtol), _as_tensor(a, 0.0 if atol is None else atol)


def _as_tensor(a: Tensor, value: Any) -> Tensor:
    real = real_of(a.dtype)
    if isinstance(value, complex) or (isinstance(value, Tensor) and value.dtype.kind == "c"):
        raise DTypeError(f"a tolerance must be real, got {value!r}")
    if isinstance(value, Tensor):
        return cast(value.detach(), real)
    return Tensor(namespace_of(a.device).full((), value, float64)).to(real)


def _pinv(op: str, A: Any, atol: Any, rtol: Any, hermitian: bool) -> Tensor:
    a = square(op, A) if hermitian else matrices(op, A)
    relative, absolute = _cutoffs(op, a, atol, rtol)
    batch = a.shape[:-2]
    cutoff = stack([expand(relative, batch), expand(absolute, batch)], -1)
    return apply(PINV, a, cutoff, hermitian=bool(hermitian))


@public
def pinv(
    input: Tensor,
    rcond: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
) -> Tensor:
    """The pseudoinverse (..., N, M) of Moore and Penrose. Singular values up to the larger of
    ``atol`` and ``rtol`` times the largest count as zero; by default rtol is eps max(M, N), or 0 if
    atol is given. `rcond` is rtol's older name; `hermitian` takes A for symmetric (Hermitian).
    """
    return _pinv("linalg.pinv", input, atol, rcond if rtol is None else rtol, hermitian)


@public
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """`linalg.pinv`, with rtol 1e-15."""
    return _pinv("pinverse", input, None, rcond, False)


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@public
def lstsq(input: Tensor, b: Tensor, rcond: Any = None, *, driver: str | None = None) -> Any:
    """The X of least ``|A X - B|``, and among those of least |X|: A (..., M, N), B (..., M, K) or
    (..., M), X (..., N, K) or (..., N).

    Singular values up to `rcond` times the largest count as zero, by default eps max(M, N).
    `residuals` (..., K) are squared, and given where M > N and A has full rank, except by driver
    'gelsy', the default; `rank` by all but 'gels', `singular_values` by 'gelsd' and 'gelss'. All
    drivers compute through singular values here.
    """
    op = "linalg.lstsq"
    a, rhs = matrices(op, input), as_tensor_operand(b, op)
    one_dtype(op, a, rhs)
    driver = "gelsy" if driver is None else driver
    if driver not in _DRIVERS:
        raise ArgumentError(f"{op}: driver must be one of {_DRIVERS}, got {driver!r}")
    vectors = rhs.ndim == a.ndim - 1 and a.shape[:-1] == rhs.shape
    if not vectors and (rhs.ndim != a.ndim or rhs.shape[-2] != a.shape[-2]):
        raise ShapeError(f"{op}: shapes {a.shape} and {rhs.shape} do not fit A X = B")
    a, rhs = common_batch(op, a, unsqueeze(rhs, -1) if vectors else rhs)
    M, N = a.shape[-2:]
    if rcond is None:
        rcond = float(np.finfo(real_of(a.dtype)).eps) * max(M, N)
    x = _pinv(op, a, None, rcond, False) @ rhs
    s = singular_values(op, a.detach())
    rank = sum(s > unsqueeze(s[..., 0], -1) * rcond, -1) if min(M, N) else sum(s > 0, -1)
    nothing = s.new_zeros((0,))
    residuals = reshape(x, -1)[:0].real
    if M > N and driver != "gelsy" and (driver == "gels" or _all_equal(rank, N)):
        residuals = sum((a @ x - rhs).abs() ** 2, -2)
    return return_types.linalg_lstsq(
        reshape(x, x.shape[:-1]) if vectors else x,
        residuals,
        cast(nothing, int64) if driver == "gels" else rank,
        s if driver in ("gelsd", "gelss") else nothing,
    )


def _all_equal(rank: Tensor, count: int) -> bool:
    return bool((rank == count).all())


@public
def matrix_rank(
    input: Tensor,
    tol: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
) -> Tensor:
    """How many singular values (absolute eigenvalues, if `hermitian`) exceed the larger of ``atol``
    and ``rtol`` times the largest; the tolerances are those of `pinv`, `tol` is atol's older name.
    """
    op = "linalg.matrix_rank"
    a = (square(op, input) if hermitian else matrices(op, input)).detach()
    if tol is not None:
        atol, rtol = tol, 0.0
    relative, absolute = _cutoffs(op, a, atol, rtol)
    s = eigvalsh(a).abs() if hermitian else singular_values(op, a)
    if s.shape[-1] == 0:
        return sum(s > 0, -1)
    largest = s.amax(-1)
    bound = where(relative * largest > absolute, relative * largest, absolute)
    return sum(s > unsqueeze(bound, -1), -1)


@public
def cond(input: Tensor, p: Any = None) -> Tensor:
    """The condition number ``norm(A, p) norm(A^-1, p)``; p is None (2), 2, -2, 1, -1, inf, -inf,
    'fro' or 'nuc'. Infinite for a singular matrix; by p = 2 or -2 also of matrices not square."""
    op = "linalg.cond"
    if p is None or p in (2, -2):
        a = matrices(op, input)
        s = singular_values(op, a)
        if s.shape[-1] == 0:
            return s.new_zeros(a.shape[:-2])
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    a = square(f"{op} of order {p}", input)
    if a.shape[-1] == 0:
        return a.new_zeros(a.shape[:-2]).abs()
    inverse, info = inv_ex(a)
    singular = info != 0
    safe = where(unsqueeze(unsqueeze(singular, -1), -1), eye_like(a), inverse)
    return where(singular, float("inf"), matrix_norm(a, p) * matrix_norm(safe, p))
