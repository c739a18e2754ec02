"""Elementwise operations that are no scalar expression of one output, in array code."""

from __future__ import annotations

import numpy as np

from ...device import Array, namespace


def frexp(mantissa: Array, exponent: Array, a: Array) -> None:
    """a = mantissa 2**exponent, with 0.5 <= |mantissa| < 1."""
    mantissa[...], exponent[...] = namespace(a).frexp(a)


def isin(out: Array, a: Array, b: Array, *, invert: bool) -> None:
    """Whether each element of `a` is one of `b`, or is none of them."""
    out[...] = namespace(a).isin(a, b, invert=invert)


def nextafter_16(out: Array, a: Array, b: Array, *, bits: int) -> None:
    """The next 16-bit float after `a` on the way to `b`, of `bits` bits after the point.

    In float32 the bits of numbers count as these grow. The next of normal numbers is 2**(23 - bits)
    further, from zero or to it; below those, numbers are `tiny` apart.
    """
    xp = namespace(a)
    normal, largest = (2.0**-14, 65504.0) if bits == 10 else (2.0**-126, 2.0**128 - 2.0**120)
    tiny = normal / 2**bits
    x = xp.empty(out.shape, np.float32)
    x[...] = a
    size = xp.absolute(x)
    up = b > x
    outwards = up == (x > 0)
    counted = size.view(np.int32) + xp.where(outwards, 1, -1).astype(np.int32) * 2 ** (23 - bits)
    far = xp.where(xp.isinf(size), largest, counted.view(np.float32))
    near = (size < normal) | ((size == normal) & ~outwards)
    close = x + xp.where(up, tiny, -tiny).astype(np.float32)
    close = xp.where(close == 0, xp.copysign(close, x), close)
    step = xp.where(near, close, xp.copysign(far, x))
    unordered = (x != x) | (b != b)
    out[...] = xp.where(unordered, x + b, xp.where(x == b, b, step))
