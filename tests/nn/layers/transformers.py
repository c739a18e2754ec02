"""Transformers. Dropout is 0 but where a row says that it is random."""

import warnings

import numpy as np

from .making import layer

CAUSAL = np.triu(np.ones((3, 3), bool), 1)
LAST = np.array([[False, False, True], [False, False, False]])
E, H, WIDE = 4, 2, 10
NONE = {"dropout": 0.0}
FIRST = {"batch_first": True, **NONE}


def encoder(count, norm=False, nested=False, **settings):
    def build(lib):
        kind = lib.nn.TransformerEncoderLayer(E, H, WIDE, **settings)
        end = lib.nn.LayerNorm(4) if norm else None
        return lib.nn.TransformerEncoder(kind, count, end, nested)

    return build


def decoder(lib):
    kind = lib.nn.TransformerDecoderLayer(E, H, WIDE, **FIRST)
    return lib.nn.TransformerDecoder(kind, 2, lib.nn.LayerNorm(4))


def transformer(*counts, **settings):
    def build(lib):
        with warnings.catch_warnings():  # PyTorch says where it takes no nested path
            warnings.simplefilter("ignore")
            return lib.nn.Transformer(E, H, *counts, WIDE, **settings)

    return build


def generated(lib, module, src, tgt):
    """With the mask that the class makes, in the dtype of the inputs."""
    mask = lib.nn.Transformer.generate_square_subsequent_mask(3, tgt.device, tgt.dtype)
    return module(src, tgt, tgt_mask=mask)


def masked(lib, module, src, tgt, padding):
    return module(
        src, tgt, src_key_padding_mask=padding, tgt_key_padding_mask=padding,
        memory_key_padding_mask=padding,
    )  # fmt: skip


def padded(lib, module, x, padding):
    return module(x, src_key_padding_mask=padding)


def decoded(lib, module, tgt, memory, mask, padding):
    return module(tgt, memory, mask, memory_key_padding_mask=padding)


ROWS = [
    layer("TransformerEncoderLayer",
          lambda lib: lib.nn.TransformerEncoderLayer(E, H, WIDE, **NONE), (3, 2, 4), twice=False),
    layer("TransformerEncoderLayer norm first",
          lambda lib: lib.nn.TransformerEncoderLayer(E, H, WIDE, activation="gelu", norm_first=True,
                                                     layer_norm_eps=0.1, **FIRST),
          (2, 3, 4), LAST, call=padded),
    layer("TransformerEncoderLayer module",
          lambda lib: lib.nn.TransformerEncoderLayer(E, H, WIDE, bias=False,
                                                     activation=lib.nn.Tanh()),
          (3, 4), random=True),
    layer("TransformerEncoder", encoder(2, norm=True, activation="gelu", **FIRST),
          (2, 3, 4), CAUSAL),
    layer("TransformerEncoder padded", encoder(1, activation="gelu", **NONE), (3, 2, 4), LAST,
          call=padded),
    layer("TransformerDecoderLayer",
          lambda lib: lib.nn.TransformerDecoderLayer(E, H, WIDE, activation="gelu", **NONE),
          (3, 2, 4), (2, 2, 4)),
    layer("TransformerDecoderLayer norm first",
          lambda lib: lib.nn.TransformerDecoderLayer(E, H, WIDE, norm_first=True, bias=False,
                                                     **FIRST),
          (2, 3, 4), (2, 3, 4), CAUSAL, LAST, call=decoded, twice=False),
    layer("TransformerDecoder", decoder, (2, 3, 4), (2, 3, 4), CAUSAL, LAST, call=decoded,
          twice=False),
    layer("Transformer", transformer(1, 1, activation="gelu", **FIRST), (2, 4, 4), (2, 3, 4),
          call=generated),
    layer("Transformer masked", transformer(1, 1, norm_first=True, activation="gelu", **NONE),
          (3, 2, 4), (3, 2, 4), LAST, call=masked),
]  # fmt: skip
