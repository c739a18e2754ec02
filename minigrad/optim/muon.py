"""Muon: steps whose matrices are orthogonal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..dtypes import bfloat16
from ..errors import ArgumentError, DTypeError
from ..ops.creation import zeros_like
from ..ops.products import addmm
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State


class Muon(Optimizer):
    """``p <- (1 - lr weight_decay) p - lr_s O``, `O` nearly the orthogonal matrix next to the
    momentum (Jordan et al. 2024).

    The momentum is a running mean ``b <- momentum b + (1 - momentum) g``. `O` comes by iterations
    of ``X <- a X + (b G + c G^2) X``, ``G = X X^T``, in bfloat16, which bring all singular values
    near 1. For the matrices of hidden layers; biases, embeddings and the last layer are better
    given to `AdamW`.

    Args:
        params: tensors of two dimensions, or dicts of them with settings.
        lr: the learning rate.
        weight_decay: how much of the parameter itself is taken away.
        momentum: how much of `b` lives on.
        nesterov: the step looks ahead, ``momentum b + (1 - momentum) g``.
        ns_coefficients: `a`, `b`, `c` of the iteration.
        eps: the least norm that the momentum is divided by.
        ns_steps: how many iterations.
        adjust_lr_fn: ``lr_s`` of a matrix (m, n) is ``lr sqrt(max(1, m / n))`` ("original", the
            default), or ``0.2 lr sqrt(max(m, n))`` ("match_rms_adamw": for a rate tuned for
            `AdamW`).

    Raises:
        ArgumentError: a parameter that is no matrix, or a setting out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        self.require(group["momentum"] >= 0, group, "momentum", "must not be negative")
        self.require(group["ns_steps"] < 100, group, "ns_steps", "must be less than 100")
        three = len(group["ns_coefficients"]) == 3
        self.require(three, group, "ns_coefficients", "must be three numbers")
        known = group["adjust_lr_fn"] in (None, "original", "match_rms_adamw")
        self.require(known, group, "adjust_lr_fn", "is not 'original' or 'match_rms_adamw'")
        for position, p in enumerate(group["params"]):
            if p.ndim != 2:
                raise ArgumentError(
                    f"Muon: parameter {position} has shape {p.shape} and is no matrix; give it to "
                    "AdamW"
                )
            if p.is_complex():
                raise DTypeError("Muon: complex parameters are not supported")

    def start(self, p: Tensor, group: Group) -> State:
        """The momentum."""
        return {"momentum_buffer": zeros_like(p)}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        lr, momentum = group["lr"], group["momentum"]
        b = state["momentum_buffer"].lerp_(grad, 1 - momentum)
        step = grad.lerp(b, momentum) if group["nesterov"] else b
        step = orthogonal(step, group["ns_coefficients"], group["ns_steps"], group["eps"])
        m, n = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * math.sqrt(max(m, n))
        else:
            scale = math.sqrt(max(1, m / n))
        p.mul_(1 - lr * group["weight_decay"])
        p.add_(step, alpha=-lr * scale)


def orthogonal(
    x: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """Nearly the orthogonal matrix next to `x` (m, n), by iterations in bfloat16."""
    a, b, c = coefficients
    tall = x.shape[0] > x.shape[1]
    x = x.to(bfloat16)
    x = x.T if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T  # (m, m)
        x = addmm(x, addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
