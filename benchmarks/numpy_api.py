"""NumPy, where a train step is a few lines by hand. Letters: N batch, F features, K classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .row import Arrays, Run, Workload

Gradients = Callable[[Arrays, np.ndarray, np.ndarray], tuple[Any, Any, Arrays]]


class Library:
    """NumPy; its BLAS read the number of threads from the environment."""

    version = np.__version__

    def __init__(self, name: str, threads: int) -> None:
        pass

    def peak(self) -> float:
        """Products a second: left to minigrad and PyTorch."""
        return 0.0

    def candidates(
        self, name: str, row: Workload, data: Arrays, weights: Arrays | None, seed: int
    ) -> list[Callable[[], Run]]:
        """The one way to build the row, if it is here."""
        if name == "add":
            a, b = data["a"], data["b"]
            return [lambda: Run(lambda: a + b, lambda: {"sum": a + b}, {})]
        if name in TRAINING:
            gradients, update = TRAINING[name]
            return [lambda: training(gradients, update(), data, weights or {})]
        return []


def training(
    gradients: Gradients, update: Callable[[Arrays, Arrays], None], data: Arrays, weights: Arrays
) -> Run:
    """A whole train step; `gradients(p, x, y)` gives output, loss, and gradients by name."""
    p = {name: array.copy() for name, array in weights.items()}
    x, y = data["x"], data["y"]

    def step() -> tuple[Any, Any, Arrays]:
        output, loss, found = gradients(p, x, y)
        update(p, found)
        return output, loss, found

    def evidence() -> Arrays:
        output, loss, first = step()
        found = {f"gradient of {name}": g for name, g in first.items()}
        later = np.array([step()[1] for _ in range(3)])
        return found | {"output": output, "loss": loss, "later losses": later}

    return Run(step, evidence, weights)


def linear_regression(p: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any, Arrays]:
    """(N, F) and (N, 1)."""
    output = x @ p["weight"].T + p["bias"]
    error = output - y
    g = error * (2 / len(x))
    return output, (error * error).mean(), {"weight": g.T @ x, "bias": g.sum(0)}


def logistic_regression(p: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any, Arrays]:
    """(N, F) and (N, 1) of 0 and 1; log(1 + e^z) = max(z, 0) + log(1 + e^-|z|)."""
    z = x @ p["weight"].T + p["bias"]
    e = np.exp(-np.abs(z))
    loss = (np.maximum(z, 0) - y * z + np.log1p(e)).mean()
    g = (np.where(z >= 0, 1, e) / (1 + e) - y) / len(x)
    return z, loss, {"weight": g.T @ x, "bias": g.sum(0)}


def mlp(p: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any, Arrays]:
    """(N, F) and labels (N,)."""
    inputs = [x]  # of each linear layer
    for name in ("0", "2"):
        inputs.append(np.maximum(inputs[-1] @ p[f"{name}.weight"].T + p[f"{name}.bias"], 0))
    output = inputs[-1] @ p["4.weight"].T + p["4.bias"]
    e = np.exp(output - output.max(1, keepdims=True))
    share = e / e.sum(1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(share[rows, y]).mean()
    share[rows, y] -= 1
    g, found = share / np.float32(len(x)), {}
    for name in ("4", "2", "0"):
        h = inputs.pop()
        found |= {f"{name}.weight": g.T @ h, f"{name}.bias": g.sum(0)}
        if name != "0":
            g = (g @ p[f"{name}.weight"]) * (h > 0)
    return output, loss, found


def descent() -> Callable[[Arrays, Arrays], None]:
    """Plain gradient descent."""

    def update(p: Arrays, gradients: Arrays) -> None:
        for name, g in gradients.items():
            p[name] -= np.float32(0.1) * g

    return update


def adam() -> Callable[[Arrays, Arrays], None]:
    """As PyTorch computes it."""
    m: Arrays = {}
    v: Arrays = {}
    t = 0

    def update(p: Arrays, gradients: Arrays) -> None:
        nonlocal t
        t += 1
        rate, root = np.float32(1e-3 / (1 - 0.9**t)), np.float32((1 - 0.999**t) ** -0.5)
        for name, g in gradients.items():
            if t == 1:
                m[name], v[name] = np.zeros_like(g), np.zeros_like(g)
            m[name] += np.float32(0.1) * (g - m[name])
            v[name] += np.float32(0.001) * (g * g - v[name])
            p[name] -= rate * m[name] / (np.sqrt(v[name]) * root + np.float32(1e-8))

    return update


TRAINING: dict[str, tuple[Gradients, Callable[[], Any]]] = {
    "mlp": (mlp, adam),
    "linear_regression": (linear_regression, descent),
    "logistic_regression": (logistic_regression, descent),
}
