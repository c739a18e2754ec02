"""One loop over memory gives the bits of NumPy's several passes, whatever the layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.expr import array_function
from minigrad.ir import REGISTRY, Elementwise
from minigrad.kernels.cpu import elementwise, jit
from minigrad.kernels.cpu.elementwise import Loop

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.skipif(not jit.available(), reason="needs Numba"),
]
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, 3e38])


def loop_of(expr: str, inputs: tuple[str, ...]) -> Loop | None:
    """The loop of `expr`, for arrays of any size, which fails where NumPy would serve."""

    def plain(*_):
        raise AssertionError("the loop was not used")

    loop = elementwise.faster(expr, inputs, plain)
    if isinstance(loop, Loop):
        loop.smallest = 0
        return loop
    return None


def is_exact(prim) -> bool:
    loop = isinstance(prim, Elementwise) and loop_of(prim.expr, prim.inputs)
    return bool(loop) and loop.exact and set(prim.inputs[: prim.conditions]) != set(prim.inputs)


EXACT = [p for p in REGISTRY.values() if is_exact(p) and "f" in p.takes]


def values(shape: tuple[int, ...], dtype: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(shape)
    some = min(out.size, 500 * 9) // 9 * 9
    out.reshape(-1)[:some] = rng.permutation(np.repeat(SPECIAL, some // 9))
    return out.astype(dtype)


@pytest.mark.parametrize("prim", EXACT, ids=lambda p: p.name)
def test_a_loop_has_the_bits_of_the_passes(prim):
    """In float32; and, of the first few, in float64."""
    for dtype in ("float32", "float64") if prim in EXACT[:8] else ("float32",):
        shape = (4, 16, 20, 9)
        operands = [values(shape, dtype, k).transpose(0, 3, 1, 2) for k in range(len(prim.inputs))]
        for i in range(prim.conditions):
            operands[i] = operands[i] > 0
        like = operands[prim.conditions]
        kind = bool if prim.result == "bool" else dtype
        expected, got = np.empty_like(like, kind), np.empty_like(like, kind)
        array_function(prim.expr, prim.inputs, np)(*operands, expected)
        loop_of(prim.expr, prim.inputs)(*operands, got)
        unequal = got.view(f"u{got.itemsize}") != expected.view(f"u{got.itemsize}")
        assert not (unequal & ~(np.isnan(got) & np.isnan(expected))).any()


@st.composite
def layouts(draw) -> tuple[list[np.ndarray], np.ndarray]:
    """Operands of ``a * b + select(c, a, s)`` that broadcast, and an output, in odd layouts."""
    ndim = draw(st.integers(0, 4))
    shape = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 8, 33]), min_size=ndim, max_size=ndim)))
    order = draw(st.permutations(range(ndim)))

    def one(seed: int, broadcasts: bool) -> np.ndarray:
        own = [n if not broadcasts or draw(st.booleans()) else 1 for n in shape]
        step = draw(st.sampled_from([1, 1, 1, 2, -1])) if ndim else 1
        axes = order if draw(st.booleans()) else range(ndim)
        sizes = [own[axis] for axis in axes]
        last = [*sizes[:-1], sizes[-1] * abs(step)] if ndim else []
        whole = values(tuple(last), "float32", seed)
        view = whole[..., ::step].transpose(np.argsort(axes)) if ndim else whole
        if broadcasts and draw(st.booleans()):
            while view.ndim and view.shape[0] == 1:
                view = view[0]
        return view

    return [one(k, True) for k in range(4)], one(9, False)


@settings(max_examples=150, deadline=None)
@given(layouts(), st.sampled_from(["new", "first", "view of first"]))
def test_layouts(drawn, place):
    (a, b, c, s), out = drawn
    if place != "new" and a.shape != out.shape:
        a = out * np.float32(2)
    if place == "first":
        out = a
    if place == "view of first" and a.ndim:
        out = a[::-1]
    c = c > 0
    expected = np.broadcast_to(np.where(c, a, s) + a * b, out.shape)
    loop = loop_of("a * b + select(c, a, s)", ("a", "b", "c", "s"))
    called = []
    loop.plain = lambda *operands: (
        called.append(1)
        or out.__setitem__(
            ..., np.where(operands[2], operands[0], operands[3]) + operands[0] * operands[1]
        )
    )
    loop(a, b, c, s, out)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_integers_wrap_around(dtype):
    info = np.iinfo(dtype)
    a = np.array([info.min, info.max, -1, 0, 7] * 50, dtype)
    for expr in ("a + b", "a * b", "a - b", "abs(a) + b", "maximum(a, b)"):
        expected, got = np.empty_like(a), np.empty_like(a)
        array_function(expr, ("a", "b"), np)(a, a[::-1].copy(), expected)
        loop_of(expr, ("a", "b"))(a, a[::-1].copy(), got)
        np.testing.assert_array_equal(got, expected)


def test_kernels_are_few():
    """One a kind of operands and dtype, whatever the layouts."""
    loop = loop_of("a * b - a", ("a", "b"))
    before = elementwise._loop.cache_info().currsize
    a = np.ones((6, 200, 100), np.float32)
    for x in (a, a[:, :50], a.transpose(2, 0, 1), a[0, 0]):
        loop(x, x, np.empty_like(x))
    loop(a, a[0, 0], np.empty_like(a))
    assert elementwise._loop.cache_info().currsize == before + 1
