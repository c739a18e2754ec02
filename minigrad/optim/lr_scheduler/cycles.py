"""Schedules that go up and down, and turn the momentum the other way (Smith 2017, 2018)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...errors import ArgumentError
from ..optimizer import Optimizer
from .base import LRScheduler, assign, check_optimizer, one_each, state_of_function


class _WithMomentum(LRScheduler):
    """A schedule of the momentum, or of the first of betas, too."""

    def _start_momentum(self, base: Any, most: Any, last_epoch: int) -> None:
        name, optimizer = type(self).__name__, self.optimizer
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ArgumentError(
                f"{name}: {type(optimizer).__name__} has no momentum and no betas to cycle; "
                "cycle_momentum=False leaves them out"
            )
        self.use_beta1 = "betas" in optimizer.defaults
        self._bases = one_each(name, "base_momentum", optimizer, base)
        self._mosts = one_each(name, "max_momentum", optimizer, most)
        if last_epoch != -1:
            return
        for group, low, high in zip(optimizer.param_groups, self._bases, self._mosts, strict=True):
            self._set_momentum(group, high)
            group["max_momentum"], group["base_momentum"] = high, low

    def _set_momentum(self, group: dict[str, Any], value: float) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(_WithMomentum):
    """Up from `base_lr` to `max_lr` in straight lines and down again, over and over (Smith 2017).

    For a step after every batch. The height may change from cycle to cycle.

    Args:
        optimizer: whose learning rates to change.
        base_lr: the least learning rate, or a list of one for each group.
        max_lr: the largest, or a list.
        step_size_up: the batches up.
        step_size_down: the batches down; None is as many.
        mode: the height of cycle `c` and batch `i` is 1 ("triangular"), ``1 / 2^(c - 1)``
            ("triangular2") or ``gamma^i`` ("exp_range").
        gamma: see `mode`.
        scale_fn: the height, instead of `mode`, of the cycle or the batch.
        scale_mode: what `scale_fn` is a function of, "cycle" or "iterations".
        cycle_momentum: let the momentum go down from `max_momentum` to `base_momentum` meanwhile.
        base_momentum, max_momentum: numbers, or lists of one for each group.
        last_epoch: the number of the last batch; see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("CyclicLR", optimizer)
        self.optimizer = optimizer
        base_lrs = one_each("CyclicLR", "base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups, strict=True):
                assign(group, "lr", lr)
        self.max_lrs = one_each("CyclicLR", "max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in _HEIGHTS and scale_fn is None:
            raise ArgumentError(f"CyclicLR: mode={mode!r} is none of {sorted(_HEIGHTS)}")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else _HEIGHTS[mode][0]
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(base_momentum, max_momentum, last_epoch)
            self.base_momentums, self.max_momentums = self._bases, self._mosts
            del self._bases, self._mosts
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of a cycle, or at a batch."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return _HEIGHTS[self.mode][1](x, self.gamma)

    def get_lr(self) -> list[Any]:
        """The learning rates of the groups at `last_epoch`; sets the momenta too."""
        self._called()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        up = self.step_ratio
        along = x / up if x <= up else (x - 1) / (up - 1)
        at = cycle if self.scale_mode == "cycle" else self.last_epoch
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        rates = [low + (high - low) * along * self.scale_fn(at) for low, high in pairs]
        if self.cycle_momentum:
            momenta = zip(self.base_momentums, self.max_momentums, strict=True)
            for group, (low, high) in zip(self.optimizer.param_groups, momenta, strict=True):
                self._set_momentum(group, high - (high - low) * along * self.scale_fn(at))
        return rates

    def state_dict(self) -> dict[str, Any]:
        """A `scale_fn` is not saved, or of a callable object what it holds."""
        state = super().state_dict()
        return {**state, "_scale_fn_custom": state_of_function(self._scale_fn_custom)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a `state_dict`; `scale_fn` stays as it is."""
        custom = self._scale_fn_custom
        super().load_state_dict(state_dict)
        self._scale_fn_custom = custom
        held = state_dict.get("_scale_fn_custom")
        if held is not None:
            custom.__dict__.update(held)


_HEIGHTS: dict[str, tuple[str, Callable[[float, float], float]]] = {
    "triangular": ("cycle", lambda x, gamma: 1.0),
    "triangular2": ("cycle", lambda x, gamma: 1 / 2.0 ** (x - 1)),
    "exp_range": ("iterations", lambda x, gamma: gamma**x),
}


class OneCycleLR(_WithMomentum):
    """Once up to `max_lr` and down to nearly nothing, with the momentum the other way (Smith,
    Topin 2018). For a step after every batch.

    Args:
        optimizer: whose learning rates to change.
        max_lr: the largest learning rate, or a list of one for each group.
        total_steps: all batches; or give `epochs` and `steps_per_epoch`.
        pct_start: the part of them in which it rises.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: let the momentum go from `max_momentum` to `base_momentum` and back.
        base_momentum, max_momentum: numbers, or lists of one for each group.
        div_factor: it starts at ``max_lr / div_factor``
        final_div_factor: and ends at that divided by `final_div_factor`.
        three_phase: come down to the start as fast as it rose, and then to the end.
        last_epoch: the number of the last batch; see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("OneCycleLR", optimizer)
        self.optimizer = optimizer
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ArgumentError(f"OneCycleLR: pct_start={pct_start} must be a float in [0, 1]")
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(
                f"OneCycleLR: anneal_strategy={anneal_strategy!r} is not 'cos' or 'linear'"
            )
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        rates = one_each("OneCycleLR", "max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, high in zip(optimizer.param_groups, rates, strict=True):
                group["initial_lr"] = high / div_factor
                group["max_lr"] = high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(base_momentum, max_momentum, last_epoch)
            del self._bases, self._mosts  # they are in the groups
        super().__init__(optimizer, last_epoch)

    def _between(self, start: Any, end: Any, part: float) -> Any:
        if self._anneal_func_type == "cos":
            return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)
        return (end - start) * part + start

    def get_lr(self) -> list[Any]:
        """The learning rates of the groups at `last_epoch`; sets the momenta too."""
        self._called()
        t = self.last_epoch
        if t > self.total_steps:
            raise ArgumentError(
                f"OneCycleLR: step {t} of a schedule of total_steps={self.total_steps}"
            )
        phases = self._schedule_phases
        i = sum([phase["end_step"] < t for phase in phases[:-1]])
        start, phase = (phases[i - 1]["end_step"] if i else 0.0), phases[i]
        part = (t - start) / (phase["end_step"] - start)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                ends = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._between(*ends, part))
        return rates


def _total(total: Any, epochs: Any, steps_per_epoch: Any) -> int:
    given = {"total_steps": total} if total is not None else {
        "epochs": epochs, "steps_per_epoch": steps_per_epoch
    }  # fmt: skip
    if None in given.values():
        raise ArgumentError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ArgumentError(f"OneCycleLR: {name}={value} must be a positive integer")
    return math.prod(given.values())


def _phases(total: int, rising: float, three: bool) -> list[dict[str, Any]]:
    """Where each phase ends, and between which settings of a group it goes."""

    def phase(end_step: float, lr: str, momentum: str) -> dict[str, Any]:
        (start_lr, end_lr), (start_momentum, end_momentum) = lr.split(), momentum.split()
        return {"end_step": end_step, "start_lr": start_lr, "end_lr": end_lr,
                "start_momentum": start_momentum, "end_momentum": end_momentum}  # fmt: skip

    up = phase(float(rising * total) - 1, "initial_lr max_lr", "max_momentum base_momentum")
    if not three:
        return [up, phase(total - 1, "max_lr min_lr", "base_momentum max_momentum")]
    end = float(2 * rising * total) - 2
    down = phase(end, "max_lr initial_lr", "base_momentum max_momentum")
    return [up, down, phase(total - 1, "initial_lr min_lr", "max_momentum max_momentum")]
