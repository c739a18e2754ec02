"""Dropout: noise against overfitting. Masks come from counters: none is stored for backward.

Letters: N batch, C channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..errors import ArgumentError, ShapeError
from ..ir import Primitive, Spec
from ..kernels.launch import memory_order
from ..kernels.reference.random import counters
from ..random import Generator, default_generator
from ..tensor import Tensor, apply
from .creation import ones
from .inplace import twin
from .layer_arguments import layer_function, takes_tensors
from .operands import need_float
from .shape import cast, reshape, unsqueeze

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]

DROPOUT: Primitive = Primitive(
    "dropout",
    lambda x, *, seed, offset, p: Spec(x.shape, x.dtype, memory_order(x)),
    kernel="random.dropout",
    vjps=(lambda g, seed, offset, p: apply(DROPOUT, g, seed=seed, offset=offset, p=p),),
    formula="y = x mask / (1 - p), the mask computed from (seed, offset)",
)
# Where SELU's outputs end, far to the left: what alpha dropout sets elements to.
_FLOOR = -1.7580993408473766

Noise = Callable[[Tensor, float, Generator | None], Tensor]


def _dropout(input: Tensor, p: float, generator: Generator | None) -> Tensor:
    """Each element zeroed, or scaled by 1 / (1 - p)."""
    if p == 1.0:
        return input * 0.0
    draw = (generator or default_generator).draw(counters(input.array.size))
    return apply(DROPOUT, input, seed=draw.seed, offset=draw.offset, p=float(p))


def _features(input: Tensor) -> Tensor:
    """Ones (N, C, 1, ...)."""
    if input.ndim < 2:
        raise ShapeError(f"feature dropout: expected an input (N, C, ...), got {input.shape}")
    return ones(*input.shape[:2], *[1] * (input.ndim - 2), dtype=input.dtype, device=input.device)


@layer_function
def _feature_dropout(input: Tensor, p: float, generator: Generator | None) -> Tensor:
    """Each channel of each sample zeroed, or scaled by 1 / (1 - p)."""
    if p == 1.0:
        return input * 0.0
    return input * _dropout(_features(input), p, generator)


def _alpha(input: Tensor, kept: Tensor, p: float) -> Tensor:
    """`input` where `kept`, else SELU's floor; scaled and shifted to keep mean and variance."""
    a = 1 / math.sqrt((_FLOOR * _FLOOR * p + 1) * (1 - p))
    noise = cast(kept != 0, input.dtype)
    return input * (noise * a) + ((1 - noise) * (_FLOOR * a) - _FLOOR * a * p)


@layer_function
def _alpha_dropout(input: Tensor, p: float, generator: Generator | None) -> Tensor:
    if p == 1.0:
        return input * 0.0
    whole = ones(input.shape, dtype=input.dtype, device=input.device)
    return _alpha(input, _dropout(whole, p, generator), p)


@layer_function
def _feature_alpha_dropout(input: Tensor, p: float, generator: Generator | None) -> Tensor:
    if p == 1.0:
        return input * 0.0
    return _alpha(input, _dropout(_features(input), p, generator), p)


def drop(
    op: str, noise: Noise, input: Tensor, p: float, training: bool, inplace: bool,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """`noise` applied to `input`, or in place; outside training the input itself."""
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"{op}: p={p} must be a probability in [0, 1]")
    if not training or p == 0.0:
        return input
    need_float(input, op)
    return (twin(noise) if inplace else noise)(input, p, generator)


@takes_tensors
def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Each element zeroed with probability `p` and the others scaled by ``1 / (1 - p)``.

    (Srivastava et al. 2014.) Outside training the input itself.
    """
    return drop("dropout", _dropout, input, p, training, inplace, generator)


@takes_tensors
def alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Dropout for SELU: elements set to its floor, then scaled and shifted to mean 0, variance 1.

    (Klambauer, Unterthiner, Mayr, Hochreiter 2017.) Outside training the input itself.
    """
    return drop("alpha_dropout", _alpha_dropout, input, p, training, inplace, generator)


@takes_tensors
def feature_alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """`alpha_dropout` of whole channels of (N, C, ...)."""
    name = "feature_alpha_dropout"
    return drop(name, _feature_alpha_dropout, input, p, training, inplace, generator)


def _drop_channels(
    op: str, input: Tensor, batched: int, p: float, training: bool, inplace: bool,
    generator: Generator | None,
) -> Tensor:  # fmt: skip
    """`dropout` of channels; an input of fewer than `batched` dimensions is one sample."""
    if input.ndim != batched - 1 or not training or p == 0.0:
        return drop(op, _feature_dropout, input, p, training, inplace, generator)
    out = drop(op, _feature_dropout, unsqueeze(input, 0), p, training, inplace, generator)
    return input if inplace else reshape(out, input.shape)


@takes_tensors
def dropout1d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Each channel of (N, C, L) or (C, L) zeroed with probability `p`, the others scaled."""
    if input.ndim not in (2, 3):
        raise ShapeError(f"dropout1d: expected (N, C, L) or (C, L), got the shape {input.shape}")
    return _drop_channels("dropout1d", input, 3, p, training, inplace, generator)


@takes_tensors
def feature_dropout(
    input: Tensor, p: float, training: bool, inplace: bool, *, generator: Generator | None = None
) -> Tensor:
    """Each channel of (N, C, ...) zeroed with probability `p`, the others scaled."""
    return drop("feature_dropout", _feature_dropout, input, p, training, inplace, generator)


@takes_tensors
def dropout2d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Each channel of (N, C, H, W) zeroed with probability `p`, the others scaled.

    (Tompson et al. 2015.) An input of three dimensions is (N, C, L), as in PyTorch.
    """
    return drop("dropout2d", _feature_dropout, input, p, training, inplace, generator)


@takes_tensors
def dropout3d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Each channel of (N, C, D, H, W) or (C, D, H, W) zeroed with probability `p`."""
    lone = min(max(input.ndim, 1), 4)  # as PyTorch: fewer dimensions than 5 are one sample
    return _drop_channels("dropout3d", input, lone + 1, p, training, inplace, generator)
