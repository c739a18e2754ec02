"""Attention that writes: each token looks at itself and those before it, which may be remembered.

Letters: N batch, L new tokens, S all tokens so far, E features, H heads, G heads of keys and
values, D = E / H features of a head.
"""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, GradientError, ShapeError
from ..grad_mode import no_grad
from ..ops.creation import empty, ones
from ..tensor import Tensor
from . import functional as F
from . import init
from .linear import Linear
from .module import Module
from .parameter import Parameter

__all__ = ["CausalSelfAttention", "KeyValueCache"]


class KeyValueCache:
    """The keys and values of the tokens so far: generating a token computes those of it alone.

    One cache serves one attention layer and one batch of sequences, under `no_grad`. Its memory
    doubles when it is full, so S tokens cost O(S) copies.

    Example:
        >>> layer, cache = CausalSelfAttention(64, 4), KeyValueCache()
        >>> with mg.no_grad():
        ...     layer(mg.randn(1, 10, 64), cache).shape, layer(mg.randn(1, 1, 64), cache).shape
        ((1, 10, 64), (1, 1, 64))
        >>> len(cache)
        11
    """

    def __init__(self) -> None:
        self._held: tuple[Tensor, Tensor] | None = None
        self._length = 0

    def __len__(self) -> int:
        """How many tokens are remembered, S."""
        return self._length

    @no_grad()
    def update(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Remember keys and values (..., L, D) of new tokens; those of all, (..., S, D).

        Raises:
            GradientError: they are part of a graph. ShapeError: they do not fit the others.
        """
        if key.requires_grad or value.requires_grad:
            raise GradientError(
                "KeyValueCache: it holds values and no graph; generate under "
                "`with minigrad.no_grad():`"
            )
        for held, new in zip(self._held or (), (key, value)):
            if held.shape[:-2] != new.shape[:-2] or held.shape[-1] != new.shape[-1]:
                raise ShapeError(
                    f"KeyValueCache: it remembers (..., S, D) = {held.shape}, got {new.shape}: a "
                    "cache serves one layer and one batch"
                )
        start, stop = self._length, self._length + key.shape[-2]
        if self._held is None or self._held[0].shape[-2] < stop:
            self._held = (self._grown(0, key, stop), self._grown(1, value, stop))
        for held, new in zip(self._held, (key, value), strict=True):
            held[..., start:stop, :] = new
        self._length = stop
        keys, values = self._held
        return keys[..., :stop, :], values[..., :stop, :]

    def crop(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        if not 0 <= length <= self._length:
            raise ArgumentError(f"KeyValueCache: {length} of {self._length} tokens cannot be kept")
        self._length = length

    def _grown(self, which: int, new: Tensor, length: int) -> Tensor:
        lead, D = new.shape[:-2], new.shape[-1]
        room = max(16, 2 * length)
        memory = empty(*lead, room, D, dtype=new.dtype, device=new.device)
        if self._held is not None:
            memory[..., : self._length, :] = self._held[which][..., : self._length, :]
        return memory


class CausalSelfAttention(Module):
    """Self-attention in which a token looks at itself and those before it, as GPT's.

    The same numbers as `MultiheadAttention` with a causal mask and batch_first, whose state it
    loads; and, for generation, a cache.

    Args:
        embed_dim: E.
        num_heads: H, which divides E.
        dropout: the probability of an attention weight to be zeroed in training.
        bias: whether the projections have biases.
        num_kv_heads: G heads of keys and values, each shared by H / G heads of queries (Ainslie et
            al. 2023); H if None.
        rotary: a `RotaryEmbedding` of D for queries and keys, or None.

    Shapes: input and output (N, L, E); `in_proj_weight` (E + 2 G D, E) holds those of queries, keys
        and values one above the other.

    Raises:
        ArgumentError: heads that do not divide.
    """

    in_proj_bias: Parameter | None
    rotary: Module | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        num_kv_heads: int | None = None,
        rotary: Module | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        shared = num_heads if num_kv_heads is None else num_kv_heads
        if min(embed_dim, num_heads, shared) < 1 or embed_dim % num_heads or num_heads % shared:
            raise ArgumentError(
                f"CausalSelfAttention: num_heads={num_heads} must divide embed_dim={embed_dim}, "
                f"and num_kv_heads={shared} must divide num_heads"
            )
        self.embed_dim, self.num_heads, self.num_kv_heads = embed_dim, num_heads, shared
        self.head_dim, self.dropout = embed_dim // num_heads, dropout
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        rows = embed_dim + 2 * shared * self.head_dim
        self.in_proj_weight = Parameter(empty(rows, embed_dim, **made))
        offset = Parameter(empty(rows, **made)) if bias else None
        self.register_parameter("in_proj_bias", offset)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, **made)
        self.rotary = rotary
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values: as `MultiheadAttention`."""
        init.xavier_uniform_(self.in_proj_weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)

    def forward(self, input: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """(N, L, E) -> (N, L, E); with a cache, the input is what comes after the tokens in it."""
        if input.ndim != 3 or input.shape[2] != self.embed_dim:
            raise ShapeError(
                f"CausalSelfAttention: expected (N, L, {self.embed_dim}), got {input.shape}"
            )
        N, L, E = input.shape
        H, G, D = self.num_heads, self.num_kv_heads, self.head_dim
        before = 0 if cache is None else len(cache)
        packed = F.linear(input, self.in_proj_weight, self.in_proj_bias)
        q, k, v = [
            x.reshape(N, L, -1, D).transpose(1, 2)  # (N, L, H D) -> (N, H, L, D)
            for x in packed.split([E, G * D, G * D], -1)
        ]
        if self.rotary is not None:
            q, k = self.rotary(q, before), self.rotary(k, before)
        if cache is not None:
            k, v = cache.update(k, v)
        # Token i of the input is number `before + i`, and looks at as many.
        mask = None
        if before and L > 1:
            mask = ones(L, before + L, device=input.device).tril(before) > 0
        out = F.scaled_dot_product_attention(
            q, k, v, mask, self.dropout if self.training else 0.0, is_causal=before == 0,
            enable_gqa=G != H,
        )  # fmt: skip
        return self.out_proj(out.transpose(1, 2).reshape(N, L, E))

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, {self.num_heads}, num_kv_heads={self.num_kv_heads}"
