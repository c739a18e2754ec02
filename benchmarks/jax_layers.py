"""The single layers in plain jax.numpy and lax: functions of parameters (PyTorch's names), inputs.

Letters as in `layers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from . import jax_models


def convolution(padding: int, stride: int = 1, groups: int = 1) -> Callable[..., Any]:
    """(N, S, S, C) -> (N, S', S', O)."""

    def convolve(p: Any, x: Any) -> Any:
        return lax.conv_general_dilated(
            x,
            p["weight"].transpose(2, 3, 1, 0),
            (stride, stride),
            [(padding, padding)] * 2,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups,
        )

    return convolve


def linear(p: Any, x: Any) -> Any:
    """(N, F) -> (N, H)."""
    return x @ p["weight"].T + p["bias"]


def layer_norm(p: Any, x: Any) -> Any:
    """(N, F) -> (N, F)."""
    return jax_models.layer_norm({f".{name}": array for name, array in p.items()}, "", x)


def attention(p: Any, q: Any, k: Any, v: Any) -> Any:
    """(1, heads, T, F) each -> (1, heads, T, F)."""
    scores = jnp.einsum("nhqf,nhkf->nhqk", q, k) * q.shape[-1] ** -0.5
    return jnp.einsum("nhqk,nhkf->nhqf", jax.nn.softmax(scores), v)


def lstm(p: Any, x: Any) -> Any:
    """(N, T, F) -> (N, T, H)."""
    p = {f"rnn.{name}": array for name, array in p.items()}
    return jax_models.lstm_layer(p, "l0", x, 256).swapaxes(0, 1)


LAYERS: dict[str, Callable[..., Any]] = {
    "conv_stem": convolution(3, stride=2),
    **dict.fromkeys([f"conv_stage{i}" for i in (1, 2, 3, 4)], convolution(1)),
    "conv_depthwise": convolution(1, groups=144),
    "linear": linear,
    "softmax": lambda p, x: jax.nn.softmax(x),
    "layer_norm": layer_norm,
    "attention256": attention,
    "attention2048": attention,
    "lstm256": lstm,
}
CONSTANT = {"conv_stem"}  # rows whose input needs no gradient
