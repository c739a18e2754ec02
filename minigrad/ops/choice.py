"""Elementwise choice: the larger, the one within bounds, the one where a condition holds."""

from __future__ import annotations

from typing import Any

import ml_dtypes

from ..dtypes import is_float, result_dtype, uint8
from ..errors import ArgumentError, DTypeError
from ..ir import Elementwise
from ..tensor import Tensor, apply
from .calling import public
from .creation import zeros_like
from .elementwise_builders import Binary, binary, either
from .operands import as_tensor_operand, need_fitting, operand

__all__ = [
    "clamp", "clamp_max", "clamp_min", "clip", "fmax", "fmin", "heaviside", "maximum",
    "minimum", "nan_to_num", "sign", "where",
]  # fmt: skip

# The gradient's share of the larger input; equal inputs share it, as in PyTorch.
SHARE = Elementwise("share", "select(a == b, 0.5, select(a < b, 0.0, 1.0))", "a b", result="float")
share: Binary = binary(SHARE, "either")
maximum: Binary = binary(
    Elementwise(
        "maximum",
        "maximum(a, b)",
        "a b",
        vjps=(lambda g, a, b: g * share(a, b), lambda g, a, b: g * share(b, a)),
    ),
    "none",
)
minimum: Binary = binary(
    Elementwise(
        "minimum",
        "minimum(a, b)",
        "a b",
        vjps=(lambda g, a, b: g * share(b, a), lambda g, a, b: g * share(a, b)),
    ),
    "none",
)
# Clamping differs from maximum at equality: there the whole gradient goes to the input.
CLAMP_MIN = Elementwise(
    "clamp_min",
    "maximum(a, b)",
    "a b",
    vjps=(lambda g, a, b: where(a >= b, g, 0), lambda g, a, b: where(a < b, g, 0)),
)
CLAMP_MAX = Elementwise(
    "clamp_max",
    "minimum(a, b)",
    "a b",
    vjps=(lambda g, a, b: where(a <= b, g, 0), lambda g, a, b: where(a > b, g, 0)),
)
WHERE = Elementwise(
    "where",
    "select(c, a, b)",
    "c a b",
    conditions=1,
    vjps=(None, lambda g, c: where(c, g, 0), lambda g, c: where(c, 0, g)),
    complex=True,
)


@public
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """``input`` where `condition` (bool) holds, else `other`; alone, the indices where it holds."""
    if input is None and other is None:
        return as_tensor_operand(condition, "where: the condition").nonzero(as_tuple=True)
    condition = _condition(condition)
    a, b = operand(input, "where"), operand(other, "where")
    dtype = result_dtype(a.array, b.array)
    need_fitting(a.array, dtype, "where")
    need_fitting(b.array, dtype, "where")
    return apply(WHERE, condition, a, b)


def _condition(x: Any) -> Any:
    x = as_tensor_operand(x, "where: the condition")
    if x.array.dtype.kind == "b":
        return x
    if x.array.dtype != uint8:
        raise DTypeError(f"where: the condition must be bool, not {x.dtype}: use where(x != 0, ..)")
    return x != 0


@public
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """``maximum(input, min)``; the gradient at equality goes to `input`."""
    return apply(CLAMP_MIN, *bounded(input, min, "clamp_min"))


@public
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """``minimum(input, max)``; the gradient at equality goes to `input`."""
    return apply(CLAMP_MAX, *bounded(input, max, "clamp_max"))


def bounded(input: Any, bound: Any, op: str) -> tuple[Tensor, Any]:
    """The operands of a limit from one side."""
    a, b = as_tensor_operand(input, op), operand(bound, op)
    need_fitting(b.array, a.dtype, op)
    return a, b


@public
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`input` limited to [min, max]; either bound may be absent, a number or a tensor."""
    check_bounds(min, max)
    out = input if min is None else clamp_min(input, min)
    return out if max is None else clamp_max(out, max)


def check_bounds(min: Any, max: Any) -> None:
    """An error unless the bounds of a clamp are numbers or tensors, at least one of them given."""
    if min is None and max is None:
        raise ArgumentError("clamp: at least one of min and max is needed")
    if min is not None and max is not None and isinstance(min, Tensor) != isinstance(max, Tensor):
        raise DTypeError("clamp: min and max must both be numbers or both be tensors")


clip = clamp

# PyTorch's sign of NaN is 0.
SIGN = Elementwise("sign", "select(a == a, sign(a), 0)", "a", vjps=(lambda g: zeros_like(g),))


@public
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1 as `input` is negative, zero (or NaN) or positive."""
    input = as_tensor_operand(input, "sign")
    return input.clone() if input.array.dtype.kind == "b" else apply(SIGN, input)


# Beside a NaN the other is chosen; of equal ones the first has the gradient.
CHOSEN = Elementwise("chosen", "(a >= b) | isnan(b)", "a b", takes="f", result="bool")
CHOSEN_LEAST = Elementwise("chosen_least", "(a <= b) | isnan(b)", "a b", takes="f", result="bool")


def _extreme(name: str, chosen: Elementwise) -> Binary:
    def first(g: Any, a: Any, b: Any) -> Tensor:
        return where(apply(chosen, *either(a, b, name)), g, 0)

    def second(g: Any, a: Any, b: Any) -> Tensor:
        return where(apply(chosen, *either(a, b, name)), 0, g)

    prim = Elementwise(name, f"{name}(a, b)", "a b", vjps=(first, second))
    return binary(prim, "none")


fmax = _extreme("fmax", CHOSEN)
fmin = _extreme("fmin", CHOSEN_LEAST)

HEAVISIDE = Elementwise("heaviside", "select(a == 0, b, select(a > 0, 1, 0))", "a b")


@public
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0, `values` or 1 as `input` is negative, zero or positive. It has no gradient."""
    a, b = as_tensor_operand(input, "heaviside"), as_tensor_operand(values, "heaviside")
    if a.dtype != b.dtype:
        raise DTypeError(f"heaviside: inputs have dtypes {a.dtype} and {b.dtype}: convert one")
    return apply(HEAVISIDE, a, b)


FINITE = Elementwise("isfinite", "isfinite(a)", "a", result="bool")
NAN_TO_NUM = Elementwise(
    "nan_to_num",
    "select(isnan(a), n, select(isinf(a), select(a > 0, p, m), a))",
    "a n p m",
    vjps=(lambda g, a: where(apply(FINITE, a), g, 0), None, None, None),
)


@public
def nan_to_num(
    input: Tensor, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """`input` with NaN and the infinities replaced: by `nan`, and by the largest finite numbers
    unless `posinf` and `neginf` say otherwise."""
    a = as_tensor_operand(input, "nan_to_num")
    if not is_float(a.dtype):
        return a.clone()
    largest = float(ml_dtypes.finfo(a.dtype).max)
    p = largest if posinf is None else float(posinf)
    m = -largest if neginf is None else float(neginf)
    values = [operand(v, "nan_to_num") for v in (0.0 if nan is None else float(nan), p, m)]
    return apply(NAN_TO_NUM, a, *values)
