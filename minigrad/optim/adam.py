"""Adam and AdamW: steps scaled by running moments of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..ops.creation import zeros_like
from ..ops.inplace import maximum_
from ..tensor import Tensor
from .optimizer import Group, Optimizer


class Adam(Optimizer):
    """``p <- p - lr m / (sqrt(v) + eps)``, `m` and `v` running means of ``g`` and ``g^2``.

    Both means start at zero and are corrected for it (Kingma, Ba 2015).

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate, about the size of a step in each element.
        betas: how much of `m` and of `v` lives on.
        eps: keeps the divisor away from zero; added to the root of the corrected `v`.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        amsgrad: divide by the largest `v` so far (Reddi, Kale, Kumar 2018).
        maximize: climb instead.

    Raises:
        ArgumentError: a negative setting, or betas outside [0, 1).
    """

    decoupled = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        fits = len(group["betas"]) == 2 and all(0 <= beta < 1 for beta in group["betas"])
        self.require(fits, group, "betas", "must be two numbers in [0, 1)")

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter."""
        if not state:
            state.update(step=0, exp_avg=zeros_like(p), exp_avg_sq=zeros_like(p))
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(p)
        state["step"] += 1
        t, m, v = int(state["step"]), state["exp_avg"], state["exp_avg_sq"]
        lr, (beta1, beta2) = group["lr"], group["betas"]

        g = -grad if group["maximize"] else grad
        if group["weight_decay"] and self.decoupled:
            p.mul_(1 - lr * group["weight_decay"])
        elif group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        m.lerp_(g, 1 - beta1)  # m <- beta1 m + (1 - beta1) g
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        if group["amsgrad"]:
            v = maximum_(state["max_exp_avg_sq"], v)
        root = v.sqrt().div_(math.sqrt(1 - beta2**t)).add_(group["eps"])
        p.addcdiv_(m, root, value=-lr / (1 - beta1**t))


class AdamW(Adam):
    """`Adam` whose weight decay acts on the parameter itself, ``p <- (1 - lr weight_decay) p``.

    In the gradient it would be scaled by the moments (Loshchilov, Hutter 2019).
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
