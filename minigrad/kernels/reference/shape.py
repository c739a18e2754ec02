"""Copies, casts, joins and borders, in array code."""

from __future__ import annotations

import numpy as np

from ...device import Array, device, namespace, to_device


def copy(out: Array, x: Array) -> None:
    """The elements of `x`, in the layout of `out`."""
    out[...] = x


def copy_cast(out: Array, x: Array, *, dtype: object) -> None:
    """The elements of `x` in the dtype of `out`: floats are cut towards zero for integers."""
    if x.dtype.kind == "c" and out.dtype.kind in "fiu":
        x = x.real  # as PyTorch does; NumPy would warn that the imaginary part is lost
    namespace(x).copyto(out, x, casting="unsafe")


def transfer(x: Array, *, source: device, target: device) -> Array:
    """A copy of `x` on another device."""
    return to_device(x, target)


def cat(out: Array, *tensors: Array, dim: int) -> None:
    """`tensors` one after the other along `dim`."""
    start = 0
    for x in tensors:
        stop = start + x.shape[dim]
        out[(slice(None),) * dim + (slice(start, stop),)] = x
        start = stop


def flip(out: Array, x: Array, *, dims: tuple[int, ...]) -> None:
    """`x` in reverse order along `dims`."""
    out[...] = x[tuple([slice(None, None, -1 if i in dims else 1) for i in range(x.ndim)])]


def roll(out: Array, x: Array, *, shifts: tuple[int, ...], dims: tuple[int, ...]) -> None:
    """`x` moved on by `shifts` along `dims`, round the end."""
    out[...] = namespace(x).roll(x, shifts, dims)


def tril(out: Array, x: Array, *, diagonal: int) -> None:
    """`x`, zero above a diagonal."""
    out[...] = namespace(x).tril(x, diagonal)


def triu(out: Array, x: Array, *, diagonal: int) -> None:
    """`x`, zero below a diagonal."""
    out[...] = namespace(x).triu(x, diagonal)


def add_windows(out: Array, g: Array, *, dim: int, size: int, step: int) -> None:
    """Zeros, with the windows of `g`, its last dimension, added where they were read."""
    out[...] = 0
    lead = (slice(None),) * dim
    count = g.shape[dim]
    if count < size:  # window by window, else place by place: the fewer additions
        for i in range(count):
            out[(*lead, slice(i * step, i * step + size))] += namespace(g).moveaxis(
                g[(*lead, i)], -1, dim
            )
    else:
        for i in range(size):
            out[(*lead, slice(i, i + step * (count - 1) + 1, step))] += g[..., i]


def repeat_places(repeats: Array, *, total: int) -> Array:
    """0 ``repeats[0]`` times, then 1 ``repeats[1]`` times, and so on."""
    xp = namespace(repeats)
    ends = xp.cumsum(repeats, dtype=np.int64)
    return xp.searchsorted(ends, xp.arange(total), side="right").astype(np.int64)


def pad(out: Array, x: Array, *, widths: tuple[tuple[int, int], ...], value: float) -> None:
    """`x` inside a border of `value`."""
    out[...] = value
    out[tuple([slice(low, low + n) for n, (low, _) in zip(x.shape, widths, strict=True)])] = x
