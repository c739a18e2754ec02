"""RMSprop: steps divided by the running size of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


class RMSprop(Optimizer):
    """``p <- p - lr g / (sqrt(v) + eps)``, `v` a running mean of ``g^2`` (Hinton 2012).

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate.
        alpha: how much of `v` lives on.
        eps: keeps the divisor away from zero.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        momentum: how much of the steps' velocity lives on; with 0 there is none.
        centered: divide by the variance, ``v - (mean of g)^2`` (Graves 2013).
        maximize: climb instead.
        foreach: without effect. capturable, differentiable: not offered.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        for name in ("momentum", "alpha"):
            self.require(group[name] >= 0, group, name, "must not be negative")

    def start(self, p: Tensor, group: Group) -> State:
        """The step count, the mean square, and what the settings ask for."""
        state = {"step": scalar(0), "square_avg": zeros_like(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = zeros_like(p)
        return state

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        advance(state)
        v, alpha, momentum = state["square_avg"], group["alpha"], group["momentum"]
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        v.mul_(alpha).addcmul_(g, g, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"].lerp_(g, 1 - alpha)
            v = v.addcmul(mean, mean, value=-1)
        root = v.sqrt().add_(group["eps"])
        if momentum > 0:
            b = state["momentum_buffer"].mul_(momentum).addcdiv_(g, root)
            p.add_(b, alpha=-group["lr"])
        else:
            p.addcdiv_(g, root, value=-group["lr"])
