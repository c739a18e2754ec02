"""Whole train steps: data, losses and optimizers, in PyTorch's API.

Letters: N batch, T length, V size of a vocabulary, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import models
from .row import Arrays, Run, Workload, as_array


def training(
    model: Callable[[Any], Any],
    loss: Callable[[Any, Any, Any], Any],
    optimizer: Callable[..., Any],
) -> Callable[[Any, Arrays, Arrays | None], Run]:
    """Builds a whole train step: forward, loss, backward, update.

    Its evidence is output, loss and gradients of the first step and the losses of three more, which
    depend on the updates.
    """

    def build(api: Any, data: Arrays, weights: Arrays | None) -> Run:
        lib = api.lib
        net = model(lib.nn)
        if weights is not None:
            net.load_state_dict({name: lib.tensor(array) for name, array in weights.items()})
        net = api.model(net)
        update = optimizer(lib.optim, net.parameters(), **api.optimizer)
        x, y = api.tensor(data["x"]), api.tensor(data["y"])
        loss_of = api.compile(lambda x, y: loss(lib.nn.functional, net(x), y))

        def step() -> Any:
            update.zero_grad()
            error = loss_of(x, y)
            error.backward()
            update.step()
            return error

        def evidence() -> Arrays:
            with lib.no_grad():
                output = as_array(net(x))
            found = {"output": output, "loss": as_array(step())}
            for name, parameter in net.named_parameters():
                found[f"gradient of {name}"] = as_array(parameter.grad)
            found["later losses"] = np.array([step().item() for _ in range(3)])
            return found

        return Run(step, evidence, {n: as_array(p) for n, p in net.state_dict().items()})

    return build


def products(
    model: Callable[[Any], Any], data: Callable[[np.random.Generator], Arrays]
) -> Callable[[Any], float]:
    """The products of a train step of `model`: forward, and a gradient of either factor of each.

    Numbers that go in (not tokens) need no gradient. Attention counts as if it were not causal.
    """

    def count(minigrad: Any) -> float:
        x = data(np.random.default_rng(0))["x"]
        rows = minigrad.nn.summary(model(minigrad.nn), minigrad.tensor(x)).rows
        flops = [row.flops for row in rows if row.flops]
        return 3.0 * sum(flops) - (flops[0] if x.dtype == np.float32 else 0)

    return count


# Data ----------------------------------------------------------------------------------------


def classes(N: int, *shape: int, K: int) -> Callable[[np.random.Generator], Arrays]:
    """Inputs (N, *shape) in [0, 1) and labels (N,) below K."""
    return lambda rng: {
        "x": rng.random((N, *shape), np.float32),
        "y": rng.integers(0, K, N),
    }


def text(N: int, T: int, V: int) -> Callable[[np.random.Generator], Arrays]:
    """Tokens (N, T) below V, and the tokens after each."""

    def draw(rng: np.random.Generator) -> Arrays:
        tokens = rng.integers(0, V, (N, T + 1))
        return {"x": tokens[:, :-1].copy(), "y": tokens[:, 1:].copy()}

    return draw


def waves(N: int, T: int) -> Callable[[np.random.Generator], Arrays]:
    """Pieces of a sine, (N, T, 1), and the same one place later, as in the articles."""

    def draw(rng: np.random.Generator) -> Arrays:
        places = rng.random((N, 1)) * 6 + np.arange(T + 1) * 0.2
        wave = np.sin(places)[..., None].astype(np.float32)
        return {"x": wave[:, :-1].copy(), "y": wave[:, 1:].copy()}

    return draw


def plane(rng: np.random.Generator) -> Arrays:
    """1,000 points of 20 features near a plane."""
    x = rng.standard_normal((1000, 20), np.float32)
    return {"x": x, "y": x.sum(1, keepdims=True) + rng.normal(0, 0.3, (1000, 1)).astype(np.float32)}


def two_sides(rng: np.random.Generator) -> Arrays:
    """1,000 points of 20 features, labelled by the side of a plane."""
    x = rng.standard_normal((1000, 20), np.float32)
    return {"x": x, "y": (x.sum(1, keepdims=True) > 0).astype(np.float32)}


# Losses and optimizers -----------------------------------------------------------------------


def cross_entropy(F: Any, output: Any, y: Any) -> Any:
    """Of logits (N, K) and labels (N,)."""
    return F.cross_entropy(output, y)


def cross_entropy_of_places(F: Any, output: Any, y: Any) -> Any:
    """Of logits (N, T, V) and labels (N, T)."""
    return F.cross_entropy(output.flatten(0, 1), y.flatten())


def squared_error(F: Any, output: Any, y: Any) -> Any:
    """Of predictions like y."""
    return F.mse_loss(output, y)


def binary_cross_entropy(F: Any, output: Any, y: Any) -> Any:
    """Of logits (N, 1) and labels 0 or 1."""
    return F.binary_cross_entropy_with_logits(output, y)


def adam(optim: Any, parameters: Any, **options: bool) -> Any:
    """Adam as everyone uses it."""
    return optim.Adam(parameters, lr=1e-3, **options)


def momentum(optim: Any, parameters: Any, **options: bool) -> Any:
    """SGD with momentum, as in PyTorch's tutorial."""
    return optim.SGD(parameters, lr=1e-3, momentum=0.9, **options)


def descent(optim: Any, parameters: Any, **options: bool) -> Any:
    """Plain gradient descent."""
    return optim.SGD(parameters, lr=0.1, **options)


# The table -----------------------------------------------------------------------------------


def row(
    title: str,
    data: Callable[[np.random.Generator], Arrays],
    model: Callable[[Any], Any],
    loss: Callable[[Any, Any, Any], Any],
    optimizer: Callable[..., Any],
    flops: Callable[[Any], float] | None = None,
    images: bool = False,
) -> Workload:
    """A row of the table; `flops` are counted from the model unless they are given."""
    build = training(model, loss, optimizer)
    return Workload(title, data, build, flops or products(model, data), images)


def line(nn: Any) -> Any:
    """Linear and logistic regression."""
    return nn.Linear(20, 1)


def lstm_products(minigrad: Any) -> float:
    """Of 32 sequences of 28 places, four gates of 64; the rows of the image need no gradient."""
    return 2.0 * 32 * 28 * 4 * 64 * (3 * (28 + 3 * 64) - 28)


SMALL = models.language_model(V=65, T=64, width=64, heads=4, layers=2)
LARGE = models.language_model(V=10_000, T=256, width=512, heads=8, layers=6)

ROWS = {
    "mlp": row(
        "MLP 784-64-64-10, batch 32, Adam",
        classes(32, 784, K=10), models.mlp, cross_entropy, adam,
    ),
    "cnn": row(
        "CNN of the articles on 28x28, batch 32, Adam",
        classes(32, 1, 28, 28, K=10), models.cnn, cross_entropy, adam, images=True,
    ),
    "lenet4": row(
        "LeNet on 3x32x32, batch 4, SGD with momentum",
        classes(4, 3, 32, 32, K=10), models.lenet, cross_entropy, momentum, images=True,
    ),
    "lenet": row(
        "LeNet on 3x32x32, batch 32, SGD with momentum",
        classes(32, 3, 32, 32, K=10), models.lenet, cross_entropy, momentum, images=True,
    ),
    "rnn20": row(
        "RNN 1-10-1 over 20 steps, batch 1, Adam",
        waves(1, 20), models.rnn, squared_error, adam,
    ),
    "rnn100": row(
        "RNN 1-10-1 over 100 steps, batch 32, Adam",
        waves(32, 100), models.rnn, squared_error, adam,
    ),
    "lstm": row(
        "LSTM 28-64-64 over 28 steps, batch 32, Adam",
        classes(32, 28, 28, K=10), models.lstm, cross_entropy, adam, lstm_products,
    ),
    "transformer_small": row(
        "Transformer, 2 layers of 64 (2,048 within), 16 x 64 of 65 tokens, Adam",
        text(16, 64, 65), SMALL, cross_entropy_of_places, adam,
    ),
    "transformer": row(
        "Transformer, 6 layers of 512 (2,048 within), 4 x 256 of 10,000 tokens, Adam",
        text(4, 256, 10_000), LARGE, cross_entropy_of_places, adam,
    ),
    "linear_regression": row(
        "linear regression, 1,000 x 20, SGD", plane, line, squared_error, descent
    ),
    "logistic_regression": row(
        "logistic regression, 1,000 x 20, SGD", two_sides, line, binary_cross_entropy, descent
    ),
}  # fmt: skip
