"""Multi-head attention: projections around `scaled_dot_product_attention`.

Letters: L queries, S keys, N batch, E features, H heads, D = E / H features of a head. As in
PyTorch, lengths come first: (L, N, E); in `attend_in_heads` the batch may, (N, L, E).
"""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import bool_, is_float
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .attention import scaled_dot_product_attention
from .choice import where
from .constant_pad import pad as pad_
from .creation import zeros, zeros_like
from .dropouts import dropout
from .join import cat
from .layer_arguments import layer_function
from .matmul import linear, matmul
from .shape import expand, mT, reshape, unsqueeze
from .softmax import softmax

__all__ = ["multi_head_attention_forward"]


def _third(x: Any) -> Spec:
    return Spec((*x.shape[:-1], x.shape[-1] // 3), x.dtype)


# What one product gives for queries, keys and values. Three slices would be views, but their
# gradients three arrays of zeros with a third filled in, to be added.
THIRDS = Primitive(
    "thirds",
    lambda packed: (_third(packed),) * 3,
    kernel="attention.thirds",
    outputs=("q", "k", "v"),
    vjp=lambda needs, g_q, g_k, g_v: [_side_by_side(g_q, g_k, g_v)],
    formula="q, k, v = the thirds of the last dimension",
)


def _side_by_side(*parts: Tensor | None) -> Tensor:
    given = [g for g in parts if g is not None]
    return cat([zeros_like(given[0]) if g is None else g for g in parts], -1)


@layer_function
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads, each on its part of projected features. (Vaswani et al. 2017.)

    Args:
        query: (L, N, E), or (L, E); key, value: (S, N, ...), or (S, ...).
        embed_dim_to_check: E.
        num_heads: H, which divides E.
        in_proj_weight: (3 E, E), for queries, keys and values; or, with
            `use_separate_proj_weight`, `q_proj_weight`, `k_proj_weight` and `v_proj_weight`.
        in_proj_bias: (3 E,).
        bias_k, bias_v: (1, 1, E), one more key and value.
        add_zero_attn: one more key and value of zeros.
        dropout_p: the probability of a weight to be zeroed, in `training`.
        out_proj_weight, out_proj_bias: (E, E) and (E,).
        key_padding_mask: (N, S), True or -inf for keys to leave out.
        need_weights: return the weights too; without, a query that may look nowhere gives zeros.
        attn_mask: (L, S) or (N H, L, S), True for places to leave out, or floats to add.
        static_k, static_v: (N H, S, D), in place of projected keys and values.
        average_attn_weights: whether the weights are averaged over the heads.
        is_causal: says that `attn_mask` is the causal one.

    Returns: (L, N, E), and the weights (N, L, S), or (N, H, L, S); without N as the query.
    """
    return attend_in_heads(
        query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k,
        bias_v, add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training,
        key_padding_mask, need_weights, attn_mask, use_separate_proj_weight, q_proj_weight,
        k_proj_weight, v_proj_weight, static_k, static_v, average_attn_weights, is_causal,
    )  # fmt: skip


@layer_function
def attend_in_heads(
    query: Tensor, key: Tensor, value: Tensor, embed_dim: int, heads: int,
    in_proj_weight: Tensor | None, in_proj_bias: Tensor | None, bias_k: Tensor | None,
    bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float, out_proj_weight: Tensor,
    out_proj_bias: Tensor | None, training: bool, key_padding_mask: Tensor | None,
    need_weights: bool, attn_mask: Tensor | None, use_separate_proj_weight: bool,
    q_proj_weight: Tensor | None, k_proj_weight: Tensor | None, v_proj_weight: Tensor | None,
    static_k: Tensor | None, static_v: Tensor | None, average_attn_weights: bool,
    is_causal: bool, batch_first: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """`multi_head_attention_forward`; with `batch_first` of (N, L, E), which it does not move."""
    op = "multi_head_attention_forward"
    lone = _check_shapes(op, query, key, value, key_padding_mask, attn_mask, heads)
    _check_masks(op, key_padding_mask=key_padding_mask, attn_mask=attn_mask)
    itself = query is key and key is value
    if lone:
        query, key, value = [unsqueeze(x, 1) for x in (query, key, value)]
        key_padding_mask = None if key_padding_mask is None else unsqueeze(key_padding_mask, 0)
    batch = 0 if batch_first and not lone else 1
    order = (0, 2, 1, 3) if batch == 0 else (1, 2, 0, 3)
    E = query.shape[-1]
    if embed_dim != E or E % heads:
        raise ShapeError(
            f"{op}: the query has {E} features; {embed_dim} were expected, which must "
            f"divide into {heads} heads"
        )
    if is_causal and attn_mask is None:
        raise ArgumentError(f"{op}: is_causal is a hint about attn_mask, which must be given")
    causal = is_causal and key_padding_mask is None and not need_weights
    padding, mask = _additive(key_padding_mask, query), _additive(attn_mask, query, unless=causal)
    if in_proj_bias is not None and in_proj_bias.shape != (3 * E,):
        raise ShapeError(f"{op}: in_proj_bias {in_proj_bias.shape} must be ({3 * E},)")
    if itself and not use_separate_proj_weight:
        projected = apply(THIRDS, linear(query, _whole(op, in_proj_weight, E), in_proj_bias))
    else:
        separate = (q_proj_weight, k_proj_weight, v_proj_weight)
        weights = separate if use_separate_proj_weight else _thirds(op, in_proj_weight, E)
        projected = _projected(op, query, key, value, weights, in_proj_bias, batch)
    # (L, N, E) or (N, L, E), in heads (..., H, D), to (N, H, L, D)
    q, k, v = [x.reshape(*x.shape[:-1], heads, E // heads).permute(order) for x in projected]
    N, _, L, _ = q.shape
    if mask is not None:
        mask = _four_dimensions(op, mask, L, k.shape[2], N, heads)
    k, v = _with_constants(op, k, v, bias_k, bias_v, static_k, static_v, add_zero_attn)
    more = (bias_k is not None) + add_zero_attn
    mask = _merged(op, _wider(mask, more), _wider(padding, more), N, k.shape[2])
    p = dropout_p if training else 0.0
    out, attention = _attend(q, k, v, mask, p, need_weights, causal)
    out = out.permute([order.index(i) for i in range(4)])  # back to (L, N, H, D), (N, L, H, D)
    out = linear(reshape(out, (*out.shape[:2], E)), out_proj_weight, out_proj_bias)
    if attention is not None and average_attn_weights:
        attention = attention.mean(1)
    if lone:
        out = reshape(out, (L, E))
        attention = None if attention is None else reshape(attention, attention.shape[1:])
    return out, attention


def _attend(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, p: float, need_weights: bool,
    causal: bool,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """(N, H, L, D), and the weights (N, H, L, S) if wanted."""
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, p, causal), None
    scores = matmul(q * math.sqrt(1.0 / q.shape[-1]), mT(k))
    weights = softmax(scores if mask is None else scores + mask, -1)
    if p:
        weights = dropout(weights, p)
    return matmul(weights, v), weights


def _check_shapes(
    op: str, query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None,
    mask: Tensor | None, heads: int,
) -> bool:  # fmt: skip
    """Whether there is no batch."""
    ndim = query.ndim
    if ndim not in (2, 3) or key.ndim != ndim or value.ndim != ndim:
        raise ShapeError(
            f"{op}: expected query, key and value (length, N, features), or all without N, got "
            f"{query.shape}, {key.shape}, {value.shape}"
        )
    if padding is not None and padding.ndim != ndim - 1:
        raise ShapeError(f"{op}: key_padding_mask {padding.shape} must be (N, S), or (S,) alone")
    if mask is not None and mask.ndim not in (2, 3):
        raise ShapeError(f"{op}: attn_mask {mask.shape} must be (L, S) or (N H, L, S)")
    if mask is not None and ndim == 2 and mask.ndim == 3:
        wanted = (heads, query.shape[0], key.shape[0])
        if mask.shape != wanted:
            raise ShapeError(f"{op}: attn_mask {mask.shape} must be {wanted}")
    return ndim == 2


def _check_masks(op: str, **masks: Tensor | None) -> None:
    for name, mask in masks.items():
        if mask is not None and mask.dtype != bool_ and not is_float(mask.dtype):
            raise DTypeError(f"{op}: {name} must be bool or floats, got {mask.dtype}")


def _additive(mask: Tensor | None, query: Tensor, unless: bool = False) -> Tensor | None:
    """A mask as floats to add: -inf where a bool one is True."""
    if mask is None or unless:
        return None
    if is_float(mask.dtype):
        return mask
    return where(mask, -math.inf, zeros((), dtype=query.dtype, device=query.device))


def _whole(op: str, weight: Tensor | None, E: int) -> Tensor:
    if weight is None:
        raise ArgumentError(f"{op}: in_proj_weight is needed without separate weights")
    if weight.ndim != 2 or weight.shape[0] != 3 * E:
        raise ShapeError(f"{op}: in_proj_weight {weight.shape} must be ({3 * E}, {E})")
    return weight


def _thirds(op: str, weight: Tensor | None, E: int) -> tuple[Tensor, ...]:
    whole = _whole(op, weight, E)
    return whole[:E], whole[E : 2 * E], whole[2 * E :]


def _projected(
    op: str, query: Tensor, key: Tensor, value: Tensor, weights: Any, bias: Tensor | None,
    batch: int,
) -> list[Tensor]:  # fmt: skip
    """Queries, keys and values by weights of their own; `batch` is the dimension of N."""
    if any([w is None for w in weights]):
        raise ArgumentError(f"{op}: q_proj_weight, k_proj_weight and v_proj_weight are needed")
    if key.shape[:2] != value.shape[:2] or key.shape[batch] != query.shape[batch]:
        raise ShapeError(
            f"{op}: key {key.shape} and value {value.shape} must agree in length, and with the "
            f"query {query.shape} in N"
        )
    E = query.shape[-1]
    parts = [None] * 3 if bias is None else [bias[i * E : (i + 1) * E] for i in range(3)]
    inputs = (query, key, value)
    return [linear(x, w, b) for x, w, b in zip(inputs, weights, parts, strict=True)]


def _four_dimensions(op: str, mask: Tensor, L: int, S: int, N: int, H: int) -> Tensor:
    """(1, 1, L, S) or (N, H, L, S)."""
    shape = (L, S) if mask.ndim == 2 else (N * H, L, S)
    if mask.shape != shape:
        raise ShapeError(f"{op}: attn_mask {mask.shape} must be {shape}")
    return reshape(mask, (1, 1, L, S) if mask.ndim == 2 else (N, H, L, S))


def _wider(mask: Tensor | None, more: int) -> Tensor | None:
    """A mask for `more` keys at the end, which may be looked at."""
    return mask if mask is None or not more else pad_(mask, (0, more))


def _with_constants(
    op: str, k: Tensor, v: Tensor, bias_k: Tensor | None, bias_v: Tensor | None,
    static_k: Tensor | None, static_v: Tensor | None, add_zero_attn: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Keys and values (N, H, S, D) with those, or replaced by those, that no input is behind."""
    N, H, _, D = k.shape
    if bias_k is not None and bias_v is not None:
        if static_k is not None or static_v is not None:
            raise ArgumentError(f"{op}: bias_k and bias_v do not go with static_k and static_v")
        last = [expand(reshape(b, (1, H, 1, D)), (N, H, 1, D)) for b in (bias_k, bias_v)]
        k, v = cat([k, last[0]], 2), cat([v, last[1]], 2)
    elif bias_k is not None or bias_v is not None:
        raise ArgumentError(f"{op}: give both bias_k and bias_v, or neither")
    k = k if static_k is None else _static(op, static_k, N, H, D)
    v = v if static_v is None else _static(op, static_v, N, H, D)
    if add_zero_attn:
        blank = zeros(N, H, 1, D, dtype=k.dtype, device=k.device)
        k, v = cat([k, blank], 2), cat([v, blank], 2)
    return k, v


def _static(op: str, x: Tensor, N: int, H: int, D: int) -> Tensor:
    if x.ndim != 3 or x.shape[0] != N * H or x.shape[2] != D:
        raise ShapeError(f"{op}: static_k and static_v must be ({N * H}, S, {D})")
    return reshape(x, (N, H, x.shape[1], D))


def _merged(op: str, mask: Tensor | None, padding: Tensor | None, N: int, S: int) -> Tensor | None:
    """Both masks as one: (1 or N, 1 or H, 1 or L, S)."""
    if padding is None:
        return mask
    if padding.shape != (N, S):
        raise ShapeError(f"{op}: key_padding_mask {padding.shape} must be ({N}, {S})")
    wide = reshape(padding, (N, 1, 1, S))
    return wide if mask is None else mask + wide
