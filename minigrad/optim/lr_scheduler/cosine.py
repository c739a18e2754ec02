"""Schedules along a cosine (Loshchilov, Hutter 2017)."""

from __future__ import annotations

import math
from typing import Any

from ...errors import ArgumentError
from ..optimizer import Optimizer
from .base import LRScheduler


class CosineAnnealingLR(LRScheduler):
    """``lr = eta_min + (initial_lr - eta_min) (1 + cos(pi epoch / T_max)) / 2``.

    Computed from the epoch before, so that other schedules can multiply it.

    Args:
        optimizer: whose learning rates to change.
        T_max: the epochs down to `eta_min`; after them it rises again.
        eta_min: the least learning rate.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates of the groups at `last_epoch`."""
        self._called()
        t, T_max, low = self.last_epoch, self.T_max, self.eta_min
        if self._is_initial:
            return self._unchanged()
        if self._step_count == 1 and t > 0:
            rise = 1 + math.cos(t * math.pi / T_max)
            return [low + (base - low) * rise / 2 for base in self.base_lrs]
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if (t - 1 - T_max) % (2 * T_max) == 0:  # the epoch before was at the bottom
            rise = 1 - math.cos(math.pi / T_max)
            pairs = zip(rates, self.base_lrs, strict=True)
            return [lr + (base - low) * rise / 2 for lr, base in pairs]
        now, before = (1 + math.cos(math.pi * s / T_max) for s in (t, t - 1))
        return [now / before * (lr - low) + low for lr in rates]

    def _closed_form(self) -> list[Any]:
        rise = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return [self.eta_min + (base - self.eta_min) * rise / 2 for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """`CosineAnnealingLR` that starts again at the top: after `T_0` epochs, then after `T_mult`
    times as many, and so on.

    Args:
        optimizer: whose learning rates to change.
        T_0: the epochs of the first descent.
        T_mult: what the length of each is multiplied by for the next.
        eta_min: the least learning rate.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        name = type(self).__name__
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ArgumentError(f"{name}: T_0={T_0} must be a positive integer")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ArgumentError(f"{name}: T_mult={T_mult} must be an integer from 1 on")
        if not isinstance(eta_min, (float, int)):
            raise ArgumentError(f"{name}: eta_min={eta_min} must be a number")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates of the groups at `last_epoch`."""
        self._called()
        rise = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * rise / 2 for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to `epoch`, which may be a fraction: after each batch,
        ``step(epoch + batch / batches)``."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise ArgumentError(f"CosineAnnealingWarmRestarts: epoch={epoch} must not be negative")
        elif epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            grown = epoch / self.T_0 * (self.T_mult - 1) + 1
            n = int(math.log(grown, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**n
        self.last_epoch = math.floor(epoch)
        self._set(self._quiet_lr())
