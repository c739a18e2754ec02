"""One loop over memory gives the bits of NumPy's several passes, whatever the layout."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.expr import array_function, is_cheap_chain
from minigrad.ir import REGISTRY, Elementwise
from minigrad.kernels.cpu import elementwise

CHAINS = [p for p in REGISTRY.values() if isinstance(p, Elementwise) and is_cheap_chain(p.expr)]
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, 3e38])


def values(shape: tuple[int, ...], dtype: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(shape)
    out.reshape(-1)[: 500 * 9] = rng.permutation(np.repeat(SPECIAL, 500))
    return out.astype(dtype)


@pytest.mark.parametrize("prim", CHAINS, ids=lambda p: p.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loop_equals_the_passes(prim, dtype, monkeypatch):
    if prim.result == "bool":
        pytest.skip("loops fill floats only")
    shape = (4, 16, 20, 9)
    operands = [values(shape, dtype, k).transpose(0, 3, 1, 2) for k in range(len(prim.inputs))]
    for i in range(prim.conditions):
        operands[i] = operands[i] > 0
    plain = array_function(prim.expr, prim.inputs, np)
    calls = []
    monkeypatch.setattr(
        elementwise, "launch", lambda k, n, *a, **kw: calls.append(n) or k(*a, 0, n)
    )
    fast = elementwise.faster(prim.expr, prim.inputs, plain)
    for given in (operands, [*operands[:-1], 0.5]):
        expected, got = np.empty_like(operands[-1]), np.empty_like(operands[-1])
        plain(*given, expected)
        fast(*given, got)
        assert np.array_equal(got.view(f"u{got.itemsize}"), expected.view(f"u{got.itemsize}")) or (
            np.array_equal(got, expected, equal_nan=True)
        )
    assert calls, "the loop was not used"


def test_unlike_layouts_go_to_numpy():
    plain_calls = []
    chain = elementwise.faster("select(b <= 0, 0, a)", ("a", "b"), lambda *x: plain_calls.append(x))
    a = np.ones((200, 100), np.float32)
    for other in (np.asfortranarray(a), a[:1], a[:, ::-1], a.astype(np.float64)):
        chain(a, other, np.empty_like(a))
    assert len(plain_calls) == 4
