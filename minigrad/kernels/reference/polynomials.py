"""Orthogonal polynomials by their recurrences: p is one degree below q, and k is q's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...device import Array, namespace
from ...errors import ArgumentError


class Family(NamedTuple):
    """The polynomial of degree 1, how one follows from the two before it, and closed forms."""

    first: Callable[[Array], Array]
    next: Callable[[int, Array, Array, Array], Array]
    inside: Callable[[Any, Array, Array], Array] | None = None  # of the angle whose cosine is x
    ends: Callable[[Array, Array], tuple[Array, Array]] | None = None  # at 1; at -1, of the sign


def _chebyshev(k: int, x: Array, q: Array, p: Array) -> Array:
    return 2 * x * q - p


FAMILIES = {
    "chebyshev_polynomial_t": Family(
        lambda x: x, _chebyshev, lambda xp, n, t: xp.cos(n * t), lambda n, sign: (1 + 0 * n, sign)
    ),
    "chebyshev_polynomial_u": Family(
        lambda x: 2 * x,
        _chebyshev,
        lambda xp, n, t: xp.sin((n + 1) * t) / xp.sin(t),
        lambda n, sign: (n + 1, sign * (n + 1)),
    ),
    "chebyshev_polynomial_v": Family(
        lambda x: 2 * x - 1,
        _chebyshev,
        lambda xp, n, t: xp.cos((n + 0.5) * t) / xp.cos(t / 2),
        lambda n, sign: (1 + 0 * n, sign * (2 * n + 1)),
    ),
    "chebyshev_polynomial_w": Family(
        lambda x: 2 * x + 1,
        _chebyshev,
        lambda xp, n, t: xp.sin((n + 0.5) * t) / xp.sin(t / 2),
        lambda n, sign: (2 * n + 1, sign),
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
CLOSED_FROM = 65  # degrees: below, the recurrence is as exact and needs no sines
LIMIT = 100_000  # the highest degree that a recurrence is run to
_LOOK = 64  # degrees between two looks at what is left to do


def polynomial(out: Array, x: Array, n: Array, *, family: str) -> None:
    """The polynomial of degree trunc(n) at x, broadcast; 0 for negative degrees."""
    xp = namespace(x)
    if out.size == 0:
        return
    if family.startswith("shifted_"):
        x, family = x + x - 1, family.removeprefix("shifted_")
    known = FAMILIES[family]
    x = xp.broadcast_to(x, out.shape)
    # What fits no int64 counts as negative, as in PyTorch.
    whole = xp.where(xp.abs(n) < 2.0**63, xp.trunc(n), xp.full((), -1, n.dtype))
    degree = xp.broadcast_to(whole, out.shape)
    p, q = xp.ones(out.shape, out.dtype), known.first(x)
    out[...] = xp.where(degree < 0, 0 * p, xp.where(degree == 0, p, q))
    left = _closed(xp, out, x, degree, known)
    for k in range(1, int(left.max())):
        p, q = q, known.next(k, x, q, p)
        xp.copyto(out, q, where=left == k + 1)
        if k == LIMIT:
            raise ArgumentError(f"{family}: degrees above {LIMIT} are not computed here")
        if k % _LOOK == 0 and not bool(((left > k) & ~xp.isnan(q)).any()):
            xp.copyto(out, q, where=left > k)  # NaN from here on
            break


def _closed(xp: Any, out: Array, x: Array, degree: Array, known: Family) -> Array:
    """Write what closed forms give of high degrees; the degrees that are left, the others 0."""
    if known.inside is None or known.ends is None:
        return degree
    high = degree >= CLOSED_FROM
    angle = xp.arccos(xp.clip(x, -1, 1))
    sign = 1 - 2 * (degree % 2)
    at_one, at_minus_one = known.ends(degree, sign)
    inside = xp.abs(x) < 1
    for where, value in (
        (inside, known.inside(xp, degree, angle)),
        (x == 1, at_one),
        (x == -1, at_minus_one),
    ):
        xp.copyto(out, value, where=high & where)
    return xp.where(high & (xp.abs(x) <= 1), xp.zeros((), degree.dtype), degree)
