"""Gradients kept from being too large."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from types import GeneratorType

from ...errors import Error
from ...grad_mode import no_grad
from ...ops.creation import zeros
from ...ops.join import stack
from ...ops.norms import vector_norm
from ...tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


@no_grad()
def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The `norm_type`-norm of all elements of all tensors; inf is the largest absolute value.

    `foreach` changes nothing here.

    Raises:
        Error: the norm is infinite or NaN, with `error_if_nonfinite`.
    """
    given, p = _several(tensors), float(norm_type)
    if not given:
        return zeros(())
    place = given[0].device
    total = vector_norm(stack([vector_norm(t, p).to(place) for t in given]), p)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise Error(
            f"the norm of order {p} of the gradients is {total.item()} and cannot be clipped; "
            "error_if_nonfinite=False scales by it all the same"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale the gradients in place by ``min(1, max_norm / (total_norm + 1e-6))``."""
    # No question whether it is below 1: that would wait for a GPU.
    scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for p in _several(parameters):
        if p.grad is not None:
            p.grad.mul_(scale.to(p.grad.device))


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place so that their norm, as of one vector, is at most `max_norm`.

    Returns: the norm that they had. (Pascanu, Mikolov, Bengio 2013.)

    Raises:
        Error: the norm is infinite or NaN, with `error_if_nonfinite`.

    Example:
        >>> loss.backward()                                           # doctest: +SKIP
        >>> clip_grad_norm_(model.parameters(), 1.0)                  # doctest: +SKIP
        >>> optimizer.step()                                          # doctest: +SKIP
    """
    given = _several(parameters)
    if not given and isinstance(parameters, GeneratorType):
        warnings.warn(
            "clip_grad_norm_: the generator of parameters is empty; was it used up before?",
            stacklevel=2,
        )
    grads = [p.grad for p in given if p.grad is not None]
    total = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(given, max_norm, total, foreach)
    return total


@no_grad()
def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Clamp each element of the gradients, in place, to [-clip_value, clip_value]."""
    bound = float(clip_value)
    for p in _several(parameters):
        if p.grad is not None:
            p.grad.clamp_(-bound, bound)


def _several(tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)
