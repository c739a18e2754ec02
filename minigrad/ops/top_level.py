"""Functions of `nn.functional` that are ``minigrad.<name>`` too.

At the top level some take other arguments (``minigrad.batch_norm``), or fewer: no ``inplace``, no
``return_indices``. As in PyTorch.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..tensor import Tensor
from . import activations, adaptive_pool, dropouts, max_pool, normalization
from . import batch_norm as running
from .adaptive_pool import adaptive_avg_pool1d as adaptive_avg_pool1d
from .avg_pool import avg_pool1d as avg_pool1d
from .calling import public, without
from .normalization import rms_norm as rms_norm

__all__ = [
    "adaptive_avg_pool1d", "adaptive_max_pool1d", "alpha_dropout", "alpha_dropout_",
    "avg_pool1d", "batch_norm", "celu", "celu_", "dropout", "dropout_", "feature_alpha_dropout",
    "feature_alpha_dropout_", "feature_dropout", "feature_dropout_", "group_norm", "hardshrink",
    "instance_norm", "layer_norm", "max_pool1d", "max_pool1d_with_indices", "max_pool2d",
    "max_pool3d", "prelu", "relu_", "rms_norm", "rrelu", "rrelu_", "selu", "selu_", "threshold",
    "threshold_",
]  # fmt: skip

Sizes = int | tuple[int, ...]

# Activations ---------------------------------------------------------------------------------

celu = without("inplace", activations.celu)
rrelu = without("inplace", activations.rrelu)
selu = without("inplace", activations.selu)
threshold = public(without("inplace", activations.threshold))
hardshrink, prelu = activations.hardshrink, activations.prelu
celu_, relu_, rrelu_ = activations.celu_, activations.relu_, activations.rrelu_
selu_, threshold_ = activations.selu_, activations.threshold_

# Pooling -------------------------------------------------------------------------------------


max_pool1d = without("return_indices", max_pool.max_pool1d)
max_pool2d = without("return_indices", max_pool.max_pool2d)
max_pool3d = without("return_indices", max_pool.max_pool3d)


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes = (),
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """The maximum of each window of (N, C, L) or (C, L) sequences, and their places."""
    settings = (kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool.max_pool1d(input, *settings, return_indices=True)


def adaptive_max_pool1d(input: Tensor, output_size: Sizes) -> tuple[Tensor, Tensor]:
    """The maxima of `output_size` windows of (N, C, L) or (C, L) sequences, and their places."""
    return adaptive_pool.adaptive_max_pool1d(input, output_size, True)


# Norms ---------------------------------------------------------------------------------------


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.batch_norm`; `cudnn_enabled` changes nothing."""
    settings = (weight, bias, training, momentum, eps)
    return running.batch_norm(input, running_mean, running_var, *settings)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.instance_norm`; `cudnn_enabled` changes nothing."""
    settings = (weight, bias, use_input_stats, momentum, eps)
    return running.instance_norm(input, running_mean, running_var, *settings)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """`nn.functional.layer_norm`; `cudnn_enable` changes nothing."""
    return normalization.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """`nn.functional.group_norm`; `cudnn_enabled` changes nothing."""
    return normalization.group_norm(input, num_groups, weight, bias, eps)


# Dropout -------------------------------------------------------------------------------------


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Each element zeroed with probability `p` and the others scaled by ``1 / (1 - p)``."""
    return dropouts.dropout(input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout`, written into `input`."""
    return dropouts.dropout(input, p, train, True)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Each channel of (N, C, ...) zeroed with probability `p`, the others scaled."""
    return dropouts.feature_dropout(input, p, train, False)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout`, written into `input`."""
    return dropouts.feature_dropout(input, p, train, True)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout for SELU; see `nn.functional.alpha_dropout`."""
    return dropouts.alpha_dropout(input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout`, written into `input`."""
    return dropouts.alpha_dropout(input, p, train, True)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` of whole channels of (N, C, ...)."""
    return dropouts.feature_alpha_dropout(input, p, train)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout`, written into `input`."""
    return dropouts.feature_alpha_dropout(input, p, train, True)
