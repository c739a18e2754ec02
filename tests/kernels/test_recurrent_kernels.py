"""Recurrent kernels: CPU against reference, on odd shapes, strides, what is not finite, threads."""

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu import recurrent as cpu
from minigrad.kernels.reference import recurrent as reference

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")

# sizes of the steps, H, P
CASES = [
    ((3,) * 4, 5, 5),
    ((50, 50, 20, 7, 7, 1), 33, 33),
    ((1,) * 20, 16, 3),
    ((13, 9, 9, 2), 40, 34),
    ((2, 0), 3, 3),
    ((0, 0), 4, 2),
]


@pytest.fixture(autouse=True)
def every_size_is_compiled_code(monkeypatch):
    monkeypatch.setattr(cpu, "_FEW", 0)


class Draws:
    """Inputs by shape, read-only; strided on request, with an odd value here and there."""

    def __init__(self, dtype, strided=False, odd=False):
        self.rng = np.random.default_rng(0)
        self.dtype, self.strided, self.odd = dtype, strided, odd

    def __call__(self, *shape):
        x = self.rng.standard_normal(shape).astype(self.dtype)
        if self.odd and x.size > 40:
            x.reshape(-1)[[3, -5, -30]] = np.nan, np.inf, -np.inf
        if self.strided:
            x = np.repeat(x, 2, axis=-1)[..., ::2]
        x.flags.writeable = False
        return x


def both(function, shapes, dtype, *inputs, **attrs):
    """The outputs of the two kernels, from poisoned memory; the reference's are handed on."""
    ours, theirs = [[np.full(s, np.nan, dtype) for s in shapes] for _ in range(2)]
    getattr(cpu, function)(*ours, *inputs, **attrs)
    with np.errstate(all="ignore"):
        getattr(reference, function)(*theirs, *inputs, **attrs)
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * 10)
    return theirs


def check(sizes, H, P, draw, dtype, reverse):
    N, B = sum(sizes), sizes[0]
    facts = {"sizes": sizes, "reverse": reverse}
    w = draw(4 * H, P) * 0.3
    projection = [] if H == P else [draw(P, H)]
    shapes = [(N, P), (B, P), (B, H), (N, 4 * H), (N, H)]
    c = draw(B, H)
    *_, gates, cells = both(
        "lstm", shapes, dtype, draw(N, 4 * H), draw(B, P), c, w, *projection, **facts
    )
    shapes = [(N, 4 * H), (B, P), (B, H), (N, P)]
    g = draw(N, P), draw(B, P), draw(B, H)
    both("lstm_grad", shapes, dtype, *g, gates, cells, c, w, *projection, **facts)

    w, h, g = draw(3 * H, H) * 0.3, draw(B, H), (draw(N, H), draw(B, H))
    shapes = [(N, H), (B, H), (N, 3 * H), (N, H)]
    y, _, gates, inner = both("gru", shapes, dtype, draw(N, 3 * H), h, w, draw(3 * H), **facts)
    shapes = [(N, 3 * H), (N, 3 * H), (B, H)]
    both("gru_grad", shapes, dtype, *g, gates, inner, draw(N, H), w, **facts)

    for nonlinearity in ("tanh", "relu"):
        facts["nonlinearity"], w = nonlinearity, draw(H, H) * 0.3
        y, _ = both("rnn", [(N, H), (B, H)], dtype, draw(N, H), h, w, **facts)
        both("rnn_grad", [(N, H), (B, H)], dtype, *g, y, w, **facts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_cpu_is_reference(case, dtype):
    for reverse in (False, True):
        check(*case, Draws(dtype), dtype, reverse)
    check(*case, Draws(dtype, strided=True), dtype, True)
    check(*case, Draws(dtype, odd=True), dtype, False)


def test_bits_do_not_depend_on_threads(monkeypatch):
    monkeypatch.setattr(jit, "PARALLEL_NANOSECONDS", 0)
    sizes, H, draw = (40, 40, 31, 5), 24, Draws(np.float32)
    inputs = draw(sum(sizes), 4 * H), draw(40, H), draw(40, H), draw(4 * H, H)
    before, found = jit.get_num_threads(), []
    try:
        for threads in (1, 3):
            jit.set_num_threads(threads)
            outs = [np.empty((n, m), np.float32) for n, m in
                    ((116, H), (40, H), (40, H), (116, 4 * H), (116, H))]  # fmt: skip
            cpu.lstm(*outs, *inputs, sizes=sizes, reverse=True)
            found.append([x.tobytes() for x in outs])
    finally:
        jit.set_num_threads(before)
    assert found[0] == found[1]
