"""The step length along a direction, by the strong Wolfe conditions (Nocedal, Wright 2006, 3.5)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ..tensor import Tensor


class _Point(NamedTuple):
    """A step length, with the loss, its gradient and its slope along the direction there."""

    t: float
    loss: float
    g: Tensor
    slope: float


def strong_wolfe(
    along: Callable[[float], tuple[float, Tensor]],
    t: float,
    d: Tensor,
    loss: float,
    g: Tensor,
    slope: float,
    most: int,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[float, Tensor, float]:
    """Loss, gradient and length of a step that lowers the loss and flattens its slope enough.

    Args:
        along: the loss and gradient a length along `d` from here.
        t: the length to try first.
        loss, g, slope: here; the slope is ``g · d``.
        most: how many more lengths may be tried.
        c1: the decrease in loss asked for, as a part of what the slope promises.
        c2: how much of the slope may be left.
    """
    start = _Point(0, loss, g, slope)

    def at(t: float) -> _Point:
        loss, g = along(t)
        return _Point(t, loss, g, g.dot(d).item())

    def too_high(point: _Point) -> bool:
        return point.loss > loss + c1 * point.t * slope

    def flat(point: _Point) -> bool:
        return abs(point.slope) <= -c2 * slope

    # Larger steps, until two of them have a minimum between.
    before, point, tried = start, at(t), 0
    while tried < most:
        if too_high(point) or (tried > 1 and point.loss >= before.loss):
            bracket = [before, point]
            break
        if flat(point):
            return point.loss, point.g, point.t
        if point.slope >= 0:
            bracket = [before, point]
            break
        low, high = point.t + 0.01 * (point.t - before.t), point.t * 10
        before, point = point, at(_cubic(before, point, low, high))
        tried += 1
    else:
        bracket = [start, point]

    # Then smaller brackets; `low` is the end where the loss is less.
    extent, stuck = d.abs().max().item(), False
    low_end = 0 if bracket[0].loss <= bracket[1].loss else 1
    while tried < most:
        a, b = sorted([bracket[0].t, bracket[1].t])
        if (b - a) * extent < tolerance:
            break
        t, stuck = _inside(_cubic(bracket[0], bracket[1], a, b), a, b, stuck)
        point = at(t)
        tried += 1
        best = bracket[low_end]
        if too_high(point) or point.loss >= best.loss:
            bracket[1 - low_end] = point
            low_end = 0 if bracket[0].loss <= bracket[1].loss else 1
            continue
        if not flat(point) and point.slope * (bracket[1 - low_end].t - best.t) >= 0:
            bracket[1 - low_end] = best
        bracket[low_end] = point
        if flat(point):
            break
    best = bracket[low_end]
    return best.loss, best.g, best.t


def _inside(t: float, a: float, b: float, stuck: bool) -> tuple[float, bool]:
    """`t`, moved a tenth of the bracket away from an end that it comes too near for the second
    time; and whether it came near this time."""
    margin = 0.1 * (b - a)
    if min(b - t, t - a) >= margin:
        return t, False
    if stuck or t >= b or t <= a:
        return (b - margin if abs(t - b) < abs(t - a) else a + margin), False
    return t, True


def _cubic(p: _Point, q: _Point, low: float, high: float) -> float:
    """The minimum, within bounds, of the cubic through two points with their slopes."""
    if p.t > q.t:
        p, q = q, p
    d1 = p.slope + q.slope - 3 * (p.loss - q.loss) / (p.t - q.t)
    square = d1 * d1 - p.slope * q.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = math.sqrt(square)
    t = q.t - (q.t - p.t) * ((q.slope + d2 - d1) / (q.slope - p.slope + 2 * d2))
    return min(max(t, low), high)
