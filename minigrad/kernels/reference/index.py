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


def embed(out: Array, v: Array, *, steps: Any) -> None:
    """Zeros, with `v` in the region that the view operations `steps` lead to."""
    out[...] = 0
    region = out
    for prim, attrs in steps:
        region = prim.view(region, **attrs)
    region[...] = v


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
    if inside is None:
        np.take(x, safe, axis=dim, out=out, mode="clip")  # "raise" would copy once more
        return
    out[...] = xp.take(x, safe, axis=dim)
    mask = inside.reshape((1,) * dim + index.shape + (1,) * (x.ndim - dim - 1))
    xp.copyto(out, xp.asarray(_missing(out), out.dtype), where=~mask)


def index_add(out: Array, g: Array, index: Array, *, dim: int) -> None:
    """Zeros, with `g` added at `index` along `dim`; repeated indices accumulate."""
    out[...] = 0
    after = g.ndim - dim - index.ndim
    values = g.reshape((*out.shape[:dim], index.size, *out.shape[dim + 1 :]))
    _combine(out, index.reshape((-1, *(1,) * after)), values, dim, "sum")


def put(out: Array, x: Array, index: Array, v: Array, *, dim: int) -> None:
    """`x`, with `v` at `index` along `dim`."""
    xp = namespace(x)
    lead, size = (slice(None),) * dim, x.shape[dim]
    inside, safe = _clipped(index, size)
    if inside is None:
        out[...] = x
        out[(*lead, safe)] = v
        return
    longer, kept = _one_longer(out, dim)
    longer[kept] = x
    longer[(*lead, xp.where(inside, safe, size))] = v
    out[...] = longer[kept]


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
    out[...] = 0
    _combine(out, index, g, dim, "sum")


def scatter(out: Array, x: Array, index: Array, v: Array, *, dim: int) -> None:
    """`x`, with `v` where `gather` would read."""
    xp = namespace(x)
    inside, safe = _clipped(index, x.shape[dim])
    if inside is None:
        out[...] = x
        out[_places(safe, index.shape, dim)] = v
        return
    longer, kept = _one_longer(out, dim)
    longer[kept] = x
    longer[_places(xp.where(inside, safe, x.shape[dim]), index.shape, dim)] = v
    out[...] = longer[kept]


def scatter_reduce(
    out: Array, x: Array, index: Array, v: Array, *, dim: int, reduce: str, include_self: bool
) -> None:
    """`x`, with `v` combined into it where `gather` would read."""
    if include_self:
        out[...] = x
    else:
        neutral = namespace(x).full(index.shape, _neutral(reduce, out.dtype), out.dtype)
        scatter(out, x, index, neutral, dim=dim)
    _combine(out, index, v, dim, reduce)


_UFUNCS = {"sum": "add", "prod": "multiply", "amax": "maximum", "amin": "minimum"}


def _neutral(reduce: str, dtype: np.dtype) -> Any:
    if reduce in ("sum", "prod"):
        return int(reduce == "prod")
    if dtype.kind == "b":
        return reduce == "amin"
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return limits.min if reduce == "amax" else limits.max
    return float("-inf") if reduce == "amax" else float("inf")


def _combine(out: Array, index: Array, v: Array, dim: int, reduce: str) -> None:
    """`v` combined into `out` where `gather` would read; `index` broadcasts to its shape."""
    xp = namespace(out)
    if not out.size or not v.size:
        return
    inside, safe = _clipped(index, out.shape[dim])
    if inside is not None:
        v = xp.where(inside, v, xp.asarray(_neutral(reduce, out.dtype), out.dtype))
    strides = [int(np.prod(out.shape[i + 1 :])) for i in range(out.ndim)]
    places = _places(safe, v.shape, dim)
    flat = sum([place * stride for place, stride in zip(places, strides, strict=True)])
    # One long index: NumPy's `at` has a fast loop for that alone.
    dense = out if out.flags.c_contiguous else out.copy(order="C")
    _combine_flat(dense.reshape(-1), xp.broadcast_to(flat, v.shape).ravel(), v.ravel(), reduce)
    if dense is not out:
        out[...] = dense


# What CuPy's `add.at` takes. There is no `multiply.at`, and its `maximum.at` loses NaN.
_ADDS_ON_CUDA = ("int32", "int64", "float32", "float64")


def _combine_flat(out: Array, index: Array, v: Array, reduce: str) -> None:
    xp = namespace(out)
    if xp is np or (reduce == "sum" and out.dtype.name in _ADDS_ON_CUDA):
        getattr(xp, _UFUNCS[reduce]).at(out, index, v)
    elif reduce == "sum" and out.dtype.kind == "c":
        xp.add.at(out.real, index, v.real)
        xp.add.at(out.imag, index, v.imag)
    elif reduce == "sum":
        wide = out.astype(np.int64)
        xp.add.at(wide, index, v.astype(np.int64))
        out[...] = wide
    else:
        ufunc = getattr(xp, _UFUNCS[reduce] if out.dtype.kind != "b" else _OF_BOOLS[reduce])
        ends, groups, values = _grouped(index, v, ufunc)
        longer = xp.empty(out.size + 1, out.dtype)  # the last element takes what ends no group
        longer[: out.size] = out
        longer[xp.where(ends, groups, out.size)] = ufunc(longer[groups], values)
        out[...] = longer[: out.size]


_OF_BOOLS = {"prod": "logical_and", "amax": "logical_or", "amin": "logical_and"}


def _grouped(keys: Array, values: Array, ufunc: Any) -> tuple[Array, Array, Array]:
    """(whether a place ends a group, keys, running `ufunc` within groups) of sorted keys: a
    segmented scan by doubling, in log n steps."""
    xp = namespace(keys)
    order = xp.argsort(keys)
    keys, values = keys[order], values[order]
    step = 1
    while step < keys.size:
        joined = ufunc(values[:-step], values[step:])
        tail = xp.where(keys[:-step] == keys[step:], joined, values[step:])
        values = xp.concatenate([values[:step], tail])
        step *= 2
    ends = xp.concatenate([keys[1:] != keys[:-1], xp.ones(1, bool)])
    return ends, keys, values


def _places(index: Array, shape: tuple[int, ...], dim: int) -> tuple[Array, ...]:
    """The open mesh of places that an index of `gather`, broadcast to `shape`, names."""
    xp = namespace(index)
    mesh = [
        xp.arange(n).reshape((1,) * i + (n,) + (1,) * (len(shape) - i - 1))
        for i, n in enumerate(shape)
    ]
    mesh[dim] = index
    return tuple(mesh)


def _one_longer(out: Array, dim: int) -> tuple[Array, tuple[slice, ...]]:
    """Memory for `out` and one more entry along `dim`, which takes what is out of range."""
    size = out.shape[dim]
    shape = (*out.shape[:dim], size + 1, *out.shape[dim + 1 :])
    return namespace(out).empty(shape, out.dtype), (*(slice(None),) * dim, slice(size))


def nonzero(x: Array) -> Array:
    """Indices of the non-zero elements, an (n, ndim) int64 array."""
    xp = namespace(x)
    found = xp.nonzero(xp.atleast_1d(x))[: x.ndim]
    if x.ndim == 0:
        return xp.zeros((int(x != 0), 0), np.int64)
    return xp.stack(found, axis=1).astype(np.int64)


def unravel_index(index: Array, *, shape: tuple[int, ...]) -> tuple[Array, ...]:
    """The place of a flat index along each dimension of `shape`."""
    found, rest = [], index
    for n in shape[::-1]:
        found.append(namespace(index).asarray(rest % max(n, 1)))
        rest = rest // max(n, 1)
    return tuple(found[::-1])


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
