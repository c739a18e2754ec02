"""Matrix products, in array code."""

from __future__ import annotations

from ...device import Array, namespace


def matmul(out: Array, a: Array, b: Array) -> None:
    """(..., M, K) by (..., K, N), batch dimensions broadcast."""
    if a.shape[-1] == 0:
        out[...] = 0
        return
    namespace(a).matmul(a, b, out=out)
