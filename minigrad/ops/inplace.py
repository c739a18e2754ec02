"""In-place twins: ``x.add_(y)`` writes into `x`. The rules are in docs/views.md."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..dtypes import CATEGORY, float64, is_float
from ..errors import DTypeError, GradientError, ShapeError
from ..ir import Elementwise
from ..tensor import Tensor, apply_, check_writable, current_edge, log_write, records_write, write_
from . import arithmetic, choice, compare, exponential, rounding, trigonometry
from . import elementwise as e
from .calling import checked, method_of
from .creation import full
from .elementwise_builders import either
from .operands import operand
from .shape import cast, clone, expand, identity


def _twin(prim: Elementwise, ready: Callable[..., Any] | None = None) -> Callable[..., Tensor]:
    """The in-place form of an elementwise operation; `ready` makes its operands of two inputs."""

    def of_two(input: Tensor, other: Any) -> Tensor:
        assert ready is not None
        return apply_(prim, *ready(input, other, prim.name))

    def of_one(input: Tensor) -> Tensor:
        return apply_(prim, input)

    in_place: Any = of_one if ready is None else of_two
    in_place.__name__ = in_place.__qualname__ = f"{prim.name}_"
    in_place.__doc__ = f"Elementwise ``{prim.formula}``, written into the first input."
    in_place.prim = prim
    return in_place


@functools.cache  # the aliases of a function share its twin
def twin(function: Callable[..., Any]) -> Callable[..., Tensor]:
    """``x.f_(...)``: what `function` computes of `x`, written into `x`."""
    prim = getattr(function, "prim", None)
    if prim is not None:
        return _twin(prim, getattr(function, "ready", None))
    compute = method_of(function)

    @functools.wraps(compute)
    def in_place(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        recorded = records_write(
            input, _tensors_in((*args, *kwargs.values())), f"{function.__name__}_"
        )
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


# Written out where the general twin would make one more copy.
mul_ = multiply_ = _twin(e.MUL, either)
maximum_ = _twin(choice.maximum.prim, either)  # for optimizers: no method
_add_, _sub_, _div_, _pow_ = [_twin(prim, either) for prim in (e.ADD, e.SUB, e.DIV, e.POW)]
_divide_, _power_, _sqrt_ = twin(rounding.div), twin(e.pow), _twin(e.sqrt.prim)


def _add_scaled_(input: Tensor, other: Any, alpha: Any) -> Tensor:
    return apply_(e.ADD_SCALED, input, operand(other, "add_"), operand(alpha, "add_"))


def add_(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input + alpha * other``, written into `input`; `alpha` may be a tensor."""
    if type(alpha) is int and alpha == 1:
        return _add_(input, other)
    alpha = e.factor(alpha, input, operand(other, "add_"), "add_")
    return (
        _add_(input, other)
        if alpha is None
        else apply_(e.ADD_SCALED, input, operand(other, "add_"), operand(alpha, "add_"))
    )


def sub_(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input - alpha * other``, written into `input`; `alpha` may be a tensor."""
    if type(alpha) is int and alpha == 1:
        return _sub_(input, other)
    alpha = e.factor(alpha, input, operand(other, "sub_"), "sub_")
    if alpha is None:
        return _sub_(input, other)
    e.need_no_bools(input, operand(other, "sub_"), "sub_")
    return _add_scaled_(input, other, -alpha)


subtract_ = sub_


def div_(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``, rounded as `rounding_mode` says, written into `input`."""
    if rounding_mode is None:
        return _div_(input, other)
    return _divide_(input, other, rounding_mode=rounding_mode)


divide_ = div_


def true_divide_(input: Tensor, other: Any) -> Tensor:
    """``input / other``, written into `input`."""
    return _div_(input, other)


def pow_(input: Tensor, exponent: Any) -> Tensor:
    """``input ** exponent``, written into `input`."""
    if type(exponent) is float and exponent == 0.5:
        return _sqrt_(input)
    plain = is_float(input.dtype) and not isinstance(exponent, Tensor)
    return (_pow_ if plain else _power_)(input, exponent)


def float_power_(input: Tensor, exponent: Any) -> Tensor:
    """``input ** exponent``, written into `input`, which must be float64."""
    if input.dtype != float64:
        raise DTypeError(
            f"float_power_: the result is float64, the target {input.dtype}: convert it first, "
            "x.double()"
        )
    return _power_(input, exponent)


def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``, written into `input`."""
    return apply_(
        arithmetic.ADDCMUL, *arithmetic.scaled_operands(input, tensor1, tensor2, value, "addcmul")
    )


def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``, written into `input`."""
    return apply_(
        arithmetic.ADDCDIV, *arithmetic.scaled_operands(input, tensor1, tensor2, value, "addcdiv")
    )


def lerp_(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """``input + weight * (end - input)``, written into `input`."""
    operands = arithmetic.lerp_operands(input, end, weight)
    return apply_(arithmetic.lerp_record(operands[2]), *operands)


def clamp_min_(input: Tensor, min: Any) -> Tensor:
    """``maximum(input, min)``, in place."""
    return apply_(choice.CLAMP_MIN, *choice.bounded(input, min, "clamp_min_"))


def clamp_max_(input: Tensor, max: Any) -> Tensor:
    """``minimum(input, max)``, in place."""
    return apply_(choice.CLAMP_MAX, *choice.bounded(input, max, "clamp_max_"))


def clamp_(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`input` limited to [min, max], in place."""
    choice.check_bounds(min, max)
    if max is not None:  # before the first of two writes
        check_writable(choice.CLAMP_MAX, *choice.bounded(input, max, "clamp_"))
    if min is not None:
        clamp_min_(input, min)
    return input if max is None else clamp_max_(input, max)


clip_ = clamp_


def copy_(input: Tensor, other: Any, non_blocking: bool = False) -> Tensor:
    """The values of `other`, a tensor or a number, broadcast and cast, written into `input`."""
    if not isinstance(other, Tensor):
        return fill_(input, other)
    value = expand(cast(other.to(input.device), input.dtype), input.shape)
    if records_write(input, (value,), "copy_"):
        return write_(input, identity(value))  # a place in the graph that is not the source's own
    input.array[...] = value.array
    log_write(input)
    return input


def fill_(input: Tensor, value: Any) -> Tensor:
    """Every element set to `value`, a number or a 0-d tensor."""
    if not isinstance(value, Tensor):
        return copy_(input, full((), value, dtype=input.dtype, device=input.device))
    if value.ndim:
        raise ShapeError(f"fill_: the value must be a number or 0-d, got shape {value.shape}")
    return copy_(input, value)


def fill(input: Tensor, value: Any) -> Tensor:
    """A copy of `input` with every element set to `value`, a number or a 0-d tensor."""
    return fill_(clone(input), value)


def detach_(input: Tensor) -> Tensor:
    """The tensor itself taken out of the graph, as a constant."""
    if input.view_of is not None:
        raise GradientError(
            "detach_: a view cannot leave the graph that its base is in; use x.detach()"
        )
    input.edge = None
    return input


def zero_(input: Tensor) -> Tensor:
    """Every element set to 0."""
    return fill_(input, 0)


# The twins of whole families, under every name: ``x.sin_()``.
_FAMILIES = (e, choice, arithmetic, exponential, trigonometry, rounding, compare)
_WITHOUT = frozenset(  # as in PyTorch
    "allclose equal fmax fmin frexp isclose isfinite isin isinf isnan isneginf isposinf isreal "
    "logaddexp logaddexp2 maximum minimum positive rsub signbit where".split()
)
TWINS: dict[str, Callable[..., Tensor]] = {
    f"{name}_": globals().get(f"{name}_") or twin(getattr(family, name))
    for family in _FAMILIES
    for name in family.__all__
    if name not in _WITHOUT
}
# Those that are functions of the package too.
FUNCTIONS = {
    f"{name}_": checked(TWINS[f"{name}_"])
    for name in (
        "abs acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh ceil "
        "clamp clamp_max clamp_min clip cos cosh deg2rad exp exp2 expm1 fix floor frac gcd lcm "
        "ldexp log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal round "
        "rsqrt sigmoid sin sinc sinh sqrt square tan tanh trunc xlogy"
    ).split()
} | {f.__name__: checked(f) for f in (fill_, zero_, detach_)}
