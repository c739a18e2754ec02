"""Steps of optimizers in one pass over memory.

Each does to the bit what the rule of that name in `minigrad.optim` does in tensor arithmetic. All
arrays are vectors of one dtype, parameters first; the numbers are an array of it too. Loops cut
their arrays first: an index that could be negative would be checked each time, and bar vectors.
"""

from __future__ import annotations

import numpy as np

from ...device import Array
from .jit import kernel, launch

_NANOSECONDS = 1.0  # an element, on one core


def sgd(p: Array, g: Array, numbers: Array) -> None:
    """Without momentum; the numbers are sign, decay, -lr."""
    launch(_sgd, p.size, p, g, numbers, nanoseconds=p.size * _NANOSECONDS)


def sgd_momentum(p: Array, b: Array, g: Array, numbers: Array) -> None:
    """The numbers are sign, decay, -lr, momentum, 1 - dampening, and whether nesterov."""
    launch(_sgd_momentum, p.size, p, b, g, numbers, nanoseconds=p.size * _NANOSECONDS)


def adam(p: Array, m: Array, v: Array, g: Array, numbers: Array) -> None:
    """The numbers are sign, decay, shrink, 1 - beta1, beta2, 1 - beta2, eps, the root of v's
    correction, and minus the step size."""
    launch(_adam, p.size, p, m, v, g, numbers, nanoseconds=2 * p.size * _NANOSECONDS)


def adam_amsgrad(p: Array, m: Array, v: Array, most: Array, g: Array, numbers: Array) -> None:
    """As `adam`, dividing by the largest `v` so far."""
    launch(_adam_amsgrad, p.size, p, m, v, most, g, numbers, nanoseconds=2 * p.size * _NANOSECONDS)


@kernel("T[::1], const(T[::1]), const(T[::1]), int64, int64")
def _sgd(p: Array, g: Array, numbers: Array, first: int, last: int) -> None:
    sign, decay, size = numbers[0], numbers[1], numbers[2]
    p, g = p[first:last], g[first:last]
    for i in range(p.size):
        d = sign * g[i]
        if decay != 0:
            d = d + decay * p[i]
        p[i] = p[i] + size * d


@kernel("T[::1], T[::1], const(T[::1]), const(T[::1]), int64, int64")
def _sgd_momentum(p: Array, b: Array, g: Array, numbers: Array, first: int, last: int) -> None:
    sign, decay, size = numbers[0], numbers[1], numbers[2]
    momentum, taken, nesterov = numbers[3], numbers[4], numbers[5] != 0
    p, b, g = p[first:last], b[first:last], g[first:last]
    for i in range(p.size):
        d = sign * g[i]
        if decay != 0:
            d = d + decay * p[i]
        velocity = b[i] * momentum + taken * d
        b[i] = velocity
        d = d + momentum * velocity if nesterov else velocity
        p[i] = p[i] + size * d


@kernel("T[::1], T[::1], T[::1], const(T[::1]), const(T[::1]), int64, int64")
def _adam(p: Array, m: Array, v: Array, g: Array, numbers: Array, first: int, last: int) -> None:
    sign, decay, shrink = numbers[0], numbers[1], numbers[2]
    rest1, beta2, rest2 = numbers[3], numbers[4], numbers[5]
    eps, root, size = numbers[6], numbers[7], numbers[8]
    p, g = p[first:last], g[first:last]
    m, v = m[first:last], v[first:last]
    for i in range(p.size):
        x, d = p[i] * shrink, sign * g[i]
        if decay != 0:
            d = d + decay * x
        mean = m[i] + rest1 * (d - m[i])
        square = v[i] * beta2 + rest2 * d * d
        m[i] = mean
        v[i] = square
        p[i] = x + size * mean / (np.sqrt(square) / root + eps)


@kernel("T[::1], T[::1], T[::1], T[::1], const(T[::1]), const(T[::1]), int64, int64")
def _adam_amsgrad(
    p: Array, m: Array, v: Array, most: Array, g: Array, numbers: Array, first: int, last: int
) -> None:
    sign, decay, shrink = numbers[0], numbers[1], numbers[2]
    rest1, beta2, rest2 = numbers[3], numbers[4], numbers[5]
    eps, root, size = numbers[6], numbers[7], numbers[8]
    p, g, most = p[first:last], g[first:last], most[first:last]
    m, v = m[first:last], v[first:last]
    for i in range(p.size):
        x, d = p[i] * shrink, sign * g[i]
        if decay != 0:
            d = d + decay * x
        mean = m[i] + rest1 * (d - m[i])
        square = v[i] * beta2 + rest2 * d * d
        m[i] = mean
        v[i] = square
        largest = most[i]
        if square > largest or square != square:  # NaNs are kept
            largest = square
        most[i] = largest
        p[i] = x + size * mean / (np.sqrt(largest) / root + eps)
