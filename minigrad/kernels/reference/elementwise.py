"""Elementwise operations that are no scalar expression of one output, in array code."""

from __future__ import annotations

from ...device import Array, namespace


def frexp(mantissa: Array, exponent: Array, a: Array) -> None:
    """a = mantissa 2**exponent, with 0.5 <= |mantissa| < 1."""
    mantissa[...], exponent[...] = namespace(a).frexp(a)


def isin(out: Array, a: Array, b: Array, *, invert: bool) -> None:
    """Whether each element of `a` is one of `b`, or is none of them."""
    out[...] = namespace(a).isin(a, b, invert=invert)
