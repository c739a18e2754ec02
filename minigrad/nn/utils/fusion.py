"""A batch norm that follows a layer, in eval, as part of that layer's weight and bias."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from ...errors import ArgumentError
from ...ops.creation import ones_like, zeros_like
from ...tensor import Tensor
from ..parameter import Parameter

__all__ = [
    "fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights",
]  # fmt: skip


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that computes ``bn(conv(x))``; both in eval, `transpose` for transposed ones.

    Raises:
        ArgumentError: one of them is in training, or `bn` keeps no running statistics.
    """
    return _fused(conv, bn, partial(fuse_conv_bn_weights, transpose=transpose))


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A linear layer that computes ``bn(linear(x))``; both in eval, x of shape (N, in_features).

    Raises:
        ArgumentError: one of them is in training, the features do not match, or `bn` keeps no
            running statistics.
    """
    if bn.num_features not in (1, linear.out_features):
        raise ArgumentError(
            f"fuse_linear_bn_eval: the linear layer has {linear.out_features} outputs, the batch "
            f"norm {bn.num_features} features"
        )
    return _fused(linear, bn, fuse_linear_bn_weights)


def _fused(layer: Any, bn: Any, weights: Any) -> Any:
    if layer.training or bn.training:
        raise ArgumentError("fusing a batch norm: both modules must be in eval mode: call eval()")
    if bn.running_mean is None or bn.running_var is None:
        raise ArgumentError("fusing a batch norm: it must have running statistics")
    fused = copy.deepcopy(layer)
    statistics = (bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias)
    fused.weight, fused.bias = weights(fused.weight, fused.bias, *statistics)
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of `fuse_conv_bn_eval`: ``s w`` and ``s (b - mean) + bn_b``, where
    ``s = bn_w / sqrt(var + eps)``, one for each output channel."""
    weight_dtype = conv_w.dtype
    bias_dtype = weight_dtype if conv_b is None else conv_b.dtype
    learns = conv_w.requires_grad, conv_b is None or conv_b.requires_grad
    b = zeros_like(bn_rm) if conv_b is None else conv_b.detach()
    scale = (bn_rv + bn_eps).rsqrt() * (ones_like(bn_rm) if bn_w is None else bn_w.detach())
    shift = zeros_like(bn_rm) if bn_b is None else bn_b.detach()
    lead = (1, -1) if transpose else (-1, 1)
    weight = conv_w.detach() * scale.reshape(*lead, *(1,) * (conv_w.ndim - 2))
    bias = (b - bn_rm) * scale + shift
    return (
        Parameter(weight.to(dtype=weight_dtype), learns[0]),
        Parameter(bias.to(dtype=bias_dtype), learns[1]),
    )


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of `fuse_linear_bn_eval`, as those of `fuse_conv_bn_weights`."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
