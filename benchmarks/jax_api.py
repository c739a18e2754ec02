"""JAX: a train step is one compiled function whose parameters are donated, as users write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import jax_layers, jax_models
from .row import Arrays, Run, Workload

Tree = dict[str, Any]  # parameters by PyTorch's names


class Library:
    """JAX; `runner` gave the process its number of threads before this was imported."""

    version = jax.__version__

    def __init__(self, name: str, threads: int) -> None:
        pass

    def peak(self) -> float:
        """Products a second: left to minigrad and PyTorch, which reach it."""
        return 0.0

    def candidates(
        self, name: str, row: Workload, data: Arrays, weights: Arrays | None, seed: int
    ) -> list[Callable[[], Run]]:
        """The one way to build the row, if `jax_models` or `jax_layers` has it."""
        if name in jax_models.TRAINING:
            model = jax_models.TRAINING[name]
            return [lambda: train_step(model, data, weights or {})]
        if name in jax_layers.LAYERS:
            layer, constant = jax_layers.LAYERS[name], name in jax_layers.CONSTANT
            return [lambda: forward_and_backward(layer, constant, data, weights or {})]
        return []


def train_step(row: jax_models.Training, data: Arrays, weights: Arrays) -> Run:
    """A whole train step: forward, loss, backward, update."""
    x, y = jnp.asarray(row.input(data["x"])), jnp.asarray(data["y"])
    parameters = {name: jnp.array(w) for name, w in weights.items()}
    state: Any = row.optimizer.start(parameters)

    def loss(parameters: Tree, x: Any, y: Any) -> Any:
        return row.loss(row.model(parameters, x), y)

    def update(parameters: Tree, state: Any, x: Any, y: Any) -> tuple[Tree, Any, Any]:
        error, gradients = jax.value_and_grad(loss)(parameters, x, y)
        parameters, state = row.optimizer.update(parameters, gradients, state)
        return parameters, state, error

    compiled = jax.jit(update, donate_argnums=(0, 1))
    error: Any = None

    def step() -> Any:
        nonlocal parameters, state, error
        parameters, state, error = compiled(parameters, state, x, y)
        return error

    def evidence() -> Arrays:
        found = {"output": jax.jit(row.model)(parameters, x)}
        for name, gradient in jax.jit(jax.grad(loss))(parameters, x, y).items():
            found[f"gradient of {name}"] = gradient
        found["loss"] = step()
        found["later losses"] = jnp.stack([step() for _ in range(3)])
        return {name: np.asarray(value) for name, value in found.items()}

    # Steps are dispatched without waiting, as in a loop that does not print each loss.
    return Run(step, evidence, weights, wait=lambda: jax.block_until_ready(error))


def forward_and_backward(
    layer: Callable[..., Any], constant: bool, data: Arrays, weights: Arrays
) -> Run:
    """A layer's output, and gradients by its parameters and, unless they are `constant`, inputs.

    Images are (N, H, W, C) within.
    """
    images = data["g"].ndim == 4 and "x" in data
    given = {n: jax_models.channels_last(a) if images else a for n, a in data.items()}
    g = jnp.asarray(given.pop("g"))
    inputs = {name: jnp.asarray(array) for name, array in given.items()}
    parameters = {name: jnp.asarray(array) for name, array in weights.items()}

    @jax.jit
    def compiled(parameters: Tree, inputs: Tree, g: Any) -> tuple[Any, Tree]:
        if constant:
            y, pull = jax.vjp(lambda p: layer(p, **inputs), parameters)
            return y, pull(g)[0]
        y, pull = jax.vjp(lambda p, inputs: layer(p, **inputs), parameters, inputs)
        ours, theirs = pull(g)
        return y, ours | theirs

    results: Any = None

    def step() -> Any:
        nonlocal results
        results = compiled(parameters, inputs, g)
        return results

    def as_torch(x: Any, image: bool) -> np.ndarray:
        return np.asarray(x).transpose(0, 3, 1, 2) if image else np.asarray(x)

    def evidence() -> Arrays:
        y, gradients = step()
        return {"output": as_torch(y, images)} | {
            f"gradient of {n}": as_torch(d, images and n == "x") for n, d in gradients.items()
        }

    return Run(step, evidence, weights, wait=lambda: jax.block_until_ready(results))
