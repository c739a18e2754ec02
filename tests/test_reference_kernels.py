"""``MINIGRAD_KERNELS=reference`` computes without Numba what the compiled kernels compute.

Three train steps of each network that `warmup` compiles for: losses, gradients and what is learnt
agree to `TOLERANCE` of each array's largest value, float32 sums in another order.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.warmup import NETWORKS

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")
TOLERANCE = 2e-4

PROGRAM = """
import sys
import numpy as np
import minigrad as mg
from minigrad import warmup
from minigrad.nn import functional as F

found = {}
for name, build in warmup.NETWORKS.items():
    mg.manual_seed(0)
    model, x, classes = build()
    y = mg.randint(classes, (model(x).shape[0],))
    optimizer = mg.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    for step in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        found[f"{name} loss {step}"] = loss.detach().numpy()
    for parameter, p in model.named_parameters():
        found[f"{name} gradient of {parameter}"] = p.grad.numpy()
    for key, p in model.state_dict().items():
        found[f"{name} {key}"] = p.numpy()
np.savez(sys.argv[1], **found)
print("numba" in sys.modules)
"""


def run(path, kernels):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        env=os.environ | {"MINIGRAD_KERNELS": kernels},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    with np.load(path) as arrays:
        return dict(arrays), result.stdout.strip()


def test_networks_learn_the_same(tmp_path):
    plain, imported = run(tmp_path / "reference.npz", "reference")
    assert imported == "False"
    fast, imported = run(tmp_path / "fast.npz", "fast")
    assert imported == "True"
    assert {name.split()[0] for name in plain} == set(NETWORKS)
    far = {}
    for name, expected in plain.items():
        scale = max(np.abs(expected).max(initial=0), 1e-3)
        error = np.abs(fast[name] - expected).max(initial=0) / scale
        if not error <= TOLERANCE:
            far[name] = error
    assert not far
