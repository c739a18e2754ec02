"""Orthogonal polynomials of any degree, by their recurrences. Constants, as in PyTorch."""

from __future__ import annotations

from typing import Any

from ..dtypes import get_default_dtype, is_differentiable, is_float, result_dtype
from ..errors import DTypeError
from ..ir import Primitive, Spec
from ..kernels.launch import broadcast_shape
from ..tensor import Tensor, apply
from .calling import public
from .creation import full
from .operands import operand
from .shape import cast

POLYNOMIAL = Primitive(
    "polynomial",
    lambda x, n, *, family: Spec(broadcast_shape([x.shape, n.shape], family), x.dtype),
    kernel="polynomials.polynomial",
)


def _polynomial(family: str, formula: str) -> Any:
    def function(x: Any, n: Any) -> Tensor:
        operands = [operand(x, family), operand(n, family)]
        tensors = [x for x in operands if isinstance(x, Tensor)]
        if not tensors:
            raise DTypeError(f"{family}: expected a Tensor, got {x!r} and {n!r}")
        dtype = result_dtype(*[x.array for x in operands])
        if is_differentiable(dtype) and not is_float(dtype):
            raise DTypeError(f"{family}: not implemented for complex tensors")
        dtype = dtype if is_float(dtype) else get_default_dtype()
        device = tensors[0].device
        x, degree = [
            cast(x, dtype)
            if isinstance(x, Tensor)
            else full((), x.array, dtype=dtype, device=device)
            for x in operands
        ]
        return apply(POLYNOMIAL, x, degree, family=family)

    function.__name__ = function.__qualname__ = family
    function.__doc__ = (
        f"{formula}, of degree `n`, which broadcasts against `x` and is rounded towards 0; 0 "
        "for negative degrees."
    )
    return public(function)


chebyshev_polynomial_t = _polynomial("chebyshev_polynomial_t", "Chebyshev's polynomial T")
chebyshev_polynomial_u = _polynomial("chebyshev_polynomial_u", "Chebyshev's polynomial U")
chebyshev_polynomial_v = _polynomial("chebyshev_polynomial_v", "Chebyshev's polynomial V")
chebyshev_polynomial_w = _polynomial("chebyshev_polynomial_w", "Chebyshev's polynomial W")
shifted_chebyshev_polynomial_t = _polynomial(
    "shifted_chebyshev_polynomial_t", "Chebyshev's polynomial T at 2 x - 1"
)
shifted_chebyshev_polynomial_u = _polynomial(
    "shifted_chebyshev_polynomial_u", "Chebyshev's polynomial U at 2 x - 1"
)
shifted_chebyshev_polynomial_v = _polynomial(
    "shifted_chebyshev_polynomial_v", "Chebyshev's polynomial V at 2 x - 1"
)
shifted_chebyshev_polynomial_w = _polynomial(
    "shifted_chebyshev_polynomial_w", "Chebyshev's polynomial W at 2 x - 1"
)
hermite_polynomial_h = _polynomial("hermite_polynomial_h", "The physicist's polynomial of Hermite")
hermite_polynomial_he = _polynomial(
    "hermite_polynomial_he", "The probabilist's polynomial of Hermite"
)
laguerre_polynomial_l = _polynomial("laguerre_polynomial_l", "Laguerre's polynomial L")
legendre_polynomial_p = _polynomial("legendre_polynomial_p", "Legendre's polynomial P")
