"""Recurrent kernels: CPU against reference, on odd shapes, strides, what is not finite, threads."""

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu import recurrent as cpu
from minigrad.kernels.reference import recurrent as reference

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")

# sizes of the steps, I, H, P
CASES = [
    ((3,) * 4, 2, 5, 5),
    ((50, 50, 20, 7, 7, 1), 9, 33, 33),
    ((1,) * 20, 1, 16, 3),
    ((13, 9, 9, 2), 33, 40, 34),
    ((2, 0), 2, 3, 3),
    ((0, 0), 3, 4, 2),
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
    order = (1, 0, 2) if attrs["batch_first"] else (0, 1, 2)
    ours, theirs = [
        [
            np.full([s[i] for i in order], np.nan, dtype).transpose(order)
            if len(s) == 3
            else np.full(s, np.nan, dtype)
            for s in shapes
        ]
        for _ in range(2)
    ]
    getattr(cpu, function)(*ours, *inputs, **attrs)
    with np.errstate(all="ignore"):
        getattr(reference, function)(*theirs, *inputs, **attrs)
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    for a, b in zip(ours, theirs, strict=True):
        finite = b[np.isfinite(b)]
        scale = np.abs(finite).max(initial=1)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * 10 * scale)
    return theirs


def check(sizes, I, H, P, draw, dtype, reverse, batch_first=False):
    N, B = sum(sizes), sizes[0]
    facts = {"sizes": sizes, "reverse": reverse, "batch_first": batch_first}
    form = (B, len(sizes)) if batch_first else (N,)

    def weights(G, P):
        return [draw(G * H, I) * 0.3, draw(G * H, P) * 0.3], [draw(G * H), draw(G * H)]

    x, h, c, g = draw(*form, I), draw(B, P), draw(B, H), (draw(*form, P), draw(B, P), draw(B, H))
    (w, b), w_hr = weights(4, P), draw(P if P < H else 0, H)
    shapes = [(*form, P), (B, P), (B, H), (N, 4 * H), (N, H)]
    y, _, _, gates, cells = both("lstm", shapes, dtype, x, h, c, *w, *b, w_hr, **facts)
    shapes = [a.shape for a in (x, h, c, *w, *b, w_hr)]
    both("lstm_grad", shapes, dtype, *g, y, gates, cells, x, h, c, *w, w_hr, **facts)

    (w, b), h, g = weights(3, H), draw(B, H), (draw(*form, H), draw(B, H))
    shapes = [(*form, H), (B, H), (N, 3 * H), (N, H)]
    y, _, gates, inner = both("gru", shapes, dtype, x, h, *w, *b, **facts)
    shapes = [a.shape for a in (x, h, *w, *b)]
    both("gru_grad", shapes, dtype, *g, y, gates, inner, x, h, *w, **facts)
    shapes = [(0,), (B, H), (0,), (0,), (0,), (3 * H,)]  # what is not wanted is left out
    both("gru_grad", shapes, dtype, *g, y, gates, inner, x, h, *w, **facts)

    w, b = weights(1, H)
    shapes = [a.shape for a in (x, h, *w, *b)]
    for nonlinearity in ("tanh", "relu"):
        facts["nonlinearity"] = nonlinearity
        y, _ = both("rnn", [(*form, H), (B, H)], dtype, x, h, *w, *b, **facts)
        both("rnn_grad", shapes, dtype, *g, y, x, h, *w, **facts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_cpu_is_reference(case, dtype):
    for reverse in (False, True):
        check(*case, Draws(dtype), dtype, reverse)
    check(*case, Draws(dtype, strided=True), dtype, True)
    check(*case, Draws(dtype, odd=True), dtype, False)


def test_batch_first():
    for strided in (False, True):
        check((9,) * 5, 3, 10, 6, Draws(np.float32, strided), np.float32, strided, True)


def test_bits_do_not_depend_on_threads(monkeypatch):
    monkeypatch.setattr(jit, "PARALLEL_NANOSECONDS", 0)
    sizes, H, draw = (40, 40, 31, 5), 23, Draws(np.float32)
    w, b = (draw(4 * H, 7), draw(4 * H, H)), (draw(4 * H), draw(4 * H), draw(0, H))
    inputs = draw(sum(sizes), 7), draw(40, H), draw(40, H), *w, *b
    before, found = jit.get_num_threads(), []
    try:
        for threads in (1, 3):
            jit.set_num_threads(threads)
            outs = [np.empty((n, m), np.float32) for n, m in
                    ((116, H), (40, H), (40, H), (116, 4 * H), (116, H))]  # fmt: skip
            cpu.lstm(*outs, *inputs, sizes=sizes, reverse=True, batch_first=False)
            y = np.empty((116, H), np.float32), np.empty((40, H), np.float32)
            cpu.rnn(*y, *inputs[:2], w[0][:H], w[1][:H], b[0][:H], b[1][:H], sizes=sizes,
                    reverse=True, batch_first=False, nonlinearity="tanh")  # fmt: skip
            found.append([x.tobytes() for x in (*outs, *y)])
    finally:
        jit.set_num_threads(before)
    assert found[0] == found[1]
