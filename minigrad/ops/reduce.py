"""Reductions over dimensions, and the sums that undo broadcasting."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from ..dtypes import CATEGORY, FLOAT, STORAGE_ONLY, as_dtype, bool_, float32, int64, uint8
from ..errors import ShapeError
from ..ir import Primitive, Shape, Spec
from ..tensor import Tensor, apply
from .calling import of_tensor
from .choice import where
from .compare import isfinite, isnan
from .complex import conj
from .cumulative import products_without
from .operands import axes_of, axis_of, need_float, shape_of
from .shape import cast, expand, reshape

__all__ = [
    "count_nonzero", "mean", "nanmean", "nansum", "prod", "sum",
]  # fmt: skip


def without(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """`shape` with the dimensions of `axes` left out."""
    return tuple([n for i, n in enumerate(shape) if i not in axes])


def kept(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """`shape` with the dimensions of `axes` of size 1."""
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def spread(g: Tensor, shape: Shape, axes: tuple[int, ...]) -> Tensor:
    """What was reduced over `axes`, or its cotangent, repeated over the dimensions it lost."""
    return expand(reshape(g, kept(shape, axes)), shape)


def finish(out: Tensor, input: Tensor, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    """A reduction of `input` over `axes`, with those dimensions of size 1 if `keepdim`."""
    return reshape(out, kept(input.shape, axes)) if keepdim else out


def wide_dtype(dtype: Any) -> Any:
    """What sums and products of `dtype` are given in: integers and bools add up in int64."""
    return dtype if CATEGORY[dtype] >= FLOAT else int64


SUM = Primitive(
    "sum",
    lambda x, *, axes: Spec(without(x.shape, axes), wide_dtype(x.dtype)),
    kernel="reduce.sum",
    vjps=(lambda g, x_shape, axes: spread(g, x_shape, axes),),
    formula="sum of x over axes",
    complex=True,
)


def _left(shape: Shape, axis: int | None) -> Shape:
    return () if axis is None else without(shape, (axis,))


def _prod_vjp(g: Tensor, x: Tensor, x_shape: Shape, axis: int | None) -> Tensor:
    """The cotangent times the product of the others: y / x would be wrong at zeros."""
    if axis is not None:
        return spread(g, x_shape, (axis,)) * conj(products_without(x, axis))
    flat = reshape(x, -1)
    others = products_without(flat, 0)
    # As in PyTorch two zeros make all of them 0, even beside NaN.
    two_zeros = sum(flat.detach() == 0) > 1
    others = where(two_zeros & ~isfinite(others), 0.0, others)
    return g * reshape(conj(others), x_shape)


PROD = Primitive(
    "prod",
    lambda x, *, axis: Spec(_left(x.shape, axis), wide_dtype(x.dtype)),
    kernel="reduce.prod",
    vjps=(_prod_vjp,),
    formula="product of x over axis",
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


def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """`self` summed to a shape that broadcasts to its own."""
    shape = shape_of(size)
    return sum_to(self, shape) if shape else sum(self)


def rounded_once(reduction: Callable[..., Any]) -> Callable[..., Any]:
    """16-bit floats are storage: a reduction of several steps computes them all in float32."""

    @functools.wraps(reduction)
    def function(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        dtype = kwargs.get("dtype")
        result = input.dtype if dtype is None else as_dtype(dtype)
        if result not in STORAGE_ONLY:
            return reduction(input, *args, **kwargs)
        if dtype is not None:
            kwargs["dtype"] = float32
        out = reduction(cast(cast(input, result), float32), *args, **kwargs)
        return tuple([cast(x, result) for x in out]) if type(out) is tuple else cast(out, result)

    return function


@of_tensor
def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` (a number, several, or all). Integers and bools sum as int64."""
    if dtype is not None:
        dtype = as_dtype(dtype)
        input = cast(input, dtype)
    axes = axes_of(dim, input.ndim, "sum")
    out = apply(SUM, input, axes=axes) if axes else cast(input.clone(), wide_dtype(input.dtype))
    out = finish(out, input, axes, keepdim)
    return out if dtype is None else cast(out, dtype)


@of_tensor
def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product of all elements, or along `dim`. Integers and bools multiply as int64."""
    if dtype is not None:
        dtype = as_dtype(dtype)
        input = cast(input, dtype)
    axis = None if dim is None else axis_of(dim, input.ndim, "prod")
    out = apply(PROD, input, axis=axis if input.ndim else None)
    if input.ndim:
        out = finish(out, input, tuple(range(input.ndim)) if axis is None else (axis,), keepdim)
    return out if dtype is None else cast(out, dtype)


@of_tensor
@rounded_once
def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim`; NaN for no elements."""
    if dtype is not None:
        input = cast(input, dtype)
    need_float(input, "mean", complex=True)
    axes = axes_of(dim, input.ndim, "mean")
    return sum(input, axes, keepdim) / math.prod([input.shape[i] for i in axes])


def _nan_as_zero(input: Tensor) -> Tensor:
    return where(isnan(input), 0.0, input) if CATEGORY[input.dtype] >= FLOAT else input


@of_tensor
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` of what is not NaN."""
    return sum(_nan_as_zero(input), dim, keepdim, dtype=dtype)


@of_tensor
@rounded_once
def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` of what is not NaN; NaN where there is nothing else."""
    need_float(input, "nanmean", complex=True)
    total = nansum(input, dim, keepdim, dtype=dtype)
    return total / cast(sum(input == input, dim, keepdim), total.dtype)


@of_tensor
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements over `dim` are not zero, int64; NaN is not zero."""
    return sum(input != 0, dim)


def _truth(input: Tensor, dim: Any, keepdim: bool, op: str, finds: bool) -> Tensor:
    truths = input.clone() if input.dtype == bool_ else cast(input, bool_)
    if not (isinstance(dim, (tuple, list)) and not dim):  # () is no dimension here, not all
        axes = axes_of(dim, input.ndim, op)
        count = sum(truths == finds, axes, keepdim) if axes or input.ndim else truths == finds
        truths = (count != 0) == finds
    return cast(truths, uint8) if input.dtype == uint8 else truths


@of_tensor
def any_(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether any element over `dim` is non-zero: a bool, of uint8 a uint8."""
    return _truth(input, dim, keepdim, "any", True)


@of_tensor
def all_(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether all elements over `dim` are non-zero: a bool, of uint8 a uint8."""
    return _truth(input, dim, keepdim, "all", False)
