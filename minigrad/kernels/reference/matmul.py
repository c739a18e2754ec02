"""Matrix products, in array code."""

from __future__ import annotations

from ...device import Array, namespace


def matmul(out: Array, a: Array, b: Array) -> None:
    """(..., M, K) by (..., K, N), batch dimensions broadcast."""
    if a.shape[-1] == 0:
        out[...] = 0
        return
    namespace(a).matmul(a, b, out=out)


def linear(out: Array, x: Array, weight: Array, bias: Array) -> None:
    """(..., K) by weight (N, K), and bias (N,): (..., N)."""
    N, K = weight.shape
    if K:
        rows = x if x.ndim == 2 else x.reshape(-1, K)
        namespace(x).matmul(rows, weight.T, out=out if x.ndim == 2 else out.reshape(-1, N))
        out += bias
    else:
        out[...] = bias
