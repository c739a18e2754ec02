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


@kernel("T[:, ::1], boolean, boolean, int64, int64, int64, int64", fastmath=_REGROUP)
def softmax_rows(
    x: Array, causal: bool, safe: bool, start: int, rows: int, first: int, last: int
) -> None:
    """Scores become weights. Row a is of the query start + a % rows, which if `causal` looks at
    keys up to its own. `safe` rows of -inf alone get weights of 0."""
    _, S = x.shape
    for a in range(first, last):
        seen = min(S, start + a % rows + 1) if causal else S
        top = largest(x[a, :seen])
        if safe and top == -np.inf:
            seen = 0
        total = x.dtype.type(0)
        for i in range(seen):
            weight = exp(x[a, i] - top)
            x[a, i] = weight
            total += weight
        share = x.dtype.type(1) / total
        for i in range(seen):
            x[a, i] *= share
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
    out: Array, q: Array, k: Array, v: Array, mask: Array | None = None, *, causal: bool,
    scale: float, p: float, seed: int, offset: int,
) -> None:  # fmt: skip
    """``softmax(q k^T scale + mask) v``."""
    if not _takes(out, q, k, v, p):
        reference.attention(
            out, q, k, v, mask, causal=causal, scale=scale, p=p, seed=seed, offset=offset
        )
        return
    L, S = q.shape[-2], k.shape[-2]
    q, k, v = [_spread(x, out.shape[:-2]) for x in (q * q.dtype.type(scale), k, v)]
    out = _paired(out)
    mask = None if mask is None else np.broadcast_to(mask, (*out.shape[:-1], S))
    drop = _Dropout(p, seed, offset) if p else None
    held = np.empty(0, q.dtype)
    for block in _blocks(out.shape[:-2], L, S, causal):
        held, weights = _weights(held, q, k, mask, block, causal)
        if drop is not None:
            drop(weights, block, L, S)
        np.matmul(weights, v[block.of][..., : block.seen, :], out=out[block.at])


def attention_grad(
    dq: Array, dk: Array, dv: Array, dmask: Array, g: Array, q: Array, k: Array, v: Array,
    mask: Array | None = None, *, causal: bool, scale: float, p: float, seed: int, offset: int,
    mask_needs: bool,
) -> None:  # fmt: skip
    """The gradients, with the weights computed again; see the reference."""
    if not _takes(g, q, k, v, p):
        reference.attention_grad(
            dq, dk, dv, dmask, g, q, k, v, mask, causal=causal, scale=scale, p=p,
            seed=seed, offset=offset, mask_needs=mask_needs,
        )  # fmt: skip
        return
    L, S = q.shape[-2], k.shape[-2]
    lead = g.shape[:-2]
    q, k, v, g = [_spread(x, lead) for x in (q * q.dtype.type(scale), k, v, g)]
    dq, dk, dv = _paired(dq), _paired(dk), _paired(dv)
    mask = None if mask is None else np.broadcast_to(mask, (*dq.shape[:-1], S))
    dmask = _paired(dmask) if mask_needs else dmask
    drop = _Dropout(p, seed, offset) if p else None
    if mask_needs:
        dmask[...] = 0
    held, other = np.empty(0, q.dtype), np.empty(0, q.dtype)
    for block in _blocks(dq.shape[:-2], L, S, causal):
        at, keys = block.at, (*block.of, slice(block.seen))
        held, weights = _weights(held, q, k, mask, block, causal)
        dropped = weights if drop is None else drop(weights.copy(), block, L, S)
        _add(dv, keys, dropped.swapaxes(-1, -2), g[at], block, causal)
        other, dscores = _room(other, weights.shape)
        np.matmul(g[at], v[keys].swapaxes(-1, -2), out=dscores)
        if drop is not None:
            drop(dscores, block, L, S)
        launch(
            score_grad_rows, dscores.size // block.seen, dscores.reshape(-1, block.seen),
            weights.reshape(-1, block.seen), nanoseconds=0.3 * dscores.size,
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


def _weights(
    held: Array, q: Array, k: Array, mask: Array | None, block: _Block, causal: bool
) -> tuple[Array, Array]:
    """Memory to be kept for the next block, and in it the weights of this one."""
    queries = q[block.at]
    held, scores = _room(held, (*queries.shape[:-1], block.seen))
    np.matmul(queries, k[block.of][..., : block.seen, :].swapaxes(-1, -2), out=scores)
    part = None if mask is None else mask[block.at][..., : block.seen]
    if part is not None and part.dtype == bool:
        np.copyto(scores, -np.inf, where=~part)
    elif part is not None:
        np.add(scores, part, out=scores)
    launch(
        softmax_rows, scores.size // block.seen, scores.reshape(-1, block.seen), causal,
        mask is not None, block.start, scores.shape[-2], nanoseconds=1.0 * scores.size,
    )  # fmt: skip
    return held, scores


def _room(held: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """`held`, or more memory if it is too small, and its beginning in that shape."""
    size = math.prod(shape)
    held = held if held.size >= size else np.empty(size, held.dtype)
    return held, held[:size].reshape(shape)


def _add(total: Array, at: Any, a: Array, b: Array, block: _Block, causal: bool) -> None:
    """Add ``a @ b`` for a block of queries to what those before it gave; set where it is first."""
    if block.start == 0:
        np.matmul(a, b, out=total[at])
        if causal:
            rest = (*at[:-1], slice(at[-1].stop, None))
            total[rest] = 0
    else:
        total[at] += np.matmul(a, b)


def _paired(x: Array) -> Array:
    """A view with two leading dimensions or more, before length and features."""
    return x[(None,) * max(0, 4 - x.ndim)]


def _spread(x: Array, lead: tuple[int, ...]) -> Array:
    """x (..., L, E) with all leading dimensions, and matrices that BLAS takes."""
    near = x.strides[-1] == x.itemsize and x.strides[-2] >= x.shape[-1] * x.itemsize
    x = x if near else np.ascontiguousarray(x)
    return _paired(np.broadcast_to(x, (*lead, *x.shape[-2:])))
