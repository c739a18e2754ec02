"""LRScheduler: what all schedules share.

A schedule is a subclass with `get_lr`, the learning rates at `last_epoch`, most often from those of
the epoch before: so schedules multiply when several of them are stepped. `_closed_form`, where
there is one, computes them from the initial ones.
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import ArgumentError, DTypeError
from ...tensor import Tensor
from ..optimizer import Optimizer

EPOCH_WARNING = (
    "the epoch argument of scheduler.step() is deprecated: the schedule is then computed in closed "
    "form where it has one. Call scheduler.step()"
)
_ORDER_WARNING = (
    "scheduler.step() was called before optimizer.step(): the first learning rate of the schedule "
    "is skipped. Call optimizer.step() first"
)
_GET_LR_WARNING = "get_lr() computes the next learning rate; the last one is get_last_lr()"


def values_of(optimizer: Optimizer, key: str) -> list[Any]:
    """A setting in each group; tensors are copied."""
    values = [group[key] for group in optimizer.param_groups]
    return [v.clone() if isinstance(v, Tensor) else v for v in values]


def assign(group: dict[str, Any], key: str, value: Any) -> None:
    """Change a setting; a tensor is filled, so that all who hold it see."""
    if isinstance(group[key], Tensor):
        group[key].fill_(value)
    else:
        group[key] = value


def one_each(owner: str, name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """`value` for each group, given as one or as a list."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * groups
    elif len(value) != groups:
        raise ArgumentError(f"{owner}: {name} has {len(value)} values, there are {groups} groups")
    return [v.clone() if isinstance(v, Tensor) else v for v in value]


def check_optimizer(owner: str, optimizer: Any) -> None:
    """DTypeError unless it is one."""
    if not isinstance(optimizer, Optimizer):
        raise DTypeError(f"{owner}: {type(optimizer).__name__} is not an Optimizer")


class LRScheduler:
    """The base of schedules: `step` sets the learning rates of an optimizer's groups.

    Args:
        optimizer: whose ``lr`` to change. Its learning rate at the start is kept in each group as
            ``initial_lr``.
        last_epoch: the number of the last epoch, when resuming without a `state_dict`; -1 starts.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        check_optimizer(name, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                lr = group["lr"]
                group.setdefault("initial_lr", lr.clone() if isinstance(lr, Tensor) else lr)
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{name}: group {i} has no 'initial_lr', which resuming with last_epoch="
                    f"{last_epoch} needs; load the optimizer's state first"
                )
        self.base_lrs = values_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if not optimizer._scheduled:  # steps before the first schedule do not count
            optimizer._opt_called, optimizer._scheduled = False, True
        self._initial_step()

    _is_initial = False
    _get_lr_called_within_step = False

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_last_lr(self) -> list[Any]:
        """The learning rates of the groups, as last set."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The learning rates of the groups at `last_epoch`."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr")

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch, or to `epoch`; call it after the optimizer's step."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(_ORDER_WARNING, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = None if epoch is None else getattr(self, "_closed_form", None)
        self._set((closed or self._quiet_lr)())

    def _quiet_lr(self) -> list[Any]:
        self._get_lr_called_within_step = True
        try:
            return self.get_lr()
        finally:
            self._get_lr_called_within_step = False

    def _set(self, rates: Sequence[Any]) -> None:
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            assign(group, "lr", lr)
        self._last_lr = values_of(self.optimizer, "lr")

    def _called(self) -> None:
        """Warn who calls `get_lr` from outside."""
        if not self._get_lr_called_within_step:
            warnings.warn(_GET_LR_WARNING, UserWarning, stacklevel=3)

    def _times(self, factor: float) -> list[Any]:
        """Each learning rate times a factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _unchanged(self) -> list[Any]:
        return values_of(self.optimizer, "lr")

    def state_dict(self) -> dict[str, Any]:
        """All that it knows but the optimizer."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a `state_dict`, also of PyTorch's scheduler of that name.

        It does not set the learning rates: they are in the optimizer's state.
        """
        self.__dict__.update(state_dict)


def functions_each(owner: str, optimizer: Optimizer, given: Any) -> list[Callable[[int], float]]:
    """A function of the epoch for each group."""
    functions = list(given) if isinstance(given, (list, tuple)) else None
    groups = len(optimizer.param_groups)
    if functions is None:
        functions = [given] * groups
    if len(functions) != groups:
        raise ArgumentError(f"{owner}: expected {groups} lr_lambdas, but got {len(functions)}")
    return functions


def state_of_function(function: Any) -> dict[str, Any] | None:
    """What a callable object holds; a plain function is not saved."""
    if function is None or isinstance(function, types.FunctionType):
        return None
    return dict(getattr(function, "__dict__", {}))
