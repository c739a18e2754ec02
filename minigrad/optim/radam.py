"""RAdam: Adam that waits until it knows the size of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


class RAdam(Optimizer):
    """`Adam` whose steps are scaled by the variance of `v`, and are plain while that is unknown
    (Liu et al. 2020).

    With ``rho = 2 / (1 - beta2) - 1`` and ``rho_t = rho - 2 t beta2^t / (1 - beta2^t)``, the mean
    ``m / (1 - beta1^t)`` is divided by ``sqrt(v / (1 - beta2^t))`` from ``rho_t > 5`` on, and times
    ``r_t = sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t))``.

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate.
        betas: how much of the means `m` of ``g`` and `v` of ``g^2`` lives on.
        eps: keeps the divisor away from zero.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        decoupled_weight_decay: decay as in `AdamW`.
        maximize: climb instead.
        foreach: without effect. capturable, differentiable: not offered.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        self.require_betas(group)

    def start(self, p: Tensor, group: Group) -> State:
        """The step count and both means."""
        return {"step": scalar(0), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        t, m, v = advance(state), state["exp_avg"], state["exp_avg_sq"]
        lr, (beta1, beta2) = group["lr"], group["betas"]

        g = -grad if group["maximize"] else grad
        if group["weight_decay"] and group["decoupled_weight_decay"]:
            p.mul_(1 - lr * group["weight_decay"])
        elif group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        correction = 1 - beta2**t
        rho = 2 / (1 - beta2) - 1
        rho_t = rho - 2 * t * beta2**t / correction
        size = -lr / (1 - beta1**t)
        if rho_t > 5:
            rectified = (rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t)
            root = v.sqrt().add_(group["eps"])
            p.addcdiv_(m, root, value=size * math.sqrt(correction) * math.sqrt(rectified))
        else:
            p.add_(m, alpha=size)
