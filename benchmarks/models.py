"""The networks that are trained, in PyTorch's API.

Letters: N batch, C channels, S side of an image, T length, V size of a vocabulary, F features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


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
