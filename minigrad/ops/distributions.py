"""Random numbers of named distributions, as new tensors and as in-place fills.

All are made of uniform numbers of 53 bits by inversion, a fixed count of them an element, so that
the same seed gives the same numbers on every device.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import bool_, float32, float64, int64, is_float
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Elementwise, Primitive, Shape, Spec
from ..kernels.launch import broadcast_shape
from ..random import Generator
from ..tensor import Tensor, apply
from .calling import public
from .choice import where
from .compare import isfinite
from .creation import factory, number, zeros_like
from .elementwise import exp, log1p
from .operands import as_tensor_operand, integer, need_float, shape_of
from .random import bounds_of, integers, normal_numbers, randn, uniform
from .rounding import floor
from .shape import cast, expand
from .trigonometry import tan

__all__ = ["bernoulli", "binomial", "multinomial", "normal", "poisson"]


def _certain(condition: Tensor, message: str) -> None:
    """ArgumentError unless all is true; not on a GPU, where looking would stop the stream."""
    if isinstance(condition.array, np.ndarray) and not condition.array.all():
        raise ArgumentError(message)


def _uniform64(shape: Shape, like: Tensor, generator: Generator | None) -> Tensor:
    return uniform(shape, float64, like.device, generator)


# As in PyTorch, what is drawn depends on its parameters, with a slope of zero.
DRAWN = Elementwise("drawn", "a", "a p", vjps=(None, lambda g: zeros_like(g)), complex=True)


def _drawn_from(drawn: Tensor, parameters: list[Tensor]) -> Tensor:
    for p in parameters:
        drawn = apply(DRAWN, drawn, p) if p.requires_grad else drawn
    return drawn


# New tensors ---------------------------------------------------------------------------------


@factory
def _normal_of_size(
    size: Any, mean: float, std: float, *, dtype: Any = None, device: Any = None,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    return randn(shape_of((size,)), dtype=dtype, device=device, generator=generator) * std + mean


@public
def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None,
    **options: Any,
) -> Tensor:  # fmt: skip
    """Random numbers of normal distributions: a mean and a standard deviation an element, either
    may be a number; or of two numbers, in a tensor of `size`. Their gradients are zero."""
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if isinstance(std, Tensor):
        _certain(std >= 0, "normal: every element of std must be 0 or more")
    elif not std >= 0:
        raise ArgumentError(f"normal: std={std} must not be negative")
    if not tensors:
        if not isinstance(size, (list, tuple)):
            raise DTypeError("normal: mean and std are numbers, so size= must be given")
        return _normal_of_size(size, mean, std, generator=generator, **options)
    if size is not None or options:
        raise DTypeError("normal: size and options are for a mean and std that are numbers")
    first = tensors[0]
    if not is_float(first.dtype) and first.dtype.kind != "c":
        raise DTypeError(f"normal: needs floating-point tensors, got {first.dtype}")
    shape = broadcast_shape([x.shape for x in tensors], "normal")
    drawn = normal_numbers(shape, first.dtype, first.device, generator)
    plain_mean, plain_std = [x.detach() if isinstance(x, Tensor) else x for x in (mean, std)]
    return _drawn_from(cast(drawn * plain_std + plain_mean, first.dtype), tensors)


@public
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with the probability that `input` holds, or with probability `p`; else 0."""
    given = as_tensor_operand(input, "bernoulli")
    x = given.detach()
    if p is None:
        need_float(x, "bernoulli")
        _certain((x >= 0) & (x <= 1), "bernoulli: probabilities must lie in [0, 1]")
        return _drawn_from(cast(_coin(x, x, generator), x.dtype), [given])
    return cast(_coin(_probability(p, "bernoulli"), x, generator), x.dtype)


def _probability(p: Any, op: str) -> float:
    if not 0 <= p <= 1:
        raise ArgumentError(f"{op}: p={p} must be a probability in [0, 1]")
    return float(p)


def _coin(p: Any, like: Tensor, generator: Generator | None) -> Tensor:
    """Whether uniform numbers lie below `p`; of 24 bits, but for probabilities of 53."""
    dtype = float64 if isinstance(p, Tensor) and p.dtype == float64 else float32
    return uniform(like.shape, dtype, like.device, generator) < p


POISSON = Primitive(
    "poisson", lambda rate, u: Spec(rate.shape, rate.dtype), kernel="distributions.poisson"
)
BINOMIAL = Primitive(
    "binomial",
    lambda count, prob, u: Spec(count.shape, count.dtype),
    kernel="distributions.binomial",
)
MULTINOMIAL = Primitive(
    "multinomial",
    lambda weights, u, *, replacement, out_shape: Spec(out_shape, int64),
    kernel="distributions.multinomial",
)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of events, of Poisson distributions whose rates `input` holds."""
    given = as_tensor_operand(input, "poisson")
    rate = given.detach()
    need_float(rate, "poisson")
    _certain(rate >= 0, "poisson: every rate must be 0 or more")
    drawn = apply(POISSON, rate, _uniform64(rate.shape, rate, generator))
    return _drawn_from(drawn, [given])


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of successes in `count` trials that succeed with probability `prob`."""
    n, p = as_tensor_operand(count, "binomial"), as_tensor_operand(prob, "binomial")
    if not is_float(n.dtype):
        raise ArgumentError(f"binomial: needs floating-point tensors, got {n.dtype}")
    if p.dtype != n.dtype:
        raise DTypeError(
            f"binomial: count is {n.dtype} and prob {p.dtype}; they must be of one dtype"
        )
    shape = broadcast_shape([n.shape, p.shape], "binomial")
    n, p = expand(n.detach(), shape), expand(p.detach(), shape)
    _certain((p >= 0) & (p <= 1), "binomial: probabilities must lie in [0, 1]")
    _certain((n >= 0) & (floor(n) == n), "binomial: counts must be whole numbers, 0 or more")
    return apply(BINOMIAL, n, p, _uniform64(shape, n, generator))


@public
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """`num_samples` indices drawn with the weights `input`, a vector or one a row, (N, K) to
    (N, num_samples). Without `replacement` no index comes twice."""
    weights = as_tensor_operand(input, "multinomial").detach()
    need_float(weights, "multinomial")
    count = integer(num_samples, "multinomial: num_samples")
    if weights.ndim not in (1, 2):
        raise ShapeError(f"multinomial: expected a vector or a matrix, got shape {weights.shape}")
    most = weights.shape[-1]
    if count < 1 or (not replacement and count > most) or most == 0:
        raise ArgumentError(
            f"multinomial: cannot draw {count} of {most} {'with' if replacement else 'without'} "
            "replacement"
        )
    _certain(
        isfinite(weights) & (weights >= 0), "multinomial: weights must be finite, not negative"
    )
    likely = (weights > 0).sum(-1)
    needed = 1 if replacement else count
    _certain(likely >= needed, f"multinomial: {needed} weights or more must be above 0")
    shape = (*weights.shape[:-1], count)
    drawn = (*weights.shape[:-1], count if replacement else most)
    u = _uniform64(drawn, weights, generator)
    return apply(MULTINOMIAL, weights, u, replacement=bool(replacement), out_shape=shape)


# In place ------------------------------------------------------------------------------------


def _fill(target: Tensor, source: Tensor) -> Tensor:
    """`target` overwritten by freshly drawn values."""
    target[...] = source
    return target


def _continuous(input: Tensor, op: str) -> None:
    if not is_float(input.dtype):
        raise DTypeError(f"{op}: needs a floating-point tensor, got {input.dtype}")


def uniform_(
    input: Tensor, low: float = 0.0, high: float = 1.0, *, generator: Generator | None = None,
    **named: Any,
) -> Tensor:  # fmt: skip
    """Fill with uniform random numbers in [low, high); PyTorch's names are ``from`` and ``to``."""
    low, high = named.pop("from", low), named.pop("to", high)
    if named:
        raise DTypeError(f"uniform_: unknown arguments {[*named]}")
    _continuous(input, "uniform_")
    if not low <= high or not math.isfinite(high - low):
        raise ArgumentError(f"uniform_: low={low} must not be above high={high}, and both finite")
    drawn = uniform(input.shape, input.dtype, input.device, generator) * (high - low) + low
    # Rounding can reach `high`, which does not belong to the range.
    return _fill(input, where(drawn < high, drawn, low) if low < high else drawn)


def normal_(
    input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with random numbers of the normal distribution."""
    mean, std = number(mean, "normal_"), number(std, "normal_")
    if not std >= 0:
        raise ArgumentError(f"normal_: std={std} must not be negative")
    if input.dtype.kind != "c":
        _continuous(input, "normal_")
    drawn = normal_numbers(input.shape, input.dtype, input.device, generator)
    return _fill(input, drawn * std + mean)


def log_normal_(
    input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with ``exp`` of normal random numbers of this mean and standard deviation."""
    _continuous(input, "log_normal_")
    if not std > 0:
        raise ArgumentError(f"log_normal_: std={std} must be positive")
    drawn = normal_numbers(input.shape, float64, input.device, generator)
    return _fill(input, exp(drawn * std + mean))


def exponential_(
    input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with waiting times of rate `lambd`: ``-log(1 - u) / lambd``."""
    _continuous(input, "exponential_")
    if not lambd > 0:
        raise ArgumentError(f"exponential_: lambd={lambd} must be positive")
    u = _uniform64(input.shape, input, generator)
    return _fill(input, log1p(-u) * (-1.0 / lambd))


def cauchy_(
    input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers of the Cauchy distribution: ``median + sigma tan(pi (u - 0.5))``."""
    _continuous(input, "cauchy_")
    if not sigma > 0:
        raise ArgumentError(f"cauchy_: sigma={sigma} must be positive")
    turn = (_uniform64(input.shape, input, generator) - 0.5) * math.pi
    return _fill(input, tan(turn) * sigma + median)


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of trials up to the first success, of probability `p`: 1, 2, ..."""
    if not 0 < p < 1:
        raise ArgumentError(f"geometric_: p={p} must lie in (0, 1)")
    if input.dtype == bool_:
        raise DTypeError("geometric_: a bool tensor holds no counts")
    u = _uniform64(input.shape, input, generator)
    return _fill(input, floor(log1p(-u) * (1 / math.log1p(-p))) + 1)


def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 of probability `p`, a number or a tensor that broadcasts, else 0."""
    if isinstance(p, Tensor):
        need_float(p, "bernoulli_")
        _certain((p >= 0) & (p <= 1), "bernoulli_: probabilities must lie in [0, 1]")
        p = expand(p.detach(), input.shape)
    else:
        p = _probability(p, "bernoulli_")
    return _fill(input, cast(_coin(p, input, generator), input.dtype))


def random_(
    input: Tensor, from_: Any = None, to: Any = None, *, generator: Generator | None = None,
    **named: Any,
) -> Tensor:  # fmt: skip
    """Fill with integers from `from_` up to but without `to`: ``random_(10)``, ``random_(3, 10)``.

    Without limits: all that the dtype holds from 0 on; for floats, up to where each is exact.
    """
    from_ = named.pop("from", from_)
    if named:
        raise DTypeError(f"random_: unknown arguments {[*named]}")
    if from_ is not None and to is None:
        from_, to = 0, from_
    if to is None:
        digits = {2: 11, 4: 24, 8: 53}[input.dtype.itemsize] if is_float(input.dtype) else 0
        digits = 8 if str(input.dtype) == "bfloat16" else digits
        to = 2**digits + 1 if digits else bounds_of(input.dtype)[1] + 1
    start = 0 if from_ is None else from_
    drawn = integers(input.shape, start, to, input.dtype, input.device, generator, "random_")
    return _fill(input, drawn)
