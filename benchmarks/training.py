"""Whole train steps: models, data, losses and optimizers, in PyTorch's API.

Letters: N batch, C channels, S side of an image, T length, V size of a vocabulary, K classes,
F features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

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


def rnn(nn: Any) -> Any:
    """A recurrent layer of 10, and a number for every place: 141 parameters."""

    class Regressor(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(1, 10, batch_first=True)
            self.head = nn.Linear(10, 1)

        def forward(self, x: Any) -> Any:  # (N, T, 1) -> (N, T, 1)
            return self.head(self.rnn(x)[0])

    return Regressor()


def lstm(nn: Any) -> Any:
    """Two LSTM layers that read rows of an image, and a head on the last state: 57,994."""

    class Classifier(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(28, 64, num_layers=2, batch_first=True)
            self.head = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:  # (N, T, 28) -> (N, 10)
            return self.head(self.lstm(x)[0][:, -1])

    return Classifier()


def language_model(V: int, T: int, width: int, heads: int, layers: int) -> Callable[[Any], Any]:
    """A Transformer that says what comes next at every place; hidden layers of 2,048."""

    def model(nn: Any) -> Any:
        class Decoder(nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.token = nn.Embedding(V, width)
                self.place = nn.Parameter(self.token.weight.detach()[0].repeat(T, 1) * 0.1)
                layer = nn.TransformerEncoderLayer(
                    width, heads, 2048, dropout=0.0, batch_first=True
                )
                self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
                self.head = nn.Linear(width, V)
                mask = nn.Transformer.generate_square_subsequent_mask(T)
                self.register_buffer("mask", mask, persistent=False)

            def forward(self, x: Any) -> Any:  # (N, T) -> (N, T, V)
                x = self.token(x) + self.place
                return self.head(self.encoder(x, mask=self.mask, is_causal=True))

        return Decoder()

    return model


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

ROWS = {
    "mlp": Workload(
        "MLP 784-64-64-10, batch 32, Adam",
        classes(32, 784, K=10),
        training(mlp, cross_entropy, adam),
    ),
    "cnn": Workload(
        "CNN of the articles on 28x28, batch 32, Adam",
        classes(32, 1, 28, 28, K=10),
        training(cnn, cross_entropy, adam),
        images=True,
    ),
    "lenet4": Workload(
        "LeNet on 3x32x32, batch 4, SGD with momentum",
        classes(4, 3, 32, 32, K=10),
        training(lenet, cross_entropy, momentum),
        images=True,
    ),
    "lenet": Workload(
        "LeNet on 3x32x32, batch 32, SGD with momentum",
        classes(32, 3, 32, 32, K=10),
        training(lenet, cross_entropy, momentum),
        images=True,
    ),
    "rnn20": Workload(
        "RNN 1-10-1 over 20 steps, batch 1, Adam",
        waves(1, 20),
        training(rnn, squared_error, adam),
    ),
    "rnn100": Workload(
        "RNN 1-10-1 over 100 steps, batch 32, Adam",
        waves(32, 100),
        training(rnn, squared_error, adam),
    ),
    "lstm": Workload(
        "LSTM 28-64-64 over 28 steps, batch 32, Adam",
        classes(32, 28, 28, K=10),
        training(lstm, cross_entropy, adam),
    ),
    "transformer_small": Workload(
        "Transformer, 2 layers of 64 (2,048 within), 16 x 64 of 65 tokens, Adam",
        text(16, 64, 65),
        training(language_model(65, 64, 64, 4, 2), cross_entropy_of_places, adam),
    ),
    "transformer": Workload(
        "Transformer, 6 layers of 512 (2,048 within), 4 x 256 of 10,000 tokens, Adam",
        text(4, 256, 10_000),
        training(language_model(10_000, 256, 512, 8, 6), cross_entropy_of_places, adam),
    ),
    "linear_regression": Workload(
        "linear regression, 1,000 x 20, SGD",
        plane,
        training(lambda nn: nn.Linear(20, 1), squared_error, descent),
    ),
    "logistic_regression": Workload(
        "logistic regression, 1,000 x 20, SGD",
        two_sides,
        training(lambda nn: nn.Linear(20, 1), binary_cross_entropy, descent),
    ),
}
