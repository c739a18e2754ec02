"""In-place twins: ``x.add_(y)`` writes into `x`. The rules are in docs/views.md."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..dtypes import CATEGORY
from ..errors import DTypeError, ShapeError
from ..ir import Elementwise
from ..tensor import Tensor, apply_, current_edge, log_write, records_write, write_
from . import elementwise as e
from .calling import method_of
from .creation import full
from .operands import operand
from .shape import cast, expand, identity


def _twin(prim: Elementwise) -> Callable[..., Tensor]:
    """The in-place form of an elementwise operation."""

    def in_place(input: Tensor, *others: Any) -> Tensor:
        return apply_(prim, input, *[operand(x, prim.name) for x in others])

    in_place.__name__ = in_place.__qualname__ = f"{prim.name}_"
    in_place.__doc__ = f"Elementwise ``{prim.formula}``, written into the first input."
    return in_place


def twin(function: Callable[..., Any]) -> Callable[..., Tensor]:
    """``x.f_(...)``: what `function` computes of `x`, written into `x`."""
    prim = getattr(function, "prim", None)
    if prim is not None:
        return _twin(prim)
    compute = method_of(function)

    @functools.wraps(compute)
    def in_place(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        recorded = records_write(input, _tensors_in((*args, *kwargs.values())))
        # What the gradient keeps of the input must not be overwritten: a copy stands in for it.
        source = Tensor(input.array.copy(), current_edge(input)) if recorded else input
        value = _fitting(compute(source, *args, **kwargs), input, function.__name__)
        if recorded:
            return write_(input, value)
        input.array[...] = value.array
        log_write(input)
        return input

    in_place.__name__ = in_place.__qualname__ = f"{function.__name__}_"
    in_place.__doc__ = f"`{function.__name__}`, written into the first input."
    return in_place


def _tensors_in(values: tuple[Any, ...]) -> tuple[Tensor, ...]:
    found: list[Tensor] = []
    for x in values:
        found += [x] if isinstance(x, Tensor) else _tensors_in(tuple(x)) if type(x) is list else []
    return tuple(found)


def _fitting(value: Tensor, target: Tensor, op: str) -> Tensor:
    """`value` in the dtype of `target`; an error where its shape or kind of dtype does not fit."""
    if value.shape != target.shape:
        raise ShapeError(
            f"{op}_: the result has shape {value.shape}, which does not fit the target's "
            f"{target.shape}: an in-place operation cannot change its target's shape"
        )
    if CATEGORY[value.dtype] > CATEGORY[target.dtype]:
        raise DTypeError(
            f"{op}_: the result has dtype {value.dtype}, which cannot be stored in the target's "
            f"{target.dtype}: convert the target first, x = x.to({value.dtype})"
        )
    return cast(value, target.dtype)


mul_ = multiply_ = _twin(e.MUL)
div_ = _twin(e.DIV)
maximum_ = _twin(e.maximum.prim)
clamp_min_ = _twin(e.clamp_min.prim)
clamp_max_ = _twin(e.clamp_max.prim)
_add_, _sub_, _pow_ = _twin(e.ADD), _twin(e.SUB), _twin(e.POW)

# Updates of optimizers, each one operation: a temporary less, and one pass where kernels fuse.

ADD_SCALED = Elementwise(
    "add_scaled",
    "a + s * b",
    "a b s",
    vjps=(lambda g: g, lambda g, s: g * s, lambda g, b: g * b),
)
ADDCMUL = Elementwise(
    "addcmul",
    "a + s * b * c",
    "a b c s",
    vjps=(
        lambda g: g,
        lambda g, c, s: g * (c * s),
        lambda g, b, s: g * (b * s),
        lambda g, b, c: g * (b * c),
    ),
)
ADDCDIV = Elementwise(
    "addcdiv",
    "a + s * b / c",
    "a b c s",
    result="float",
    vjps=(
        lambda g: g,
        lambda g, c, s: e.over_slope(g * s, c),
        lambda g, b, c, s: -e.times_slope(g * s, b / c / c),
        lambda g, b, c: g * (b / c),
    ),
)
LERP = Elementwise(
    "lerp",
    "a + s * (b - a)",
    "a b s",
    vjps=(lambda g, s: g * (1 - s), lambda g, s: g * s, None),
)
_add_scaled_, _lerp_ = _twin(ADD_SCALED), _twin(LERP)
_addcmul_, _addcdiv_ = _twin(ADDCMUL), _twin(ADDCDIV)


def add_(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """``input + alpha * other``, written into `input`; `alpha` may be a tensor."""
    plain = not isinstance(alpha, Tensor) and alpha == 1
    return _add_(input, other) if plain else _add_scaled_(input, other, alpha)


def sub_(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """``input - alpha * other``, written into `input`; `alpha` may be a tensor."""
    plain = not isinstance(alpha, Tensor) and alpha == 1
    return _sub_(input, other) if plain else _add_scaled_(input, other, -alpha)


def pow_(input: Tensor, exponent: Any) -> Tensor:
    """``input ** exponent``, written into `input`."""
    return _pow_(input, exponent)


def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``, written into `input`."""
    return _addcmul_(input, tensor1, tensor2, value)


def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``, written into `input`."""
    return _addcdiv_(input, tensor1, tensor2, value)


def lerp_(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """``input + weight * (end - input)``, written into `input`."""
    if isinstance(weight, Tensor):  # its gradient needs the input, which is overwritten
        return _add_(input, (end - input) * weight)
    return _lerp_(input, end, weight)


def clamp_(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`input` limited to [min, max], in place."""
    if min is not None:
        clamp_min_(input, min)
    return input if max is None else clamp_max_(input, max)


def copy_(input: Tensor, source: Tensor) -> Tensor:
    """The values of `source`, broadcast and cast, written into `input`."""
    value = expand(cast(source.to(input.device), input.dtype), input.shape)
    if records_write(input, (value,)):
        return write_(input, identity(value))  # a place in the graph that is not the source's own
    input.array[...] = value.array
    log_write(input)
    return input


def fill_(input: Tensor, value: float) -> Tensor:
    """Every element set to `value`."""
    return copy_(input, full((), value, dtype=input.dtype, device=input.device))


def zero_(input: Tensor) -> Tensor:
    """Every element set to 0."""
    return fill_(input, 0)
