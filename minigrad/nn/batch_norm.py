"""Batch normalisation layers. Letters: N batch, C channels, (D) H W image, L sequence."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dtypes import int64
from ..errors import ShapeError
from ..ops.creation import empty, ones, zeros
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]


def add_affine(
    module: Module, shape: Any, weight: bool, bias: bool, device: Any, dtype: Any
) -> None:
    """Give a norm its `weight` and `bias`, each None if it is not wanted."""
    for name, wanted in (("weight", weight), ("bias", bias)):
        values = empty(shape, device=device, dtype=dtype) if wanted else None
        module.register_parameter(name, None if values is None else Parameter(values))


def reset_affine(module: Any) -> None:
    """Ones and zeros."""
    if module.weight is not None:
        init.ones_(module.weight)
    if getattr(module, "bias", None) is not None:
        init.zeros_(module.bias)


class NormWithStatistics(Module):
    """What batch and instance norms share: C numbers of each kind, and what they are for."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    dims: ClassVar[tuple[int, ...]]  # how many dimensions an input may have
    shapes: ClassVar[str]  # and which
    _version = 2  # since it counts batches

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        add_affine(self, num_features, affine, affine and bias, device, dtype)
        tracks = track_running_stats
        statistics = {"device": device, "dtype": dtype}
        for name, start in (("running_mean", zeros), ("running_var", ones)):
            self.register_buffer(name, start(num_features, **statistics) if tracks else None)
        count = zeros((), dtype=int64, device=device) if tracks else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Mean 0 and variance 1, of no batches."""
        statistics = (self.running_mean, self.running_var, self.num_batches_tracked)
        for statistic, start in zip(statistics, (0, 1, 0), strict=True):
            if statistic is not None and self.track_running_stats:
                statistic.fill_(start)

    def reset_parameters(self) -> None:
        """Weights of one, biases of zero, and `reset_running_stats`."""
        self.reset_running_stats()
        reset_affine(self)

    def _check_input_dim(self, input: Tensor) -> None:
        """ShapeError unless `input` has a number of dimensions that this layer takes.

        Under PyTorch's name: norms of people's own are made by writing it anew.
        """
        shape = input.shape
        if len(shape) not in self.dims:
            name = type(self).__name__
            remedy = ": add the batch, x.unsqueeze(0)" if len(shape) + 1 in self.dims else ""
            other = {2: "1d", 3: "1d", 4: "2d", 5: "3d"}.get(len(shape))
            if not remedy and other:
                remedy = f": {name[:-2]}{other} is for such inputs"
            raise ShapeError(
                f"{name}({self.num_features}) takes {self.shapes}, got the input shape {shape}"
                + remedy
            )

    def _misfit(self, shape: tuple[int, ...], axis: int) -> str:
        """What to say of an input whose dimension `axis` is not the channels expected."""
        layer, C = f"{type(self).__name__}({self.num_features})", shape[axis]
        remedy = f"set num_features={C}"
        if shape[-1] == self.num_features and axis != len(shape) - 1:
            order = [*range(axis), len(shape) - 1, *range(axis, len(shape) - 1)]
            remedy = f"if its channels are last, x.permute({', '.join(map(str, order))})"
        return f"{layer} got {C} channels (input shape {shape}): {remedy}"

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _adapt_state(self, state: dict[str, Any], prefix: str, version: int | None) -> list[str]:
        # As PyTorch: states without a version are old, and did not count batches.
        name = f"{prefix}num_batches_tracked"
        if (version is None or version < 2) and self.num_batches_tracked is not None:
            state.setdefault(name, self.num_batches_tracked)
        return []


class BatchNorm(NormWithStatistics):
    """The body of `BatchNorm1d`, `BatchNorm2d` and `BatchNorm3d`."""

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...), each channel normalised."""
        shape = input.shape
        self._check_input_dim(input)
        mean, var = self.running_mean, self.running_var
        if (self.affine or mean is not None) and shape[1] != self.num_features:
            raise ShapeError(self._misfit(shape, 1))
        momentum = 0.0 if self.momentum is None else self.momentum
        training = self.training
        if training and not self.track_running_stats:
            mean = var = None
        elif training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the plain average of all batches so far
                momentum = 1.0 / float(self.num_batches_tracked)
        by_batch = training or (mean is None and var is None)
        return F.batch_norm(input, mean, var, self.weight, self.bias, by_batch, momentum, self.eps)


class BatchNorm1d(BatchNorm):
    """`BatchNorm2d` of vectors and sequences: input (N, C) or (N, C, L)."""

    dims, shapes = (2, 3), "(N, C) or (N, C, L)"


class BatchNorm2d(BatchNorm):
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over each channel of a batch of images.

    In training by the batch's own mean and variance, towards which the running statistics move,
    ``running = (1 - momentum) running + momentum batch`` (the variance unbiased); in eval by those.
    (Ioffe, Szegedy 2015.)

    Args:
        num_features: C.
        eps: keeps the root away from zero.
        momentum: how far the statistics move with each batch; None for the plain average of all.
        affine: whether there are `weight` and `bias`, which start as ones and zeros.
        track_running_stats: whether there are running statistics: the buffers `running_mean`,
            `running_var` and `num_batches_tracked`. Else the batch's serve in eval too.
        bias: whether there is a `bias`.

    Shapes: input (N, C, H, W), the output alike; all that is kept is (C,).

    Raises:
        ShapeError: the input has other dimensions or channels.
        ArgumentError: in training, a channel has one value, which has no variance.
    """

    dims, shapes = (4,), "(N, C, H, W)"


class BatchNorm3d(BatchNorm):
    """`BatchNorm2d` of volumes: input (N, C, D, H, W)."""

    dims, shapes = (5,), "(N, C, D, H, W)"
