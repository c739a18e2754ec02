"""Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy
as 1, 2, 3", 2011). Array element can be computed alone, on any device, in any order.

The key is the 64-bit seed, low word first. Block b of a call has the 128-bit counter
(offset + b mod 2**64, 0), low word first, and gives words w0 w1 w2 w3. Element i, in C order, is
made of:

- bits, float32 `uniform`, `dropout`: word i % 4 of block i // 4;
- float64 `uniform`, `integers`: the 64 bits ``second << 32 | first`` of words 2·(i % 2) and
  2·(i % 2) + 1 of block i // 2;
- `normal`, both dtypes: block i // 2, whose two 64-bit numbers give elements i and i + 1, i even.
"""

from __future__ import annotations

import math

import numpy as np

from ...device import Array, namespace

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85  # added to the key's words each round


def counters(count: int, bits: int = 32) -> int:
    """How far a call with `count` elements moves the offset.

    `bits` is 32 for bits, float32 `uniform` and `dropout`; 64 for float64 `uniform`, `integers`
    and `normal` of either dtype.
    """
    return -(-count * bits // 128)


def philox_bits(out: Array, *, seed: int, offset: int) -> None:
    """Fill out (uint32, any shape) with raw words."""
    out[...] = _words(out, out.size, seed, offset).reshape(out.shape)


def uniform(out: Array, *, seed: int, offset: int) -> None:
    """Fill out with numbers in [0, 1): multiples of 2**-24 in float32, of 2**-53 in float64."""
    if out.dtype.itemsize == 4:
        numbers = (_words(out, out.size, seed, offset) >> np.uint64(8)) * 2.0**-24
    else:
        numbers = _unit(_longs(out, out.size, seed, offset))
    out[...] = numbers.reshape(out.shape)


def normal(out: Array, *, seed: int, offset: int) -> None:
    """Fill out with standard normal numbers: Box-Muller in float64, rounded once."""
    xp = namespace(out)
    first, second = _unit(_longs(out, out.size + out.size % 2, seed, offset)).reshape(-1, 2).T
    radius = xp.sqrt(-2.0 * xp.log(1.0 - first))
    angle = 2.0 * math.pi * second
    pairs = xp.stack([radius * xp.cos(angle), radius * xp.sin(angle)], axis=1)
    out[...] = pairs.reshape(-1)[: out.size].reshape(out.shape)


def integers(out: Array, *, seed: int, offset: int, low: int, high: int) -> None:
    """Fill out (int64) with integers in [low, high): the high word of 64 random bits · range.

    Lemire (2019) without rejection: no number is likelier than another by more than range / 2**64.
    """
    longs = _longs(out, out.size, seed, offset)
    if high - low < 2**64:
        longs = _multiply_high(longs, high - low)
    out[...] = (longs + np.uint64(low % 2**64)).view(np.int64).reshape(out.shape)


def dropout(out: Array, x: Array, *, seed: int, offset: int, p: float) -> None:
    """out = x · mask / (1 - p), the mask 1 where float32 `uniform` is at least p.

    Dropped infinities and NaNs become NaN, as in PyTorch.
    """
    xp = namespace(out)
    words = _words(out, x.size, seed, offset).reshape(x.shape)
    kept = words >> np.uint64(8) >= np.uint64(threshold(p))
    out[...] = x * xp.where(kept, scale(p), 0.0).astype(out.dtype)


def threshold(p: float) -> int:
    """The smallest 24-bit number that is kept: k · 2**-24 >= p exactly where k >= threshold."""
    return math.ceil(p * 2**24)


def scale(p: float) -> float:
    """What kept elements are multiplied by; 0 where none is kept."""
    return 0.0 if p == 1 else 1.0 / (1.0 - p)


def _words(like: Array, count: int, seed: int, offset: int) -> Array:
    """`count` 32-bit words, in uint64, on the device of `like`."""
    xp = namespace(like)
    blocks = -(-count // 4)
    counter = xp.arange(blocks, dtype=np.uint64) + np.uint64(offset % 2**64)
    zero = xp.zeros_like(counter)
    words = philox([counter & _MASK, counter >> _HALF, zero, zero], [seed, seed >> 32])
    return xp.stack(words, axis=1).reshape(-1)[:count]


def philox(words: list[Array], keys: list[int]) -> list[Array]:
    """Ten rounds of Philox4x32: four words (in uint64 arrays) of counters to four of results."""
    for _ in range(10):
        left, right = words[0] * _MULTIPLIERS[0], words[2] * _MULTIPLIERS[1]
        words = [
            (right >> _HALF) ^ words[1] ^ np.uint64(keys[0] % 2**32),
            right & _MASK,
            (left >> _HALF) ^ words[3] ^ np.uint64(keys[1] % 2**32),
            left & _MASK,
        ]
        keys = [key + step for key, step in zip(keys, _WEYL, strict=True)]
    return words


def _longs(like: Array, count: int, seed: int, offset: int) -> Array:
    """`count` 64-bit numbers."""
    pairs = _words(like, 2 * count, seed, offset).reshape(count, 2)
    return pairs[:, 1] << _HALF | pairs[:, 0]


def _unit(longs: Array) -> Array:
    return (longs >> np.uint64(11)) * 2.0**-53


def _multiply_high(a: Array, b: int) -> Array:
    """The high 64 bits of a · b, from products of halves."""
    a_low, a_high = a & _MASK, a >> _HALF
    b_low, b_high = np.uint64(b % 2**32), np.uint64(b >> 32)
    middle = a_high * b_low + (a_low * b_low >> _HALF)
    carry = a_low * b_high + (middle & _MASK)
    return a_high * b_high + (middle >> _HALF) + (carry >> _HALF)
