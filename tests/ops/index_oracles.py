"""Reading and writing by index written plainly in NumPy: loops over places."""

import math

import numpy as np

COMBINE = {
    "sum": lambda values: sum(values),
    "prod": lambda values: math.prod(values),
    "mean": lambda values: sum(values) / len(values),
    "amax": lambda values: np.max(values),
    "amin": lambda values: np.min(values),
}


def gather(x, dim, index):
    out = np.zeros(index.shape, x.dtype)
    for place in np.ndindex(index.shape):
        out[place] = x[moved(place, dim, index[place], x)]
    return out


def moved(place, dim, i, x):
    """A place with another coordinate along `dim`, in `x`; 0-d ones are as good as vectors."""
    place = list(place) or [0]
    place[dim] = i
    return tuple(place) if x.ndim else ()


def scatter(x, dim, index, src, reduce=None, include_self=True):
    """Every place of `x` collects what is sent there."""
    src = np.broadcast_to(src, index.shape) if np.ndim(src) == 0 and index.ndim else src
    sent = {}
    for place in np.ndindex(index.shape):
        sent.setdefault(moved(place, dim, index[place], x), []).append(src[place])
    out = np.array(x)
    for place, values in sent.items():
        values = [x[place]] * include_self + values
        if reduce is None:
            out[place] = values[-1]
        elif reduce == "mean" and x.dtype.kind != "f":
            out[place] = sum(values) // len(values)
        else:
            out[place] = COMBINE[reduce](values)
    return out


def spread(index, dim, shape):
    """A vector of indices along `dim`, in `shape`."""
    lone = [-1 if i == dim % len(shape) else 1 for i in range(len(shape))]
    return np.broadcast_to(index.reshape(lone), shape)


def index_reduce(x, dim, index, source, reduce, include_self=True):
    index = spread(index, dim, source.shape) if x.ndim else index
    return scatter(x, dim % max(x.ndim, 1), index, source, reduce, include_self)


def index_add(x, dim, index, source, alpha=1):
    return index_reduce(x, dim, index, alpha * source, "sum")


def index_fill(x, dim, index, value):
    out = np.array(x)
    out[(slice(None),) * (dim % x.ndim) + (index,)] = value
    return out


def put(x, index, source, accumulate=False):
    out = np.array(x)
    for i, v in zip(index.reshape(-1), source.reshape(-1)):
        out.reshape(-1)[i] = v + accumulate * out.reshape(-1)[i]
    return out


def index_put(x, index, values, accumulate=False):
    out = np.array(x)
    (np.add.at if accumulate else np.ndarray.__setitem__)(out, index, values)
    return out


def masked_scatter(x, mask, source):
    mask = np.broadcast_to(mask, np.broadcast_shapes(x.shape, mask.shape))
    out = np.array(np.broadcast_to(x, mask.shape))
    values = iter(source.reshape(-1))
    for place in np.ndindex(out.shape):
        if mask[place]:
            out[place] = next(values)
    return out


def fill_diagonal(x, value, wrap=False):
    out = np.array(x)
    np.fill_diagonal(out, value, wrap)
    return out


def bags(index, weight, factors=None, offsets=None, mode="mean", padding_idx=None,
         include_last_offset=False):  # fmt: skip
    """A loop over bags."""
    if offsets is None:
        offsets = np.arange(len(index)) * index.shape[1]
    flat = index.reshape(-1)
    factors = np.ones(flat.size) if factors is None else factors.reshape(-1)
    ends = [*offsets[1:]] + ([] if include_last_offset else [flat.size])
    out = np.zeros((len(ends), weight.shape[1]))
    for b, (start, end) in enumerate(zip(offsets, ends)):
        rows = [weight[flat[i]] * factors[i] for i in range(start, end) if flat[i] != padding_idx]
        if rows:
            out[b] = {"sum": np.sum, "mean": np.mean, "max": np.max}[mode](rows, axis=0)
    return out
