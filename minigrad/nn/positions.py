"""Where a token stands in its sequence: attention alone does not know.

Letters: L length, N batch, E features, D features of a head. `offset` is the position of the first
token, for generation: how many came before.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import float64, get_default_dtype
from ..errors import ArgumentError, ShapeError
from ..ops.creation import arange, empty
from ..ops.dropouts import dropout
from ..ops.join import cat, stack
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["LearnedPositionalEncoding", "RotaryEmbedding", "SinusoidalPositionalEncoding"]


def _angles(count: int, features: int, base: float, device: Any) -> Tensor:
    """(count, features / 2): position times ``base ** (-2 i / features)``, in float64."""
    steps = arange(0, features, 2, dtype=float64, device=device) / features
    return arange(count, dtype=float64, device=device).unsqueeze(1) * base**-steps


def _even(name: str, features: int, max_len: int) -> None:
    if features < 2 or features % 2 or max_len < 1:
        raise ArgumentError(
            f"{name}: {features} features and max_len={max_len}: features come in pairs, of a sine "
            "and a cosine, and there must be a position"
        )


class _Added(Module):
    """An encoding that is added: the rows of a table (max_len, E)."""

    max_len: int
    embed_dim: int
    batch_first: bool

    def _table(self) -> Tensor:
        raise NotImplementedError

    def _plus_rows(self, x: Tensor, offset: int) -> Tensor:
        name = type(self).__name__
        axis = 1 if self.batch_first and x.ndim == 3 else 0
        if x.ndim not in (2, 3) or x.shape[-1] != self.embed_dim:
            order = "(N, L, E)" if self.batch_first else "(L, N, E)"
            raise ShapeError(
                f"{name}: expected {order} or (L, E) with E={self.embed_dim}, got {x.shape}"
            )
        rows = _rows(self._table(), offset, x.shape[axis], name)
        return x + (rows.unsqueeze(1) if x.ndim == 3 and axis == 0 else rows)

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, max_len={self.max_len}, batch_first={self.batch_first}"


def _rows(table: Tensor, offset: int, count: int, name: str) -> Tensor:
    """The rows of `count` positions from `offset` on."""
    if offset < 0 or offset + count > table.shape[0]:
        raise ShapeError(
            f"{name}: positions {offset} to {offset + count - 1} are not among max_len="
            f"{table.shape[0]}: give a larger max_len, or a shorter sequence"
        )
    return table[offset : offset + count]


class SinusoidalPositionalEncoding(_Added):
    """Adds sines and cosines of the position, of wavelengths from 2 pi to base 2 pi.

    ``x[p, 2i] + sin(p / base^(2i/E))``, ``x[p, 2i+1] + cos(p / base^(2i/E))``, then dropout.
    (Vaswani et al. 2017.)

    Args:
        embed_dim: E, even.
        max_len: how many positions there are.
        dropout: the probability of zeroing an element of the sum, in training.
        base: 10000.
        batch_first: whether inputs are (N, L, E), not (L, N, E).

    Shapes: input and output (L, N, E), (N, L, E) with batch_first, or (L, E).

    Raises:
        ArgumentError: E is odd. ShapeError: positions beyond `max_len`.
    """

    encoding: Tensor

    def __init__(
        self,
        embed_dim: int,
        max_len: int = 5000,
        dropout: float = 0.0,
        base: float = 10000.0,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _even(type(self).__name__, embed_dim, max_len)
        self.embed_dim, self.max_len, self.dropout = embed_dim, max_len, dropout
        self.base, self.batch_first = base, batch_first
        angles = _angles(max_len, embed_dim, base, device)
        pairs = stack([angles.sin(), angles.cos()], -1).reshape(max_len, embed_dim)
        encoding = pairs.to(dtype=get_default_dtype() if dtype is None else dtype)
        self.register_buffer("encoding", encoding, persistent=False)

    def _table(self) -> Tensor:
        return self.encoding

    def forward(self, input: Tensor, offset: int = 0) -> Tensor:
        """The input plus the encoding of its positions, the first of which is `offset`."""
        return dropout(self._plus_rows(input, offset), self.dropout, self.training)


class LearnedPositionalEncoding(_Added):
    """Adds a learned vector for each position, as BERT and GPT do.

    Args:
        embed_dim: E.
        max_len: how many positions there are.
        batch_first: whether inputs are (N, L, E), not (L, N, E).

    Shapes: input and output (L, N, E), (N, L, E) with batch_first, or (L, E); `weight`
        (max_len, E) starts normal with the deviation 0.02 (Radford et al. 2018).

    Raises:
        ShapeError: positions beyond `max_len`.
    """

    def __init__(
        self,
        embed_dim: int,
        max_len: int,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.embed_dim, self.max_len, self.batch_first = embed_dim, max_len, batch_first
        self.weight = Parameter(empty(max_len, embed_dim, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.normal_(self.weight, 0.0, 0.02)

    def _table(self) -> Tensor:
        return self.weight

    def forward(self, input: Tensor, offset: int = 0) -> Tensor:
        """The input plus the vectors of its positions, the first of which is `offset`."""
        return self._plus_rows(input, offset)


class RotaryEmbedding(Module):
    """Turns pairs of features of queries and keys by angles that grow with the position.

    ``(a, b) -> (a cos t - b sin t, b cos t + a sin t)`` with ``t = p / base^(2i/D)`` for pair i
    at position p. The product of a query and a key then depends on how far apart they stand, not
    on where. (Su et al. 2021.)

    Args:
        head_dim: D, even.
        max_len: how many positions there are.
        base: 10000; larger ones are for longer sequences.
        interleaved: pair i is features (2i, 2i + 1), as in the paper and GPT-J; or, by default,
            the halves (i, i + D / 2), as in GPT-NeoX and Llama. Weights trained with one do not
            fit the other.

    Shapes: input and output (..., L, D).

    Raises:
        ArgumentError: D is odd. ShapeError: features that are not D, positions beyond `max_len`.

    Example:
        >>> rotate = RotaryEmbedding(16)
        >>> q, k = mg.randn(2, 4, 10, 16), mg.randn(2, 4, 10, 16)
        >>> rotate(q).shape, rotate(k, offset=5).shape
        ((2, 4, 10, 16), (2, 4, 10, 16))
    """

    cos: Tensor
    sin: Tensor

    def __init__(
        self,
        head_dim: int,
        max_len: int = 4096,
        base: float = 10000.0,
        interleaved: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _even(type(self).__name__, head_dim, max_len)
        self.head_dim, self.max_len, self.base = head_dim, max_len, base
        self.interleaved = interleaved
        angles = _angles(max_len, head_dim, base, device)
        dtype = get_default_dtype() if dtype is None else dtype
        for name, table in (("cos", angles.cos()), ("sin", angles.sin())):
            self.register_buffer(name, table.to(dtype=dtype), persistent=False)

    def forward(self, input: Tensor, offset: int = 0) -> Tensor:
        """Queries or keys, turned; the first stands at the position `offset`."""
        name, D = type(self).__name__, self.head_dim
        if input.ndim < 2 or input.shape[-1] != D:
            raise ShapeError(f"{name}: expected (..., L, {D}), got {input.shape}")
        cos, sin = [_rows(t, offset, input.shape[-2], name) for t in (self.cos, self.sin)]
        if self.interleaved:
            a, b = input[..., ::2], input[..., 1::2]  # (..., L, D / 2)
        else:
            a, b = input[..., : D // 2], input[..., D // 2 :]
        turned = [a * cos - b * sin, b * cos + a * sin]
        if self.interleaved:
            return stack(turned, -1).reshape(input.shape)
        return cat(turned, -1)

    def extra_repr(self) -> str:
        return (
            f"{self.head_dim}, max_len={self.max_len}, base={self.base}, "
            f"interleaved={self.interleaved}"
        )
