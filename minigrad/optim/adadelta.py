"""Adadelta: steps that find their own size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


class Adadelta(Optimizer):
    """``p <- p - lr d``, where ``d = g sqrt(u + eps) / sqrt(v + eps)`` (Zeiler 2012).

    `v` and `u` are running means of ``g^2`` and ``d^2``.

    Args:
        params: tensors, or dicts of them with settings.
        lr: what the step is multiplied by.
        rho: how much of the means lives on.
        eps: keeps both roots away from zero, and so gives the first steps their size.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        maximize: climb instead.
        foreach: without effect. capturable, differentiable: not offered.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        self.require(0 <= group["rho"] <= 1, group, "rho", "must be in [0, 1]")

    def start(self, p: Tensor, group: Group) -> State:
        """The step count and both means."""
        return {"step": scalar(0), "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        advance(state)
        v, u, rho, eps = state["square_avg"], state["acc_delta"], group["rho"], group["eps"]
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        v.mul_(rho).addcmul_(g, g, value=1 - rho)
        d = u.add(eps).sqrt_().div_(v.add(eps).sqrt_()).mul_(g)
        u.mul_(rho).addcmul_(d, d, value=1 - rho)
        p.add_(d, alpha=-group["lr"])
