"""Parameters as one vector, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ...errors import DTypeError, ShapeError
from ...ops.join import cat
from ...tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of the parameters, in order, as one vector; gradients flow through it."""
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make each parameter the next piece of `vec`, whose memory it shares.

    Raises:
        ShapeError: `vec` has not as many elements as the parameters together.
    """
    if not isinstance(vec, Tensor):
        raise DTypeError(f"vector_to_parameters: expected a Tensor, got {type(vec).__name__}")
    params = list(parameters)
    sizes = [math.prod(p.shape) for p in params]
    if vec.shape != (sum(sizes),):
        raise ShapeError(
            f"vector_to_parameters: the vector has shape {vec.shape}; the parameters have "
            f"{sum(sizes)} elements"
        )
    start = 0
    for p, size in zip(params, sizes):
        p.data = vec[start : start + size].view(p.shape).detach()
        start += size
