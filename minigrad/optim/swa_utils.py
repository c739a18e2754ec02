"""Averages of a model's parameters over its training: SWA (Izmailov et al. 2018) and EMA."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..context import set_grad
from ..dtypes import CATEGORY, FLOAT, int64
from ..errors import ArgumentError
from ..grad_mode import no_grad
from ..nn.batch_norm import BatchNorm
from ..nn.module import Module
from ..ops.creation import zeros
from ..tensor import Tensor
from .lr_scheduler.base import LRScheduler, one_each
from .optimizer import Optimizer

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn",
    "get_swa_multi_avg_fn", "update_bn",
]  # fmt: skip

Average = Callable[[Tensor, Tensor, Any], Tensor]
Averages = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """``average <- decay average + (1 - decay) parameter``, for `AveragedModel`."""
    _check_decay(decay)

    @no_grad()
    def ema_update(average: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        return decay * average + (1 - decay) * current

    return ema_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """`get_ema_avg_fn` of lists, in place."""
    _check_decay(decay)

    @no_grad()
    def ema_update(averages: Any, currents: Any, num_averaged: Any) -> None:
        for average, current in zip(averages, currents, strict=True):
            if CATEGORY[average.dtype] >= FLOAT:
                average.lerp_(current, 1 - decay)
            else:
                average.copy_(average * decay + current * (1 - decay))

    return ema_update


def get_swa_avg_fn() -> Average:
    """The mean of all so far, ``average <- average + (parameter - average) / (num_averaged + 1)``,
    for `AveragedModel`."""

    @no_grad()
    def swa_update(average: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        return average + (current - average) / (num_averaged + 1)

    return swa_update


def get_swa_multi_avg_fn() -> Averages:
    """`get_swa_avg_fn` of lists, in place."""
    average_of = get_swa_avg_fn()

    @no_grad()
    def swa_update(averages: Any, currents: Any, num_averaged: Any) -> None:
        for average, current in zip(averages, currents, strict=True):
            if CATEGORY[average.dtype] >= FLOAT:
                average.lerp_(current, 1 / (float(num_averaged) + 1))
            else:
                average.copy_(average_of(average, current, num_averaged))

    return swa_update


def _check_decay(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ArgumentError(f"decay={decay} must be between 0 and 1")


class AveragedModel(Module):
    """A copy of a model whose parameters are an average of those that the model had.

    Args:
        model: the model, which is copied.
        device: where the copy lives; with the model if None.
        avg_fn: ``f(average, parameter, num_averaged)`` gives the new average; the mean of all, if
            this and `multi_avg_fn` are None.
        multi_avg_fn: the same of lists of one dtype, in place.
        use_buffers: average buffers too; otherwise they are copied.

    Example:
        >>> model = mg.nn.Linear(2, 1)
        >>> ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
        >>> ema.update_parameters(model)  # after each step of the optimizer
        >>> ema(mg.ones(1, 2)).shape
        (1, 1)
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Averages | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError("AveragedModel: give avg_fn or multi_avg_fn, not both")
        self.module: Module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", zeros((), dtype=int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the model computes with the averaged parameters."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the parameters that the model has now into the average; the first are copied."""

        def tensors(module: Module) -> Iterable[Tensor]:
            buffers = module.buffers() if self.use_buffers else ()
            return itertools.chain(module.parameters(), buffers)

        pairs = [
            (average.detach(), current.detach().to(average.device))
            for average, current in zip(tensors(self.module), tensors(model), strict=True)
        ]
        with set_grad(False):
            if self.n_averaged == 0:
                for average, current in pairs:
                    average.copy_(current)
            else:
                self._average(pairs)
            if not self.use_buffers:
                for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                    mine.detach().copy_(theirs.detach().to(mine.device))
            self.n_averaged.add_(1)

    def _average(self, pairs: list[tuple[Tensor, Tensor]]) -> None:
        if self.multi_avg_fn is None:
            average_of = self.avg_fn or get_swa_avg_fn()
            for average, current in pairs:
                average.copy_(average_of(average, current, self.n_averaged.to(average.device)))
            return
        alike: dict[Any, list[tuple[Tensor, Tensor]]] = {}
        for pair in pairs:
            alike.setdefault((pair[0].device, pair[0].dtype), []).append(pair)
        for (device, _), several in alike.items():
            averages, currents = map(list, zip(*several, strict=True))
            self.multi_avg_fn(averages, currents, self.n_averaged.to(device))


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Set the running statistics of a model's BatchNorm layers to those of all batches.

    An average of parameters has other activations than the models had. `loader` gives inputs, or
    lists whose first entry is one.
    """
    layers = [module for module in model.modules() if isinstance(module, BatchNorm)]
    if not layers:
        return
    momenta, training = [layer.momentum for layer in layers], model.training
    model.train()
    try:
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean
        for batch in loader:
            x = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(x if device is None else x.to(device))
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        model.train(training)


class SWALR(LRScheduler):
    """From the learning rate as it is to the constant `swa_lr` of the averaging.

    Args:
        optimizer: whose learning rates to change.
        swa_lr: the learning rate to reach, or a list of one for each group.
        anneal_epochs: the epochs until it is reached.
        anneal_strategy: "cos" or "linear".
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = one_each("SWALR", "swa_lr", optimizer, swa_lr)
        for group, lr in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(
                f"SWALR: anneal_strategy={anneal_strategy!r} is not 'cos' or 'linear'"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ArgumentError(f"SWALR: anneal_epochs={anneal_epochs} must be 0 or more")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """The way gone at the part `t` of the time."""
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def _gone(self, step: int) -> float:
        return self.anneal_func(max(0, min(1, step / max(1, self.anneal_epochs))))

    def get_lr(self) -> list[Any]:
        """The learning rates of the groups at this step."""
        self._called()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._gone(step - 1), self._gone(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
