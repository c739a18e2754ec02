"""Initial values of parameters, drawn from minigrad's generator and written in place.

A weight's fan-in is how many inputs each of its outputs sums, its fan-out how many outputs each
input feeds: (O, I, *kernel) has ``fan_in = I * prod(kernel)`` and ``fan_out = O * prod(kernel)``.
Each function returns the tensor it fills. The names without a last underscore are retired.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

from ..dtypes import float64
from ..errors import ArgumentError, ShapeError
from ..grad_mode import no_grad
from ..ops.creation import eye as identity
from ..ops.diagonal import diagonal
from ..ops.factorization import qr
from ..ops.order import argsort
from ..ops.random import rand, randn
from ..ops.special import ndtri
from ..random import Generator
from ..tensor import Tensor

_CONVOLUTIONS = [f"conv{way}{n}d" for way in ("", "_transpose") for n in (1, 2, 3)]
_GAINS = dict.fromkeys(["linear", *_CONVOLUTIONS, "sigmoid"], 1.0) | {
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity; `param` is leaky_relu's slope."""
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, int | float | None):
            raise ArgumentError(f"calculate_gain: the slope must be a number, got {param!r}")
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        known = ", ".join([*_GAINS, "leaky_relu"])
        raise ArgumentError(f"calculate_gain: {nonlinearity!r} is not known; these are: {known}")
    return _GAINS[nonlinearity]


@no_grad()
def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers evenly spread over [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers of the normal distribution."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with numbers of the normal distribution that lie in [a, b].

    They are ``mean + std * ndtri(u)`` of uniform u: the quantiles between those of the bounds.
    """
    if not (std > 0 and a <= b):
        raise ArgumentError(f"trunc_normal_: needs std > 0 and a <= b, got {std=}, {a=}, {b=}")
    # Far from the mean, probabilities near 0 are exact and those near 1 are not: the numbers above
    # the mean are drawn below it.
    side = -std if a > mean else std
    low, high = sorted([math.erfc((mean - x) / (side * math.sqrt(2))) / 2 for x in (a, b)])
    u = rand(tensor.shape, dtype=float64, device=tensor.device, generator=generator)
    return tensor.copy_(ndtri(u * (high - low) + low) * side + mean).clamp_(a, b)


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity."""
    _need_matrix(tensor, "eye_")
    return tensor.copy_(identity(*tensor.shape, dtype=tensor.dtype, device=tensor.device))


def _need_matrix(tensor: Tensor, op: str) -> None:
    if tensor.ndim != 2:
        raise ShapeError(f"{op}: needs a matrix, got shape {tensor.shape}")


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight (O, I, *kernel) so that it hands its inputs on, in each group.

    Outputs beyond the group's inputs are zero.
    """
    shape = tensor.shape
    if len(shape) not in (3, 4, 5):
        raise ShapeError(f"dirac_: needs (O, I, *kernel) of 1 to 3 kernel sizes, got shape {shape}")
    if groups < 1 or shape[0] % groups:
        raise ArgumentError(f"dirac_: {shape[0]} outputs do not divide into groups={groups}")
    outputs = shape[0] // groups
    handed = min(outputs, shape[1])
    rows = [group * outputs + i for group in range(groups) for i in range(handed)]
    middle = [size // 2 for size in shape[2:]]
    tensor.zero_()
    if rows and all(shape[2:]):
        tensor[(rows, list(range(handed)) * groups, *middle)] = 1
    return tensor


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with `gain` times a matrix of orthonormal rows or columns, whichever are fewer.

    Dimensions after the first count as one (Saxe et al. 2013).
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: needs 2 dimensions or more, got shape {tensor.shape}")
    if not tensor.numel():
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    long, short = max(rows, columns), min(rows, columns)
    normal = randn(long, short, dtype=tensor.dtype, device=tensor.device, generator=generator)
    q, r = qr(normal)
    q = q * diagonal(r).sign()  # the signs that make it uniform over all such matrices
    q = q if rows >= columns else q.T
    return tensor.copy_(q.reshape(tensor.shape) * gain)


@no_grad()
def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Fill a matrix with N(0, std²), and a share `sparsity` of each column with zeros.

    (Martens 2010.)
    """
    _need_matrix(tensor, "sparse_")
    if not 0 <= sparsity <= 1:
        raise ArgumentError(f"sparse_: sparsity={sparsity} must be a share, from 0 to 1")
    tensor.normal_(0, std, generator=generator)
    draws = rand(tensor.shape, dtype=float64, device=tensor.device, generator=generator)
    ranks = argsort(argsort(draws, 0), 0)  # each column a random permutation
    return tensor.masked_fill_(ranks < math.ceil(sparsity * tensor.shape[0]), 0)


# Fans ----------------------------------------------------------------------------------------


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan-in, fan-out) of a weight (O, I, *kernel)."""
    if tensor.ndim < 2:
        raise ShapeError(
            f"nn.init: fan-in and fan-out need a weight (O, I, ...), got shape {tensor.shape}"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"nn.init: mode={mode!r} must be 'fan_in' or 'fan_out'")
    # A weight without elements has a fan of 0, and nothing to fill.
    return max(1, fans(tensor)[mode == "fan_out"])


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Uniform with the variance ``gain^2 / fan`` that suits relu networks (He et al. 2015)."""
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / _fan(tensor, mode))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normal with the variance ``gain^2 / fan`` (He et al. 2015)."""
    std = calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform with the variance ``2 gain^2 / (fan_in + fan_out)`` (Glorot, Bengio 2010)."""
    bound = gain * math.sqrt(6 / max(1, sum(fans(tensor))))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with the variance ``2 gain^2 / (fan_in + fan_out)`` (Glorot, Bengio 2010)."""
    std = gain * math.sqrt(2 / max(1, sum(fans(tensor))))
    return normal_(tensor, 0.0, std, generator)


def linear_defaults_(weight: Tensor, bias: Tensor | None) -> None:
    """PyTorch's default for Linear and Conv2d: both uniform within ``1 / sqrt(fan_in)``."""
    kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in = fans(weight)[0]
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        uniform_(bias, -bound, bound)


# PyTorch's names of two helpers, which initialisers of people's own call.
_calculate_fan_in_and_fan_out = fans
_calculate_correct_fan = _fan

# Retired names -------------------------------------------------------------------------------


def _retired(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    name = function.__name__

    @functools.wraps(function)
    def old(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(
            f"nn.init.{name[:-1]} is deprecated; use nn.init.{name}", FutureWarning, stacklevel=2
        )
        return function(*args, **kwargs)

    return old


uniform = _retired(uniform_)
normal = _retired(normal_)
constant = _retired(constant_)
eye = _retired(eye_)
dirac = _retired(dirac_)
xavier_uniform = _retired(xavier_uniform_)
xavier_normal = _retired(xavier_normal_)
kaiming_uniform = _retired(kaiming_uniform_)
kaiming_normal = _retired(kaiming_normal_)
orthogonal = _retired(orthogonal_)
sparse = _retired(sparse_)
