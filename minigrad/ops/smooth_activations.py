"""Smooth activations, each with a slope that stays finite where its parts do not."""

from __future__ import annotations

import math

from ..errors import ArgumentError, ShapeError
from ..ir import Elementwise
from ..tensor import Scalar, Tensor, apply
from .activations import activate
from .calling import public
from .elementwise import abs, sigmoid, tanh
from .operands import as_tensor_operand, axis_of, need_float

__all__ = [
    "gelu", "glu", "logsigmoid", "mish", "silu", "softplus", "softsign", "tanhshrink",
]  # fmt: skip

_NORMAL = 1 / math.sqrt(2 * math.pi)  # the density of the normal distribution at 0
_TANH_SCALE, _TANH_CUBE = math.sqrt(2 / math.pi), 0.044715

# Softplus and the logarithm of a sigmoid -----------------------------------------------------

SOFTPLUS = Elementwise(
    "softplus",
    "select(a * k > t, a, log1p(exp(a * k)) / k)",
    "a k t",
    vjps=(lambda g, a, k, t: g * _softplus_slope(a, k, t), None, None),
    formula="log(1 + exp(k x)) / k, and x where k x > t",
)
SOFTPLUS_SLOPE = Elementwise(
    "softplus_slope",
    "select(a * k > t, 1, 1 / (1 + exp(-a * k)))",
    "a k t",
    vjps=(lambda g, y, k: g * (y * (1 - y) * k), None, None),  # 0 on the straight piece
)


def _softplus_slope(x: Tensor, k: float, t: float) -> Tensor:
    return apply(SOFTPLUS_SLOPE, x, Scalar(k), Scalar(t))


@public
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """``log(1 + exp(beta * x)) / beta``; ``x`` itself where ``beta * x > threshold``."""
    return activate(SOFTPLUS, input, beta, threshold)


LOGSIGMOID = Elementwise(
    "logsigmoid",
    "minimum(a, 0) - log1p(exp(-abs(a)))",
    "a",
    vjps=(lambda g, a: g * sigmoid(-a),),
    formula="log(1 / (1 + exp(-x)))",
)


@public
def logsigmoid(input: Tensor) -> Tensor:
    """``log(sigmoid(x))``, exact for large negative x."""
    return activate(LOGSIGMOID, input)


# x times something that rises from 0 to 1 ----------------------------------------------------


def _silu_slope(g: Tensor, a: Tensor) -> Tensor:
    s = sigmoid(a)
    return g * (s * (1 + a * (1 - s)))


SILU = Elementwise("silu", "a / (1 + exp(-a))", "a", vjps=(_silu_slope,))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * sigmoid(x)``, also called swish."""
    return activate(SILU, input, inplace=inplace)


def _mish_slope(g: Tensor, a: Tensor) -> Tensor:
    t = tanh(softplus(a))
    return g * (t + a * sigmoid(a) * (1 - t * t))


MISH = Elementwise(
    "mish",
    "a * tanh(select(a > 20, a, log1p(exp(a))))",
    "a",
    vjps=(_mish_slope,),
    formula="x tanh(log(1 + exp(x)))",
)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * tanh(softplus(x))`` (Misra 2019)."""
    return activate(MISH, input, inplace=inplace)


def _gelu_slope(g: Tensor, a: Tensor) -> Tensor:
    return g * (apply(NORMAL_CDF, a) + a * apply(NORMAL_PDF, a))


NORMAL_PDF = Elementwise(
    "normal_pdf", f"exp(-0.5 * a * a) * {_NORMAL!r}", "a", vjps=(lambda g, y, a: -(g * y * a),)
)
NORMAL_CDF = Elementwise(
    "ndtr", "ndtr(a)", "a", result="float", vjps=(lambda g, a: g * apply(NORMAL_PDF, a),)
)
GELU = Elementwise("gelu", "a * ndtr(a)", "a", vjps=(_gelu_slope,))


def _gelu_tanh_slope(g: Tensor, a: Tensor) -> Tensor:
    square = a * a
    t = tanh(a * (1 + square * _TANH_CUBE) * _TANH_SCALE)
    inner = (1 + square * (3 * _TANH_CUBE)) * _TANH_SCALE
    return g * (0.5 * (1 + t) + 0.5 * a * (1 - t * t) * inner)


GELU_TANH = Elementwise(
    "gelu_tanh",
    f"0.5 * a * (1 + tanh({_TANH_SCALE!r} * (a + {_TANH_CUBE} * a * a * a)))",
    "a",
    vjps=(_gelu_tanh_slope,),
)


@public
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``x * P(N <= x)`` of a normal N (Hendrycks and Gimpel 2016); or its ``"tanh"`` formula."""
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate={approximate!r} must be 'none' or 'tanh'")
    return activate(GELU if approximate == "none" else GELU_TANH, input)


# The others ----------------------------------------------------------------------------------

TANHSHRINK = Elementwise(
    "tanhshrink",
    "a - tanh(a)",
    "a",
    result="float",
    vjps=(lambda g, a: g * tanh(a).square(),),
)


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return apply(TANHSHRINK, as_tensor_operand(input, "tanhshrink"))


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    x = as_tensor_operand(input, "softsign")
    return x / (abs(x) + 1)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """``a * sigmoid(b)`` of the two halves of `input` along `dim` (Dauphin et al. 2016)."""
    x = as_tensor_operand(input, "glu")
    need_float(x, "glu")
    if x.ndim == 0:
        raise ShapeError("glu: a 0-d tensor has no dimension to halve")
    axis = axis_of(dim, x.ndim, "glu")
    size = x.shape[axis]
    if size % 2:
        raise ShapeError(
            f"glu: dimension {dim} of shape {x.shape} must have an even size, to be halved"
        )
    before = (slice(None),) * axis
    half = size // 2
    return x[(*before, slice(half))] * sigmoid(x[(*before, slice(half, None))])
