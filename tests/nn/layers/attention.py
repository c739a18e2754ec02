"""Multi-head attention. What it refuses is tested in `tests/nn/test_attention_layers.py`."""

import numpy as np

from .making import layer

CAUSAL = np.triu(np.ones((3, 3), bool), 1)
LAST = np.array([[False, False, True], [False, False, False]])  # keys to leave out, (N, S)


def oneself(lib, module, x, *masks):
    """Queries, keys and values in one."""
    return module(x, x, x, *masks)


def plain(lib, module, q, k, v):
    return module(q, k, v, need_weights=False)


def causal(lib, module, x, mask):
    return module(x, x, x, attn_mask=mask, need_weights=False, is_causal=True)


def each(lib, module, x, padding, mask):
    """The weights of each head, with masks of floats."""
    return module(x, x, x, padding, True, mask, False)


ROWS = [
    layer("MultiheadAttention", lambda lib: lib.nn.MultiheadAttention(4, 2),
          (3, 2, 4), (2, 2, 4), (2, 2, 4)),
    layer("MultiheadAttention batch first",
          lambda lib: lib.nn.MultiheadAttention(4, 2, batch_first=True, bias=False),
          (2, 3, 4), (2, 2, 4), (2, 2, 4), call=plain),
    layer("MultiheadAttention alone", lambda lib: lib.nn.MultiheadAttention(4, 1, batch_first=True),
          (3, 4), LAST[0], call=oneself),
    layer("MultiheadAttention kdim vdim",
          lambda lib: lib.nn.MultiheadAttention(6, 2, 0.5, add_bias_kv=True, kdim=3, vdim=5),
          (3, 2, 6), (2, 2, 3), (2, 2, 5), random=True),
    layer("MultiheadAttention zero",
          lambda lib: lib.nn.MultiheadAttention(4, 2, add_zero_attn=True, add_bias_kv=True),
          (3, 2, 4), LAST, call=oneself),
    layer("MultiheadAttention causal",
          lambda lib: lib.nn.MultiheadAttention(4, 2, batch_first=True),
          (2, 3, 4), CAUSAL, call=causal),
    layer("MultiheadAttention each",
          lambda lib: lib.nn.MultiheadAttention(4, 2, batch_first=True),
          (2, 3, 4), (2, 3), (4, 3, 3), call=each),
]  # fmt: skip
