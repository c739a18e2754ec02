"""NAdam: Adam that looks ahead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


class NAdam(Optimizer):
    """`Adam` with Nesterov's momentum: the step mixes the gradient with the mean to come (Dozat
    2016).

    With ``mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)``,

    ``p <- p - lr ((1 - mu_t) g / (1 - mu_1 ... mu_t) + mu_{t+1} m / (1 - mu_1 ... mu_{t+1})) / d``,
    where ``d = sqrt(v / (1 - beta2^t)) + eps``.

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate.
        betas: how much of the means `m` of ``g`` and `v` of ``g^2`` lives on.
        eps: keeps the divisor away from zero.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        momentum_decay: how fast `mu` grows.
        decoupled_weight_decay: decay as in `AdamW`.
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
        momentum_decay: float = 4e-3,
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
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        self.require_betas(group)
        decay = group["momentum_decay"]
        self.require(decay >= 0, group, "momentum_decay", "must not be negative")

    def start(self, p: Tensor, group: Group) -> State:
        """The step count, the product of all `mu`, and both means."""
        means = {"exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}
        return {"step": scalar(0), "mu_product": scalar(1), **means}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        t, m, v = advance(state), state["exp_avg"], state["exp_avg_sq"]
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["momentum_decay"]

        g = -grad if group["maximize"] else grad
        if group["weight_decay"] and group["decoupled_weight_decay"]:
            p.mul_(1 - lr * group["weight_decay"])
        elif group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        mu = beta1 * (1 - 0.5 * 0.96 ** (t * decay))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * decay))
        product = state["mu_product"].mul_(mu).item()
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        root = v.div(1 - beta2**t).sqrt_().add_(group["eps"])
        p.addcdiv_(g, root, value=-lr * (1 - mu) / (1 - product))
        p.addcdiv_(m, root, value=-lr * mu_next / (1 - product * mu_next))
