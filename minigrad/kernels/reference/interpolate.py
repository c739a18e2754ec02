"""Resampling along one axis: every output reads a few inputs with weights.

Indices and weights are worked out in the precision of the data, as PyTorch's are: in float64 a
nearest neighbour could be another.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...device import Array, namespace

_A, _A_ANTIALIASED = -0.75, -0.5  # of the cubic kernels


def resample(
    out: Array, x: Array, *, axis: int, sizes: tuple[int, int], mode: str, scale: float,
    align_corners: bool, antialias: bool,
) -> None:  # fmt: skip
    """`x` with sizes[0] entries along `axis` read at sizes[1] places."""
    xp = namespace(x)
    taps = _taps(xp, out.dtype, sizes, mode, scale, align_corners, antialias)
    if len(taps) == 1:
        out[...] = xp.take(x, taps[0][0], axis=axis)
        return
    shape = (-1,) + (1,) * (x.ndim - axis - 1)
    out[...] = 0
    for index, weight in taps:
        weight = weight.reshape(shape)
        out += _times(xp, xp.take(x, index, axis=axis), weight, antialias)


def _times(xp: Any, values: Array, weight: Array, antialias: bool) -> Array:
    """The product; antialiased taps past the end have weight 0 and read nothing."""
    product = values * weight
    return xp.where(weight == 0, xp.zeros((), product.dtype), product) if antialias else product


def resample_adjoint(
    out: Array, g: Array, *, axis: int, sizes: tuple[int, int], mode: str, scale: float,
    align_corners: bool, antialias: bool,
) -> None:  # fmt: skip
    """What `resample` read is added to: `g` has sizes[1] entries along `axis`, `out` sizes[0]."""
    xp = namespace(g)
    rows, values = xp.moveaxis(out, axis, 0), xp.moveaxis(g, axis, 0)
    out[...] = 0
    shape = (-1,) + (1,) * (g.ndim - 1)
    for index, weight in _taps(xp, out.dtype, sizes, mode, scale, align_corners, antialias):
        terms = values
        if weight is not None:
            terms = _times(xp, values, weight.reshape(shape), antialias)
        if xp is np:  # a loop over entries is far faster than NumPy's add.at
            for i, source in enumerate(index.tolist()):
                rows[source] += terms[i]
        else:
            xp.add.at(rows, index, terms)


def _taps(
    xp: Any, dtype: np.dtype, sizes: tuple[int, int], mode: str, scale: float, align: bool,
    antialias: bool,
) -> list[tuple[Array, Any]]:  # fmt: skip
    """(index, weight) of the first, second, ... input that each output reads."""
    n, count = sizes
    real = dtype.type if dtype.kind == "f" else np.float32
    step = _step(real, sizes, scale, align and not mode.startswith("nearest"))
    places = xp.arange(count).astype(real)
    if mode.startswith("nearest"):
        half = real(0.5) if mode == "nearest-exact" else real(0)
        source = ((places + half) * step).astype(np.float32)
        return [(xp.minimum(xp.floor(source).astype(np.int64), n - 1), None)]
    if antialias:
        return _antialiased(xp, real, n, count, mode, step)
    source = places * step if align else (places + real(0.5)) * step - real(0.5)
    if mode == "linear":
        source = xp.maximum(source, real(0))
    base = xp.floor(source)
    base = xp.minimum(base, real(n - 1)) if mode == "linear" else base
    t = xp.clip(source - base, real(0), real(1))
    first = base.astype(np.int64)
    if mode == "linear":
        return [(first, 1 - t), (xp.minimum(first + 1, n - 1), t)]
    weights = [_cubic_far(t + 1, _A), _cubic_near(t, _A), _cubic_near(1 - t, _A),
               _cubic_far(2 - t, _A)]  # fmt: skip
    return [(xp.clip(first + i - 1, 0, n - 1), w) for i, w in enumerate(weights)]


def _step(real: Any, sizes: tuple[int, int], scale: float, align: bool) -> Any:
    """How far apart in the input neighbouring outputs read; `scale` is given or 0."""
    n, count = sizes
    if align:
        return real(n - 1) / real(count - 1) if count > 1 else real(0)
    return real(1.0 / scale) if scale > 0 else real(n) / real(count)


def _cubic_near(x: Array, a: float) -> Array:
    """The kernel at |x| <= 1."""
    return ((a + 2) * x - (a + 3)) * x * x + 1


def _cubic_far(x: Array, a: float) -> Array:
    """The kernel at 1 <= |x| <= 2."""
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a


def _antialiased(
    xp: Any, real: Any, n: int, count: int, mode: str, step: Any
) -> list[tuple[Array, Any]]:
    """A kernel as wide as the step, normalised: every input counts when an image shrinks."""
    reach = 1.0 if mode == "linear" else 2.0
    stretch = max(float(step), 1.0)
    support = real(reach * stretch)
    centre = step * (xp.arange(count).astype(real) + real(0.5))
    first = xp.maximum((centre - support + real(0.5)).astype(np.int64), 0)
    end = xp.minimum((centre + support + real(0.5)).astype(np.int64), n)
    taps = []
    total = xp.zeros(count, real)
    for i in range(math.ceil(reach * stretch) * 2 + 1):
        x = xp.abs((first + i - centre + real(0.5)).astype(real) * real(1 / stretch))
        if mode == "linear":
            weight = xp.maximum(1 - x, real(0))
        else:
            near, far = _cubic_near(x, _A_ANTIALIASED), _cubic_far(x, _A_ANTIALIASED)
            weight = xp.where(x < 1, near, xp.where(x < 2, far, xp.zeros((), real)))
        weight = xp.where(first + i < end, weight, xp.zeros((), real)).astype(real)
        taps.append((xp.minimum(first + i, n - 1), weight))
        total = total + weight
    return [(index, xp.where(total == 0, weight, weight / total)) for index, weight in taps]
