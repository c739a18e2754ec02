"""The examples run as scripts and print what they should."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def figures(name):
    """The numbers with a point that an example prints, in order; warnings are errors."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [float(number) for number in re.findall(r"\d+\.\d+", done.stdout)]


def test_linear_regression():
    intercept, slope, error, misprint = figures("linear_regression.py")
    assert intercept == pytest.approx(0, abs=0.1)
    assert slope == pytest.approx(2, abs=0.2)
    assert error < 0.12  # the noise alone is 0.33 squared
    assert misprint > 5 * error


def test_logistic_regression():
    accuracy, misprint = figures("logistic_regression.py")
    assert accuracy > 0.9
    assert misprint < 0.6


def test_two_layer_network():
    loss, accuracy = figures("two_layer_network.py")
    assert loss < 0.15
    assert accuracy > 0.95


def test_from_pytorch():
    """The numbers that the same file printed when PyTorch 2.13 ran it."""
    theirs = [
        3.2479, 1.3788, 1.3995, 2.4432, 1.7247, 2.1307, 1.4710, 1.8495, 6.9278, 5890.4448,
        1.6637, 0.0584, 23.7545, 0.4892, 0.6838, 1.7336, 7.3646,
    ]  # fmt: skip
    assert figures("from_pytorch.py") == pytest.approx(theirs, rel=2e-3)


def test_every_example_is_tested():
    """Here, or in a file of its own, ``test_example_<name>.py``."""
    tested = re.findall(r'figures\("(\w+\.py)"\)', Path(__file__).read_text())
    own = [path.name[13:] for path in Path(__file__).parent.glob("test_example_*.py")]
    assert sorted(tested + own) == sorted(path.name for path in EXAMPLES.glob("*.py"))
