"""Softmax and its logarithm, over one dimension."""

from __future__ import annotations

from typing import Any

from ..ir import Primitive, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply
from .operands import axis_of, need_float
from .shape import cast

__all__ = ["log_softmax", "softmax"]


def _same(x: Any, *, dim: int) -> Spec:
    return Spec(x.shape, x.dtype, memory_order(x))


SOFTMAX = Primitive(
    "softmax",
    _same,
    kernel="softmax.softmax",
    vjps=(lambda g, y, dim: y * (g - (g * y).sum(dim, keepdim=True)),),
    formula="y = exp(x) / sum(exp(x))",
)
LOG_SOFTMAX = Primitive(
    "log_softmax",
    _same,
    kernel="softmax.log_softmax",
    vjps=(lambda g, y, dim: g - y.exp() * g.sum(dim, keepdim=True),),
    formula="y = x - log(sum(exp(x)))",
)


def softmax(input: Tensor, dim: int = -1, *, dtype: Any = None) -> Tensor:
    """``exp(x) / sum(exp(x))`` over `dim`, without overflow."""
    return _over(SOFTMAX, input, dim, dtype)


def log_softmax(input: Tensor, dim: int = -1, *, dtype: Any = None) -> Tensor:
    """The logarithm of softmax over `dim`, exact where softmax would be 0."""
    return _over(LOG_SOFTMAX, input, dim, dtype)


def _over(prim: Primitive, input: Tensor, dim: int, dtype: Any) -> Tensor:
    x = input if dtype is None else cast(input, dtype)
    need_float(x, prim.name)
    axis = axis_of(dim, x.ndim, prim.name)
    if x.ndim == 0:
        return apply(prim, x.reshape(1), dim=0).reshape(())
    return apply(prim, x, dim=axis)
