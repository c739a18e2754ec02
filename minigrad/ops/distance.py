"""Distances and lengths. Letters: N, P, R rows, M features."""

from __future__ import annotations

from typing import Any

from ..context import set_grad
from ..device import namespace_of
from ..dtypes import is_differentiable, is_float
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .calling import public, store
from .choice import clamp_min, where
from .elementwise import sqrt, square
from .inplace import clamp_min_
from .norms import p_norm
from .operands import as_tensor_operand, axes_of, axis_of
from .reduce import sum as sum_over
from .shape import broadcast_tensors, clone, unsqueeze

__all__ = ["cdist", "cosine_similarity", "dist", "pairwise_distance", "pdist", "renorm"]


def length(x: Tensor, p: float, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The p-norm of `x` over `dim`; at 0 its slope is 0."""
    return p_norm(x, p, axes_of(dim, x.ndim, "norm"), keepdim, "norm")


def _pair(op: str, a: Any, b: Any) -> tuple[Tensor, Tensor]:
    x, y = as_tensor_operand(a, op), as_tensor_operand(b, op)
    if not (is_differentiable(x.dtype) and is_differentiable(y.dtype)):
        raise DTypeError(f"{op}: needs floating-point tensors, got {x.dtype} and {y.dtype}")
    return x, y


@public
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of ``input - other``, over all elements."""
    x, y = _pair("dist", input, other)
    return length(x - y, p)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` over the last dimension."""
    x, y = as_tensor_operand(x1, "pairwise_distance"), as_tensor_operand(x2, "pairwise_distance")
    d = x - y + eps
    if d.ndim == 0:
        raise ShapeError("pairwise_distance: 0-d tensors have no dimension to take a norm over")
    return length(d, p, -1, keepdim)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """``sum(x1 x2) / (max(|x1|, eps) max(|x2|, eps))`` over `dim`, of tensors that broadcast."""
    x, y = broadcast_tensors(
        as_tensor_operand(x1, "cosine_similarity"), as_tensor_operand(x2, "cosine_similarity")
    )
    if not (is_float(x.dtype) or is_float(y.dtype)):
        raise DTypeError(f"cosine_similarity: needs floats, got {x.dtype} and {y.dtype}")
    return sum_over(_unit(x, dim, eps) * _unit(y, dim, eps), dim)


def _unit(x: Tensor, dim: int, eps: float) -> Tensor:
    """`x` over its length, which is lifted to `eps`; the gradient does not see that."""
    norm = clone(length(x, 2, axis_of(dim, x.ndim, "cosine_similarity"), keepdim=True))
    with set_grad(False):
        clamp_min_(norm, eps)
    return x / norm


def normalize(
    input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """``x / max(|x|, eps)``, with the p-norm over `dim`."""
    x = as_tensor_operand(input, "normalize")
    if not is_differentiable(x.dtype):
        raise DTypeError(f"normalize: needs a floating-point tensor, got {x.dtype}")
    unit = x / clamp_min(length(x, p, dim, keepdim=True), eps)
    return unit if out is None else store(unit, out, "normalize")


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distance of every two rows of `input` (N, M): (N (N - 1) / 2,), in row order."""
    x = as_tensor_operand(input, "pdist")
    if not is_float(x.dtype):
        raise DTypeError(f"pdist: needs a floating-point tensor, got {x.dtype}")
    if x.ndim != 2:
        raise ShapeError(f"pdist: needs a matrix (N, M), got shape {x.shape}")
    if p < 0:
        raise ArgumentError(f"pdist: p={p} must not be negative")
    first, second = namespace_of(x.device).triu_indices(x.shape[0], 1)
    return length(x[Tensor(first)] - x[Tensor(second)], p, -1)


_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = _MODES[0]) -> Tensor:
    """The p-norm distance of every row of `x1` (..., P, M) and of `x2` (..., R, M): (..., P, R).

    Euclidean distances of more than 25 rows come from a matrix product, which is fast and loses
    digits where rows are close; `compute_mode` may ask for it always, or never.
    """
    x, y = _pair("cdist", x1, x2)
    if x.ndim < 2 or y.ndim < 2:
        raise ShapeError(f"cdist: needs matrices (..., rows, M), got {x.shape} and {y.shape}")
    if x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            f"cdist: rows of {x.shape} have {x.shape[-1]} features, those of {y.shape} "
            f"{y.shape[-1]}; they must have as many"
        )
    if p < 0:
        raise ArgumentError(f"cdist: p={p} must not be negative")
    mode = _MODES[0] if compute_mode is None else compute_mode
    if mode not in _MODES:
        raise ArgumentError(f"cdist: compute_mode={mode!r} is none of {', '.join(_MODES)}")
    many = x.shape[-2] > 25 or y.shape[-2] > 25
    if p == 2 and (mode == _MODES[1] or (mode == _MODES[0] and many)):
        return _by_product(x, y)
    return length(unsqueeze(x, -2) - unsqueeze(y, -3), p, -1)


def _by_product(x: Tensor, y: Tensor) -> Tensor:
    """|x|² + |y|² - 2 x·y, which rounding may make a little negative."""
    squares = sum_over(square(x), -1, True) + unsqueeze(sum_over(square(y), -1), -2)
    return _flat_root(clamp_min(squares - x @ y.mT * 2, 0))


def _flat_root(x: Tensor) -> Tensor:
    """The root of x >= 0, with slope 0 at 0."""
    zero = x == 0
    return where(zero, 0.0, sqrt(where(zero, 1.0, x)))


@public
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """`input` with each slice along `dim` whose p-norm exceeds `maxnorm` shrunk to that norm."""
    x = as_tensor_operand(input, "renorm")
    if not is_differentiable(x.dtype):
        raise DTypeError(f"renorm: needs a floating-point tensor, got {x.dtype}")
    if not p > 0:
        raise ArgumentError(f"renorm: p={p} must be positive")
    if not maxnorm >= 0:
        raise ArgumentError(f"renorm: maxnorm={maxnorm} must not be negative")
    if x.ndim < 2:
        raise ShapeError(f"renorm: needs at least 2 dimensions, got shape {x.shape}")
    axis = axis_of(dim, x.ndim, "renorm")
    norm = length(x, p, [i for i in range(x.ndim) if i != axis], keepdim=True)
    return x * where(norm > maxnorm, maxnorm / (norm + 1e-7), 1.0)
