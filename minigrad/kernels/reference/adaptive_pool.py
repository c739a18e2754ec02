"""Pooling over windows of unequal sizes, in array code, for any number of spatial dimensions.

N batch, C channels; n an input size, o an output size. The mean over a box is that of means along
its edges, so averages go one dimension after the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ...device import Array, namespace

Shape = tuple[int, ...]


def adaptive_avg_pool(out: Array, x: Array) -> None:
    """out (N, C, o...): each window's mean, of x (N, C, n...)."""
    xp = namespace(out)
    for axis in range(2, x.ndim):
        sizes = (*x.shape[:axis], out.shape[axis], *x.shape[axis + 1 :])
        means = xp.empty(sizes, x.dtype)
        for i, window in _windows(x.shape[axis], out.shape[axis]):
            x[_at(axis, window)].mean(axis=axis, out=means[_at(axis, i)])
        x = means
    out[...] = x


def adaptive_avg_pool_input_grad(out: Array, g: Array) -> None:
    """The adjoint of `adaptive_avg_pool`: out (N, C, n...) from g (N, C, o...)."""
    xp = namespace(out)
    for axis in range(2, g.ndim):
        spread = xp.zeros((*g.shape[:axis], out.shape[axis], *g.shape[axis + 1 :]), g.dtype)
        for i, window in _windows(out.shape[axis], g.shape[axis]):
            share = g[_at(axis, slice(i, i + 1))] / (window.stop - window.start)
            spread[_at(axis, window)] += share
        g = spread
    out[...] = g


def adaptive_max_pool(out: Array, index: Array, x: Array) -> None:
    """out (N, C, o...): each window's maximum; index, int32: its place in the flattened n..."""
    xp = namespace(x)
    starts, stops = [], []
    for n, o in zip(x.shape[2:], index.shape[2:], strict=True):
        i = xp.arange(o).reshape(1, 1, o)
        starts.append(i * n // max(o, 1))
        stops.append(-(-(i + 1) * n // max(o, 1)))
    longest = [
        max([window.stop - window.start for _, window in _windows(n, o)], default=0)
        for n, o in zip(x.shape[2:], index.shape[2:], strict=True)
    ]
    _largest(out, index, x, starts, stops, longest)


def fractional_max_pool(
    out: Array, index: Array, x: Array, samples: Array, *, kernel_size: Shape
) -> None:
    """out (N, C, o...) and index, int32: the maxima and their places, of windows that start at
    ``floor((i + u) a) - floor(u a)``, ``a = (n - k) / (o - 1)``, for samples u (N, C, D); the last
    window is at the end."""
    xp = namespace(x)
    starts = []
    spatial = len(kernel_size)
    for axis, k in enumerate(kernel_size):
        n, o = x.shape[2 + axis], index.shape[2 + axis]
        u = samples[..., axis if spatial == 3 else spatial - 1 - axis][..., None]
        i = xp.arange(o)
        step = xp.asarray((n - k) / max(o - 1, 1), samples.dtype)
        start = ((i.astype(u.dtype) + u) * step).astype(int) - (u * step).astype(int)
        starts.append(xp.where(i == o - 1, n - k, start))
    stops = [start + k for start, k in zip(starts, kernel_size, strict=True)]
    _largest(out, index, x, starts, stops, kernel_size)


def _largest(
    out: Array, index: Array, x: Array, starts: list[Array], stops: list[Array],
    longest: Shape | list[int],
) -> None:  # fmt: skip
    """The first of equal maxima, the last NaN, of windows from starts (N, C, o) to stops."""
    xp = namespace(x)
    D = len(starts)
    planes = xp.ix_(xp.arange(x.shape[0]), xp.arange(x.shape[1]))
    planes = [plane.reshape(*plane.shape, *[1] * D) for plane in planes]
    first = True
    for taps in itertools.product(*[range(n) for n in longest]):
        there = xp.ones((1,) * index.ndim, bool)
        places, flat = [], 0
        for axis, tap in enumerate(taps):
            place = _spread(starts[axis] + tap, axis, D)
            stop = _spread(stops[axis], axis, D)
            there = there & (place < stop)
            places.append(xp.minimum(place, stop - 1))
            flat = flat * x.shape[2 + axis] + places[-1]
        value = x[(*planes, *places)]
        taken = there & ((value > out) | xp.isnan(value) | first)
        out[...] = xp.where(taken, value, out)
        index[...] = xp.where(taken, flat, index)
        first = False


def _spread(values: Array, axis: int, D: int) -> Array:
    """values (N, C, o) along the spatial dimension `axis` of D."""
    N, C, o = values.shape
    return values.reshape(N, C, *[1] * axis, o, *[1] * (D - 1 - axis))


def _windows(n: int, o: int) -> Iterator[tuple[int, slice]]:
    for i in range(o):
        yield i, slice(i * n // o, -(-(i + 1) * n // o))


def _at(axis: int, index: object) -> tuple[object, ...]:
    return (*[slice(None)] * axis, index)
