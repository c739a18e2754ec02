"""The table of workloads: what is timed, once for every library.

A workload is built from a module `lib` that speaks PyTorch's API, minigrad or torch itself, so both
run the same source. To add one, add a row to `WORKLOADS`; to add a library, a row to `LIBRARIES`.
Letters: N batch, C channels, S side of an image, T length, K classes, F features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Arrays: TypeAlias = dict[str, np.ndarray]

# Name on the command line -> module with PyTorch's API. minigrad, the measure, comes first.
LIBRARIES = {"minigrad": "minigrad", "torch": "torch"}


class Run(NamedTuple):
    """A workload built for one library, ready to be timed."""

    step: Callable[[], Any]  # the work
    evidence: Callable[[], Arrays]  # what must agree between libraries before timing
    weights: Arrays  # where it starts


class Workload(NamedTuple):
    """A row of the table. `build(lib, data, weights)`; weights None are the library's own."""

    title: str
    data: Callable[[np.random.Generator], Arrays]
    build: Callable[[Any, Arrays, Arrays | None], Run]


def training(
    model: Callable[[Any], Any],
    loss: Callable[[Any, Any, Any], Any],
    optimizer: Callable[[Any, Any], Any],
) -> Callable[[Any, Arrays, Arrays | None], Run]:
    """Builds a whole train step: forward, loss, backward, update.

    Its evidence is output, loss and gradients of the first step and the losses of three more, which
    depend on the updates.
    """

    def build(lib: Any, data: Arrays, weights: Arrays | None) -> Run:
        net = model(lib.nn)
        if weights is not None:
            net.load_state_dict({name: lib.tensor(array) for name, array in weights.items()})
        update = optimizer(lib.optim, net.parameters())
        x, y = lib.tensor(data["x"]), lib.tensor(data["y"])

        def step() -> tuple[Any, Any]:
            update.zero_grad()
            output = net(x)
            error = loss(lib.nn.functional, output, y)
            error.backward()
            update.step()
            return output, error

        def evidence() -> Arrays:
            output, error = step()
            found = {"output": as_array(output), "loss": as_array(error)}
            for name, parameter in net.named_parameters():
                found[f"gradient of {name}"] = as_array(parameter.grad)
            found["later losses"] = np.array([step()[1].item() for _ in range(3)])
            return found

        return Run(step, evidence, {n: as_array(p) for n, p in net.state_dict().items()})

    return build


def addition(*, graph: bool) -> Callable[[Any, Arrays, Arrays | None], Run]:
    """Builds one small operation, the price of a call; with `graph`, it is recorded."""

    def build(lib: Any, data: Arrays, weights: Arrays | None) -> Run:
        a, b = lib.tensor(data["a"]), lib.tensor(data["b"])
        a.requires_grad_(graph)

        def evidence() -> Arrays:
            found = {"sum": as_array(a + b)}
            if graph:
                (a + b).sum().backward()
                found["gradient of a"] = as_array(a.grad)
            return found

        return Run(lambda: a + b, evidence, {})

    return build


def as_array(x: Any) -> np.ndarray:
    """A copy of a tensor's values, which later steps leave alone."""
    return np.array(x.detach().numpy())


# Models --------------------------------------------------------------------------------------


def cnn(nn: Any) -> Any:
    """The convolutional network of the Keras articles: 121,930 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),  # (N, 1, 28, 28) -> (N, 32, 13, 13)
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),  # -> (N, 64, 5, 5)
        nn.Flatten(), nn.Linear(1600, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def lenet(nn: Any) -> Any:
    """LeNet on colour images, as PyTorch's tutorial has it: 62,006 parameters."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 3, 32, 32) -> (N, 6, 14, 14)
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),  # -> (N, 16, 5, 5)
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def mlp(nn: Any) -> Any:
    """Two hidden layers of 64: 55,050 parameters."""
    return nn.Sequential(
        nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def transformer(nn: Any) -> Any:
    """Two encoder layers and a class for every place: 100,618 parameters."""
    layer = nn.TransformerEncoderLayer(64, 4, 256, dropout=0.0, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    return nn.Sequential(encoder, nn.Linear(64, 10))  # (N, T, 64) -> (N, T, 10)


def lstm(nn: Any) -> Any:
    """An LSTM that reads a sequence, and a linear head on its last state: 100,618 parameters."""

    class Classifier(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(64, 128, batch_first=True)
            self.head = nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:  # (N, T, 64) -> (N, 10)
            _, (h, _) = self.lstm(x)
            return self.head(h[-1])

    return Classifier()


# Data ----------------------------------------------------------------------------------------


def classes(N: int, *shape: int, K: int) -> Callable[[np.random.Generator], Arrays]:
    """Inputs (N, *shape) in [0, 1) and labels (N,) below K."""
    return lambda rng: {
        "x": rng.random((N, *shape), np.float32),
        "y": rng.integers(0, K, N),
    }


def sequences(N: int, T: int, F: int, K: int) -> Callable[[np.random.Generator], Arrays]:
    """Inputs (N, T, F), and a label below K for each of T places."""
    return lambda rng: {
        "x": rng.standard_normal((N, T, F), np.float32),
        "y": rng.integers(0, K, (N, T)),
    }


def line(rng: np.random.Generator) -> Arrays:
    """100 points near y = 2 x, as in the articles."""
    x = np.linspace(-1, 1, 100, dtype=np.float32)[:, None]
    return {"x": x, "y": 2 * x + rng.normal(0, 0.33, x.shape).astype(np.float32)}


def two_sides(rng: np.random.Generator) -> Arrays:
    """1,000 points of 20 features, labelled by the side of a plane."""
    x = rng.standard_normal((1000, 20), np.float32)
    return {"x": x, "y": (x.sum(1, keepdims=True) > 0).astype(np.float32)}


def eights(rng: np.random.Generator) -> Arrays:
    """Two vectors of 8."""
    return {"a": rng.random(8, np.float32), "b": rng.random(8, np.float32)}


# Losses and optimizers -----------------------------------------------------------------------


def cross_entropy(F: Any, output: Any, y: Any) -> Any:
    """Of logits (N, K) and labels (N,)."""
    return F.cross_entropy(output, y)


def cross_entropy_of_places(F: Any, output: Any, y: Any) -> Any:
    """Of logits (N, T, K) and labels (N, T)."""
    return F.cross_entropy(output.flatten(0, 1), y.flatten())


def squared_error(F: Any, output: Any, y: Any) -> Any:
    """Of predictions (N, 1)."""
    return F.mse_loss(output, y)


def binary_cross_entropy(F: Any, output: Any, y: Any) -> Any:
    """Of logits (N, 1) and labels 0 or 1."""
    return F.binary_cross_entropy_with_logits(output, y)


def adam(optim: Any, parameters: Any) -> Any:
    """Adam as everyone uses it."""
    return optim.Adam(parameters, lr=1e-3)


def momentum(optim: Any, parameters: Any) -> Any:
    """SGD with momentum, as in PyTorch's tutorial."""
    return optim.SGD(parameters, lr=1e-3, momentum=0.9)


def descent(optim: Any, parameters: Any) -> Any:
    """Plain gradient descent."""
    return optim.SGD(parameters, lr=0.1)


WORKLOADS = {
    "cnn": Workload(
        "CNN of the articles on 28x28, batch 32, Adam",
        classes(32, 1, 28, 28, K=10),
        training(cnn, cross_entropy, adam),
    ),
    "lenet": Workload(
        "LeNet on 3x32x32, batch 32, SGD with momentum",
        classes(32, 3, 32, 32, K=10),
        training(lenet, cross_entropy, momentum),
    ),
    "mlp": Workload(
        "MLP 784-64-64-10, batch 32, Adam",
        classes(32, 784, K=10),
        training(mlp, cross_entropy, adam),
    ),
    "transformer": Workload(
        "Transformer, 2 layers of 64, 4 heads, T 64, batch 16, Adam",
        sequences(16, 64, 64, K=10),
        training(transformer, cross_entropy_of_places, adam),
    ),
    "lstm": Workload(
        "LSTM 64-128 over 50 steps, batch 32, Adam",
        classes(32, 50, 64, K=10),
        training(lstm, cross_entropy, adam),
    ),
    "linear_regression": Workload(
        "linear regression, 100 points, SGD",
        line,
        training(lambda nn: nn.Linear(1, 1), squared_error, descent),
    ),
    "logistic_regression": Workload(
        "logistic regression, 1000 x 20, SGD",
        two_sides,
        training(lambda nn: nn.Linear(20, 1), binary_cross_entropy, descent),
    ),
    "add": Workload("a + b of 8 float32, no graph", eights, addition(graph=False)),
    "add_graph": Workload("a + b of 8 float32, with graph", eights, addition(graph=True)),
}
