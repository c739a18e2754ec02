"""Activations made of pieces, as in `ops/activations.py`. Each acts on every element alone.

`inplace` writes the result into the input and returns that.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from ..errors import ArgumentError
from ..ops.creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init as initial
from .module import Module
from .parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "Softshrink",
    "Threshold",
]  # fmt: skip


class Activation(Module):
    """The base of the activations: their text shows the settings that `_shown` names."""

    _shown: ClassVar[tuple[str, ...]] = ()
    inplace: bool = False

    def extra_repr(self) -> str:
        settings = [f"{name}={getattr(self, name)}" for name in self._shown]
        return ", ".join(settings + ["inplace=True"] * self.inplace)


class InplaceActivation(Activation):
    """The base of those whose one setting is `inplace`."""

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace


class ReLU(InplaceActivation):
    """``max(0, x)``; with `inplace` written into the input."""

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class Hardtanh(Activation):
    """``min(max(x, min_val), max_val)``.

    `min_value` and `max_value` are retired names of the bounds.

    Raises:
        ArgumentError: `min_val` is not below `max_val`.
    """

    _shown: ClassVar[tuple[str, ...]] = ("min_val", "max_val")

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        if min_value is not None or max_value is not None:
            warnings.warn(
                "Hardtanh: min_value and max_value are deprecated; use min_val and max_val",
                FutureWarning,
                stacklevel=2,
            )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise ArgumentError(
                f"{type(self).__name__}: min_val={self.min_val} must be below "
                f"max_val={self.max_val}"
            )

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """``min(max(x, 0), 6)`` (Krizhevsky 2010)."""

    _shown = ()

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Threshold(Activation):
    """``x`` where x > threshold, else `value`."""

    _shown = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


# A line of another slope below 0 -------------------------------------------------------------


class LeakyReLU(Activation):
    """``x`` where x > 0, else ``negative_slope * x`` (Maas et al. 2013)."""

    _shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(Activation):
    """``x`` where x > 0, else ``weight * x``: the slope is learned (He et al. 2015).

    Args:
        num_parameters: how many slopes `weight` holds: 1, or one a channel.
        init: the value they start with.

    Shapes: input (N, C, ...) with C slopes, or any shape with one; output alike.
    """

    _shown = ("num_parameters",)

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """All slopes `init`."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)


class RReLU(Activation):
    """`LeakyReLU` with slopes drawn from [lower, upper) in training, with their mean afterwards.

    (Xu et al. 2015.)
    """

    _shown = ("lower", "upper")

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


# Straight lines for smooth functions ---------------------------------------------------------


class _Hard(InplaceActivation):
    """What the two share: PyTorch's text does not tell `inplace`."""

    def extra_repr(self) -> str:
        return ""


class Hardsigmoid(_Hard):
    """``min(max(x + 3, 0), 6) / 6``, a sigmoid of straight lines."""

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(_Hard):
    """``x * hardsigmoid(x)`` (Howard et al. 2019)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class _Shrink(Module):
    """What the two shrinks share: `lambd`, the half-width of what becomes 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def extra_repr(self) -> str:
        return str(self.lambd)


class Hardshrink(_Shrink):
    """``x`` where ``|x| > lambd``, else 0."""

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)


class Softshrink(_Shrink):
    """``x`` moved by `lambd` towards 0, and 0 where ``|x| <= lambd``."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)


# An exponential below 0 ----------------------------------------------------------------------


class _Alpha(Activation):
    """What ELU and CELU share: `alpha`, the limit (negated) at minus infinity."""

    _shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha, self.inplace = alpha, inplace


class ELU(_Alpha):
    """``x`` where x > 0, else ``alpha * (exp(x) - 1)`` (Clevert et al. 2015)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


class CELU(_Alpha):
    """``x`` where x > 0, else ``alpha * (exp(x / alpha) - 1)`` (Barron 2017)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)


class SELU(InplaceActivation):
    """`ELU` with the scales that keep mean 0 and variance 1 (Klambauer et al. 2017)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)
