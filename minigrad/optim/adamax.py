"""Adamax: Adam by the largest gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.creation import zeros_like
from ..ops.inplace import maximum_
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


class Adamax(Optimizer):
    """``p <- p - lr m / (u (1 - beta1^t))``, ``u <- max(beta2 u, |g| + eps)`` (Kingma, Ba 2015).

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate.
        betas: how much of the mean `m` of ``g`` and of the size `u` lives on.
        eps: keeps the divisor away from zero.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        maximize: climb instead.
        foreach: without effect. capturable, differentiable: not offered.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        self.require_betas(group)

    def start(self, p: Tensor, group: Group) -> State:
        """The step count, the mean and the size."""
        return {"step": scalar(0), "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        t, m, u = advance(state), state["exp_avg"], state["exp_inf"]
        lr, (beta1, beta2) = group["lr"], group["betas"]

        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        m.lerp_(g, 1 - beta1)
        maximum_(u.mul_(beta2), g.abs().add_(group["eps"]))
        p.addcdiv_(m, u, value=-lr / (1 - beta1**t))
