"""Arithmetic beyond the core of `elementwise`."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..dtypes import (
    BOOL,
    CATEGORY,
    COMPLEXES,
    FLOAT,
    INT,
    STORAGE_ONLY,
    complex128,
    float16,
    float64,
    int32,
    result_dtype,
)
from ..errors import DTypeError
from ..ir import Elementwise, Primitive, Spec
from ..kernels.launch import broadcast_shape
from ..tensor import Scalar, Tensor, apply
from .calling import public
from .choice import where
from .complex import conj
from .creation import zeros_like
from .elementwise import analytic, mul, over_slope, pow, times_slope
from .elementwise_builders import Binary, Unary, binary, either, unary
from .operands import as_tensor_operand, need_float, operand
from .shape import cast

__all__ = [
    "addcdiv", "addcmul", "copysign", "deg2rad", "float_power", "frexp", "gcd", "hypot", "lcm",
    "ldexp", "lerp", "nextafter", "positive", "rad2deg", "reciprocal",
]  # fmt: skip

reciprocal = analytic(
    "reciprocal", lambda g, a: -over_slope(over_slope(g, conj(a)), conj(a)), "1 / a"
)


def _scaling(name: str, scale: float) -> Unary:
    return unary(
        Elementwise(name, f"a * {scale!r}", "a", result="float", vjps=(lambda g: g * scale,))
    )


deg2rad = _scaling("deg2rad", math.pi / 180)
rad2deg = _scaling("rad2deg", 180 / math.pi)


@public
def positive(input: Tensor) -> Tensor:
    """`input` itself, which must not be bool."""
    input = as_tensor_operand(input, "positive")
    if input.array.dtype.kind == "b":
        raise DTypeError("positive: not defined for bools: convert them first, x.int()")
    return input


hypot: Binary = binary(
    Elementwise(
        "hypot",
        "hypot(a, b)",
        "a b",
        takes="f",
        vjps=(
            lambda g, a, y: times_slope(g, a / y),
            lambda g, b, y: times_slope(g, b / y),
        ),
    ),
    "none",
)
copysign: Binary = binary(
    Elementwise(
        "copysign",
        "copysign(a, b)",
        "a b",
        result="float",
        vjps=(
            lambda g, a, y: times_slope(g, where(a == 0, 0.0, y / a)),
            lambda g: zeros_like(g),
        ),
    )
)
_NEXT = (lambda g, a, b: where(a == b, 0, g), lambda g: zeros_like(g))
NEXTAFTER = Elementwise("nextafter", "nextafter(a, b)", "a b", takes="f", vjps=_NEXT)
# In float32, which holds them, the 16-bit numbers are further apart.
NEXTAFTER_16 = Primitive(
    "nextafter_16",
    lambda a, b, *, bits: Spec(broadcast_shape([a.shape, b.shape], "nextafter"), a.dtype),
    kernel="elementwise.nextafter_16",
    vjps=_NEXT,
    broadcasts=True,
    formula="nextafter(a, b)",
)


@public
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next number after `input` on the way to `other`, in the dtype that they promote to."""
    a, b = as_tensor_operand(input, "nextafter"), as_tensor_operand(other, "nextafter")
    dtype = result_dtype(a.array, b.array)
    if dtype not in STORAGE_ONLY:
        return apply(NEXTAFTER, a, b)
    return apply(NEXTAFTER_16, cast(a, dtype), cast(b, dtype), bits=10 if dtype == float16 else 7)


gcd = binary(Elementwise("gcd", "gcd(a, b)", "a b", takes="i"), "none")
lcm = binary(Elementwise("lcm", "abs(lcm(a, b))", "a b", takes="i"), "none")


@public
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2**other``."""
    a, b = as_tensor_operand(input, "ldexp"), as_tensor_operand(other, "ldexp")
    return mul(a, pow(a.new_full((), 2.0) if CATEGORY[a.dtype] >= FLOAT else 2.0, b))


class Frexp(NamedTuple):
    """What `frexp` returns."""

    mantissa: Tensor
    exponent: Tensor


FREXP = Primitive(
    "frexp",
    lambda a: (Spec(a.shape, a.dtype), Spec(a.shape, int32)),
    kernel="elementwise.frexp",
    outputs=("mantissa", "exponent"),
    vjp=lambda needs, g_mantissa, exponent: [
        over_slope(g_mantissa, 2.0 ** cast(exponent.detach(), g_mantissa.dtype))
    ],
    formula="a = mantissa * 2**exponent",
)


@public
def frexp(input: Tensor) -> Frexp:
    """(mantissa, exponent) of `input` = mantissa * 2**exponent, 0.5 <= abs(mantissa) < 1."""
    input = as_tensor_operand(input, "frexp")
    need_float(input, "frexp")
    return Frexp(*apply(FREXP, input))


@public
def float_power(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent``, computed in float64 (complex128); either may be a number."""
    a, b = either(input, exponent, "float_power")
    wide = complex128 if result_dtype(a.array, b.array) in COMPLEXES else float64
    kind = complex if wide == complex128 else float
    return pow(*[cast(x, wide) if isinstance(x, Tensor) else kind(x.array) for x in (a, b)])


# Interpolation, and products added -----------------------------------------------------------

LERP = Elementwise(
    "lerp",
    "select(abs(s) < 0.5, a + s * (b - a), b - (b - a) * (1 - s))",
    "a b s",
    takes="f",
    vjps=(
        lambda g, s: g * conj(1 - s),
        lambda g, s: g * conj(s),
        lambda g, a, b: g * conj(b - a),
    ),
    formula="a + s * (b - a)",
    complex=True,
)
# The near branch of LERP alone, for a small number as weight, as optimizers have it: a third of the
# passes over memory. Well below 0.5, so that rounding it to the dtype cannot choose the other.
LERP_NEAR = Elementwise(
    "lerp_near",
    "a + s * (b - a)",
    "a b s",
    takes="f",
    vjps=(lambda g, s: g * conj(1 - s), lambda g, s: g * conj(s), None),
    complex=True,
)
ADDCMUL = Elementwise(
    "addcmul",
    "a + s * b * c",
    "a b c s",
    takes="if",
    vjps=(
        lambda g: g,
        lambda g, c, s: g * conj(c * s),
        lambda g, b, s: g * conj(b * s),
        lambda g, b, c: g * conj(b * c),
    ),
    complex=True,
)
ADDCDIV = Elementwise(
    "addcdiv",
    "a + s * b / c",
    "a b c s",
    result="float",
    vjps=(
        lambda g: g,
        lambda g, c, s: over_slope(g * conj(s), conj(c)),
        lambda g, b, c, s: -times_slope(g * conj(s), conj(b / c / c)),
        lambda g, b, c: times_slope(g, conj(b / c)),
    ),
    complex=True,
)


def lerp_operands(input: Any, end: Any, weight: Any) -> tuple[Any, ...]:
    """The operands of `lerp`, whose dtypes must be equal."""
    a, b = as_tensor_operand(input, "lerp"), as_tensor_operand(end, "lerp")
    s = operand(weight, "lerp")
    if CATEGORY[a.dtype] < FLOAT:
        raise DTypeError(f"lerp: needs floats, got {a.dtype}; use x.float()")
    if a.dtype != b.dtype or (isinstance(s, Tensor) and s.ndim and s.dtype != a.dtype):
        shown = ", ".join([str(x.dtype) for x in (a, b, s) if isinstance(x, Tensor)])
        raise DTypeError(f"lerp: the dtypes must be equal, got {shown}; convert with x.to(dtype)")
    return a, b, s


def scaled_operands(input: Any, tensor1: Any, tensor2: Any, value: Any, op: str) -> tuple[Any, ...]:
    """The operands of `addcmul` and `addcdiv`."""
    a, b, c = [as_tensor_operand(x, op) for x in (input, tensor1, tensor2)]
    s = operand(value, op)
    if all([CATEGORY[x.dtype] == BOOL for x in (a, b, c)]):
        raise DTypeError(f"{op}: not defined for bools: convert them first, x.int()")
    if type(value) is float and CATEGORY[result_dtype(a.array, b.array, c.array)] == INT:
        s = operand(int(value), op)  # as PyTorch cuts it
    if op == "addcdiv" and CATEGORY[b.dtype] < FLOAT and CATEGORY[c.dtype] < FLOAT:
        raise DTypeError(
            "addcdiv: integers are not divided here: convert one of tensor1 and tensor2, x.float()"
        )
    return a, b, c, s


def lerp_record(weight: Any) -> Elementwise:
    """The record that serves the operand `weight` with the fewest passes."""
    return LERP_NEAR if type(weight) is Scalar and abs(weight.array) < 0.49 else LERP


@public
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """``input + weight * (end - input)``; `weight` is a number or a tensor."""
    operands = lerp_operands(input, end, weight)
    return apply(lerp_record(operands[2]), *operands)


@public
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``."""
    return apply(ADDCMUL, *scaled_operands(input, tensor1, tensor2, value, "addcmul"))


@public
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``."""
    return apply(ADDCDIV, *scaled_operands(input, tensor1, tensor2, value, "addcdiv"))
