"""exp, log, tanh, erf, sin, pow and kin as scalar code that LLVM vectorises: no branch, no table,
no call of libm. `math` lists them for kernels; `tests/kernels/test_math.py` holds their errors.

In each the argument is reduced to a small range, there a polynomial serves, and the result is put
together. Polynomials are Chebyshev fits of the smooth rest of a function, near its minimax; those
of sin and cos are the Cephes library's (Moshier) and fdlibm's (Sun), log's in float64 fdlibm's.
A pair of constants is for float32 and float64.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .scalar import (
    Number,
    Value,
    absolute,
    as_bits,
    copysign,
    floor,
    fma,
    from_bits,
    narrow,
    polynomial,
    select,
    to_float,
    wide,
)  # fmt: skip

# --- floating-point numbers in parts --------------------------------------------------------------


def _of(x: Value, single: Any, double: Any) -> Any:
    """The constant for the type of `x`."""
    return single if x.bits == 32 else double


def _nearest(x: Value, scale: float) -> tuple[Value, Value]:
    """The integer nearest to scale · x, which is not large, as a float and as an integer.

    Added to 1.5 · 2**(bits of the mantissa), its last bits are the integer's.
    """
    magic = x.like(_of(x, 1.5 * 2**23, 1.5 * 2**52))
    moved = fma(x, scale, magic)
    return moved - magic, as_bits(moved) - as_bits(magic)


def _power_of_two(k: Value) -> Value:
    """2**k as a float; k is the exponent of a normal number."""
    bias, digits = (127, 23) if k.bits == 32 else (1023, 52)
    return from_bits((k + bias) << digits)


_LOG2E = 1 / math.log(2)
# ln 2 in two parts, the first of which has few bits: n times it is exact.
_LN2 = (0.693359375, -2.12194440e-4), (6.93145751953125e-1, 1.42860682030941723212e-6)

# --- exponentials ---------------------------------------------------------------------------------

# (exp(r) - 1 - r) / r**2 for |r| <= ln(2) / 2
_EXP32 = (
    1.9890990824673654e-4, 1.3933649996309251e-3, 8.3333109254809e-3, 4.1666464925285904e-2,
    0.16666666681623232, 0.500000001346581,
)  # fmt: skip
_EXP64 = (
    2.510038549551032e-08, 2.7620088445409746e-07, 2.7557268459997064e-06, 2.4801521295954376e-05,
    0.00019841269869863053618, 0.0013888888917213717, 0.008333333333330062, 0.04166666666662413,
    0.16666666666666669, 0.5000000000000001,
)  # fmt: skip


def _expm1_reduced(x: Value) -> tuple[Value, Value, Value]:
    """n and r with x = n ln 2 + r, as (n, n as an integer, exp(r) - 1)."""
    n, k = _nearest(x, _LOG2E)
    high, low = _of(x, *_LN2)
    r = fma(n, -low, fma(n, -high, x))
    return n, k, fma(polynomial(r, *_of(x, _EXP32, _EXP64)), r * r, r)


def exp(x: Value) -> Value:
    """2**n exp(r); the power in two factors, as n reaches beyond the exponents."""
    low, high = _of(x, (-104.0, 89.0), (-746.0, 710.0))
    inside = select(x < low, low, select(x > high, high, x))
    n, k, p = _expm1_reduced(inside)
    _, half = _nearest(n, 0.5)
    y = (p + 1) * _power_of_two(half) * _power_of_two(k - half)
    return select(x == x, y, x)


def expm1(x: Value) -> Value:
    """2**n (exp(r) - 1) + (2**n - 1); near the overflow exp(x) is the same."""
    low, high = _of(x, (-18.0, 88.0), (-38.0, 709.0))
    inside = select(x < low, low, select(x > high, high, x))
    _, k, p = _expm1_reduced(inside)
    power = _power_of_two(k)
    y = fma(power, p, power - 1)
    small = absolute(x) < _of(x, 2.0**-30, 2.0**-60)  # -0 and denormal numbers too
    return select(small | (x != x), x, select(x > high, exp(x), y))


def sigmoid(x: Value) -> Value:
    return 1 / (1 + exp(-x))


def tanh(x: Value) -> Value:
    """e / (e + 2), with e = exp(2 |x|) - 1."""
    size = absolute(x)
    e = expm1(2 * select(size > 22, 22, size))
    return copysign(e / (e + 2), x)


# --- logarithms -----------------------------------------------------------------------------------

# (log(1 + f) - f + f**2 / 2) / f**3 for 1 + f in [sqrt(1/2), sqrt(2)]
_LOG32 = (
    6.971611471e-2, -1.147973385e-1, 1.168541992e-1, -1.242568733e-1, 1.424905765e-1,
    -1.666780232e-1, 2.000071575e-1, -2.499999696e-1, 3.333333118e-1,
)  # fmt: skip
# (log(1 + f) / s - 2) / s**2 with s = f / (2 + f), as a polynomial in s**2
_LOG64 = (
    1.479819860511658591e-1, 1.531383769920937332e-1, 1.818357216161805012e-1,
    2.222219843214978396e-1, 2.857142874366239149e-1, 3.999999999940941908e-1,
    6.666666666666735130e-1,
)  # fmt: skip


def _log(u: Value, low: Number) -> Value:
    """log(u) + low, for finite positive u: n ln 2 + log(1 + f)."""
    digits, root = _of(u, (23, 0x3F3504F3), (52, 0x3FE6A09E667F3BCD))  # root: sqrt(1/2)
    scale, smallest = _of(u, (2.0**24, 2.0**-126), (2.0**53, 2.0**-1022))
    denormal = u < smallest
    bits = as_bits(select(denormal, u * scale, u)) - root
    k = bits >> digits
    f = from_bits((bits & ((1 << digits) - 1)) + root) - 1
    n = to_float(k) - select(denormal, u.like(digits + 1), 0)
    if u.bits == 32:
        rest = fma(polynomial(f, *_LOG32), f * f * f, -0.5 * (f * f))
    else:
        s = f / (f + 2)
        half = 0.5 * f * f
        rest = s * (half + s * s * polynomial(s * s, *_LOG64)) - half
    high, part = _of(u, *_LN2)
    return fma(n, high, f + (rest + fma(n, part, u.like(low))))


def log(x: Value) -> Value:
    y = select(x < np.inf, _log(x, 0.0), x)
    return select(x > 0, y, select(x == 0, x.like(-np.inf), np.nan))


def log1p(x: Value) -> Value:
    """log(u) + c / u, where u + c = 1 + x exactly (Knuth's sum)."""
    u = x + 1
    t = u - 1
    c = (1 - (u - t)) + (x - t)
    y = select(x < np.inf, _log(u, c / u), x)
    inside = select(absolute(x) < _of(x, 2.0**-30, 2.0**-60), x, y)  # -0 too
    return select(x > -1, inside, select(x == -1, x.like(-np.inf), np.nan))


# --- the error function and the normal distribution -----------------------------------------------

# erf(x) / x - 1 as a polynomial in x**2, for |x| <= 1
_ERF32 = (
    -9.667044571e-06, 1.126595903e-04, -8.484080406e-04, 5.221031808e-03, -2.686543073e-02,
    1.128378250e-01, -3.761263847e-01, 0.128379167,
)  # fmt: skip
_ERF64 = (
    -4.23094582429533771e-12, 8.70904512905310619e-11, -1.21645600572834498e-09,
    1.47924012094048135e-08, -1.63646421581676160e-07, 1.64620454414684182e-06,
    -1.49256475675193321e-05, 1.20553329028887357e-04, -8.54832702193482970e-04,
    5.22397762542329853e-03, -2.68661706451298402e-02, 1.12837916709551206e-01,
    -3.76126389031837538e-01, 1.28379167095512558e-01,
)  # fmt: skip
# (x + 3) exp(x**2) erfc(x) as a polynomial in (x - 3) / (x + 3), for x >= 0
_ERFC32 = (
    -3.331503551e-04, -4.971422377e-04, 3.079632147e-03, -1.217209323e-03, -2.683742574e-02,
    1.195270777e-01, -3.104665180e-01, 5.902284472e-01, -8.833944637e-01, 1.074006906e00,
)  # fmt: skip
_ERFC64 = (
    -1.62642978304678660e-09, -6.42156142047745198e-09, 2.49104231279171003e-09,
    4.89202758803927664e-08, 4.01404071424159125e-08, -2.33314707468300658e-07,
    -4.02573599756287677e-07, 9.99581291027978060e-07, 2.76241513270764251e-06,
    -4.74981108957114386e-06, -1.74695311636496733e-05, 3.03983958572149743e-05,
    1.07561259784047067e-04, -2.76777898511886824e-04, -5.48309661388277341e-04,
    3.03406200789604853e-03, -1.21241662953025368e-03, -2.68272346249386687e-02,
    1.19527761287379464e-01, -3.10467261900553237e-01, 5.90228357104100487e-01,
    -8.83394453169883742e-01, 1.07400690708833979e00,
)  # fmt: skip
# (t + 4) exp(t**2 / 2) P(N > t) as a polynomial in (t - 4) / (t + 4), for t >= 0
_TAIL32 = (
    -5.264564978e-05, -2.346217611e-04, 1.693554583e-04, 1.646295612e-03, -3.488075530e-03,
    -7.545268164e-03, 6.039729391e-02, -1.865213075e-01, 3.871373823e-01, -6.078966578e-01,
    7.552851305e-01,
)  # fmt: skip
_TAIL64 = (
    -9.65342542022850378e-10, 7.26954547902668936e-11, 1.39240239935017093e-08,
    1.45785933470364596e-08, -7.63808205349045054e-08, -1.54263205367710752e-07,
    2.63682485764076238e-07, 1.01980485181351721e-06, -6.25132104047867998e-07,
    -5.91889273176323617e-06, 7.15005595921609861e-07, 3.51441811577609734e-05,
    -1.90786653166135762e-06, -2.31094818319376203e-04, 1.33344254019049125e-04,
    1.63081844189035961e-03, -3.47969236224253322e-03, -7.54018896559305925e-03,
    6.03965748906994671e-02, -1.86521857959694171e-01, 3.87137400742218862e-01,
    -6.07896641971891749e-01, 7.55285130415751516e-01,
)  # fmt: skip


def _decay(t: Value, factor: float) -> Value:
    """exp(-factor t**2): what the square loses in rounding would be many units of the result."""
    scaled = t * factor  # factor is a power of two: exact
    square = scaled * t
    lost = fma(scaled, t, -square)
    e = exp(-square)
    return fma(e, -lost, e)


def _bell(t: Value, center: float, factor: float, coefficients: tuple[float, ...]) -> Value:
    """exp(-factor t**2) times a polynomial in (t - center) / (t + center), over t + center."""
    sum = t + center
    return _decay(t, factor) * (polynomial((t - center) / sum, *coefficients) / sum)


def _erfc_positive(size: Value) -> Value:
    limit = _of(size, 11.0, 28.0)  # infinity is no number to take part
    size = select(size > limit, limit, size)
    return _bell(size, 3.0, 1.0, _of(size, _ERFC32, _ERFC64))


def erfc(x: Value) -> Value:
    y = _erfc_positive(absolute(x))
    return select(x < 0, 2 - y, y)


def erf(x: Value) -> Value:
    size = absolute(x)
    near = fma(x, polynomial(x * x, *_of(x, _ERF32, _ERF64)), x)
    return select(size < 1, near, copysign(1 - _erfc_positive(size), x))


def ndtr(x: Value) -> Value:
    """P(N <= x) of a normal number N."""
    limit = _of(x, 15.0, 39.0)
    size = absolute(x)
    size = select(size > limit, limit, size)
    y = _bell(size, 4.0, 0.5, _of(x, _TAIL32, _TAIL64))
    return select(x < 0, y, 1 - y)


# --- sine and cosine ------------------------------------------------------------------------------

# Up to here the reduction is exact to the last bit that counts. Beyond, libm serves.
TURNING_LIMIT = 1e6
# pi / 2 in parts, the first two of 33 bits: 2**20 times them is exact.
_HALF_PI = 1.57079632673412561417, 6.07710050630396597660e-11, 2.02226624879595063154e-21
_SIN32 = -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1
_COS32 = 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2
_SIN64 = (
    1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
    -1.98412698298579493134e-04, 8.33333333332248946124e-03, -1.66666666666666324348e-01,
)  # fmt: skip
_COS64 = (
    -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
    2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02,
)  # fmt: skip


def _turned(x: Value, quarters: int) -> Value:
    """sin(x + quarters pi / 2)."""
    n, k = _nearest(wide(x), 2 / math.pi)
    r = wide(x)
    for part in _HALF_PI:
        r = fma(n, -part, r)
    r = narrow(r, x)
    z = r * r
    sin = fma(r * z, polynomial(z, *_of(x, _SIN32, _SIN64)), r)
    cos = fma(z * z, polynomial(z, *_of(x, _COS32, _COS64)), fma(z, -0.5, x.like(1)))
    k = k + quarters
    y = select((k & 1) == 0, sin, cos)
    return select((k & 2) == 0, y, -y)


def sin(x: Value) -> Value:
    """For arguments that are not `far`."""
    return select(absolute(x) < _of(x, 2.0**-30, 2.0**-60), x, _turned(x, 0))  # -0 too


def cos(x: Value) -> Value:
    """For arguments that are not `far`."""
    return _turned(x, 1)


def is_far(x: Value) -> Value:
    """Whether sin and cos of `x` are not right."""
    return (absolute(x) >= TURNING_LIMIT) & (absolute(x) < np.inf)


def sin_anywhere(x: Value) -> Value:
    return select(is_far(x), narrow(wide(x).call("sin"), x), sin(x))


def cos_anywhere(x: Value) -> Value:
    return select(is_far(x), narrow(wide(x).call("cos"), x), cos(x))


# --- powers ---------------------------------------------------------------------------------------


def pow(a: Value, b: Value) -> Value:
    """exp(b log(a)) in float64, for float32."""
    size = absolute(a)
    y = narrow(exp(wide(b) * log(wide(size))), a)
    y = select((b == 0) | (size == 1), 1, y)
    half = 0.5 * b
    whole = floor(b) == b
    negative = as_bits(a) < 0  # -0 too
    y = select(negative & whole & (floor(half) != half), -y, y)
    undefined = (a < 0) & ~whole & (size < np.inf) | (a != a) & (b != 0) | (b != b) & (a != 1)
    return select(undefined, y.like(np.nan), y)
