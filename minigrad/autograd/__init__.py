"""Differentiation: one walk over the graph (`walk`), and what is made of it."""

from collections.abc import Sequence

from ..function import Function
from ..grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from ..tensor import Tensor
from . import functional
from .anomaly import detect_anomaly, set_detect_anomaly
from .checkpoint import checkpoint, checkpoint_sequential
from .transforms import vjp
from .walk import backward_from, grad

__all__ = [
    "Function", "backward", "checkpoint", "checkpoint_sequential", "detect_anomaly",
    "enable_grad", "functional", "grad", "inference_mode", "is_grad_enabled", "no_grad",
    "set_detect_anomaly", "set_grad_enabled", "vjp",
]  # fmt: skip


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of several tensors to ``.grad`` of the leaves: `Tensor.backward`, at once.

    `grad_tensors` are their cotangents, None for a tensor of one element.
    """
    backward_from(tensors, grad_tensors, retain_graph, create_graph, inputs)
