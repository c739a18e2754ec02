"""Training leaves the same bits behind for any number of threads: 100 steps of three networks."""

import hashlib

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.kernels.cpu import jit
from minigrad.nn import functional as F

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")
STEPS = 100


def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(),
        nn.BatchNorm2d(64), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1600, 64), nn.ReLU(),
        nn.Dropout(0.2), nn.Linear(64, 10),
    )  # fmt: skip
    return model, mg.randn(6, 1, 28, 28), mg.randint(10, (6,))


def lstm():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(28, 48, 2, batch_first=True), nn.Linear(48, 10)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    return Model(), mg.randn(11, 12, 28), mg.randint(10, (11,))


def transformer():
    layer = nn.TransformerEncoderLayer(32, 4, 128, dropout=0.1, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    model = nn.Sequential(nn.Embedding(65, 32), encoder, nn.Linear(32, 65), nn.Flatten(0, 1))
    return model, mg.randint(65, (5, 24)), mg.randint(65, (5 * 24,))


def digest(build, threads):
    """A hash of what 100 steps of Adam, on `threads` threads, make of the network."""
    mg.set_num_threads(threads)
    mg.manual_seed(0)
    model, x, y = build()
    optimizer = optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] and np.isfinite(losses).all()
    state = b"".join([p.numpy().tobytes() for p in model.state_dict().values()])
    return hashlib.sha256(state + repr(losses).encode()).hexdigest()


@pytest.mark.parametrize("build", [cnn, lstm, transformer], ids=lambda f: f.__name__)
def test_training(build, monkeypatch):
    monkeypatch.setattr(jit, "PARALLEL_NANOSECONDS", 0)  # all kernels, small ones too
    before = mg.get_num_threads()
    try:
        found = {threads: digest(build, threads) for threads in (1, 2, 3, 5)}
    finally:
        mg.set_num_threads(before)
    assert len(set(found.values())) == 1, found
