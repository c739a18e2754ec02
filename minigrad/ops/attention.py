"""Attention. Letters: N batch, H heads, L queries, S keys, E their features, V those of values."""

from __future__ import annotations

import math

from ..dtypes import STORAGE_ONLY, bool_, float32
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..kernels.launch import broadcast_shape
from ..tensor import Tensor
from .choice import where
from .creation import arange
from .dropouts import dropout
from .layer_arguments import same_dtype, takes_tensors
from .matmul import matmul
from .operands import need_float
from .reduce import all_
from .shape import cast, expand, mT, reshape, unsqueeze
from .softmax import softmax

__all__ = ["scaled_dot_product_attention"]


@takes_tensors
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query @ key.T * scale + mask) @ value``. (Vaswani et al. 2017.)

    Args:
        query: (N, ..., L, E).
        key: (N, ..., S, E).
        value: (N, ..., S, V).
        attn_mask: broadcasts to (N, ..., L, S): bool, True where a query may look; or floats to
            add. A query that may look nowhere gets zeros.
        dropout_p: the probability of a weight to be zeroed; set it to 0 outside training.
        is_causal: query i looks at keys up to i; not together with `attn_mask`.
        scale: ``1 / sqrt(E)`` if None.
        enable_gqa: dimension -3 of keys and values, their heads, divides that of queries, and
            each is shared by as many queries.

    Returns: (N, ..., L, V).
    """
    op = "scaled_dot_product_attention"
    _check(op, query, key, value, attn_mask, is_causal)
    factor = 1 / math.sqrt(query.shape[-1] or 1) if scale is None else float(scale)
    narrow = query.dtype if query.dtype in STORAGE_ONLY else None
    if narrow is not None:
        query, key, value = [cast(x, float32) for x in (query, key, value)]
    if enable_gqa:
        key, value = [_shared_heads(op, query, x) for x in (key, value)]
    L, S = query.shape[-2], key.shape[-2]
    scores = matmul(query * factor, mT(key))  # (..., L, E) (..., E, S) -> (..., L, S)
    if is_causal:
        seen = unsqueeze(arange(L, device=query.device), 1) >= arange(S, device=query.device)
        scores = where(seen, scores, -math.inf)
    if attn_mask is not None:
        scores = _masked(op, scores, attn_mask)
    weights = _safe_softmax(scores) if attn_mask is not None else softmax(scores, -1)
    if dropout_p:
        weights = dropout(weights, dropout_p)
    out = matmul(weights, value)
    return out if narrow is None else cast(out, narrow)


def _check(
    op: str, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool
) -> None:
    need_float(query, op)
    same_dtype(op, query=query, key=key, value=value)
    shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ShapeError(f"{op}: expected (..., length, features), got {shapes}")
    if query.shape[-1] != key.shape[-1]:
        raise ShapeError(f"{op}: queries and keys must have as many features: {shapes}")
    if key.shape[-2] != value.shape[-2]:
        raise ShapeError(f"{op}: there must be as many values as keys: {shapes}")
    if mask is not None and is_causal:
        raise ArgumentError(
            f"{op}: give attn_mask or is_causal, not both; a causal mask is ones(L, S).tril()"
        )
    if mask is not None and mask.dtype not in (bool_, float32, query.dtype):
        raise DTypeError(
            f"{op}: attn_mask must be bool, float32 or as the query {query.dtype}, not {mask.dtype}"
        )
    if mask is not None and mask.ndim < 2:
        raise RangeError(f"{op}: attn_mask of shape {mask.shape} must have 2 dimensions or more")


def _shared_heads(op: str, query: Tensor, x: Tensor) -> Tensor:
    """x (..., heads, S, E), each head repeated for the queries that share it."""
    if min(query.ndim, x.ndim) < 3:
        raise RangeError(f"{op}: enable_gqa needs heads, dimension -3, got {x.shape}")
    heads, wanted = x.shape[-3], query.shape[-3]
    if heads == wanted:
        return x
    if heads == 0 or wanted % heads:
        raise ShapeError(f"{op}: {heads} heads of keys or values must divide {wanted} of queries")
    lead, rest = x.shape[:-3], x.shape[-2:]
    copies = expand(unsqueeze(x, x.ndim - 2), (*lead, heads, wanted // heads, *rest))
    return reshape(copies, (*lead, wanted, *rest))


def _masked(op: str, scores: Tensor, mask: Tensor) -> Tensor:
    if broadcast_shape([mask.shape, scores.shape], op) != scores.shape:
        raise ShapeError(f"{op}: attn_mask {mask.shape} does not broadcast to {scores.shape}")
    if mask.dtype == bool_:
        return where(mask, scores, -math.inf)
    return scores + cast(mask, scores.dtype)


def _safe_softmax(scores: Tensor) -> Tensor:
    """Softmax over the last dimension; a row of -inf alone gives zeros, and no gradient."""
    nowhere = all_(scores == -math.inf, -1, keepdim=True)
    return where(nowhere, 0.0, softmax(where(nowhere, 0.0, scores), -1))
