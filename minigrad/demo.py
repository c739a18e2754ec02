"""Trains a convolutional network on handwritten digits: ``python -m minigrad.demo``.

The network is that of the Keras articles. It learns from 4,000 digits of MNIST, which come with the
package, and is tested on 1,000 others. The parts serve notebooks, too: `Net`, `train`, `evaluate`.
Letters: N batch, H W image.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import grad_mode, nn, optim, random, serialization
from .data import DataLoader, TensorDataset
from .datasets import mnist5k
from .device import device as Device
from .errors import DeviceError
from .nn import functional as F
from .ops.creation import tensor
from .tensor import Tensor


class Net(nn.Module):
    """Two convolutions and two dense layers, 121,930 parameters: images (N, 1, 28, 28) to logits
    (N, 10).

    Example:
        >>> Net()(mg.zeros(32, 1, 28, 28)).shape
        (32, 10)
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3)
        self.fc1 = nn.Linear(64 * 5 * 5, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the ten classes; their softmax belongs to the loss."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (N, 1, 28, 28) -> (N, 32, 13, 13)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # -> (N, 64, 5, 5)
        x = x.flatten(1)  # -> (N, 1600)
        return self.fc2(F.relu(self.fc1(x)))  # -> (N, 10)


def train(
    net: nn.Module,
    optimizer: optim.Optimizer,
    batches: Iterable[Any],
    epochs: int,
    after_epoch: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Train `net` as a classifier, showing progress.

    Args:
        batches: pairs of inputs (N, ...) and class numbers (N,), gone through once an epoch; a
            `DataLoader` with ``shuffle=True``, say.
        after_epoch: called with the epoch, counted from 1, and the mean of its losses.

    Returns: the cross-entropy of each step.
    """
    from tqdm.auto import tqdm

    device = next(net.parameters()).device
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        net.train()
        start = len(losses)
        with tqdm(batches, desc=f"epoch {epoch}/{epochs}", leave=False) as bar:
            for x, y in bar:
                optimizer.zero_grad()
                loss = F.cross_entropy(net(x.to(device)), y.to(device))
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
        if after_epoch is not None:
            after_epoch(epoch, float(np.mean(losses[start:])))
    return losses


def evaluate(net: nn.Module, images: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The mean cross-entropy of `net` on images (N, ...) with class numbers (N,), and its accuracy.

    Example:
        >>> loss, accuracy = evaluate(Net(), *mnist5k(train=False))
    """
    logits = predict(net, images)
    loss = F.cross_entropy(tensor(logits), tensor(labels)).item()
    return loss, float((logits.argmax(1) == labels).mean())


def predict(net: nn.Module, images: np.ndarray, batch_size: int = 250) -> np.ndarray:
    """The logits of `net` for images (N, ...), a row each, in evaluation mode."""
    device = next(net.parameters()).device
    training = net.training
    net.eval()
    with grad_mode.no_grad():
        parts = [
            net(tensor(images[start : start + batch_size], device=device)).cpu().numpy()
            for start in range(0, len(images), batch_size)
        ]
    net.train(training)
    return np.concatenate(parts)


def draw_curve(path: Path, losses: Sequence[float], accuracies: Sequence[float]) -> None:
    """A picture of the loss of each step and the test accuracy after each epoch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.semilogy(losses, linewidth=0.7)
    left.set(xlabel="step", ylabel="training loss")
    right.plot(range(1, len(accuracies) + 1), accuracies, marker="o")
    right.set(xlabel="epoch", ylabel="test accuracy")
    figure.savefig(path, dpi=150)


def draw_digits(path: Path, images: np.ndarray, labels: np.ndarray, logits: np.ndarray) -> None:
    """A picture of 40 images (N, 1, H, W) with predictions: first the mistakes, in red."""
    from matplotlib.figure import Figure

    found = logits.argmax(1)
    shown = np.argsort(found == labels, kind="stable")[:40]
    figure = Figure(figsize=(10, 5), layout="constrained")
    for axes, i in zip(figure.subplots(4, 10).flat, shown, strict=False):
        axes.imshow(images[i, 0], cmap="gray")
        right = found[i] == labels[i]
        text = f"{found[i]}" if right else f"{found[i]}, not {labels[i]}"
        axes.set_title(text, color="black" if right else "red", fontsize=9)
    for axes in figure.axes:
        axes.axis("off")
    figure.savefig(path, dpi=150)


def main(argv: Sequence[str] | None = None) -> float:
    """Train, test, and write checkpoint and pictures; returns the accuracy on the test digits."""
    options = _options(argv)
    random.manual_seed(options.seed)
    digits, test = mnist5k(train=True), mnist5k(train=False)
    try:
        net = Net().to(Device(options.device))
    except DeviceError as error:
        raise SystemExit(str(error)) from None
    optimizer = optim.Adam(net.parameters(), lr=1e-3)
    accuracies: list[float] = []

    def report(epoch: int, loss: float) -> None:
        accuracies.append(evaluate(net, *test)[1])
        print(f"epoch {epoch:2}: loss {loss:.4f}, test accuracy {accuracies[-1]:.4f}", flush=True)

    batches = DataLoader(TensorDataset(*digits), batch_size=32, shuffle=True)
    losses = train(net, optimizer, batches, options.epochs, after_epoch=report)

    options.out.mkdir(parents=True, exist_ok=True)
    state = {"model": net.state_dict(), "optimizer": optimizer.state_dict()}
    serialization.save(state, options.out / "checkpoint.safetensors")
    try:
        draw_curve(options.out / "learning_curve.png", losses, accuracies)
        draw_digits(options.out / "digits.png", *test, predict(net, test[0]))
    except ImportError:
        print("no pictures without matplotlib: pip install 'minigrad-dl[plot]'")
    print(
        f"test accuracy {accuracies[-1]:.4f} on {len(test[0])} digits; files are in {options.out}"
    )
    return accuracies[-1]


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m minigrad.demo", description="Train a small CNN on handwritten digits."
    )
    parser.add_argument("--epochs", type=_positive, default=10)
    parser.add_argument("--seed", type=int, default=0, help="a seed gives one result, run for run")
    parser.add_argument("--out", type=Path, default=Path("minigrad-demo"), help="folder for files")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


if __name__ == "__main__":
    main()
