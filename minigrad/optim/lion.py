"""Lion: steps by the sign of a momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State


class Lion(Optimizer):
    """``p <- (1 - lr weight_decay) p - lr sign(beta1 m + (1 - beta1) g)``, and then
    ``m <- beta2 m + (1 - beta2) g`` (Chen et al. 2023, "Symbolic Discovery of Optimization
    Algorithms"). PyTorch has no such optimizer.

    Every element moves by `lr`, so `lr` is to be three to ten times smaller than Adam's, and
    `weight_decay` as many times larger.

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate, the size of a step in each element.
        betas: how much of the momentum `m` there is in the step, and how much of it lives on.
        weight_decay: how much of the parameter itself is taken away.
        maximize: climb instead.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        self.require_betas(group)

    def start(self, p: Tensor, group: Group) -> State:
        """The momentum."""
        return {"exp_avg": zeros_like(p)}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        m, lr, (beta1, beta2) = state["exp_avg"], group["lr"], group["betas"]
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            p.mul_(1 - lr * group["weight_decay"])
        p.add_(m.lerp(g, 1 - beta1).sign_(), alpha=-lr)
        m.lerp_(g, 1 - beta2)
