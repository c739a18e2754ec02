"""Rounding, and division that rounds.

Rounding is flat almost everywhere, so its gradient is zero, not absent.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import CATEGORY, INT, result_dtype
from ..errors import ArgumentError
from ..ir import Elementwise
from ..tensor import Tensor, apply
from .calling import public
from .creation import zeros_like
from .elementwise import DIV, times_slope
from .elementwise_builders import Unary, either, unary
from .operands import as_tensor_operand, operand

__all__ = [
    "ceil", "div", "divide", "fix", "floor", "floor_divide", "fmod", "frac", "remainder", "round",
    "signbit", "trunc",
]  # fmt: skip


def _flat(g: Tensor) -> Tensor:
    return zeros_like(g)


def _rounding(name: str, expr: str) -> Callable[..., Tensor]:
    prim = Elementwise(name, expr, "a", takes="if", vjps=(_flat,))

    def function(input: Tensor) -> Tensor:
        a = as_tensor_operand(input, name)
        return a.clone() if CATEGORY[a.dtype] == INT else apply(prim, a)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Elementwise ``{expr}``; integers as they are."
    return public(function)


floor = _rounding("floor", "floor(a)")
ceil = _rounding("ceil", "ceil(a)")
trunc = fix = _rounding("trunc", "trunc(a)")
ROUND = Elementwise("round", "rint(a)", "a", takes="if", vjps=(_flat,))
ROUND_DECIMALS = Elementwise(
    "round_decimals", "rint(a * s) / s", "a s", refuses="bi", vjps=(_flat, None)
)
ROUND_TENS = Elementwise("round_tens", "rint(a / s) * s", "a s", refuses="bi", vjps=(_flat, None))
frac: Unary = unary(Elementwise("frac", "a - trunc(a)", "a", takes="f", vjps=(lambda g: g,)))
signbit: Unary = unary(Elementwise("signbit", "signbit(a)", "a", result="bool"))


@public
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """`input` to `decimals` places (negative: to tens, hundreds, ...); halves go to the even."""
    a = as_tensor_operand(input, "round")
    decimals = operator.index(decimals)
    if decimals == 0:
        return a.clone() if CATEGORY[a.dtype] == INT else apply(ROUND, a)
    scale = operand(float(f"1e{abs(decimals)}"), "round")
    return apply(ROUND_DECIMALS if decimals > 0 else ROUND_TENS, a, scale)


# Division that rounds ------------------------------------------------------------------------

DIV_FLOOR = Elementwise("div_floor", "a // b", "a b", takes="if", vjps=(_flat, _flat))
DIV_TRUNC = Elementwise("div_trunc", "trunc(a / b)", "a b", takes="f", vjps=(_flat, _flat))
INT_DIV_TRUNC = Elementwise(
    "int_div_trunc", "(a - fmod(a, b)) // b", "a b", takes="i", formula="trunc(a / b)"
)
FLOOR_DIVIDE = Elementwise("floor_divide", "a // b", "a b", takes="if")
# The remainder has the sign of b, that of fmod the sign of a.
REMAINDER = Elementwise(
    "remainder",
    "a % b",
    "a b",
    takes="if",
    vjps=(lambda g: g, lambda g, a, b: -times_slope(g, div(a, b, rounding_mode="floor"))),
)
FMOD = Elementwise(
    "fmod",
    "fmod(a, b)",
    "a b",
    takes="if",
    vjps=(lambda g: g, lambda g, a, b: -times_slope(g, div(a, b, rounding_mode="trunc"))),
)


@public
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``; rounded down with ``rounding_mode="floor"``, towards 0 with "trunc".

    Without rounding, integers become floats. RuntimeError for integers divided by 0 and rounded.
    """
    if rounding_mode is None:
        return apply(DIV, *either(input, other, "div"))
    if rounding_mode == "floor":
        return apply(DIV_FLOOR, *_divisible(input, other, "div"))
    if rounding_mode != "trunc":
        raise ArgumentError(
            f"div: rounding_mode must be None, 'trunc' or 'floor', got {rounding_mode!r}"
        )
    a, b = _divisible(input, other, "div")
    whole = CATEGORY[result_dtype(a.array, b.array)] == INT
    return apply(INT_DIV_TRUNC if whole else DIV_TRUNC, a, b)


divide = div


@public
def floor_divide(input: Any, other: Any) -> Tensor:
    """``floor(input / other)``; RuntimeError for integers divided by 0. It has no gradient."""
    return apply(FLOOR_DIVIDE, *_divisible(input, other, "floor_divide"))


@public
def remainder(input: Any, other: Any) -> Tensor:
    """``input - other * floor(input / other)``: Python's ``%``, with the sign of `other`."""
    return apply(REMAINDER, *_divisible(input, other, "remainder"))


@public
def fmod(input: Tensor, other: Any) -> Tensor:
    """``input - other * trunc(input / other)``: C's ``fmod``, with the sign of `input`."""
    return apply(FMOD, *_divisible(as_tensor_operand(input, "fmod"), other, "fmod"))


def _divisible(input: Any, other: Any, op: str) -> tuple[Any, Any]:
    """The operands of a division that rounds; integers divided by 0 raise, as in PyTorch.

    On a GPU a tensor of divisors is not looked at: that would stop the stream.
    """
    a, b = either(input, other, op)
    if CATEGORY[result_dtype(a.array, b.array)] == INT:
        divisor, on_cpu = b.array, not isinstance(b, Tensor) or isinstance(b.array, np.ndarray)
        if on_cpu and not np.all(divisor) and 0 not in (*np.shape(a.array), *np.shape(divisor)):
            raise ArgumentError(f"{op}: ZeroDivisionError: an integer is divided by 0")
    return a, b
