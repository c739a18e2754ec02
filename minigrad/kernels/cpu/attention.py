"""Attention on the CPU: products of blocks by BLAS, and passes over the rows of weights between.

Letters as in `reference/attention.py`, with A, H the last two leading dimensions. The weights of
some heads, or of some queries of one head, are held at a time: never all of a long sequence.
Under a causal mask, keys that no query of a block may look at are not computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...device import Array
from ..reference import attention as reference
from ..reference.random import scale as kept_scale
from ..reference.random import threshold
from .jit import kernel, launch
from .math import exp, largest
from .random import philox

_BLOCK = 1 << 17  # weights held at a time: float32 ones are half of a core's L2 cache
_REGROUP = frozenset({"reassoc", "nsz", "contract"})
_TO_24 = np.uint64(8)


@kernel("T[:, ::1], T[::1], boolean, boolean, int64, int64, int64, int64", fastmath=_REGROUP)
def softmax_rows(
    x: Array, lse: Array, causal: bool, safe: bool, start: int, rows: int, first: int, last: int
) -> None:
    """Scores become weights. Row a is of the query start + a % rows, which if `causal` looks at
    keys up to its own. `safe` rows of -inf alone get weights of 0."""
    _, S = x.shape
    for a in range(first, last):
        seen = min(S, start + a % rows + 1) if causal else S
        top = largest(x[a, :seen])
        if safe and top == -np.inf:
            lse[a] = top
            seen = 0
        else:
            total = x.dtype.type(0)
            for i in range(seen):
                weight = exp(x[a, i] - top)
                x[a, i] = weight
                total += weight
            lse[a] = top + np.log(total)
            share = x.dtype.type(1) / total
            for i in range(seen):
                x[a, i] *= share
        for i in range(seen, S):
            x[a, i] = 0


@kernel("T[:, ::1], const(T[::1]), boolean, int64, int64, int64, int64", fastmath=_REGROUP)
def weigh_rows(
    x: Array, lse: Array, causal: bool, start: int, rows: int, first: int, last: int
) -> None:
    """Scores become the weights that `softmax_rows` made of them."""
    _, S = x.shape
    for a in range(first, last):
        seen = min(S, start + a % rows + 1) if causal else S
        seen = 0 if lse[a] == -np.inf else seen
        for i in range(seen):
            x[a, i] = exp(x[a, i] - lse[a])
        for i in range(seen, S):
            x[a, i] = 0


@kernel("T[:, ::1], const(T[:, ::1]), int64, int64", fastmath=_REGROUP)
def score_grad_rows(g: Array, weights: Array, first: int, last: int) -> None:
    """Gradients of weights become those of scores."""
    _, S = g.shape
    for a in range(first, last):
        mean = g.dtype.type(0)
        for i in range(S):
            mean += weights[a, i] * g[a, i]
        for i in range(S):
            g[a, i] = weights[a, i] * (g[a, i] - mean)


@kernel(
    "T[:, ::1], T, uint64, uint64, uint64, int64, int64, int64, int64, int64, int64, int64, int64"
)
def drop_rows(
    x: Array, scale: float, threshold: int, seed: int, offset: int, row: int, heads: int,
    rows: int, H: int, L: int, S: int, first: int, last: int,
) -> None:  # fmt: skip
    """What `dropout` does to all weights (A, H, L, S), on `heads` and `rows` of them.

    `row` is the number, among all, of the first.
    """
    _, seen = x.shape
    zero = scale * 0
    for a in range(first, last):
        head, batch = a // rows % heads, a // (rows * heads)
        element = (row + (batch * H + head) * L + a % rows) * S
        block = -1
        words = philox(offset, seed)
        for i in range(seen):
            if (element + i) // 4 != block:
                block = (element + i) // 4
                words = philox(offset + np.uint64(block), seed)
            kept = words[(element + i) % 4] >> _TO_24 >= threshold
            x[a, i] *= scale if kept else zero


class _Dropout(NamedTuple):
    p: float
    seed: int
    offset: int

    def __call__(self, x: Array, block: _Block, L: int, S: int) -> Array:
        """Weights or their gradients, dropped in place."""
        *_, rows, seen = x.shape
        launch(
            drop_rows, x.size // seen, x.reshape(-1, seen), x.dtype.type(kept_scale(self.p)),
            threshold(self.p), self.seed % 2**64, self.offset % 2**64, block.row, block.heads,
            rows, block.H, L, S, nanoseconds=4.0 * x.size,
        )  # fmt: skip
        return x


class _Block(NamedTuple):
    """Some heads and queries."""

    at: tuple[Any, ...]  # the index of their rows in an array (..., L, E)
    of: tuple[Any, ...]  # the index of their heads
    start: int  # the first query
    seen: int  # how many keys they look at
    row: int  # the number of the first row, among all rows of weights
    heads: int  # how many heads of H, side by side
    H: int


def _blocks(lead: tuple[int, ...], L: int, S: int, causal: bool) -> Iterator[_Block]:
    """Heads and queries with about _BLOCK weights each, in the order of rows."""
    A, H = lead[-2:]
    rows = max(1, min(L, _BLOCK // S))
    several = max(1, _BLOCK // (L * S)) if rows == L else 1
    heads, batches = min(several, H), max(1, several // H)
    for number, outer in enumerate(np.ndindex(lead[:-2])):
        for a in range(0, A, batches):
            for h in range(0, H, heads):
                of = (*outer, slice(a, a + batches), slice(h, h + heads))
                for start in range(0, L, rows):
                    stop = min(L, start + rows)
                    row = ((number * A + a) * H + h) * L + start
                    seen = min(S, stop) if causal else S
                    count = min(heads, H - h)
                    yield _Block((*of, slice(start, stop)), of, start, seen, row, count, H)


def attention(
    out: Array, lse: Array, q: Array, k: Array, v: Array, mask: Array | None = None, *,
    causal: bool, scale: float, p: float, seed: int, offset: int,
) -> None:  # fmt: skip
    """``softmax(q k^T scale + mask) v``, and the logarithm of each softmax's denominator."""
    if not _takes(out, q, k, v, p):
        reference.attention(
            out, lse, q, k, v, mask, causal=causal, scale=scale, p=p, seed=seed, offset=offset
        )
        return
    L, S = q.shape[-2], k.shape[-2]
    q, k, v = [_spread(x, out.shape[:-2]) for x in (q * q.dtype.type(scale), k, v)]
    out, lse = _paired(out, 2), _paired(lse, 1)
    mask = None if mask is None else _spread_mask(mask, lse.shape, S)
    drop = _Dropout(p, seed, offset) if p else None
    held = np.empty(0, q.dtype)
    for block in _blocks(out.shape[:-2], L, S, causal):
        held = _scores(held, q, k, mask, block)
        scores = _shaped(held, q[block.at], block)
        flat = scores.reshape(-1, block.seen)
        logs = np.empty(len(flat), q.dtype)
        launch(
            softmax_rows, len(flat), flat, logs, causal, mask is not None, block.start,
            scores.shape[-2], nanoseconds=1.0 * flat.size,
        )  # fmt: skip
        lse[block.at] = logs.reshape(scores.shape[:-1])
        if drop is not None:
            drop(scores, block, L, S)
        np.matmul(scores, v[block.of][..., : block.seen, :], out=out[block.at])


def attention_grad(
    dq: Array, dk: Array, dv: Array, dmask: Array, g: Array, lse: Array, q: Array, k: Array,
    v: Array, mask: Array | None = None, *, causal: bool, scale: float, p: float, seed: int,
    offset: int, mask_needs: bool,
) -> None:  # fmt: skip
    """The gradients, with the weights computed again; see the reference."""
    if not _takes(g, q, k, v, p):
        reference.attention_grad(
            dq, dk, dv, dmask, g, lse, q, k, v, mask, causal=causal, scale=scale, p=p,
            seed=seed, offset=offset, mask_needs=mask_needs,
        )  # fmt: skip
        return
    L, S = q.shape[-2], k.shape[-2]
    lead = g.shape[:-2]
    q, k, v, g = [_spread(x, lead) for x in (q * q.dtype.type(scale), k, v, g)]
    dq, dk, dv, lse = _paired(dq, 2), _paired(dk, 2), _paired(dv, 2), _paired(lse, 1)
    mask = None if mask is None else _spread_mask(mask, lse.shape, S)
    dmask = _paired(dmask, 2) if mask_needs else dmask
    drop = _Dropout(p, seed, offset) if p else None
    if mask_needs:
        dmask[...] = 0
    held, other = np.empty(0, q.dtype), np.empty(0, q.dtype)
    for block in _blocks(dq.shape[:-2], L, S, causal):
        at, keys = block.at, (*block.of, slice(block.seen))
        held = _scores(held, q, k, mask, block)
        weights = _shaped(held, q[at], block)
        rows = weights.shape[-2]
        flat = weights.reshape(-1, block.seen)
        logs = np.ascontiguousarray(lse[at]).reshape(-1)
        launch(
            weigh_rows, len(flat), flat, logs, causal, block.start, rows,
            nanoseconds=0.5 * flat.size,
        )  # fmt: skip
        dropped = weights if drop is None else drop(weights.copy(), block, L, S)
        _add(dv, keys, dropped.swapaxes(-1, -2), g[at], block, causal)
        other = other if other.size >= flat.size else np.empty(flat.size, q.dtype)
        dscores = _shaped(other, q[at], block)
        np.matmul(g[at], v[keys].swapaxes(-1, -2), out=dscores)
        if drop is not None:
            drop(dscores, block, L, S)
        launch(
            score_grad_rows, len(flat), dscores.reshape(-1, block.seen), flat,
            nanoseconds=0.3 * flat.size,
        )  # fmt: skip
        if mask_needs:
            dmask[at][..., : block.seen] = dscores
        np.matmul(dscores, k[keys], out=dq[at])
        _add(dk, keys, dscores.swapaxes(-1, -2), q[at], block, causal)
    np.multiply(dq, dq.dtype.type(scale), out=dq)


def _takes(out: Array, q: Array, k: Array, v: Array, p: float) -> bool:
    """Whether the blocks serve: something to compute, in floats, dropped where heads are whole."""
    sizes = (*out.shape, q.shape[-1], k.shape[-2])
    several = p and math.prod(q.shape[:-2]) != math.prod(out.shape[:-2])
    return 0 not in sizes and q.dtype.kind == "f" and not several


def _scores(held: Array, q: Array, k: Array, mask: Array | None, block: _Block) -> Array:
    """The scores of a block, in memory that is kept for the next."""
    queries = q[block.at]
    count = math.prod(queries.shape[:-1]) * block.seen
    held = held if held.size >= count else np.empty(count, q.dtype)
    scores = _shaped(held, queries, block)
    np.matmul(queries, k[block.of][..., : block.seen, :].swapaxes(-1, -2), out=scores)
    if mask is None:
        return held
    part = mask[block.at][..., : block.seen]
    if part.dtype == bool:
        np.copyto(scores, -np.inf, where=~part)
    else:
        np.add(scores, part, out=scores)
    return held


def _shaped(held: Array, queries: Array, block: _Block) -> Array:
    """The beginning of `held` as (..., queries, keys)."""
    shape = (*queries.shape[:-1], block.seen)
    return held[: math.prod(shape)].reshape(shape)


def _add(total: Array, at: Any, a: Array, b: Array, block: _Block, causal: bool) -> None:
    """Add ``a @ b`` for a block of queries to what those before it gave; set where it is first."""
    if block.start == 0:
        np.matmul(a, b, out=total[at])
        if causal:
            rest = (*at[:-1], slice(at[-1].stop, None))
            total[rest] = 0
    else:
        total[at] += np.matmul(a, b)


def _paired(x: Array, last: int) -> Array:
    """A view with two leading dimensions or more, before the `last` ones."""
    missing = max(0, last + 2 - x.ndim)
    return x[(None,) * missing]


def _spread(x: Array, lead: tuple[int, ...]) -> Array:
    """x (..., L, E) with all leading dimensions, and matrices that BLAS takes."""
    near = x.strides[-1] == x.itemsize and x.strides[-2] >= x.shape[-1] * x.itemsize
    x = x if near else np.ascontiguousarray(x)
    return _paired(np.broadcast_to(x, (*lead, *x.shape[-2:])), 2)


def _spread_mask(mask: Array, rows: tuple[int, ...], S: int) -> Array:
    return np.broadcast_to(mask, (*rows, S))
