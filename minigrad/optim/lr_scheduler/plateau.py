"""A schedule by what a metric does."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ...errors import ArgumentError, Error
from ..optimizer import Optimizer
from .base import EPOCH_WARNING, LRScheduler, assign, check_optimizer, values_of


class ReduceLROnPlateau(LRScheduler):
    """``lr <- lr factor`` when a metric has not become better for more than `patience` epochs.

    Args:
        optimizer: whose learning rates to change.
        mode: "min" if less is better, "max" if more is.
        factor: below 1.
        patience: the epochs without improvement that are let pass.
        threshold: what counts as better: by this part of the best ("rel"), or by this ("abs").
        threshold_mode: "rel" or "abs".
        cooldown: the epochs after a reduction in which none counts as bad.
        min_lr: the least learning rate, or a list of one for each group.
        eps: the least change of the learning rate that is made.

    Example:
        >>> rule = mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=0.1)
        >>> schedule = mg.optim.lr_scheduler.ReduceLROnPlateau(rule, patience=1)
        >>> for loss in (1.0, 0.5, 0.5, 0.5):
        ...     schedule.step(loss)
        >>> schedule.get_last_lr()
        [0.010000000000000002]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ArgumentError(f"ReduceLROnPlateau: factor={factor} must be below 1")
        self.factor = factor
        check_optimizer("ReduceLROnPlateau", optimizer)
        self.optimizer = optimizer
        groups = len(optimizer.param_groups)
        several = isinstance(min_lr, (list, tuple))
        self.default_min_lr = None if several else min_lr
        self.min_lrs: list[Any] = list(min_lr) if several else [min_lr] * groups  # type: ignore[arg-type]
        if len(self.min_lrs) != groups:
            raise ArgumentError(
                f"ReduceLROnPlateau: min_lr has {len(self.min_lrs)} values, there are {groups} "
                "groups"
            )
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = values_of(optimizer, "lr")
        if mode not in ("min", "max"):
            raise ArgumentError(f"ReduceLROnPlateau: mode={mode!r} is not 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ArgumentError(
                f"ReduceLROnPlateau: threshold_mode={threshold_mode!r} is not 'rel' or 'abs'"
            )
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take in the metric of an epoch, a number or a tensor of one element."""
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self.last_epoch = epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = values_of(self.optimizer, "lr")

    def _reduce_lr(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise Error(
                    f"ReduceLROnPlateau: the optimizer now has {len(groups)} groups, min_lr has "
                    f"{len(self.min_lrs)} values; add to the scheduler's min_lrs"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs, strict=True):
            lr = float(group["lr"])
            lower = max(lr * self.factor, least)
            if lr - lower > self.eps:
                assign(group, "lr", lower)

    @property
    def in_cooldown(self) -> bool:
        """Whether a reduction was so short ago that no epoch counts as bad."""
        return self.cooldown_counter > 0

    def _is_better(self, a: float, best: float) -> bool:
        by = self.threshold
        if self.mode == "min":
            return a < (best * (1.0 - by) if self.threshold_mode == "rel" else best - by)
        return a > (best * (by + 1.0) if self.threshold_mode == "rel" else best + by)
