"""Comparison, logic and bits: elementwise, without gradients."""

from __future__ import annotations

from typing import Any

from ..dtypes import BOOL, CATEGORY, FLOAT, bool_, get_default_dtype, promote_types
from ..errors import ArgumentError, DTypeError
from ..ir import Elementwise, Primitive, Spec
from ..tensor import Tensor, apply
from .calling import public
from .complex import imag, is_complex_tensor
from .creation import ones_like, tensor
from .elementwise import abs
from .elementwise_builders import Binary, Unary, binary, either, unary
from .operands import as_tensor_operand
from .shape import cast

__all__ = [
    "allclose", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "eq", "equal", "ge", "greater", "greater_equal", "gt",
    "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "le",
    "less", "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "ne",
    "not_equal",
]  # fmt: skip


def _compare(name: str, expr: str, numbers: str = "other", complex: bool = False) -> Binary:
    return binary(Elementwise(name, expr, "a b", result="bool", complex=complex), numbers)


def _test(name: str, expr: str, complex: bool = True) -> Unary:
    return unary(Elementwise(name, expr, "a", result="bool", complex=complex))


eq = _compare("eq", "a == b", complex=True)
ne = not_equal = _compare("ne", "a != b", complex=True)
lt = less = _compare("lt", "a < b")
le = less_equal = _compare("le", "a <= b")
gt = greater = _compare("gt", "a > b")
ge = greater_equal = _compare("ge", "a >= b")
isnan = _test("isnan", "isnan(a)")
isfinite = _test("isfinite", "isfinite(a)")
isinf = _test("isinf", "isinf(a)")
isposinf = _test("isposinf", "isinf(a) & (a > 0)", complex=False)
isneginf = _test("isneginf", "isinf(a) & (a < 0)", complex=False)
logical_not = _test("logical_not", "logical_not(a)")
logical_and = _compare("logical_and", "logical_and(a, b)", "none", complex=True)
logical_or = _compare("logical_or", "logical_or(a, b)", "none", complex=True)
logical_xor = _compare("logical_xor", "logical_xor(a, b)", "none", complex=True)


def _bits(name: str, expr: str, takes: str = "bi") -> Binary:
    return binary(Elementwise(name, expr, "a b", takes=takes), "either")


bitwise_and = _bits("bitwise_and", "a & b")
bitwise_or = _bits("bitwise_or", "a | b")
bitwise_xor = _bits("bitwise_xor", "a ^ b")
bitwise_not = unary(Elementwise("bitwise_not", "~a", "a", takes="bi"))
bitwise_left_shift = _bits("bitwise_left_shift", "left_shift(a, b)", "i")
bitwise_right_shift = _bits("bitwise_right_shift", "right_shift(a, b)", "i")


def isreal(input: Tensor) -> Tensor:
    """Whether each element is a real number: all are, but for complex ones."""
    input = as_tensor_operand(input, "isreal")
    if is_complex_tensor(input):
        return eq(imag(input), 0)
    return ones_like(input, dtype=bool)


def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Whether ``|input - other| <= atol + rtol |other|``; infinities are close to themselves."""
    a, b = as_tensor_operand(input, "isclose"), as_tensor_operand(other, "isclose")
    if a.dtype != b.dtype:
        raise DTypeError(f"isclose: inputs have dtypes {a.dtype} and {b.dtype}: convert one")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise ArgumentError(f"isclose: {name} must not be negative, got {value}")
    close = eq(a, b)
    if CATEGORY[a.dtype] < FLOAT:
        a, b = (cast(x, get_default_dtype()) for x in (a, b))
    elif equal_nan:
        close = close | (isnan(a) & isnan(b))
    if rtol == 0 and atol == 0:
        return close
    error = abs(a.detach() - b.detach())
    return close | (isfinite(error) & (error <= atol + abs(rtol * b.detach())))


def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether all elements are close, by `isclose`: a Python bool."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all().item())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and the same elements: a Python bool."""
    a, b = as_tensor_operand(input, "equal"), as_tensor_operand(other, "equal")
    return a.shape == b.shape and bool(eq(a, b).all().item())


ISIN = Primitive(
    "isin",
    lambda a, b, *, invert: Spec(a.shape, bool_),
    kernel="elementwise.isin",
    formula="whether a is one of b",
)


@public
def isin(
    elements: Any = None,
    test_elements: Any = None,
    *,
    assume_unique: bool = False,
    invert: bool = False,
    element: Any = None,
    test_element: Any = None,
) -> Tensor:
    """Whether each of `elements` is one of `test_elements`; NaN never is. One may be a number.

    By name a number is `element` or `test_element`. `assume_unique` promises that neither holds an
    element twice; it changes nothing.
    """
    given = either(
        element if elements is None else elements,
        test_element if test_elements is None else test_elements,
        "isin",
    )
    place = next(x.device for x in given if isinstance(x, Tensor))
    a, b = [x if isinstance(x, Tensor) else tensor(x.array, device=place) for x in given]
    dtype = promote_types(a.dtype, b.dtype)
    if BOOL in (CATEGORY[a.dtype], CATEGORY[b.dtype]):
        raise DTypeError("isin: not defined for bools: convert them first, x.int()")
    return apply(ISIN, cast(a, dtype), cast(b, dtype), invert=bool(invert))
