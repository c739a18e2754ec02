"""Adam and AdamW: steps scaled by running moments of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..errors import ArgumentError
from ..ops.creation import zeros_like
from ..ops.fused_steps import fused
from ..ops.inplace import maximum_
from ..tensor import Tensor
from .optimizer import Group, Optimizer, State, advance, scalar


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
        decoupled_weight_decay: decay as in `AdamW`.
        foreach, fused: without effect. capturable, differentiable: not offered.

    Raises:
        ArgumentError: a negative setting, or betas outside [0, 1).
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if {type(beta) for beta in betas} not in ({float}, {Tensor}):
            raise ArgumentError(
                f"{type(self).__name__}: betas={betas} must be two floats, or two tensors of one "
                "element each"
            )
        defaults = {
            "lr": lr,
            "betas": tuple([float(beta) for beta in betas]),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        """Raise ArgumentError for a setting out of its range."""
        super().check(group)
        self.require_betas(group)

    def start(self, p: Tensor, group: Group) -> State:
        """The step count and both means."""
        state = {"step": scalar(0), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(p)
        return state

    def update(self, p: Tensor, grad: Tensor, state: State, group: Group) -> None:
        """One step of one parameter."""
        t, m, v = advance(state), state["exp_avg"], state["exp_avg_sq"]
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if self._fused(p, grad, state, group, t):
            return

        g = -grad if group["maximize"] else grad
        if group["weight_decay"] and group["decoupled_weight_decay"]:
            p.mul_(1 - lr * group["weight_decay"])
        elif group["weight_decay"]:
            g = g.add(p, alpha=group["weight_decay"])
        m.lerp_(g, 1 - beta1)  # m <- beta1 m + (1 - beta1) g
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        if group["amsgrad"]:
            v = maximum_(state["max_exp_avg_sq"], v)
        root = v.sqrt().div_(math.sqrt(1 - beta2**t)).add_(group["eps"])
        p.addcdiv_(m, root, value=-lr / (1 - beta1**t))

    def _fused(self, p: Tensor, grad: Tensor, state: State, group: Group, t: float) -> bool:
        """The same in one pass over memory, if there is a kernel."""
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        if 1 - beta1 >= 0.49:  # then lerp_ adds from the other end
            return False
        decoupled = group["decoupled_weight_decay"]
        numbers = (
            -1 if group["maximize"] else 1, 0 if decoupled else decay,
            1 - lr * decay if decoupled and decay else 1,
            1 - beta1, beta2, 1 - beta2, group["eps"],
            math.sqrt(1 - beta2**t), -lr / (1 - beta1**t),
        )  # fmt: skip
        written = [p, state["exp_avg"], state["exp_avg_sq"]]
        if not group["amsgrad"]:
            return fused("adam", grad, written, numbers)
        return fused("adam_amsgrad", grad, [*written, state["max_exp_avg_sq"]], numbers)


class AdamW(Adam):
    """`Adam` whose weight decay acts on the parameter itself, ``p <- (1 - lr weight_decay) p``.

    In the gradient it would be scaled by the moments (Loshchilov, Hutter 2019).
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad,
            foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
