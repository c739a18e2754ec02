"""The workloads in plain jax.numpy and lax; parameters are dictionaries with PyTorch's names.

Letters as in `training`; p parameters, H a hidden width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


class Optimizer(NamedTuple):
    """`update(p, gradients, state)` gives new p and state."""

    start: Callable[[Any], Any]
    update: Callable[[Any, Any, Any], tuple[Any, Any]]


class Training(NamedTuple):
    """A row: the model, its loss and update, and its input from the arrays of PyTorch's layout."""

    model: Callable[[Any, Any], Any]
    loss: Callable[[Any, Any], Any]
    optimizer: Optimizer
    input: Callable[[np.ndarray], np.ndarray] = np.asarray


def channels_last(x: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) -> (N, H, W, C), with `max_pool` the fastest layout for XLA here."""
    return x.transpose(0, 2, 3, 1).copy() if x.ndim == 4 else x


def linear(p: Any, name: str, x: Any) -> Any:
    """(..., F) -> (..., H), with weights (H, F)."""
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def convolution(x: Any, weight: Any, bias: Any) -> Any:
    """(N, H, W, C) and weights (O, C, KH, KW) -> (N, H', W', O)."""
    weight = weight.transpose(2, 3, 1, 0)
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, weight, (1, 1), "VALID", dimension_numbers=layout) + bias


def max_pool(x: Any) -> Any:
    """(N, H, W, C) -> (N, H // 2, W // 2, C).

    With `lax.reduce_window` the CNN takes half as long again.
    """
    N, H, W, C = x.shape
    x = x[:, : H // 2 * 2, : W // 2 * 2]
    return x.reshape(N, H // 2, 2, W // 2, 2, C).max((2, 4))


def flatten(x: Any) -> Any:
    """(N, H, W, C) -> (N, C * H * W), the order that PyTorch's weights expect."""
    return x.transpose(0, 3, 1, 2).reshape(len(x), -1)


def mlp(p: Any, x: Any) -> Any:
    """(N, 784) -> (N, 10)."""
    return linear(p, "4", jax.nn.relu(linear(p, "2", jax.nn.relu(linear(p, "0", x)))))


def features(p: Any, x: Any) -> Any:
    """Two convolutions, each with relu and pooling, and flat: (N, S, S, C) -> (N, F)."""
    for name in ("0", "3"):
        x = max_pool(jax.nn.relu(convolution(x, p[f"{name}.weight"], p[f"{name}.bias"])))
    return flatten(x)


def cnn(p: Any, x: Any) -> Any:
    """(N, 28, 28, 1) -> (N, 10)."""
    return linear(p, "9", jax.nn.relu(linear(p, "7", features(p, x))))


def lenet(p: Any, x: Any) -> Any:
    """(N, 32, 32, 3) -> (N, 10)."""
    x = jax.nn.relu(linear(p, "7", features(p, x)))
    return linear(p, "11", jax.nn.relu(linear(p, "9", x)))


def recurrent(p: Any, layer: str, x: Any, step: Callable[[Any, Any], Any], start: Any) -> Any:
    """One layer over time: (N, T, F) -> (T, N, H). The inputs' products are one, outside.

    Unrolling the scan gains nothing here, and makes the LSTM slower.
    """
    inputs = jnp.einsum("ntf,hf->tnh", x, p[f"rnn.weight_ih_{layer}"])
    inputs = inputs + p[f"rnn.bias_ih_{layer}"] + p[f"rnn.bias_hh_{layer}"]
    weight = p[f"rnn.weight_hh_{layer}"].T
    return lax.scan(lambda state, given: step(state, (given, weight)), start, inputs)[1]


def rnn(p: Any, x: Any) -> Any:
    """(N, T, 1) -> (N, T, 1)."""

    def step(h: Any, given: Any) -> Any:
        h = jnp.tanh(given[0] + h @ given[1])
        return h, h

    h = recurrent(p, "l0", x, step, jnp.zeros((len(x), 10)))
    return linear(p, "head", h.swapaxes(0, 1))


def lstm_layer(p: Any, layer: str, x: Any, H: int) -> Any:
    """(N, T, F) -> (T, N, H)."""

    def step(state: Any, given: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(given[0] + h @ given[1], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((len(x), H))
    return recurrent(p, layer, x, step, (zeros, zeros))


def lstm(p: Any, x: Any) -> Any:
    """(N, T, 28) -> (N, 10)."""
    p = {name.replace("lstm.", "rnn."): array for name, array in p.items()}
    x = lstm_layer(p, "l0", x, 64).swapaxes(0, 1)
    return linear(p, "head", lstm_layer(p, "l1", x, 64)[-1])


def layer_norm(p: Any, name: str, x: Any) -> Any:
    """(..., F) -> (..., F)."""
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]


def attention(p: Any, name: str, x: Any, heads: int) -> Any:
    """Causal, of a sequence with itself: (N, T, F) -> (N, T, F)."""
    N, T, F = x.shape
    qkv = x @ p[f"{name}.in_proj_weight"].T + p[f"{name}.in_proj_bias"]  # (N, T, 3 * F)
    q, k, v = jnp.split(qkv.reshape(N, T, 3 * heads, F // heads), 3, axis=2)
    y = jax.nn.dot_product_attention(q, k, v, is_causal=True)
    return linear(p, f"{name}.out_proj", y.reshape(N, T, F))


def language_model(heads: int, layers: int) -> Callable[[Any, Any], Any]:
    """(N, T) -> (N, T, V)."""

    def model(p: Any, x: Any) -> Any:
        x = p["token.weight"][x] + p["place"]
        for i in range(layers):
            name = f"encoder.layers.{i}"
            x = layer_norm(p, f"{name}.norm1", x + attention(p, f"{name}.self_attn", x, heads))
            wide = jax.nn.relu(linear(p, f"{name}.linear1", x))
            x = layer_norm(p, f"{name}.norm2", x + linear(p, f"{name}.linear2", wide))
        return linear(p, "head", x)

    return model


def line(p: Any, x: Any) -> Any:
    """(N, F) -> (N, 1)."""
    return x @ p["weight"].T + p["bias"]


# Losses and optimizers -----------------------------------------------------------------------


def cross_entropy(output: Any, y: Any) -> Any:
    """Of logits (..., K) and labels (...)."""
    log_p = jax.nn.log_softmax(output)
    return -jnp.take_along_axis(log_p, y[..., None], -1).mean()


def squared_error(output: Any, y: Any) -> Any:
    """Of predictions like y."""
    return ((output - y) ** 2).mean()


def binary_cross_entropy(output: Any, y: Any) -> Any:
    """Of logits and labels 0 or 1."""
    return (jax.nn.softplus(output) - y * output).mean()


def zeros(p: Any) -> Any:
    """Zeros like the parameters."""
    return jax.tree.map(jnp.zeros_like, p)


def adam_update(p: Any, gradients: Any, state: Any) -> tuple[Any, Any]:
    """As PyTorch computes it."""
    t, m, v = state
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
    rate, root = 1e-3 / (1 - 0.9**t), lax.rsqrt(1 - 0.999**t)
    p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * root + 1e-8), p, m, v)
    return p, (t, m, v)


def momentum_update(p: Any, gradients: Any, state: Any) -> tuple[Any, Any]:
    """SGD with momentum 0.9; the first buffer is the gradient, as zeros make it."""
    state = jax.tree.map(lambda b, g: 0.9 * b + g, state, gradients)
    return jax.tree.map(lambda p, b: p - 1e-3 * b, p, state), state


def descent_update(p: Any, gradients: Any, state: Any) -> tuple[Any, Any]:
    """Plain gradient descent."""
    return jax.tree.map(lambda p, g: p - 0.1 * g, p, gradients), state


adam = Optimizer(lambda p: (jnp.zeros(()), zeros(p), zeros(p)), adam_update)
momentum = Optimizer(zeros, momentum_update)
descent = Optimizer(lambda p: (), descent_update)

TRAINING = {
    "mlp": Training(mlp, cross_entropy, adam),
    "cnn": Training(cnn, cross_entropy, adam, channels_last),
    "lenet4": Training(lenet, cross_entropy, momentum, channels_last),
    "lenet": Training(lenet, cross_entropy, momentum, channels_last),
    "rnn20": Training(rnn, squared_error, adam),
    "rnn100": Training(rnn, squared_error, adam),
    "lstm": Training(lstm, cross_entropy, adam),
    "transformer_small": Training(language_model(4, 2), cross_entropy, adam),
    "transformer": Training(language_model(8, 6), cross_entropy, adam),
    "linear_regression": Training(line, squared_error, descent),
    "logistic_regression": Training(line, binary_cross_entropy, descent),
}
