"""The GRU over packed sequences: on drawn sequences, and on the recorded vowels where they are."""

import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg

EXAMPLE = Path(__file__).parent.parent / "examples" / "packed_sequences.py"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE.parent)
    return importlib.import_module(EXAMPLE.stem)


def test_it_learns_which_end_of_a_sequence_is_higher(example):
    mg.manual_seed(0)
    lengths = mg.randint(2, 9, (120,)).tolist()
    sequences = [mg.randn(n, 1) for n in lengths]
    labels = mg.tensor([int(x[0, 0].item() > x[-1, 0].item()) for x in sequences])
    model = example.Reader(features=1, classes=2, hidden=8)
    example.train(model, sequences, labels, epochs=25, batch=20)
    assert example.accuracy(model, sequences, labels) > 0.9


@pytest.mark.skipif(
    importlib.util.find_spec("aeon") is None,
    reason="JapaneseVowels comes with a package: pip install --no-deps aeon",
)
def test_it_tells_speakers_apart():
    command = [sys.executable, "-W", "error", str(EXAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    loss, accuracy = [float(number) for number in re.findall(r"\d+\.\d+", done.stdout)]
    assert loss < 0.05 and accuracy > 0.93
