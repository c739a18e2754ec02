"""Complex numbers: parts, conjugate, and how they are made.

Gradients follow PyTorch's convention: the gradient of a real loss L in ``x = u + iv`` is
``dL/du + i dL/dv``, the direction in which L grows most. The formula of a holomorphic function f
is then ``g * conj(f'(x))``: formulas are written with `conj`, which leaves real numbers alone.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import FLOATS, STORAGE_ONLY, complex_of, real_of
from ..errors import DTypeError, ShapeError
from ..ir import Elementwise, Primitive, View
from ..tensor import Tensor, apply
from .calling import public
from .join import stack
from .operands import as_tensor_operand
from .shape import broadcast_tensors, contiguous

__all__ = [
    "angle", "complex", "conj_physical", "imag", "is_complex", "is_conj", "is_neg", "polar",
    "real", "resolve_conj", "resolve_neg", "sgn", "view_as_complex", "view_as_real",
]  # fmt: skip

CONJ = Elementwise(
    "conj", "conj(a)", "a", vjps=(lambda g: conj(g),), complex=True, formula="conjugate of a"
)


def conj(input: Any) -> Any:
    """The complex conjugate, a copy; a real tensor or number is its own."""
    if isinstance(input, Tensor):
        return apply(CONJ, input) if is_complex_tensor(input) else input
    return input.conjugate() if type(input) is not int else input


def is_complex_tensor(x: Any) -> bool:
    """Whether `x` is a tensor of complex numbers."""
    return isinstance(x, Tensor) and x.array.dtype.kind == "c"


# Parts: views, as in PyTorch -------------------------------------------------------------------

REAL: Primitive = View("real", lambda x: x.real, vjps=(lambda g, x_dtype: g.to(x_dtype),))
IMAG: Primitive = View("imag", lambda x: x.imag, vjps=(lambda g: g * 1j,))
VIEW_AS_REAL: Primitive = View(
    "view_as_real",
    lambda x: x[..., None].view(real_of(x.dtype)),
    vjps=(lambda g: view_as_complex(g.contiguous()),),
)
VIEW_AS_COMPLEX: Primitive = View(
    "view_as_complex",
    lambda x: x.view(complex_of(x.dtype))[..., 0],
    vjps=(lambda g: view_as_real(g),),
)


def real(input: Tensor) -> Tensor:
    """The real part, a view; a real tensor itself."""
    return apply(REAL, input) if input.is_complex() else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part, a view. Raises for a real tensor, as PyTorch does."""
    _complex_only(input, "imag")
    return apply(IMAG, input)


def view_as_real(input: Tensor) -> Tensor:
    """(...) complex seen as (..., 2) floats: real and imaginary part. A view."""
    _complex_only(input, "view_as_real")
    return apply(VIEW_AS_REAL, input)


def view_as_complex(input: Tensor) -> Tensor:
    """(..., 2) floats seen as (...) complex numbers. A view."""
    if input.dtype not in FLOATS - STORAGE_ONLY:
        raise DTypeError(f"view_as_complex: needs float32 or float64, got {input.dtype}")
    if input.ndim == 0 or input.shape[-1] != 2:
        raise ShapeError(f"view_as_complex: the last dimension must be 2, in shape {input.shape}")
    strides = [s // input.array.itemsize for s in input.array.strides]
    if input.array.size and (strides[-1] != 1 or any([s % 2 for s in strides[:-1]])):
        raise ShapeError(
            f"view_as_complex: real and imaginary parts must be pairs in memory, the strides are "
            f"{tuple(strides)}; use x.contiguous() first"
        )
    return apply(VIEW_AS_COMPLEX, input)


# Making them -----------------------------------------------------------------------------------


@public
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """``real + imag * 1j`` of two float tensors of one dtype; they broadcast."""
    a, b = as_tensor_operand(real, "complex"), as_tensor_operand(imag, "complex")
    if a.dtype != b.dtype or a.dtype not in FLOATS - STORAGE_ONLY:
        raise DTypeError(
            f"complex: both parts must be float32 or both float64, got {a.dtype} and {b.dtype}"
        )
    return view_as_complex(contiguous(stack(broadcast_tensors(a, b), -1)))


@public
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """``abs * (cos(angle) + i sin(angle))``."""
    if abs.dtype != angle.dtype or abs.dtype not in FLOATS - STORAGE_ONLY:
        raise DTypeError(
            f"polar: both parts must be float32 or both float64, got {abs.dtype} and {angle.dtype}"
        )
    return complex(abs * angle.cos(), abs * angle.sin())


# Angle and direction ---------------------------------------------------------------------------

ANGLE = Elementwise(
    "angle",
    "arctan2(imag(a), real(a))",
    "a",
    result="real",
    vjps=(lambda g, a: _angle_slope(g, a),),
    complex=True,
)
REAL_ANGLE = Elementwise(
    "real_angle",
    "select(isnan(a), a, select(a < 0, 3.141592653589793, 0))",
    "a",
    result="float",
    vjps=(lambda g: g * 0,),
)
SGN = Elementwise(
    "sgn",
    "select(a == 0, 0, a / abs(a))",
    "a",
    vjps=(lambda g, a, y: _turn(g, a, y),),
    complex=True,
    formula="a / |a|, and 0 at 0",
)


def _angle_slope(g: Tensor, a: Tensor) -> Tensor:
    """d angle / da is ``i a / |a|^2``; 0 at 0."""
    size = a.abs()
    return g / (size + (size == 0)) * (sgn(a) * 1j)


def _turn(g: Tensor, a: Tensor, y: Tensor) -> Tensor:
    """The part of `g` across the direction y, over |a|: along it, the direction does not change."""
    size = a.abs()
    across = g - real(g * conj(y)) * y
    return across / (size + (size == 0)) * (size != 0)


def _complex_only(input: Tensor, op: str) -> None:
    if not input.is_complex():
        raise DTypeError(f"{op}: needs a complex tensor, got {input.dtype}")


@public
def angle(input: Tensor) -> Tensor:
    """The angle in radians, in [-pi, pi]; of real numbers 0, or pi where negative; NaN at NaN."""
    return apply(ANGLE if is_complex_tensor(input) else REAL_ANGLE, input)


@public
def sgn(input: Tensor) -> Tensor:
    """The direction ``x / |x|`` of complex numbers, 0 at 0; of real ones the sign."""
    return apply(SGN, input) if is_complex_tensor(input) else input.sign()


# What conjugates are: copies here, so that nothing is ever left to resolve ----------------------


@public
def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate, a copy; a real tensor itself."""
    return apply(CONJ, input) if input.is_complex() else input


def resolve_conj(input: Tensor) -> Tensor:
    """`input` itself: conjugates are computed at once."""
    return as_tensor_operand(input, "resolve_conj")


resolve_neg = resolve_conj


def is_conj(input: Tensor) -> bool:
    """False: conjugates are computed at once."""
    return False


is_neg = is_conj


def is_complex(input: Tensor) -> bool:
    """Whether `input` holds complex numbers."""
    return is_complex_tensor(as_tensor_operand(input, "is_complex"))
