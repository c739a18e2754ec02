"""Compiles the common CPU kernels before the first program: ``python -m minigrad.warmup``.

It takes train steps, in float32 and on two threads, of small networks of every kind, with arrays
large enough that each kernel is asked for. What it compiles stays on the disk. Name networks to
compile for them alone: ``python -m minigrad.warmup mlp cnn``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import nn, optim
from .grad_mode import no_grad
from .kernels.cpu import jit
from .nn import functional as F
from .ops.random import randint, randn
from .tensor import Tensor

# A network, its input, and the number of classes it tells apart.
Network = tuple[nn.Module, Tensor, int]


def mlp() -> Network:
    """Dense layers and dropout."""
    model = nn.Sequential(
        nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.Tanh(),
        nn.Linear(64, 10),
    )  # fmt: skip
    return model, randn(256, 784), 10


def cnn() -> Network:
    """The articles' CNN, and what deeper ones add: padding, strides, groups, batch norm."""
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),  # (N, 1, 28, 28) -> (N, 32, 13, 13)
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),  # -> (N, 64, 13, 13)
        nn.Conv2d(64, 64, 3, groups=64), nn.SiLU(), nn.AvgPool2d(2),  # -> (N, 64, 5, 5)
        nn.Conv2d(64, 32, 3, stride=2, bias=False), nn.Flatten(),  # -> (N, 32, 2, 2)
        nn.Linear(128, 10),
    )  # fmt: skip
    return model, randn(32, 1, 28, 28), 10


class _Recurrent(nn.Module):
    """A recurrent layer and a head on its last output."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, 28) to logits (N, 10)."""
        return self.head(self.layer(x)[0][:, -1])


def lstm() -> Network:
    """Two layers of LSTM."""
    return _Recurrent(nn.LSTM(28, 64, 2, batch_first=True)), randn(32, 28, 28), 10


def gru() -> Network:
    """A GRU."""
    return _Recurrent(nn.GRU(28, 64, batch_first=True)), randn(32, 28, 28), 10


def rnn() -> Network:
    """A plain recurrent layer."""
    return _Recurrent(nn.RNN(28, 64, batch_first=True)), randn(32, 28, 28), 10


def transformer() -> Network:
    """Embedding, attention, layer norm, GELU."""
    layer = nn.TransformerEncoderLayer(64, 4, 256, activation="gelu", batch_first=True)
    encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
    model = nn.Sequential(nn.Embedding(65, 64), encoder, nn.Flatten(0, 1), nn.Linear(64, 65))
    return model, randint(65, (16, 64)), 65


NETWORKS = {build.__name__: build for build in (mlp, cnn, lstm, gru, rnn, transformer)}


def compile_for(model: nn.Module, x: Tensor, classes: int) -> None:
    """A train step with each common optimizer, and a prediction."""
    y = randint(classes, (model(x).shape[0],))
    parameters = list(model.parameters())
    for optimizer in (optim.Adam(parameters), optim.AdamW(parameters), optim.SGD(parameters, 0.1)):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    model.eval()
    with no_grad():
        F.softmax(model(x), dim=-1)


def main(argv: Sequence[str] | None = None) -> None:
    """Compile for the networks named, by default all; print what was compiled."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.warmup", description=__doc__)
    parser.add_argument("networks", nargs="*", help=f"of {', '.join(NETWORKS)}; all by default")
    names = parser.parse_args(argv).networks or list(NETWORKS)
    if unknown := set(names) - set(NETWORKS):
        parser.error(f"no network {', '.join(unknown)}; there are {', '.join(NETWORKS)}")
    if not jit.available():
        raise SystemExit("Numba is missing or switched off: the reference kernels need no warm-up")
    before = jit.get_num_threads()
    jit.set_num_threads(max(2, before))
    for name in names:
        compile_for(*NETWORKS[name]())
    jit.set_num_threads(before)
    print(jit.jit_report())


if __name__ == "__main__":
    main()
