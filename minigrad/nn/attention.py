"""Multi-head attention.

Letters: L queries, S keys, N batch, E features, H heads, D = E / H features of a head.
"""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..ops.creation import empty
from ..ops.multi_head import attend_in_heads
from ..tensor import Tensor
from . import init
from .linear import Linear
from .module import Module
from .parameter import Parameter

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under the name that PyTorch prints for `MultiheadAttention.out_proj`."""


class MultiheadAttention(Module):
    """Attention of H heads, each on its D features of projected queries, keys and values.

    ``head = softmax(q k^T / sqrt(D) + mask) v`` with ``q = query W_q^T``, ``k = key W_k^T``,
    ``v = value W_v^T``; the heads side by side, times ``W_o^T``, are the output.
    (Vaswani et al. 2017.)

    Args:
        embed_dim: E, which `num_heads` divides.
        num_heads: H.
        dropout: the probability of an attention weight to be zeroed in training.
        bias: whether the projections have biases.
        add_bias_kv: whether one more key and value are learned.
        add_zero_attn: whether one more key and value are zeros.
        kdim, vdim: features of keys and values, E if None.
        batch_first: whether inputs are (N, L, E), not (L, N, E).

    Shapes: query (L, N, E), key (S, N, kdim), value (S, N, vdim), the output as the query; or all
        without N. `in_proj_weight` (3 E, E) holds W_q, W_k and W_v one above the other; with kdim
        or vdim they are `q_proj_weight`, `k_proj_weight` and `v_proj_weight`. Weights start
        uniform (Glorot, Bengio 2010), biases as zeros.

    Raises:
        ArgumentError: sizes that are not positive, or heads that do not divide E.

    Example:
        >>> attend = MultiheadAttention(64, 4, batch_first=True)
        >>> x = mg.randn(2, 10, 64)
        >>> y, weights = attend(x, x, x)
        >>> y.shape, weights.shape
        ((2, 10, 64), (2, 10, 10))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _check_sizes(embed_dim, num_heads)
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.head_dim = embed_dim // num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        E, one, kv = embed_dim, self._qkv_same_embed_dim, add_bias_kv
        shapes = {
            "in_proj_weight": (3 * E, E) if one else None,
            "q_proj_weight": None if one else (E, E),
            "k_proj_weight": None if one else (E, self.kdim),
            "v_proj_weight": None if one else (E, self.vdim),
            "in_proj_bias": (3 * E,) if bias else None,
            "bias_k": (1, 1, E) if kv else None,
            "bias_v": (1, 1, E) if kv else None,
        }
        for name, shape in shapes.items():
            values = None if shape is None else empty(shape, device=device, dtype=dtype)
            self.register_parameter(name, None if values is None else Parameter(values))
        self.out_proj = NonDynamicallyQuantizableLinear(E, E, bias=bias, device=device, dtype=dtype)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw new initial values; those of `out_proj` are Linear's, but for the bias."""
        for name, p in self._held(Parameter):
            if name == "in_proj_bias":
                init.zeros_(p)
            elif name in ("bias_k", "bias_v"):
                init.xavier_normal_(p)
            else:
                init.xavier_uniform_(p)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The attended values, and the weights if they are wanted.

        Args:
            query, key, value: see the shapes of the class.
            key_padding_mask: (N, S), True or -inf for keys to leave out.
            need_weights: return the weights too, for a picture; without it is faster, and a query
                that may look nowhere gives zeros, not NaN.
            attn_mask: (L, S) or (N H, L, S), True for places to leave out, or floats to add.
            average_attn_weights: whether the weights are averaged over the heads.
            is_causal: says that `attn_mask` is the causal one.

        Returns: the output, as the query; and None or the weights (N, L, S), or (N, H, L, S) of
            each head. A batch that the inputs do not have is missing there too.
        """
        return attend_in_heads(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight,
            self.in_proj_bias, self.bias_k, self.bias_v, self.add_zero_attn, self.dropout,
            self.out_proj.weight, self.out_proj.bias, self.training, key_padding_mask,
            need_weights, attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight, None, None, average_attn_weights, is_causal,
            self.batch_first,
        )  # fmt: skip


def _check_sizes(embed_dim: int, num_heads: int) -> None:
    if embed_dim <= 0 or num_heads <= 0:
        raise ArgumentError(
            f"MultiheadAttention: embed_dim={embed_dim} and num_heads={num_heads} must be positive"
        )
    if embed_dim % num_heads:
        raise ArgumentError(
            f"MultiheadAttention: embed_dim={embed_dim} does not divide into "
            f"num_heads={num_heads}: each head has embed_dim / num_heads features"
        )
