"""Orthogonal polynomials by their recurrences: p is one degree below q, and k is q's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...device import Array, namespace


class Family(NamedTuple):
    """The polynomial of degree 1, how one follows from the two before it, and a closed form."""

    first: Callable[[Array], Array]
    next: Callable[[int, Array, Array, Array], Array]
    closed: Callable[[Any, Array, Array], Array] | None = None


def _chebyshev(k: int, x: Array, q: Array, p: Array) -> Array:
    return 2 * x * q - p


# Of the angle t whose cosine x is.
FAMILIES = {
    "chebyshev_polynomial_t": Family(lambda x: x, _chebyshev, lambda xp, n, t: xp.cos(n * t)),
    "chebyshev_polynomial_u": Family(
        lambda x: 2 * x, _chebyshev, lambda xp, n, t: xp.sin((n + 1) * t) / xp.sin(t)
    ),
    "chebyshev_polynomial_v": Family(
        lambda x: 2 * x - 1, _chebyshev, lambda xp, n, t: xp.cos((n + 0.5) * t) / xp.cos(t / 2)
    ),
    "chebyshev_polynomial_w": Family(
        lambda x: 2 * x + 1, _chebyshev, lambda xp, n, t: xp.sin((n + 0.5) * t) / xp.sin(t / 2)
    ),
    "hermite_polynomial_h": Family(lambda x: 2 * x, lambda k, x, q, p: 2 * x * q - 2 * k * p),
    "hermite_polynomial_he": Family(lambda x: x, lambda k, x, q, p: x * q - k * p),
    "laguerre_polynomial_l": Family(
        lambda x: 1 - x, lambda k, x, q, p: ((2 * k + 1 - x) * q - k * p) / (k + 1)
    ),
    "legendre_polynomial_p": Family(
        lambda x: x, lambda k, x, q, p: ((2 * k + 1) * x * q - k * p) / (k + 1)
    ),
}
_CLOSED_FROM = 65  # degrees: below, the recurrence is as exact and needs no sines


def polynomial(out: Array, x: Array, n: Array, *, family: str) -> None:
    """The polynomial of degree trunc(n) at x, broadcast; 0 for negative degrees."""
    xp = namespace(x)
    if out.size == 0:
        return
    if family.startswith("shifted_"):
        x, family = x + x - 1, family.removeprefix("shifted_")
    first, following, closed = FAMILIES[family]
    x = xp.broadcast_to(x, out.shape)
    whole = xp.where(xp.isfinite(n), xp.trunc(n), xp.full((), -1, n.dtype))
    degree = xp.broadcast_to(whole, out.shape)
    p, q = xp.ones(out.shape, out.dtype), first(x)
    out[...] = xp.where(degree < 0, 0 * p, xp.where(degree == 0, p, q))
    left = degree
    if closed is not None:
        inside = (xp.abs(x) < 1) & (degree >= _CLOSED_FROM)
        angle = xp.arccos(xp.clip(x, -1, 1))
        xp.copyto(out, closed(xp, degree, angle), where=inside)
        left = xp.where(inside, xp.zeros((), degree.dtype), degree)
    for k in range(1, int(left.max())):
        p, q = q, following(k, x, q, p)
        xp.copyto(out, q, where=left == k + 1)
