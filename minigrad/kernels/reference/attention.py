"""Attention in array code, with all weights at once.

Letters: ... batch and heads, L queries, S keys, E their features, V those of values. Leading
dimensions broadcast, so heads may share keys; gradients have the broadcast dimensions.
"""

from __future__ import annotations

import numpy as np

from ...device import Array, namespace
from .random import dropout


def attention(
    out: Array, q: Array, k: Array, v: Array, mask: Array | None = None, *, causal: bool,
    scale: float, p: float, seed: int, offset: int,
) -> None:  # fmt: skip
    """``softmax(q k^T scale + mask) v``.

    A mask of bools is True where a query may look. With a mask, a row of -inf alone has weights
    of 0.
    """
    if k.shape[-2] == 0:
        out[...] = 0
        return
    weights = _weights(q, k, mask, causal, scale)
    out[...] = namespace(q).matmul(_dropped(weights, p, seed, offset), v)


def attention_grad(
    dq: Array, dk: Array, dv: Array, dmask: Array, g: Array, q: Array, k: Array, v: Array,
    mask: Array | None = None, *, causal: bool, scale: float, p: float, seed: int, offset: int,
    mask_needs: bool,
) -> None:  # fmt: skip
    """The gradients, with the weights computed again; dmask has no elements unless it is needed.

    ``dP = g v^T``, and ``dS = P (dP - sum over s of P dP)``. That sum is also that of g out over
    features, but rounded otherwise: a weight of 1 would leave a gradient where there is none. And
    weights that do not sum to 1, as from the logarithm of a large sum, would let it through.
    """
    xp = namespace(q)
    if k.shape[-2] == 0 or g.size == 0:
        for gradient in (dq, dk, dv, dmask):
            gradient[...] = 0
        return
    weights = _weights(q, k, mask, causal, scale)
    dv[...] = xp.matmul(_dropped(weights, p, seed, offset).swapaxes(-1, -2), g)
    dweights = _dropped(xp.matmul(g, v.swapaxes(-1, -2)), p, seed, offset)
    dscores = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True))
    if mask_needs:
        dmask[...] = dscores
    dq[...] = xp.matmul(dscores, k) * q.dtype.type(scale)
    dk[...] = xp.matmul(dscores.swapaxes(-1, -2), q) * q.dtype.type(scale)


def thirds(q: Array, k: Array, v: Array, packed: Array) -> None:
    """The thirds of the last dimension."""
    E = q.shape[-1]
    q[...], k[...], v[...] = packed[..., :E], packed[..., E : 2 * E], packed[..., 2 * E :]


def _weights(q: Array, k: Array, mask: Array | None, causal: bool, scale: float) -> Array:
    """(..., L, S)."""
    xp = namespace(q)
    scores = _scores(q, k, mask, causal, scale)
    top = scores.max(axis=-1, keepdims=True)
    if mask is not None:
        top = xp.where(top == -np.inf, 0, top).astype(q.dtype)
    weights = xp.exp(scores - top)
    total = weights.sum(axis=-1, keepdims=True)
    weights /= xp.where(total == 0, 1, total)
    return weights


def _scores(q: Array, k: Array, mask: Array | None, causal: bool, scale: float) -> Array:
    xp = namespace(q)
    L, S = q.shape[-2], k.shape[-2]
    scores = xp.matmul(q * q.dtype.type(scale), k.swapaxes(-1, -2))
    if causal:
        seen = xp.arange(L)[:, None] >= xp.arange(S)
        scores = xp.where(seen, scores, -np.inf).astype(q.dtype)
    if mask is None:
        return scores
    if mask.dtype == bool:
        return xp.where(mask, scores, -np.inf).astype(q.dtype)
    return scores + mask


def _dropped(weights: Array, p: float, seed: int, offset: int) -> Array:
    if not p:
        return weights
    out = namespace(weights).empty_like(weights)
    dropout(out, weights, seed=seed, offset=offset, p=p)
    return out
