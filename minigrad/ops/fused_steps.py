"""Steps of optimizers in one pass over memory, where the device has a kernel for them.

An update rule is tensor arithmetic in `minigrad.optim`. Before it runs it asks here for the kernel
of its name, ``kernels/<device>/optim.py``, which does the same to the bit. (A rule has no record:
it writes its inputs and has no gradient, and its reference is itself.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import context
from ..device import ARRAY_TYPES
from ..kernels.lookup import fast_kernel
from ..tensor import Tensor, log_write


def fused(rule: str, grad: Tensor, written: Sequence[Tensor], numbers: Sequence[float]) -> bool:
    """Run the kernel of `rule` if there is one and the tensors fit it; whether it ran.

    Args:
        rule: the kernel's name.
        grad: the gradient.
        written: the parameter, then what is remembered of it: all of one shape, one dtype of 32 or
            64 bits, and dense in C order.
        numbers: what the kernel multiplies by, in its order.
    """
    p = written[0].array
    dtype, shape = p.dtype, p.shape
    if dtype.char not in "fd" or context.recorders:
        return False
    g = grad.array
    kernel = fast_kernel(f"optim.{rule}", ARRAY_TYPES[type(p)])
    if kernel is None or np.may_share_memory(p, g):
        return False
    vectors = []
    for array in (*[x.array for x in written], g):
        if array.dtype != dtype or array.shape != shape or not array.flags.carray:
            return False
        vectors.append(array.reshape(-1))
    kernel(*vectors, context.state.run_quietly(np.array, numbers, dtype))  # 1e60 is infinity
    for x in written:
        log_write(x)
    return True
