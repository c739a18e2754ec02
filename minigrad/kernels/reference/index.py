"""Reading and writing by index, in array code.

On the CPU indices were checked before. On a GPU they cannot be without stopping the stream: a read
out of range gives NaN (0 for integers), a write out of range is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...device import Array, namespace


def place(out: Array, g: Array, *, index: Any) -> None:
    """Zeros, with `g` at `index`."""
    out[...] = 0
    out[index] = g


def write(out: Array, x: Array, v: Any, *, steps: Any) -> None:
    """`x`, with the region that the view operations `steps` lead to replaced by `v`."""
    out[...] = x
    region = out
    for prim, attrs in steps:
        region = prim.view(region, **attrs)
    region[...] = v


def take(out: Array, x: Array, index: Array, *, dim: int) -> None:
    """Entries of `x` along `dim`."""
    xp = namespace(x)
    inside, safe = _clipped(index, x.shape[dim])
    if x.shape[dim] == 0:
        out[...] = _missing(out)
        return
    out[...] = xp.take(x, safe, axis=dim)
    if inside is not None:
        mask = inside.reshape((1,) * dim + index.shape + (1,) * (x.ndim - dim - 1))
        xp.copyto(out, xp.asarray(_missing(out), out.dtype), where=~mask)


def add_at(out: Array, where: Any, values: Array) -> None:
    """`values` added at `where`, at repeated places too. CuPy's add.at is for real numbers."""
    add = namespace(out).add.at
    if out.dtype.kind == "c":
        add(out.real, where, values.real)
        add(out.imag, where, values.imag)
    else:
        add(out, where, values)


def index_add(out: Array, g: Array, index: Array, *, dim: int) -> None:
    """Zeros, with `g` added at `index` along `dim`; repeated indices accumulate."""
    xp = namespace(g)
    size = out.shape[dim]
    out[...] = 0
    rows = xp.moveaxis(out, dim, 0)
    lead = tuple(range(dim, dim + index.ndim))
    values = xp.moveaxis(g, lead, tuple(range(index.ndim)))
    flat = values.reshape((index.size, *rows.shape[1:]))
    inside, safe = _clipped(index, size)
    if inside is not None:
        keep = inside.reshape((-1,) + (1,) * (flat.ndim - 1))
        flat = xp.where(keep, flat, xp.zeros((), flat.dtype))
    if size:
        add_at(rows, safe.reshape(-1), flat)


def put(out: Array, x: Array, index: Array, v: Array, *, dim: int) -> None:
    """`x`, with `v` at `index` along `dim`."""
    xp = namespace(x)
    lead, size = (slice(None),) * dim, x.shape[dim]
    inside, safe = _clipped(index, size)
    if inside is None:
        out[...] = x
        out[(*lead, safe)] = v
        return
    # One more entry along `dim` takes what is out of range.
    longer = xp.empty((*x.shape[:dim], size + 1, *x.shape[dim + 1 :]), out.dtype)
    longer[(*lead, slice(size))] = x
    longer[(*lead, xp.where(inside, safe, size))] = v
    out[...] = longer[(*lead, slice(size))]


def gather(out: Array, x: Array, index: Array, *, dim: int) -> None:
    """An element of `x` along `dim` for each element of `index`."""
    xp = namespace(x)
    inside, safe = _clipped(index, x.shape[dim])
    if x.shape[dim] == 0:
        out[...] = _missing(out)
        return
    found = xp.take_along_axis(_cut(x, index, dim), safe, axis=dim)
    out[...] = (
        found if inside is None else xp.where(inside, found, xp.asarray(_missing(out), out.dtype))
    )


def scatter_add(out: Array, g: Array, index: Array, *, dim: int) -> None:
    """Zeros, with `g` added where `gather` would read."""
    xp = namespace(g)
    out[...] = 0
    inside, safe = _clipped(index, out.shape[dim])
    where = [
        xp.arange(n).reshape((1,) * i + (n,) + (1,) * (index.ndim - i - 1))
        for i, n in enumerate(index.shape)
    ]
    where[dim] = safe
    values = g if inside is None else xp.where(inside, g, xp.zeros((), g.dtype))
    if out.size:
        add_at(out, tuple(where), values)


def nonzero(x: Array) -> Array:
    """Indices of the non-zero elements, an (n, ndim) int64 array."""
    xp = namespace(x)
    found = xp.nonzero(xp.atleast_1d(x))[: x.ndim]
    if x.ndim == 0:
        return xp.zeros((int(x != 0), 0), np.int64)
    return xp.stack(found, axis=1).astype(np.int64)


def _clipped(index: Array, size: int) -> tuple[Array | None, Array]:
    """(which indices are in range, or None where they were checked; indices that are safe)."""
    if isinstance(index, np.ndarray):
        return None, index
    xp = namespace(index)
    wrapped = xp.where(index < 0, index + size, index)
    return (wrapped >= 0) & (wrapped < size), xp.clip(wrapped, 0, max(size - 1, 0))


def _cut(x: Array, index: Array, dim: int) -> Array:
    return x[tuple([slice(None) if i == dim else slice(n) for i, n in enumerate(index.shape)])]


def _missing(out: Array) -> float:
    return float("nan") if out.dtype.kind in "fc" else 0
