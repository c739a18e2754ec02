"""Attention: one primitive, whose weights are computed again for the gradient, not kept.

Letters: N batch, H heads, L queries, S keys, E their features, V those of values. Heads that share
keys are one more dimension that broadcasts: (N, H / G, G, L, E) looks at (N, H / G, 1, S, E).
"""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import STORAGE_ONLY, bool_, float32
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..kernels.launch import broadcast_shape, memory_order
from ..kernels.reference.random import counters
from ..random import default_generator
from ..tensor import Tensor, apply
from .choice import where
from .creation import arange
from .dropouts import DROPOUT
from .layer_arguments import same_dtype, takes_tensors
from .matmul import matmul
from .operands import need_float
from .reduce import all_
from .shape import cast, expand, mT, reshape, unsqueeze
from .softmax import softmax

__all__ = ["scaled_dot_product_attention"]


# inputs are queries (..., L, E), keys (..., S, E), values (..., S, V) and perhaps a mask.
def _definition(
    *inputs: Tensor, causal: bool, scale: float, p: float, seed: int, offset: int
) -> Tensor:
    query, key, value, *mask = inputs
    L, S = query.shape[-2], key.shape[-2]
    scores = matmul(query * scale, mT(key))  # (..., L, E) (..., E, S) -> (..., L, S)
    if causal:
        seen = unsqueeze(arange(L, device=query.device), 1) >= arange(S, device=query.device)
        scores = where(seen, scores, -math.inf)
    if mask:
        scores = where(mask[0], scores, -math.inf) if mask[0].dtype == bool_ else scores + mask[0]
    weights = _safe_softmax(scores) if mask else softmax(scores, -1)
    if p:
        weights = apply(DROPOUT, weights, seed=seed, offset=offset, p=p)
    return matmul(weights, value)


def _safe_softmax(scores: Tensor) -> Tensor:
    """Softmax over the last dimension; a row of -inf alone gives zeros, and no gradient."""
    nowhere = all_(scores == -math.inf, -1, keepdim=True)
    return where(nowhere, 0.0, softmax(where(nowhere, 0.0, scores), -1))


def _vjp(
    needs: Any, g: Tensor, inputs: list[Any], causal: bool, scale: float, p: float, seed: int,
    offset: int,
) -> list[Any]:  # fmt: skip
    found = apply(
        ATTENTION_GRAD, g, *inputs, causal=causal, scale=scale, p=p, seed=seed, offset=offset,
        mask_needs=any(needs[3:]),
    )  # fmt: skip
    return list(found[: len(inputs)])


def _lead(query: Any, key: Any, value: Any) -> Shape:
    """The dimensions before length and features, broadcast."""
    leads = [query.shape[:-2], key.shape[:-2], value.shape[:-2]]
    same = leads[0] == leads[1] == leads[2]
    return leads[0] if same else broadcast_shape(leads, "scaled_dot_product_attention")


def _spec(*inputs: Any, causal: bool, scale: float, p: float, seed: int, offset: int) -> Spec:
    q, _, v = inputs[:3]
    shape = (*_lead(*inputs[:3]), q.shape[-2], v.shape[-1])
    return Spec(shape, q.dtype, _order(q, shape))


def _order(x: Any, shape: Shape) -> Any:
    """The layout of `x`, if it has one of as many dimensions: heads stay where they were."""
    return memory_order(x) if len(x.shape) == len(shape) and 0 not in shape else None


def _grad_spec(
    *arrays: Any, causal: bool, scale: float, p: float, seed: int, offset: int, mask_needs: bool
) -> tuple[Spec, ...]:
    g, q, k, v = arrays[:4]
    lead = g.shape[:-2]
    shapes = [(*lead, *x.shape[-2:]) for x in (q, k, v)]
    specs = [Spec(s, x.dtype, _order(x, s)) for s, x in zip(shapes, (q, k, v), strict=True)]
    weights = (*lead, q.shape[-2], k.shape[-2])
    return (*specs, Spec(weights if mask_needs else (0,), q.dtype))


ATTENTION = Primitive(
    "attention",
    _spec,
    kernel="attention.attention",
    vjp=_vjp,
    broadcasts=True,
    definition=_definition,
    formula="softmax(q k^T scale + mask) v",
)
ATTENTION_GRAD = Primitive(
    "attention_grad",
    _grad_spec,
    kernel="attention.attention_grad",
    outputs=("dq", "dk", "dv", "dmask"),
)


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
    if not 0.0 <= dropout_p <= 1.0:
        raise ArgumentError(f"{op}: dropout_p={dropout_p} must be a probability in [0, 1]")
    factor = 1 / math.sqrt(query.shape[-1] or 1) if scale is None else float(scale)
    narrow = query.dtype if query.dtype in STORAGE_ONLY else None
    if narrow is not None:
        query, key, value = [cast(x, float32) for x in (query, key, value)]
    heads, L, S = query.shape[:-2], query.shape[-2], key.shape[-2]
    mask = attn_mask
    if mask is not None:
        lead = heads if enable_gqa else broadcast_shape([heads, key.shape[:-2]], op)
        mask = _fitting(op, mask, (*lead, L, S), query.dtype)
    grouped = False
    if enable_gqa:
        query, key, value, mask, grouped = _grouped(op, query, key, value, mask)
    inputs = [query, key, value] if mask is None else [query, key, value, mask]
    seed = offset = 0
    if dropout_p:
        lead = broadcast_shape([query.shape[:-2], key.shape[:-2]], op)
        draw = default_generator.draw(counters(math.prod(lead) * L * S))
        seed, offset = draw.seed, draw.offset
    out = apply(
        ATTENTION, *inputs, causal=bool(is_causal), scale=factor, p=float(dropout_p), seed=seed,
        offset=offset,
    )  # fmt: skip
    if grouped:  # (..., H / G, G, L, V)
        out = reshape(out, (*out.shape[:-4], heads[-1], *out.shape[-2:]))
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


def _fitting(op: str, mask: Tensor, shape: Shape, dtype: Any) -> Tensor:
    """The mask, of bools or of `dtype`, which must broadcast to `shape`, (..., L, S)."""
    if broadcast_shape([mask.shape, shape], op) != shape:
        raise ShapeError(f"{op}: attn_mask {mask.shape} does not broadcast to {shape}")
    return mask if mask.dtype == bool_ else cast(mask, dtype)


def _grouped(
    op: str, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None, bool]:
    """With groups of G heads that share keys and values as a dimension of their own, if any do.

    query (..., H, L, E) becomes (..., H / G, G, L, E), key (..., H / G, S, E) becomes
    (..., H / G, 1, S, E).
    """
    for x in (query, key, value):
        if x.ndim < 3:
            raise RangeError(f"{op}: enable_gqa needs heads, dimension -3, got {x.shape}")
    H = query.shape[-3]
    for x in (key, value):
        if x.shape[-3] == 0 or H % x.shape[-3]:
            raise ShapeError(
                f"{op}: {x.shape[-3]} heads of keys or values must divide {H} of queries"
            )
    if key.shape[-3] != value.shape[-3]:
        return query, _repeated(key, H), _repeated(value, H), mask, False
    if key.shape[-3] == H:
        return query, key, value, mask, False
    groups = (key.shape[-3], H // key.shape[-3])
    query = reshape(query, (*query.shape[:-3], *groups, *query.shape[-2:]))
    key, value = unsqueeze(key, -3), unsqueeze(value, -3)
    if mask is not None and mask.ndim >= 3:
        split = (1, 1) if mask.shape[-3] == 1 else groups
        mask = reshape(mask, (*mask.shape[:-3], *split, *mask.shape[-2:]))
    return query, key, value, mask, True


def _repeated(x: Tensor, H: int) -> Tensor:
    """x (..., heads, S, E), each head as often as makes H."""
    lead, heads, rest = x.shape[:-3], x.shape[-3], x.shape[-2:]
    copies = expand(unsqueeze(x, -3), (*lead, heads, H // heads, *rest))
    return reshape(copies, (*lead, H, *rest))
