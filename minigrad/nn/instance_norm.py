"""Instance normalisation layers. Letters: N batch, C channels, (D) H W image, L sequence."""

from __future__ import annotations

import warnings
from typing import Any

from ..errors import ShapeError
from ..ops.shape import squeeze, unsqueeze
from ..tensor import Tensor
from . import functional as F
from .batch_norm import NormWithStatistics

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class InstanceNorm(NormWithStatistics):
    """The body of `InstanceNorm1d`, `InstanceNorm2d` and `InstanceNorm3d`."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) or (C, ...), each channel of each sample normalised."""
        shape = input.shape
        self._check_input_dim(input)
        single = len(shape) == self.dims[0]
        axis = 0 if single else 1
        if shape[axis] != self.num_features:
            if self.affine or self.running_mean is not None:
                raise ShapeError(self._misfit(shape, axis))
            warnings.warn(
                f"{self._misfit(shape, axis)}, which is used for nothing with affine=False",
                stacklevel=3,
            )
        x = unsqueeze(input, 0) if single else input
        y = F.instance_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return squeeze(y, 0) if single else y

    def _adapt_state(self, state: dict[str, Any], prefix: str, version: int | None) -> list[str]:
        # As PyTorch: an old state's statistics are no oversight, also where strict is False.
        found = [f"{prefix}{n}" for n in ("running_mean", "running_var") if f"{prefix}{n}" in state]
        if version is None and not self.track_running_stats and found:
            return [
                f"{' and '.join(found)}: {type(self).__name__} has track_running_stats=False: "
                "remove them from the state, or set track_running_stats=True"
            ]
        return super()._adapt_state(state, prefix, version)


class InstanceNorm1d(InstanceNorm):
    """`InstanceNorm2d` of sequences: input (N, C, L) or (C, L)."""

    dims, shapes = (2, 3), "(C, L) or (N, C, L)"


class InstanceNorm2d(InstanceNorm):
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over each channel of each image.

    (Ulyanov, Vedaldi, Lempitsky 2016.)

    Args:
        num_features: C.
        eps, momentum, affine, track_running_stats, bias: as for `BatchNorm2d`, but that by default
            there are neither parameters nor running statistics. Batches are not counted, so
            ``momentum=None`` leaves the statistics as they are.

    Shapes: input (N, C, H, W) or (C, H, W), the output alike; all that is kept is (C,).

    Raises:
        ShapeError: the input has other dimensions, or other channels than the parameters.
        ArgumentError: a channel has one value, which has no variance.

    Warns: the input has other channels than `num_features`, which is used for nothing here.
    """

    dims, shapes = (3, 4), "(C, H, W) or (N, C, H, W)"


class InstanceNorm3d(InstanceNorm):
    """`InstanceNorm2d` of volumes: input (N, C, D, H, W) or (C, D, H, W)."""

    dims, shapes = (4, 5), "(C, D, H, W) or (N, C, D, H, W)"
