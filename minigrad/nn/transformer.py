"""The Transformer of Vaswani et al., "Attention Is All You Need" (2017), and its layers.

Letters: S source length, T target length, N batch, E = d_model features, H = nhead heads. Lengths
come first, (S, N, E), or the batch with batch_first, (N, S, E); N may be absent.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..ops.creation import full
from ..tensor import Tensor
from . import functional as F
from . import init
from .attention import MultiheadAttention
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Tensor], Tensor]


class _Layer(Module):
    """What an encoder layer and a decoder layer share: self-attention and a feed-forward network.

    Each block is added to its input: after a LayerNorm of that input (norm_first), or before one
    of the sum.
    """

    # The blocks after self-attention and before the feed-forward network; as PyTorch names them.
    _ATTENTIONS: tuple[str, ...] = ("self_attn",)
    activation: Callable[[Tensor], Tensor]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        for name in self._ATTENTIONS:
            attention = MultiheadAttention(
                d_model, nhead, dropout=dropout, batch_first=batch_first, **made
            )
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        self.norm_first = norm_first
        blocks = range(1, len(self._ATTENTIONS) + 2)
        for i in blocks:
            self.add_module(f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, **made))
        for i in blocks:
            self.add_module(f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation) if isinstance(activation, str) else activation

    def _add(self, x: Tensor, norm: Module, block: Callable[[Tensor], Tensor]) -> Tensor:
        """`x` plus what `block` makes of it."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _attend(
        self, attention: Module, x: Tensor, memory: Tensor, mask: Tensor | None,
        padding: Tensor | None, causal: bool,
    ) -> Tensor:  # fmt: skip
        return attention(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, need_weights=False,
            is_causal=causal,
        )[0]  # fmt: skip

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a feed-forward network, each added to its input and normalised.

    ``x = norm1(x + attention(x))``, ``y = norm2(x + linear2(activation(linear1(x))))``; or, with
    norm_first, ``x + attention(norm1(x))`` and so on (Xiong et al. 2020).

    Args:
        d_model: E.
        nhead: H, which divides E.
        dim_feedforward: the width of the feed-forward network.
        dropout: the probability of dropping, of attention weights and after each block.
        activation: "relu", "gelu", or a function of a tensor.
        layer_norm_eps: `eps` of the LayerNorms.
        batch_first: whether inputs are (N, S, E), not (S, N, E).
        norm_first: normalise the input of each block, not the sum.
        bias: whether Linear and LayerNorm have biases.

    Shapes: input and output (S, N, E), (N, S, E) with batch_first, or (S, E).

    Example:
        >>> layer = TransformerEncoderLayer(64, 4, batch_first=True)
        >>> layer(mg.randn(2, 10, 64)).shape
        (2, 10, 64)
    """

    self_attn: MultiheadAttention
    norm1: LayerNorm
    norm2: LayerNorm
    dropout1: Dropout
    dropout2: Dropout

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The masks are those of `MultiheadAttention`, and so is the hint `is_causal`."""

        def attend(x: Tensor) -> Tensor:
            args = (src_mask, src_key_padding_mask, is_causal)
            return self.dropout1(self._attend(self.self_attn, x, x, *args))

        x = self._add(src, self.norm1, attend)
        return self._add(x, self.norm2, lambda x: self.dropout2(self._feed_forward(x)))


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's output, then a feed-forward network.

    Each is added to its input and normalised, as in `TransformerEncoderLayer`, whose arguments
    it has.

    Shapes: target and output (T, N, E), memory (S, N, E); (N, T, E) and (N, S, E) with
        batch_first; or without N.
    """

    _ATTENTIONS = ("self_attn", "multihead_attn")
    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention
    norm1: LayerNorm
    norm2: LayerNorm
    norm3: LayerNorm
    dropout1: Dropout
    dropout2: Dropout
    dropout3: Dropout

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Masks and hints of the attention to the target, and of that to the memory."""

        def attend(x: Tensor) -> Tensor:
            args = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
            return self.dropout1(self._attend(self.self_attn, x, x, *args))

        def look(x: Tensor) -> Tensor:
            args = (memory_mask, memory_key_padding_mask, memory_is_causal)
            return self.dropout2(self._attend(self.multihead_attn, x, memory, *args))

        x = self._add(tgt, self.norm1, attend)
        x = self._add(x, self.norm2, look)
        return self._add(x, self.norm3, lambda x: self.dropout3(self._feed_forward(x)))


class TransformerEncoder(Module):
    """Layers of one kind, one after the other; all start as copies of the one that is given.

    Args:
        encoder_layer: a `TransformerEncoderLayer`; it is copied.
        num_layers: how many.
        norm: a module for the end, or None.
        enable_nested_tensor, mask_check: taken for PyTorch's sake; they change nothing. (There,
            outputs at padded places are zeros where the nested path is taken.)
    """

    norm: Module | None

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """As the layers' forward; with `is_causal` None, whether `mask` is causal is looked at."""
        causal = _is_causal(mask, is_causal, src, self.layers)
        for layer in self.layers:
            src = layer(
                src, src_mask=mask, is_causal=causal, src_key_padding_mask=src_key_padding_mask
            )
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Layers of one kind, one after the other; all start as copies of the one that is given.

    Args:
        decoder_layer: a `TransformerDecoderLayer`; it is copied.
        num_layers: how many.
        norm: a module for the end, or None.
    """

    norm: Module | None

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """As the layers' forward; `tgt_is_causal` None: whether `tgt_mask` is causal is looked
        at."""
        causal = _is_causal(tgt_mask, tgt_is_causal, tgt, self.layers)
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal, memory_is_causal=memory_is_causal,
            )  # fmt: skip
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder of the source and a decoder of the target, which looks at the encoder's output.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias: of the layers, see `TransformerEncoderLayer`.
        num_encoder_layers, num_decoder_layers: how many.
        custom_encoder, custom_decoder: modules to take instead.

    Shapes: source (S, N, E), target and output (T, N, E); (N, S, E) and (N, T, E) with
        batch_first; or without N. Weight matrices start uniform (Glorot, Bengio 2010).

    Raises:
        ShapeError: source and target differ in N, or have not `d_model` features.

    Example:
        >>> model = Transformer(64, 4, 2, 2, batch_first=True)
        >>> mask = model.generate_square_subsequent_mask(7)
        >>> model(mg.randn(3, 10, 64), mg.randn(3, 7, 64), tgt_mask=mask).shape
        (3, 7, 64)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        settings = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)

        def stack(stack_of: Any, kind: Any, count: int) -> Module:
            layer = kind(*settings, batch_first, norm_first, **made)
            return stack_of(layer, count, LayerNorm(d_model, eps=layer_norm_eps, **made))

        self.encoder = custom_encoder or stack(
            TransformerEncoder, TransformerEncoderLayer, num_encoder_layers
        )
        self.decoder = custom_decoder or stack(
            TransformerDecoder, TransformerDecoderLayer, num_decoder_layers
        )
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The decoder's output.

        Args:
            src, tgt: source and target.
            src_mask, tgt_mask, memory_mask: (S, S), (T, T), (T, S), or each (N H, ...): True for
                places to leave out, or floats to add.
            src_key_padding_mask, tgt_key_padding_mask, memory_key_padding_mask: (N, S), (N, T),
                (N, S): True or -inf for places to leave out.
            src_is_causal, tgt_is_causal, memory_is_causal: say that the mask is the causal one;
                with None it is looked at.
        """
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and (tgt.ndim != 3 or src.shape[batch] != tgt.shape[batch]):
            raise ShapeError(
                f"Transformer: source {src.shape} and target {tgt.shape} must have one batch size, "
                f"at dimension {batch} (batch_first={self.batch_first})"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ShapeError(
                f"Transformer: source {src.shape} and target {tgt.shape} must have "
                f"d_model={self.d_model} features"
            )
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal, memory_is_causal=memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask (sz, sz): -inf above the diagonal, where the future is, else 0."""
        return full((sz, sz), -math.inf, dtype=dtype, device=device).triu(1)

    def _reset_parameters(self) -> None:
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p)


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


def _activation(name: str) -> Callable[[Tensor], Tensor]:
    known: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu}
    if name not in known:
        raise ArgumentError(
            f"activation={name!r} must be 'relu', 'gelu', or a function of a tensor"
        )
    return known[name]


def _is_causal(mask: Tensor | None, hint: bool | None, x: Tensor, layers: ModuleList) -> bool:
    """The hint, or whether `mask` is the causal one, which a faster attention serves."""
    if hint is not None or mask is None:
        return bool(hint)
    size = x.shape[1 if layers[0].self_attn.batch_first and x.ndim == 3 else 0]
    if mask.shape != (size, size):
        return False
    causal = Transformer.generate_square_subsequent_mask(size, mask.device, mask.dtype)
    return bool((mask == causal).all())
