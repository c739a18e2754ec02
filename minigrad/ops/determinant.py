"""Determinants of square matrices, (..., N, N)."""

from __future__ import annotations

from typing import Any

from ..dtypes import is_complex, real_of
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import public
from .choice import where
from .complex import conj, imag
from .diagonal import diag_embed, diagonal
from .eigen import svd
from .matrices import eye_like, square, without_diagonal
from .rearrange import mH
from .reduce import sum
from .shape import unsqueeze
from .solve import solve

__all__ = ["logdet"]


def _outside(x: Tensor) -> Tensor:
    """Numbers (...) beside matrices (..., N, N)."""
    return unsqueeze(unsqueeze(x, -1), -1)


DET = Primitive(
    "det",
    lambda a: Spec(a.shape[:-2], a.dtype),
    kernel="linalg.det",
    vjps=(lambda g, a: _outside(g) * apply(COFACTORS, a),),
    complex=True,
)


def _cofactors_vjp(g: Tensor, a: Tensor) -> Tensor:
    """Of a = u diag(s) vh, with all singular values but two, q_ij, in place of det(a) / s_i s_j:
    no division, so a may be singular. m = vh g^H u says g in the basis of the vectors."""
    u, s, vh = svd(a)
    phase = conj(apply(DET, u) * apply(DET, vh))
    eye = eye_like(a) != 0
    pairs = _outside(s.new_ones(()))
    for k in range(a.shape[-1]):
        left_out = unsqueeze(eye[k], 0) | unsqueeze(eye[k], 1)  # k is i or j
        pairs = pairs * where(left_out, 1.0, _outside(s[..., k]))  # (..., N, N)
    m = vh @ mH(g) @ u
    q = where(eye, 0.0, pairs)
    straight = diag_embed(sum(q * unsqueeze(diagonal(m, 0, -2, -1), -1), -2))
    return _outside(phase) * (u @ (straight - without_diagonal(pairs * m)) @ vh)


COFACTORS: Primitive = Primitive(
    "cofactors",
    lambda a: Spec(a.shape, a.dtype),
    kernel="linalg.cofactors",
    vjps=(_cofactors_vjp,),
    formula="conj(det(a)) a^-H, also of singular a",
    complex=True,
)


def _slogdet_vjp(
    needs: Any, g_sign: Tensor | None, g_logabsdet: Tensor | None, sign: Tensor, a: Tensor
) -> list[Tensor | None]:
    """The sign of a real determinant is flat; a complex one turns by the imaginary part."""
    g = g_logabsdet
    if g_sign is not None and is_complex(a.dtype):
        turned = imag(conj(g_sign) * sign) * -1j
        g = turned if g is None else g + turned
    if g is None:
        return [a.new_zeros(a.shape)]
    return [solve(mH(a), _outside(g) * eye_like(a))]


SLOGDET = Primitive(
    "slogdet",
    lambda a: (Spec(a.shape[:-2], a.dtype), Spec(a.shape[:-2], real_of(a.dtype))),
    kernel="linalg.slogdet",
    vjp=_slogdet_vjp,
    outputs=("sign", "logabsdet"),
    formula="det(a) = sign exp(logabsdet)",
    complex=True,
)


@public
def det(A: Tensor) -> Tensor:
    """The determinant of square matrices (..., N, N); its gradient is right at singular ones."""
    return apply(DET, square("linalg.det", A))


@public
def slogdet(A: Tensor) -> Any:
    """(sign, logabsdet) of the determinant, where that itself would overflow. The gradient of a
    singular matrix raises LinAlgError."""
    return return_types.linalg_slogdet(*apply(SLOGDET, square("linalg.slogdet", A)))


@public
def logdet(input: Tensor) -> Tensor:
    """The log of the determinant: -inf at 0, NaN where that is negative."""
    sign, logabsdet = slogdet(input)
    return sign.log() + logabsdet


@public
def torch_det(input: Tensor) -> Tensor:
    """`linalg.det` under its older name."""
    return det(input)


@public
def torch_slogdet(input: Tensor) -> Any:
    """`linalg.slogdet` under its older name."""
    return slogdet(input)
