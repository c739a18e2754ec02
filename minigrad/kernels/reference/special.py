"""Airy's function, where the array library's special functions lack it."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ...device import Array, namespace, special_functions

# Ai = A f - B g, of the two power series f and g.
_A = 1 / (3 ** (2 / 3) * math.gamma(2 / 3))
_B = 1 / (3 ** (1 / 3) * math.gamma(1 / 3))
_TERMS, _NODES = 24, 40
_SERIES_UNTIL = 2.5
_SCALE = 1 / (math.sqrt(math.pi) * 48 ** (1 / 6) * math.gamma(5 / 6))


def airy_ai(out: Array, x: Array) -> None:
    """Ai(x): SciPy's, or the power series around 0 and an integral elsewhere."""
    xp = namespace(x)
    special = special_functions(xp)
    if hasattr(special, "airy"):
        ai = special.airy(x)[0]
        # SciPy gives NaN for the largest.
        out[...] = xp.where((x > 1e3) & xp.isfinite(x), xp.zeros((), ai.dtype), ai)
        return
    wide = x.astype(np.float64)
    size = xp.maximum(xp.abs(wide), _SERIES_UNTIL)
    power = size * xp.sqrt(size) * (2 / 3)
    falling = xp.exp(-power) * _integral(xp, power)
    # Ai(-x) = 2 Re(w Ai(w x)) of the sixth root of -1, w: there the integral is at i times power.
    phase = xp.exp(1j * (math.pi / 4 - power))
    waving = 2 * (phase * _integral(xp, 1j * power, power)).real
    far = xp.where(wide > 0, falling, waving)
    small = xp.clip(wide, -_SERIES_UNTIL, _SERIES_UNTIL)
    out[...] = xp.where(xp.abs(wide) <= _SERIES_UNTIL, _series(small), far)


def _series(x: Array) -> Array:
    cube, f, g = x * x * x, 1.0 + 0 * x, x
    term_f, term_g = f, g
    for k in range(1, _TERMS):
        term_f = term_f * cube / ((3 * k - 1) * (3 * k))
        term_g = term_g * cube / ((3 * k) * (3 * k + 1))
        f, g = f + term_f, g + term_g
    return _A * f - _B * g


@functools.cache
def _rule() -> list[tuple[float, float]]:
    """Nodes and weights of the integral of t^(-1/6) exp(-t) f(t) from 0 to infinity (Gauss)."""
    nodes, weights = special_functions(np).roots_genlaguerre(_NODES, -1 / 6)
    return [(float(t), float(w)) for t, w in zip(nodes, weights)]


def _integral(xp: Any, zeta: Array, size: Array | None = None) -> Array:
    """zeta^(-1/6) times the integral of t^(-1/6) exp(-t) (2 + t / zeta)^(-1/6), scaled; the phase
    of zeta^(-1/6) is left to the caller (W. Gautschi, 2002)."""
    total = 0 * zeta
    for t, weight in _rule():
        total = total + weight * (2 + t / zeta) ** (-1 / 6)
    return _SCALE * total * (zeta if size is None else size) ** (-1 / 6)
