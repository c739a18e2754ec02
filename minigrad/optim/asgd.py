"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


class ASGD(Optimizer):
    """``p <- (1 - lambd eta) p - eta g``, and beside it the mean `ax` of `p` from step `t0` on
    (Polyak, Juditsky 1992).

    ``eta = lr / (1 + lambd lr t)^alpha``; ``ax <- ax + mu (p - ax)``, ``mu = 1 / max(1, t - t0)``.

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate.
        lambd: how fast parameters and `eta` decay.
        alpha: the power of the decay of `eta`.
        t0: the step from which on parameters are averaged.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        maximize: climb instead.
        foreach: without effect. capturable, differentiable: not offered.
    """

    componentwise = False  # linear

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def start(self, p: Tensor, group: Group) -> State:
        """The step count, the learning rate, the weight of the mean, and the mean."""
        counters = {"step": scalar(0), "eta": scalar(group["lr"]), "mu": scalar(1)}
        return {**counters, "ax": zeros_like(p)}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        t, eta, mu = advance(state), state["eta"].item(), state["mu"].item()
        lr, lambd, ax = group["lr"], group["lambd"], state["ax"]
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        p.mul_(1 - lambd * eta).add_(g, alpha=-eta)
        if mu == 1:
            ax.copy_(p)
        else:
            ax.add_(p.sub(ax).mul_(mu))
        state["eta"].fill_(lr / (1 + lambd * lr * t) ** group["alpha"])
        state["mu"].fill_(1 / max(1, t - group["t0"]))
