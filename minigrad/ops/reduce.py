"""Reductions over dimensions, and the sums that undo broadcasting."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ..dtypes import CATEGORY, FLOAT, STORAGE_ONLY, float32, int64
from ..errors import ShapeError
from ..ir import Elementwise, Primitive, Shape, Spec
from ..tensor import Tensor, apply
from .calling import public
from .elementwise import maximum, minimum, over_slope, where
from .index import gather
from .operands import axes_of, axis_of, need_float
from .shape import cast, expand, reshape

__all__ = [
    "amax",
    "amin",
    "argmax",
    "argmin",
    "logsumexp",
    "max",
    "mean",
    "min",
    "std",
    "sum",
    "var",
]


class MaxResult(NamedTuple):
    """Values of a maximum, minimum or like along a dimension, and the indices they stand at."""

    values: Tensor
    indices: Tensor


def _without(shape: Shape, axes: tuple[int, ...]) -> Shape:
    return tuple([n for i, n in enumerate(shape) if i not in axes])


def _kept(shape: Shape, axes: tuple[int, ...]) -> Shape:
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def _sum_spec(x: Any, *, axes: tuple[int, ...]) -> Spec:
    return Spec(_without(x.shape, axes), x.dtype if CATEGORY[x.dtype] >= FLOAT else int64)


def _extreme_spec(x: Any, *, axes: tuple[int, ...]) -> Spec:
    return Spec(_without(x.shape, axes), x.dtype)


def _back(g: Tensor, shape: Shape, axes: tuple[int, ...]) -> Tensor:
    """A reduction's cotangent, spread over the dimensions that were reduced."""
    return expand(reshape(g, _kept(shape, axes)), shape)


SUM = Primitive(
    "sum",
    _sum_spec,
    kernel="reduce.sum",
    vjps=(lambda g, x_shape, axes: _back(g, x_shape, axes),),
    formula="sum of x over axes",
    complex=True,
)


def sum_to(input: Tensor, shape: Shape) -> Tensor:
    """`input` summed to `shape`, the adjoint of expanding from it."""
    if input.shape == shape:
        return input
    lead = input.ndim - len(shape)
    if lead < 0 or any([n not in (1, m) for n, m in zip(shape, input.shape[lead:], strict=True)]):
        raise ShapeError(f"sum_to: shape {input.shape} is no broadcast of {shape}")
    axes = tuple(range(lead)) + tuple(
        [i + lead for i, n in enumerate(shape) if n == 1 and input.shape[i + lead] != 1]
    )
    return reshape(apply(SUM, input, axes=axes), shape)


def _rounded_once(reduction: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """16-bit floats are storage: a reduction of several steps computes them all in float32."""

    @functools.wraps(reduction)
    def function(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if input.dtype in STORAGE_ONLY and kwargs.get("dtype") is None:
            return cast(reduction(cast(input, float32), *args, **kwargs), input.dtype)
        return reduction(input, *args, **kwargs)

    return function


def _finish(out: Tensor, input: Tensor, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    return reshape(out, _kept(input.shape, axes)) if keepdim else out


@public
def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` (a number, several, or all). Integers and bools sum as int64."""
    if dtype is not None:
        input = cast(input, dtype)
    axes = axes_of(dim, input.ndim, "sum")
    if not axes:
        return input.clone() if CATEGORY[input.dtype] >= FLOAT else cast(input, int64)
    return _finish(apply(SUM, input, axes=axes), input, axes, keepdim)


@public
@_rounded_once
def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim`; NaN for no elements."""
    if dtype is not None:
        input = cast(input, dtype)
    need_float(input, "mean", complex=True)
    axes = axes_of(dim, input.ndim, "mean")
    return sum(input, axes, keepdim) / math.prod([input.shape[i] for i in axes])


@public
@_rounded_once
def var(input: Tensor, dim: Any = None, *, correction: float = 1, keepdim: bool = False) -> Tensor:
    """The variance over `dim`: squared deviations summed over ``n - correction``."""
    need_float(input, "var")
    axes = axes_of(dim, input.ndim, "var")
    deviation = input - mean(input, axes, keepdim=True)
    count = math.prod([input.shape[i] for i in axes]) - correction
    total = sum(deviation * deviation, axes, keepdim)
    return total / (count if count > 0 else 0.0)


# A root that is flat at 0, as PyTorch has it: equal elements have no direction to spread in.
ROOT = Elementwise(
    "root", "sqrt(a)", "a", vjps=(lambda g, y: where(y == 0, 0.0, over_slope(g, y * 2)),)
)


@public
@_rounded_once
def std(input: Tensor, dim: Any = None, *, correction: float = 1, keepdim: bool = False) -> Tensor:
    """The standard deviation over `dim`, the root of `var`."""
    return apply(ROOT, var(input, dim, correction=correction, keepdim=keepdim))


# Extremes ------------------------------------------------------------------------------------

SAME = Elementwise("same", "(a == b) | (isnan(a) & isnan(b))", "a b", result="bool")


def _among_ties(g: Tensor, x: Tensor, y: Tensor, x_shape: Shape, axes: tuple[int, ...]) -> Tensor:
    """The cotangent shared evenly by all elements equal to the extreme (or NaN beside NaN)."""
    chosen = cast(apply(SAME, x, _back(y, x_shape, axes)), g.dtype)
    share = chosen / sum(chosen, axes, keepdim=True)
    return _back(g, x_shape, axes) * share


AMAX = Primitive("amax", _extreme_spec, kernel="extreme.amax", vjps=(_among_ties,))
AMIN = Primitive("amin", _extreme_spec, kernel="extreme.amin", vjps=(_among_ties,))


def _extreme(prim: Primitive, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    axes = axes_of(dim, input.ndim, prim.name)
    _need_elements(input, axes, prim.name)
    return _finish(apply(prim, input, axes=axes), input, axes, keepdim)


def _need_elements(input: Tensor, axes: tuple[int, ...], op: str) -> None:
    if any([input.shape[i] == 0 for i in axes]):
        raise ShapeError(f"{op}: no elements to choose from in shape {input.shape} over {axes}")


@public
def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The maximum over `dim`; ties share the gradient, NaN wins."""
    return _extreme(AMAX, input, dim, keepdim)


@public
def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The minimum over `dim`; ties share the gradient, NaN wins."""
    return _extreme(AMIN, input, dim, keepdim)


ARGMAX = Primitive(
    "argmax", lambda x, *, axis: Spec(_without(x.shape, (axis,)), int64), kernel="extreme.argmax"
)
ARGMIN = Primitive(
    "argmin", lambda x, *, axis: Spec(_without(x.shape, (axis,)), int64), kernel="extreme.argmin"
)


def _arg(prim: Primitive, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    whole = dim is None
    flat = reshape(input, -1) if whole or input.ndim == 0 else input
    axis = axis_of(0 if whole else dim, flat.ndim, prim.name)
    _need_elements(flat, (axis,), prim.name)
    out = apply(prim, flat, axis=axis)
    if whole or input.ndim == 0:
        return reshape(out, (1,) * input.ndim) if keepdim else out
    return _finish(out, input, (axis,), keepdim)


@public
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first maximum along `dim`, or in the flattened tensor; NaN wins."""
    return _arg(ARGMAX, input, dim, keepdim)


@public
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first minimum along `dim`, or in the flattened tensor; NaN wins."""
    return _arg(ARGMIN, input, dim, keepdim)


def _max_or_min(name: str, input: Tensor, dim: Any, keepdim: bool) -> Tensor | MaxResult:
    prim, arg = (AMAX, argmax) if name == "max" else (AMIN, argmin)
    if dim is None:
        return _extreme(prim, input, (), False)
    if isinstance(dim, Tensor):
        return (maximum if name == "max" else minimum)(input, dim)
    indices = arg(input, dim, keepdim=True)
    if input.ndim == 0:
        return MaxResult(input.clone(), indices)
    axis = axis_of(dim, input.ndim, name)
    values = gather(input, axis, indices)
    if not keepdim:
        shape = _without(input.shape, (axis,))
        values, indices = reshape(values, shape), reshape(indices, shape)
    return MaxResult(values, indices)


@public
def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The maximum of all elements; along `dim`, (values, indices); of two tensors, `maximum`."""
    return _max_or_min("max", input, dim, keepdim)


@public
def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The minimum of all elements; along `dim`, (values, indices); of two tensors, `minimum`."""
    return _max_or_min("min", input, dim, keepdim)


@public
def any_(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether any element over `dim` is non-zero."""
    counted = sum(input != 0, dim, keepdim)
    return counted > 0


@public
def all_(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether all elements over `dim` are non-zero."""
    return sum(input == 0, dim, keepdim) == 0


@public
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """``log(sum(exp(x)))`` over `dim`, without overflow."""
    axes = axes_of(dim, input.ndim, "logsumexp")
    if any([input.shape[i] == 0 for i in axes]):
        return sum(input.exp(), axes, keepdim).log()  # the sum of nothing is 0
    largest = amax(input, axes, keepdim=True).detach()
    shift = where(largest.isfinite(), largest, 0.0)  # all -inf must give -inf, not NaN
    out = (input - shift).exp().sum(axes, keepdim=True).log() + shift
    return out if keepdim else reshape(out, _without(input.shape, axes))
