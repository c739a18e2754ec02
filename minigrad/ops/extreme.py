"""Largest and smallest elements, and where they stand. NaN is both, as in PyTorch."""

from __future__ import annotations

from typing import Any

from ..dtypes import BOOL, CATEGORY, FLOAT, get_default_dtype, int64
from ..errors import DTypeError, RangeError
from ..ir import Elementwise, Primitive, Shape, Spec
from ..tensor import Tensor, apply
from . import return_types
from .calling import of_tensor
from .choice import maximum, minimum, where
from .complex import real
from .gather import GATHER
from .operands import axes_of, axis_of
from .reduce import finish, rounded_once, spread, sum, without
from .shape import cast, reshape

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "logsumexp", "max", "min"]

SAME = Elementwise("same", "(a == b) | (isnan(a) & isnan(b))", "a b", result="bool")


def among_ties(g: Tensor, x: Tensor, y: Tensor, x_shape: Shape, axes: tuple[int, ...]) -> Tensor:
    """The cotangent shared evenly by all elements equal to the one chosen (or NaN beside NaN)."""
    chosen = cast(apply(SAME, x, spread(y, x_shape, axes)), g.dtype)
    share = chosen / sum(chosen, axes, keepdim=True)
    return spread(g, x_shape, axes) * share


def _at_extreme(g: Tensor, x: Tensor, y: Tensor, x_shape: Shape, axes: tuple[int, ...]) -> Tensor:
    """The same, but NaN for all where the extreme is NaN, as PyTorch has it for these two."""
    chosen = cast(x == spread(y, x_shape, axes), g.dtype)
    return spread(g, x_shape, axes) * chosen / sum(chosen, axes, keepdim=True)


def _extreme_spec(x: Any, *, axes: tuple[int, ...]) -> Spec:
    return Spec(without(x.shape, axes), x.dtype)


AMAX = Primitive("amax", _extreme_spec, kernel="extreme.amax", vjps=(_at_extreme,))
AMIN = Primitive("amin", _extreme_spec, kernel="extreme.amin", vjps=(_at_extreme,))
MAX = Primitive("max", _extreme_spec, kernel="extreme.amax", vjps=(among_ties,))
MIN = Primitive("min", _extreme_spec, kernel="extreme.amin", vjps=(among_ties,))


def need_elements(input: Tensor, axes: tuple[int, ...], op: str) -> None:
    """RangeError if a dimension of `axes` is empty: there is nothing to choose."""
    if any([input.shape[i] == 0 for i in axes]):
        raise RangeError(f"{op}: no elements to choose from in shape {input.shape} over {axes}")


def _extreme(prim: Primitive, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    axes = axes_of(dim, input.ndim, prim.name)
    need_elements(input, axes, prim.name)
    return finish(apply(prim, input, axes=axes), input, axes, keepdim)


@of_tensor
def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The maximum over `dim`; ties share the gradient, NaN wins."""
    return _extreme(AMAX, input, dim, keepdim)


@of_tensor
def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The minimum over `dim`; ties share the gradient, NaN wins."""
    return _extreme(AMIN, input, dim, keepdim)


@of_tensor
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """Minimum and maximum, of all elements or along `dim`: a named tuple (min, max)."""
    axes = tuple(range(input.ndim)) if dim is None else (axis_of(dim, input.ndim, "aminmax"),)
    axes = axes if input.ndim else ()
    need_elements(input, axes, "aminmax")
    parts = [finish(apply(p, input, axes=axes), input, axes, keepdim) for p in (AMIN, AMAX)]
    return return_types.aminmax(*parts)


ARGMAX, ARGMIN = [
    Primitive(
        name,
        lambda x, *, axis: Spec(without(x.shape, (axis,)), int64),
        kernel=f"extreme.{name}",
    )
    for name in ("argmax", "argmin")
]


def _arg(prim: Primitive, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if CATEGORY[input.dtype] == BOOL:
        raise DTypeError(f"{prim.name}: bools have no order here; use x.int()")
    return arg(prim, input, dim, keepdim)


def arg(prim: Primitive, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """The index of an extreme along `dim`, or in the flattened tensor."""
    whole = dim is None or input.ndim == 0
    axis = axis_of(0 if dim is None else dim, input.ndim, prim.name)
    flat = reshape(input, -1) if whole else input
    need_elements(flat, (axis,), prim.name)
    out = apply(prim, flat, axis=axis)
    if whole:
        return reshape(out, (1,) * input.ndim) if keepdim else out
    return finish(out, input, (axis,), keepdim)


@of_tensor
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first maximum along `dim`, or in the flattened tensor; NaN wins."""
    return _arg(ARGMAX, input, dim, keepdim)


@of_tensor
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first minimum along `dim`, or in the flattened tensor; NaN wins."""
    return _arg(ARGMIN, input, dim, keepdim)


def picked(result: Any, input: Tensor, axis: int, indices: Tensor, keepdim: bool) -> Any:
    """`result` (values, indices) of the elements at `indices`, which has size 1 along `axis`."""
    if input.ndim == 0:
        return result(input.clone(), reshape(indices, ()))
    values = apply(GATHER, input, indices, dim=axis)
    if not keepdim:
        shape = without(input.shape, (axis,))
        values, indices = reshape(values, shape), reshape(indices, shape)
    return result(values, indices)


def _max_or_min(
    name: str, input: Tensor, args: tuple[Any, ...], dim: Any, keepdim: bool, other: Any
) -> Any:
    prim, arg_prim = (MAX, ARGMAX) if name == "max" else (MIN, ARGMIN)
    if len(args) > 2:
        raise DTypeError(f"{name}: takes (input, dim, keepdim) or (input, other), got {args}")
    if args and isinstance(args[0], Tensor):  # which as dim= would be a number
        other = args[0]
    elif args:
        dim, keepdim = args[0], args[1] if len(args) > 1 else keepdim
    if other is not None:
        return (maximum if name == "max" else minimum)(input, other)
    if dim is None:
        return _extreme(prim, input, (), False)
    axis = axis_of(dim, input.ndim, name)
    indices = arg(arg_prim, input, axis, True)
    return picked(getattr(return_types, name), input, axis, indices, keepdim)


@of_tensor
def max(
    input: Tensor, *args: Any, dim: Any = None, keepdim: bool = False, other: Any = None
) -> Any:
    """The maximum of all elements: ``max(x)``; along a dimension, (values, indices):
    ``max(x, dim, keepdim=False)``; of two tensors, `maximum`: ``max(x, other)``."""
    return _max_or_min("max", input, args, dim, keepdim, other)


@of_tensor
def min(
    input: Tensor, *args: Any, dim: Any = None, keepdim: bool = False, other: Any = None
) -> Any:
    """The minimum of all elements: ``min(x)``; along a dimension, (values, indices):
    ``min(x, dim, keepdim=False)``; of two tensors, `minimum`: ``min(x, other)``."""
    return _max_or_min("min", input, args, dim, keepdim, other)


# The smooth maximum --------------------------------------------------------------------------


@of_tensor
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """``log(sum(exp(x)))`` over `dim`, without overflow."""
    if CATEGORY[input.dtype] < FLOAT:
        input = cast(input, get_default_dtype())
    return _logsumexp(input, axes_of(dim, input.ndim, "logsumexp"), keepdim)


@rounded_once
def _logsumexp(input: Tensor, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    if any([input.shape[i] == 0 for i in axes]):
        return sum(input.exp(), axes, keepdim).log()  # the sum of nothing is 0
    largest = amax(real(input.detach()), axes, keepdim=True)
    shift = where(largest.isfinite(), largest, 0.0)  # all -inf must give -inf, not NaN
    out = sum((input - shift).exp(), axes, keepdim=True).log() + shift
    return out if keepdim else reshape(out, without(input.shape, axes))
