"""Attention."""

import layer_oracles as oracles
import numpy as np
from numpy import array

from minigrad.ops.multi_head import THIRDS
from minigrad.tensor import apply
from minigrad.testing import sample

from .making import X, call, row

SEEN = array([[True, False, True], [False, False, False]])


def heads(x, w_in, b_in, w_out, mask=None):
    function = call("multi_head_attention_forward")
    return function(x, x, x, 4, 2, w_in, b_in, None, None, False, 0.0, w_out, None, attn_mask=mask)


ROWS = [
    row("scaled_dot_product_attention", oracles.attention,
        sample(X(2, 1, 2, 3), X(2, 1, 3, 3), X(2, 1, 3, 2)),
        sample(X(2, 3), X(3, 3), X(3, 3), SEEN),
        sample(X(2, 3), X(3, 3), X(3, 1), X(2, 3), scale=0.3),
        sample(X(1, 3, 2), X(1, 2, 2), X(1, 2, 2), is_causal=True),
        sample(X(1, 4, 2, 2), X(1, 2, 2, 2), X(1, 2, 2, 2), enable_gqa=True),
        sample(X(0, 2, 3), X(0, 2, 3), X(0, 2, 3))),
    row("multi_head_attention_forward", oracles.multi_head,
        sample(X(2, 2, 4), X(12, 4), X(12), X(4, 4)),
        sample(X(2, 4), X(12, 4), X(12), X(4, 4), np.triu(np.ones((2, 2), bool), 1)),
        function=heads),
    row("thirds", lambda x: tuple(np.split(x, 3, -1)), sample(X(2, 2, 6)), sample(X(0, 3)),
        function=lambda x: apply(THIRDS, x)),
]  # fmt: skip
