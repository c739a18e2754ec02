"""Rprop: steps by the sign of the gradient alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.choice import where
from ..ops.creation import full_like, zeros_like
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


class Rprop(Optimizer):
    """``p <- p - s sign(g)``: `s` grows while the sign stays, and shrinks when it turns, and then
    the step is left out (Riedmiller, Braun 1993). For whole batches.

    Args:
        params: tensors, or dicts of them with settings.
        lr: what the step sizes `s` start with.
        etas: what a step size is multiplied by where the sign turned, and where it stayed.
        step_sizes: the smallest and the largest.
        maximize: climb instead.
        foreach: without effect. capturable, differentiable: not offered.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        shrink, grow = group["etas"]
        self.require(0 < shrink < 1 < grow, group, "etas", "must be one in (0, 1) and one above 1")

    def start(self, p: Tensor, group: Group) -> State:
        """The step count, the gradient before, and the step sizes."""
        lr = group["lr"]
        sizes = full_like(p, complex(lr, lr) if p.is_complex() else lr)
        return {"step": scalar(0), "prev": zeros_like(p), "step_size": sizes}

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        advance(state)
        before, s = state["prev"], state["step_size"]
        shrink, grow = group["etas"]
        g = -grad if group["maximize"] else grad
        turn = g * before
        s.copy_(where(turn > 0, s * grow, where(turn < 0, s * shrink, s)))
        s.clamp_(*group["step_sizes"])
        g = g.masked_fill(turn < 0, 0)
        p.addcmul_(g.sign(), s, value=-1)
        before.copy_(g)
