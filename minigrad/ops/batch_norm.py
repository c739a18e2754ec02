"""Batch and instance normalisation, with running statistics. Letters: N batch, C channels, S the
spatial dimensions."""

from __future__ import annotations

import math

from ..dtypes import STORAGE_ONLY, float32
from ..errors import ArgumentError, DTypeError, ShapeError
from ..grad_mode import no_grad
from ..tensor import Tensor
from .layer_arguments import per_channel, takes_tensors
from .normalization import check_channels, check_counts, normalize, scaled, widened
from .shape import cast, reshape

__all__ = ["batch_norm", "instance_norm"]


@takes_tensors
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over each channel of a batch.

    (Ioffe, Szegedy 2015.)

    Args:
        input: (N, C, ...).
        running_mean, running_var: (C,); both or neither. In training they are moved towards the
            batch's, ``(1 - momentum) running + momentum batch``, its variance unbiased; outside
            they take their place.
        weight, bias: (C,).

    Raises:
        ValueError: a channel has one value, which has no variance.
    """
    check_running("batch_norm", running_mean, running_var, momentum)
    if input.shape == (0,):
        return input.clone()  # as PyTorch: a batch without samples or channels
    if input.ndim < 2:
        raise ShapeError(f"batch_norm: expected an input (N, C, ...), got shape {input.shape}")
    if eps < 0 or (training and eps == 0):
        raise ArgumentError(f"batch_norm: eps={eps} must not be negative, in training above 0")
    C = input.shape[1]
    parameters = {"weight": weight, "bias": bias}
    running = {"running_mean": running_mean, "running_var": running_var}
    check_channels("batch_norm", C, **parameters, **running)
    x, w, b, m, v = widened("batch_norm", input, weight, bias, running_mean, running_var)
    w, b = [None if p is None else per_channel(p, input.ndim) for p in (w, b)]
    if not training:
        return cast(_by_running("batch_norm", x, w, b, m, v, eps), input.dtype)
    check_counts("batch_norm", input.shape)
    y, mean, var = normalize(x, w, b, (0, *range(2, input.ndim)), eps)
    if running_mean is not None and running_var is not None and input.array.size:
        count = input.array.size // C
        track(running_mean, reshape(mean, C), momentum)
        track(running_var, reshape(var, C) * (count / max(count - 1, 1)), momentum)
    return cast(y, input.dtype)


def _by_running(
    op: str, x: Tensor, weight: Tensor | None, bias: Tensor | None, mean: Tensor | None,
    var: Tensor | None, eps: float,
) -> Tensor:  # fmt: skip
    """Each channel of x, scaled and moved by given statistics (C,), which are constants."""
    if mean is None or var is None:
        raise ArgumentError(f"{op}: running_mean and running_var must be given if not computed")
    scale = 1 / (per_channel(var.detach(), x.ndim) + eps).sqrt()
    scale = scale if weight is None else scale * weight
    shift = -per_channel(mean.detach(), x.ndim) * scale
    return scaled(x, scale, shift if bias is None else shift + bias)


def check_running(op: str, mean: Tensor | None, var: Tensor | None, momentum: float) -> None:
    """An error unless both running statistics are given or neither, and `momentum` is a number."""
    if (mean is None) != (var is None):
        raise ArgumentError(f"{op}: give both running_mean and running_var, or neither")
    if not isinstance(momentum, (int, float)):
        raise DTypeError(f"{op}: momentum must be a number, got {momentum!r}")


def track(running: Tensor, batch: Tensor, momentum: float) -> None:
    """Move a running statistic, in place: ``running = (1 - momentum) running + momentum batch``."""
    with no_grad():
        wide = cast(running, float32) if running.dtype in STORAGE_ONLY else running
        running[...] = cast(wide * (1 - momentum) + batch * momentum, running.dtype)


@takes_tensors
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over each channel of each sample.

    (Ulyanov, Vedaldi, Lempitsky 2016.)

    Args:
        input: (N, C, ...).
        running_mean, running_var: (C,), which are moved towards the batch's average statistics;
            without `use_input_stats` they take their place.
        weight, bias: (C,).
    """
    op = "instance_norm"
    check_running(op, running_mean, running_var, momentum)
    if input.ndim < 2:
        raise ShapeError(f"{op}: expected an input (N, C, ...), got shape {input.shape}")
    C, S = input.shape[1], input.shape[2:]
    parameters = {"weight": weight, "bias": bias}
    running = {"running_mean": running_mean, "running_var": running_var}
    check_channels(op, C, **parameters, **running)
    x, w, b, m, v = widened(op, input, weight, bias, running_mean, running_var)
    w, b = [None if p is None else per_channel(p, input.ndim) for p in (w, b)]
    if not use_input_stats:
        return cast(_by_running(op, x, w, b, m, v, eps), input.dtype)
    count = math.prod(S)
    if count == 1:
        raise ArgumentError(f"{op}: expected more than 1 spatial element, got shape {input.shape}")
    y, mean, var = normalize(x, w, b, tuple(range(2, x.ndim)), eps)
    if running_mean is not None and running_var is not None:
        samples = x.shape[:2]
        unbiased = reshape(var, samples) * (count / max(count - 1, 1))
        track(running_mean, reshape(mean, samples).mean(0), momentum)
        track(running_var, unbiased.mean(0), momentum)
    return cast(y, input.dtype)
