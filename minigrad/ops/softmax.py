"""Softmax and its logarithm, over one dimension."""

from __future__ import annotations

import warnings
from typing import Any

from ..dtypes import float32, float64
from ..errors import ArgumentError
from ..ir import Primitive, Spec
from ..kernels.launch import memory_order
from ..random import Generator
from ..tensor import Tensor, apply
from .calling import public
from .choice import clamp_min
from .creation import arange
from .elementwise import log
from .operands import as_tensor_operand, axis_of, need_float
from .random import rand
from .shape import cast

__all__ = ["log_softmax", "softmax"]


def _same(x: Any, *, dim: int) -> Spec:
    return Spec(x.shape, x.dtype, memory_order(x))


# `upper` is the gradient that comes from above: of y.
def _as_y(upper: Any, y: Any, *, dim: int) -> Spec:
    return Spec(y.shape, y.dtype, memory_order(y))


def _along(x: Tensor, dim: int) -> Tensor:
    return x.sum(dim, keepdim=True)


SOFTMAX_GRAD: Primitive = Primitive(
    "softmax_grad",
    _as_y,
    kernel="softmax.softmax_grad",
    vjps=(
        lambda g, y, dim: apply(SOFTMAX_GRAD, g, y, dim=dim),
        lambda g, upper, y, dim: g * (upper - _along(upper * y, dim)) - upper * _along(g * y, dim),
    ),
    outputs=("dx",),
    formula="dx = y (upper - sum(upper y))",
)
SOFTMAX = Primitive(
    "softmax",
    _same,
    kernel="softmax.softmax",
    vjps=(lambda g, y, dim: apply(SOFTMAX_GRAD, g, y, dim=dim),),
    formula="y = exp(x) / sum(exp(x))",
)
LOG_SOFTMAX_GRAD: Primitive = Primitive(
    "log_softmax_grad",
    _as_y,
    kernel="softmax.log_softmax_grad",
    vjps=(
        lambda g, y, dim: g - _along(g * y.exp(), dim),
        lambda g, upper, y, dim: -g * y.exp() * _along(upper, dim),
    ),
    outputs=("dx",),
    formula="dx = upper - exp(y) sum(upper)",
)
LOG_SOFTMAX = Primitive(
    "log_softmax",
    _same,
    kernel="softmax.log_softmax",
    vjps=(lambda g, y, dim: apply(LOG_SOFTMAX_GRAD, g, y, dim=dim),),
    formula="y = x - log(sum(exp(x)))",
)


@public
def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """``exp(x) / sum(exp(x))`` over `dim`, without overflow; `input` is cast to `dtype` first."""
    return _over(SOFTMAX, input, dim, dtype)


@public
def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """The logarithm of softmax over `dim`, exact where softmax would be 0."""
    return _over(LOG_SOFTMAX, input, dim, dtype)


def _over(prim: Primitive, input: Tensor, dim: int, dtype: Any) -> Tensor:
    input = as_tensor_operand(input, prim.name)
    x = input if dtype is None else cast(input, dtype)
    need_float(x, prim.name)
    axis = axis_of(dim, x.ndim, prim.name)
    if x.ndim == 0:
        return apply(prim, x.reshape(1), dim=0).reshape(())
    return apply(prim, x, dim=axis)


# As nn.functional has them -------------------------------------------------------------------


def _chosen(dim: int | None, ndim: int, op: str) -> int:
    """`dim`, or the one that PyTorch once chose for a call without it."""
    if dim is not None:
        return dim
    warnings.warn(
        f"{op}: the dimension is chosen for you, which is deprecated; give it, as in dim=1",
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


def functional_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """``exp(x) / sum(exp(x))`` over `dim`, without overflow; `input` is cast to `dtype` first."""
    return _over(SOFTMAX, input, _chosen(dim, input.ndim, "softmax"), dtype)


def functional_log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """The logarithm of softmax over `dim`, exact where softmax would be 0."""
    return _over(LOG_SOFTMAX, input, _chosen(dim, input.ndim, "log_softmax"), dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """The softmax of ``-x`` over `dim`."""
    return _over(SOFTMAX, -input, _chosen(dim, input.ndim, "softmin"), dtype)


def gumbel_softmax(
    logits: Tensor,
    tau: float = 1,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """A sample of the categorical distribution, softened: the softmax of ``(logits + n) / tau``.

    The noise `n` is Gumbel's, ``-log(-log(uniform))`` (Jang et al. 2017; Maddison et al. 2017).
    With `hard` the value is one-hot and the gradient that of the soft sample. `eps` does nothing.
    """
    need_float(logits, "gumbel_softmax")
    if not eps > 0:
        raise ArgumentError(f"gumbel_softmax: eps={eps} must be positive")
    dtype = logits.dtype if logits.dtype == float64 else float32
    uniform = rand(logits.shape, dtype=dtype, device=logits.device, generator=generator)
    smallest = 2.0**-54 if dtype == float64 else 2.0**-25  # half a step of what is drawn
    noise = -log(-log(clamp_min(uniform, smallest)))
    soft = softmax((logits + cast(noise, logits.dtype)) / tau, dim)
    if not hard:
        return soft
    axis = axis_of(dim, logits.ndim, "gumbel_softmax")
    places = _places(soft, axis)
    one_hot = cast(places == soft.detach().argmax(dim, keepdim=True), soft.dtype)
    return one_hot - soft.detach() + soft


def _places(x: Tensor, axis: int) -> Tensor:
    """The numbers 0, 1, ... along `axis`, shaped to broadcast against `x`."""
    if x.ndim == 0:
        return arange(1, device=x.device).reshape(())
    count = x.shape[axis]
    return arange(count, device=x.device).reshape(count, *[1] * (x.ndim - axis - 1))
