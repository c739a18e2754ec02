"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.fused_steps import fused
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State


class SGD(Optimizer):
    """``p <- p - lr b``, where the buffer ``b <- momentum b + (1 - dampening) g`` is the velocity.

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate.
        momentum: how much of the velocity lives on; with 0 there is no buffer.
        dampening: how much of the gradient is kept out of the buffer, after the first step.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        nesterov: the step looks ahead, ``g + momentum b`` (Sutskever et al. 2013).
        maximize: climb instead.
        foreach, fused: without effect. differentiable: not offered.

    Raises:
        ArgumentError: a negative setting, or nesterov without momentum or with dampening.
    """

    componentwise = False  # linear, so that complex arithmetic is the same

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        self.require(group["momentum"] >= 0, group, "momentum", "must not be negative")
        fits = not group["nesterov"] or (group["momentum"] > 0 and group["dampening"] == 0)
        self.require(fits, group, "nesterov", "needs a momentum and no dampening")

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        if self._fused(p, grad, state, group):
            return
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        momentum = group["momentum"]
        if momentum:
            b = state.get("momentum_buffer")
            if b is None:
                b = state["momentum_buffer"] = g.clone()
            else:
                b.mul_(momentum).add_(g, alpha=1 - group["dampening"])
            g = g.add(b, alpha=momentum) if group["nesterov"] else b
        p.add_(g, alpha=-group["lr"])

    def _fused(self, p: Tensor, grad: Tensor, state: State, group: Group) -> bool:
        """The same in one pass over memory, if there is a kernel."""
        sign = -1 if group["maximize"] else 1
        numbers = (sign, group["weight_decay"], -group["lr"])
        momentum = group["momentum"]
        if not momentum:
            return fused("sgd", grad, [p], numbers)
        b = state.get("momentum_buffer")
        more = (momentum, 1 - group["dampening"], group["nesterov"])
        return b is not None and fused("sgd_momentum", grad, [p, b], (*numbers, *more))
