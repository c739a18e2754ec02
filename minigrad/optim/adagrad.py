"""Adagrad: steps divided by the root of all squared gradients so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.creation import full_like
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


class Adagrad(Optimizer):
    """``p <- p - lr_t g / (sqrt(s) + eps)``, ``s <- s + g^2`` (Duchi, Hazan, Singer 2011).

    Args:
        params: tensors, or dicts of them with settings.
        lr: the learning rate; ``lr_t = lr / (1 + (t - 1) lr_decay)``.
        lr_decay: how fast it falls.
        weight_decay: the gradient becomes ``g + weight_decay p``.
        initial_accumulator_value: what `s` starts with.
        eps: keeps the divisor away from zero.
        maximize: climb instead.
        foreach, fused: without effect. differentiable: not offered.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = self.start(p, group)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        for name in ("lr_decay", "initial_accumulator_value"):
            self.require(group[name] >= 0, group, name, "must not be negative")

    def start(self, p: Tensor, group: Group) -> State:
        """The step count and the sum of squares."""
        first = self.defaults["initial_accumulator_value"]  # of all groups, as in PyTorch
        value = complex(first, first) if p.is_complex() else first
        return {"step": scalar(0), "sum": full_like(p, value)}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        t, s = advance(state), state["sum"]
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        s.addcmul_(g, g, value=1)
        root = s.sqrt().add_(group["eps"])
        p.addcdiv_(g, root, value=-group["lr"] / (1 + (t - 1) * group["lr_decay"]))
