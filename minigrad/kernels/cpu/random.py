"""Counter-based random numbers on the CPU. `reference/random.py` says which bits make what."""

from __future__ import annotations

import math

import numpy as np

from ...device import Array
from ..reference.random import counters as counters
from ..reference.random import scale, threshold
from .jit import Kernel, helper, kernel, launch

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ZERO = np.uint64(0)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_TO_24, _TO_53 = np.uint64(8), np.uint64(11)


@helper
def philox(counter: np.uint64, seed: np.uint64) -> tuple[np.uint64, ...]:
    """The four words of a block, each in a uint64."""
    c0, c1, c2, c3 = counter & _MASK, counter >> _HALF, _ZERO, _ZERO
    k0, k1 = seed & _MASK, seed >> _HALF
    for _ in range(10):
        left, right = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = (
            (right >> _HALF) ^ c1 ^ k0,
            right & _MASK,
            (left >> _HALF) ^ c3 ^ k1,
            left & _MASK,
        )
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@helper
def philox64(counter: np.uint64, seed: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The two 64-bit numbers of a block."""
    w0, w1, w2, w3 = philox(counter, seed)
    return w1 << _HALF | w0, w3 << _HALF | w2


@helper
def multiply_high(a: np.uint64, b: np.uint64) -> np.uint64:
    """The high 64 bits of a · b, from products of halves."""
    a_low, a_high, b_low, b_high = a & _MASK, a >> _HALF, b & _MASK, b >> _HALF
    middle = a_high * b_low + (a_low * b_low >> _HALF)
    carry = a_low * b_high + (middle & _MASK)
    return a_high * b_high + (middle >> _HALF) + (carry >> _HALF)


@kernel("T[:, ::1], uint64, uint64, int64, int64")
def bits_blocks(out: Array, seed: int, offset: int, first: int, last: int) -> None:
    for b in range(first, last):
        out[b, 0], out[b, 1], out[b, 2], out[b, 3] = philox(offset + np.uint64(b), seed)


@kernel("T[:, ::1], uint64, uint64, int64, int64")
def uniform_blocks(out: Array, seed: int, offset: int, first: int, last: int) -> None:
    for b in range(first, last):
        if out.shape[1] == 4:  # float32
            w0, w1, w2, w3 = philox(offset + np.uint64(b), seed)
            out[b, 0] = np.float64(w0 >> _TO_24) * 2.0**-24
            out[b, 1] = np.float64(w1 >> _TO_24) * 2.0**-24
            out[b, 2] = np.float64(w2 >> _TO_24) * 2.0**-24
            out[b, 3] = np.float64(w3 >> _TO_24) * 2.0**-24
        else:
            one, two = philox64(offset + np.uint64(b), seed)
            out[b, 0] = np.float64(one >> _TO_53) * 2.0**-53
            out[b, 1] = np.float64(two >> _TO_53) * 2.0**-53


@kernel("T[:, ::1], uint64, uint64, int64, int64")
def normal_blocks(out: Array, seed: int, offset: int, first: int, last: int) -> None:
    for b in range(first, last):
        one, two = philox64(offset + np.uint64(b), seed)
        radius = math.sqrt(-2.0 * math.log(1.0 - np.float64(one >> _TO_53) * 2.0**-53))
        angle = 2.0 * math.pi * (np.float64(two >> _TO_53) * 2.0**-53)
        out[b, 0] = radius * math.cos(angle)
        out[b, 1] = radius * math.sin(angle)


@kernel("T[:, ::1], uint64, uint64, int64, uint64, int64, int64")
def integer_blocks(
    out: Array, seed: int, offset: int, low: int, span: int, first: int, last: int
) -> None:
    """`span` 0 stands for 2**64."""
    for b in range(first, last):
        one, two = philox64(offset + np.uint64(b), seed)
        if span != _ZERO:
            one, two = multiply_high(one, span), multiply_high(two, span)
        out[b, 0] = np.int64(one) + low
        out[b, 1] = np.int64(two) + low


@kernel("T[::1], const(T[::1]), uint64, uint64, uint64, T, int64, int64")
def dropout_blocks(
    out: Array,
    x: Array,
    seed: int,
    offset: int,
    threshold: int,
    scale: float,
    first: int,
    last: int,
) -> None:
    zero = scale * 0
    for b in range(first, last):
        words = philox(offset + np.uint64(b), seed)
        for j in range(min(4, x.size - 4 * b)):
            factor = scale if words[j] >> _TO_24 >= threshold else zero
            out[4 * b + j] = x[4 * b + j] * factor


def philox_bits(out: Array, *, seed: int, offset: int) -> None:
    """Fill out (uint32, any shape) with raw words."""
    _fill(bits_blocks, out, 4, 2.0, seed, offset)


def uniform(out: Array, *, seed: int, offset: int) -> None:
    """Fill out with numbers in [0, 1): multiples of 2**-24 in float32, of 2**-53 in float64."""
    _fill(uniform_blocks, out, 16 // out.itemsize, 3.0, seed, offset)


def normal(out: Array, *, seed: int, offset: int) -> None:
    """Fill out with standard normal numbers: Box-Muller in float64, rounded once."""
    _fill(normal_blocks, out, 2, 20.0, seed, offset)


def integers(out: Array, *, seed: int, offset: int, low: int, high: int) -> None:
    """Fill out (int64) with integers in [low, high): the high word of 64 random bits · range."""
    _fill(integer_blocks, out, 2, 4.0, seed, offset, low, (high - low) % 2**64)


def dropout(out: Array, x: Array, *, seed: int, offset: int, p: float) -> None:
    """out = x · mask / (1 - p), the mask 1 where float32 `uniform` is at least p."""
    flat_x = x.reshape(-1) if _is_flat(x) else np.array(x, order="C").reshape(-1)
    flat = out.reshape(-1) if _is_flat(out) else np.empty(out.size, out.dtype)
    launch(
        dropout_blocks, counters(out.size), flat, flat_x, seed % 2**64, offset % 2**64,
        threshold(p), scale(p), nanoseconds=3.0 * out.size,
    )  # fmt: skip
    if not _is_flat(out):
        out[...] = flat.reshape(out.shape)


def _fill(
    kernel: Kernel, out: Array, width: int, nanoseconds: float, seed: int, offset: int, *args: int
) -> None:
    """Run `kernel` on `out` seen as whole blocks of `width` elements."""
    blocks = -(-out.size // width)
    whole = _is_flat(out) and out.size == blocks * width
    flat = out.reshape(blocks, width) if whole else np.empty((blocks, width), out.dtype)
    work = nanoseconds * out.size
    launch(kernel, blocks, flat, seed % 2**64, offset % 2**64, *args, nanoseconds=work)
    if not whole:
        out[...] = flat.reshape(-1)[: out.size].reshape(out.shape)


def _is_flat(array: Array) -> bool:
    return bool(array.flags.c_contiguous and array.flags.aligned)
