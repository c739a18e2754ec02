"""Binary search in array code: all elements take each step together."""

from __future__ import annotations

import numpy as np

from ...device import Array, namespace


def searchsorted(out: Array, sequence: Array, x: Array, *, right: bool) -> None:
    """For x (R, M) the place in sequence (R, N) of its row. NaN comes last."""
    xp = namespace(x)
    N = sequence.shape[1]
    # NumPy's own search is ten times faster, and differs only in where NaNs belong.
    if xp is np and len(sequence) == 1 and not (sequence != sequence).any():
        out[...] = np.searchsorted(sequence[0], x, "right" if right else "left")
        out[x != x] = N
        return
    first, last = xp.zeros_like(out), xp.full_like(out, N)
    for _ in range(N.bit_length()):
        middle = (first + last) // 2
        found = xp.take_along_axis(sequence, xp.minimum(middle, N - 1), axis=1)
        # Not `found < x`: what compares with NaN goes to the right, as in PyTorch.
        after = ~((found > x) if right else (found >= x)) & (first < last)
        first, last = xp.where(after, middle + 1, first), xp.where(after, last, middle)
    out[...] = first
