"""Variance and its root, quantiles, and how variables vary together."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import CATEGORY, FLOAT, INT, float32, float64, get_default_dtype, int64, real_of
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .calling import of_tensor
from .choice import clamp, clamp_min, where
from .complex import complex, conj, imag, is_complex_tensor, real
from .creation import arange, number, tensor
from .elementwise import over_slope, sqrt
from .extreme import need_elements
from .gather import GATHER
from .matmul import matmul
from .operands import axes_of, axis_of, need_float
from .order import sort
from .reduce import finish, kept, mean, spread, sum, without
from .rounding import ceil, floor, round
from .shape import cast, permute, reshape, unsqueeze

__all__ = [
    "corrcoef", "cov", "nanquantile", "quantile", "std", "std_mean", "var", "var_mean",
]  # fmt: skip

# Variance ------------------------------------------------------------------------------------


def _slope(g: Tensor, x: Tensor, x_shape: Any, axes: tuple[int, ...], correction: float) -> Tensor:
    deviation = x - mean(x, axes, keepdim=True)
    count = math.prod([x_shape[i] for i in axes]) - correction
    if count > 0:
        return spread(g * (2 / count), x_shape, axes) * deviation
    return cast(spread(g, x_shape, axes) * where(deviation == 0, math.nan, math.inf), x.dtype)


def _root_slope(
    g: Tensor, x: Tensor, y: Tensor, x_shape: Any, axes: tuple[int, ...], correction: float
) -> Tensor:
    # Flat at 0, as PyTorch has it: equal elements have no direction to spread in.
    g = where(y == 0, 0.0, over_slope(g, y * 2))
    return _slope(g, x, x_shape, axes, correction)


VAR, STD = [
    Primitive(
        name,
        lambda x, *, axes, correction: Spec(without(x.shape, axes), real_of(x.dtype)),
        kernel=f"reduce.{name}",
        vjps=(slope,),
        formula=formula,
        complex=True,
    )
    for name, slope, formula in (
        ("var", _slope, "sum(|x - mean(x)|^2) / (n - correction)"),
        ("std", _root_slope, "sqrt(sum(|x - mean(x)|^2) / (n - correction))"),
    )
]


def _spread_of(
    prim: Primitive, input: Tensor, dim: Any, unbiased: Any, keepdim: bool, correction: Any
) -> Tensor:
    """`prim` over `dim`; ``var(x, False)`` says `unbiased` in the place of `dim`."""
    need_float(input, prim.name, complex=True)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    elif unbiased is not None:
        raise DTypeError(f"{prim.name}: takes unbiased or correction, not both")
    correction = number(correction, prim.name)
    axes = axes_of(dim, input.ndim, prim.name)
    out = apply(prim, input, axes=axes, correction=correction)
    return finish(out, input, axes, keepdim)


def _mean_beside(input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    return mean(input, None if isinstance(dim, bool) else dim, keepdim)


@of_tensor
def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over `dim`: squared deviations summed over ``n - correction`` (1 by default)."""
    return _spread_of(VAR, input, dim, unbiased, keepdim, correction)


@of_tensor
def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over `dim`, the root of `var`."""
    return _spread_of(STD, input, dim, unbiased, keepdim, correction)


@of_tensor
def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(variance, mean) over `dim`."""
    out = _spread_of(VAR, input, dim, unbiased, keepdim, correction)
    return out, _mean_beside(input, dim, keepdim)


@of_tensor
def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean) over `dim`."""
    out = _spread_of(STD, input, dim, unbiased, keepdim, correction)
    return out, _mean_beside(input, dim, keepdim)


# Quantiles -----------------------------------------------------------------------------------

_ROUNDING = {"lower": floor, "higher": ceil, "nearest": round}
_INTERPOLATIONS = ("linear", "midpoint", *_ROUNDING)


def _quantile(
    input: Tensor, q: Any, dim: Any, keepdim: bool, interpolation: str, op: str, ignore_nan: bool
) -> Tensor:
    q = _checked_q(input, q, interpolation, op)
    axis = axis_of(0 if dim is None else dim, input.ndim, op)
    flat = reshape(input, -1) if dim is None or input.ndim == 0 else input
    need_elements(flat, (axis,), op)
    ordered = sort(flat, axis).values
    numbers = sum(ordered.detach() == ordered.detach(), axis, keepdim=True)  # they come first
    last = ordered.shape[axis] - 1
    ranks = reshape(q, tuple([-1 if i == axis else 1 for i in range(flat.ndim)]))
    if ignore_nan:
        ranks = clamp_min(ranks * cast(numbers - 1, flat.dtype), 0.0)
    else:
        ranks = where(numbers == last + 1, ranks * last, float(last))
    out = _between(ordered, ranks, axis, interpolation)  # the elements of q stand along axis
    out = permute(out, axis, *[i for i in range(flat.ndim) if i != axis])
    axes = tuple(range(input.ndim)) if dim is None else (axis,)
    return reshape(out, (*q.shape, *(kept if keepdim else without)(input.shape, axes)))


def _checked_q(input: Tensor, q: Any, interpolation: str, op: str) -> Tensor:
    if input.dtype not in (float32, float64):
        raise DTypeError(f"{op}: needs float32 or float64, got {input.dtype}; use x.float()")
    if interpolation not in _INTERPOLATIONS:
        raise ArgumentError(f"{op}: interpolation {interpolation!r} is not of {_INTERPOLATIONS}")
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise ArgumentError(f"{op}: q={q} is not within 0 and 1")
        return tensor(float(q), dtype=input.dtype, device=input.device)
    if q.ndim > 1:
        raise ShapeError(f"{op}: q must be a number or a vector, got shape {q.shape}")
    if q.dtype != input.dtype:
        raise DTypeError(f"{op}: q is {q.dtype}, the input {input.dtype}: they must be the same")
    outside = (q < 0) | (q > 1)
    if q.device.type == "cpu" and bool(outside.array.any()):
        raise ArgumentError(f"{op}: elements of q must be within 0 and 1")
    return q


def _between(ordered: Tensor, ranks: Tensor, axis: int, interpolation: str) -> Tensor:
    """What stands at fractional `ranks` along `axis` of `ordered`."""
    if interpolation in _ROUNDING:
        return _at(ordered, _ROUNDING[interpolation](ranks), axis)
    below = floor(ranks.detach())
    weight = ranks - below if interpolation == "linear" else below * 0 + 0.5
    low, high = _at(ordered, below, axis), _at(ordered, ceil(ranks.detach()), axis)
    step = high - low
    return where(weight < 0.5, low + weight * step, high - step * (1 - weight))


def _at(ordered: Tensor, ranks: Tensor, axis: int) -> Tensor:
    return apply(GATHER, ordered, cast(ranks.detach(), int64), dim=axis)


@of_tensor
def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The value at fraction `q` (a number, or a vector: a new first dimension) of the order.

    Between two elements: linear, lower, higher, midpoint or nearest. NaN if any is NaN.
    """
    return _quantile(input, q, dim, keepdim, interpolation, "quantile", False)


@of_tensor
def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """`quantile` of what is not NaN; NaN where there is nothing else."""
    return _quantile(input, q, dim, keepdim, interpolation, "nanquantile", True)


# Covariance ----------------------------------------------------------------------------------


def _weights(weights: Any, count: int, kind: int, name: str) -> None:
    if weights.ndim > 1 or weights.array.size != count:
        raise ShapeError(f"cov: {name} {weights.shape} must be a vector of {count}")
    if CATEGORY[weights.dtype] != kind:
        wanted = "integers" if kind == INT else "floats"
        raise DTypeError(f"cov: {name} must be {wanted}, got {weights.dtype}")
    if weights.device.type == "cpu" and (weights.array < 0).any():
        raise ArgumentError(f"cov: {name} must not be negative")


@of_tensor
def cov(
    input: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None
) -> Tensor:
    """The covariance matrix (V, V) of variables (V, N), or of one (N,).

    `fweights` (N,) says how often an observation counts, `aweights` (N,) how much.
    """
    if input.ndim > 2:
        raise ShapeError(f"cov: expected (V, N) or (N,), got shape {input.shape}")
    if CATEGORY[input.dtype] < INT:
        raise DTypeError("cov: bools do not vary; use x.float()")
    rows = reshape(input, (1, -1)) if input.ndim < 2 else input
    N = rows.shape[1]
    weights = None
    if fweights is not None:
        _weights(fweights, N, INT, "fweights")
        weights = reshape(fweights, -1)
    if aweights is not None:
        _weights(aweights, N, FLOAT, "aweights")
        flat = reshape(aweights, -1)
        weights = flat if weights is None else cast(weights, flat.dtype) * flat
    dtype = rows.dtype if CATEGORY[rows.dtype] >= FLOAT else get_default_dtype()
    rows = cast(rows, dtype)
    norm: Any = float(N - correction)
    if weights is None:
        weighted = deviation = rows - mean(rows, 1, keepdim=True) if N else rows
    else:
        total = sum(weights)
        deviation = rows - sum(rows * weights, 1, keepdim=True) / total
        weighted, norm = deviation * weights, total - correction
        if aweights is not None and correction != 0:
            norm = total - correction * sum(weights * reshape(aweights, -1)) / total
    norm = clamp_min(norm, 0.0) if isinstance(norm, Tensor) else max(norm, 0.0)
    out = matmul(deviation, conj(weighted).mT) / norm
    return reshape(out, ()) if out.shape == (1, 1) else out


@of_tensor
def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients (V, V) of variables (V, N): covariances over both roots."""
    if input.ndim > 2:
        raise ShapeError(f"corrcoef: expected (V, N) or (N,), got shape {input.shape}")
    c = cov(input)
    if c.ndim == 0:
        return c / c
    V = c.shape[0]
    places = arange(V, device=c.device)
    root = sqrt(real(c[places, places]))
    out = c / unsqueeze(root, 1) / unsqueeze(root, 0)
    if is_complex_tensor(out):
        return complex(clamp(real(out), -1.0, 1.0), clamp(imag(out), -1.0, 1.0))
    return clamp(out, -1.0, 1.0)
