"""What ``python -m minigrad.warmup`` compiled, the first program need not."""

import subprocess
import sys

import pytest

from minigrad import warmup
from minigrad.kernels.cpu import jit

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")

FIRST_PROGRAM = """
import minigrad as mg
from minigrad import demo
mg.set_num_threads(2)
net = demo.Net()
optimizer = mg.optim.Adam(net.parameters())
for N in (32, 7):
    loss = mg.nn.functional.cross_entropy(net(mg.randn(N, 1, 28, 28)), mg.randint(10, (N,)))
    loss.backward()
    optimizer.step()
print([c.kernel for c in mg.jit_report() if not c.hit])
"""


def run(*args):
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, timeout=200)


def test_the_first_program_after_it_compiles_nothing():
    warmed = run("-m", "minigrad.warmup", "cnn", "mlp")
    assert warmed.returncode == 0, warmed.stderr
    assert "kernels" in warmed.stdout.splitlines()[-1]
    assert run("-c", FIRST_PROGRAM).stdout.strip() == "[]"


def test_every_network_is_a_classifier():
    for build in warmup.NETWORKS.values():
        model, x, classes = build()
        assert model(x).shape[1:] == (classes,), build.__name__


def test_an_unknown_network_is_named():
    result = run("-m", "minigrad.warmup", "resnet")
    assert result.returncode == 2 and "no network resnet" in result.stderr
