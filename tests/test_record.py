"""The record under trial: eight hard cases through `Primitive` and `apply`, to second order.

Each runs on both array libraries' code paths. What did not fit here mended the record.
"""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import minigrad as mg
from minigrad import context
from minigrad.device import namespace, namespace_of
from minigrad.ir import REGISTRY, Primitive, Spec
from minigrad.nn import functional as F
from minigrad.tensor import apply


def leaf(device: str, *shape: int, seed: int = 0) -> mg.Tensor:
    values = np.random.default_rng([seed, *shape]).standard_normal(shape)
    return mg.tensor(values, device=device, requires_grad=True)


def check(function, *inputs: mg.Tensor) -> None:
    assert mg.gradcheck(function, inputs)
    assert mg.gradgradcheck(function, inputs)


def test_a_view_of_a_slice_shares_memory_and_differentiates(device):
    x = leaf(device, 5, 6)
    y = x.detach()[1:].view(2, 12)
    assert y.storage is x.storage  # one identity of memory, whatever the steps
    with mg.no_grad():
        y[0, 0] = 7.0
    assert x[1, 0].item() == 7.0
    check(lambda x: x[1:].view(2, 12).square() * x[0, 1], x)


def test_cat_takes_a_list_and_gives_no_gradient_nobody_asked_for(device):
    a, b = leaf(device, 2, 3), leaf(device, 4, 3, seed=1)
    constant = mg.ones(1, 3, dtype=mg.float64, device=device)
    y = mg.cat([a, constant, b])
    assert y.grad_fn.needs == (True, False, True) and y.grad_fn.saved == []
    check(lambda a, b: mg.cat([a * b[:2], constant, b * b]), a, b)


def test_nonzero_has_a_shape_that_depends_on_values(device):
    x = leaf(device, 3, 4)
    places = mg.nonzero(x > 0)
    assert not places.requires_grad
    assert places.shape == (int((x > 0).sum()), 2)
    check(lambda x: x[x > 0].square() * x.sum(), x)


def test_a_convolution_is_stored_channels_last_behind_its_shape(device):
    x, w = leaf(device, 2, 4, 6, 5), leaf(device, 6, 2, 3, 3, seed=1)
    y = F.conv2d(x, w, padding=1, groups=2)
    assert y.shape == (2, 6, 6, 5)
    assert y.permute(0, 2, 3, 1).is_contiguous()
    for kept in (y.relu(), y * 2 + y, F.max_pool2d(y, 2)):
        assert kept.permute(0, 2, 3, 1).is_contiguous()  # elementwise and pooling keep the layout
    small_x, small_w = leaf(device, 1, 2, 4, 3), leaf(device, 2, 1, 2, 2, seed=1)
    check(lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=1, groups=2), small_x, small_w)


def test_layer_norm_is_fused_and_second_order_goes_through_its_definition(device):
    x, w, b = leaf(device, 3, 4), leaf(device, 4, seed=1), leaf(device, 4, seed=2)
    check(lambda x, w, b: F.layer_norm(x, (4,), w, b), x, w, b)
    with record_operations() as names:
        F.layer_norm(x, (4,)).sum().backward()
    assert "normalize_grad" in names
    with record_operations() as names:
        mg.grad(F.layer_norm(x, (4,)).sum(), x, create_graph=True)
    assert "normalize_grad" not in names  # statistics as constants would make it wrong


def test_a_loop_that_writes_rows_differentiates(device):
    def cell_loop(w: mg.Tensor, h0: mg.Tensor, steps: int = 4) -> mg.Tensor:
        h = mg.zeros(steps, 3, dtype=mg.float64, device=w.device)
        h[0] = h0
        for t in range(1, steps):
            h[t] = (h[t - 1] @ w).tanh()  # h[t - 1] is kept; only a later write to it would hurt
        return h

    check(cell_loop, leaf(device, 3, 3), leaf(device, 3, seed=1))


def test_filling_rows_one_by_one_keeps_one_copy_of_the_result():
    rows, width = 256, 64
    h = mg.zeros(rows, width)
    values = mg.ones(rows, width, requires_grad=True)
    for t in range(rows):
        h[t] = values[t]
    kept, node = 0, h.grad_fn
    while node is not None:
        kept += sum(a.nbytes for a, _, _ in node.saved)
        node = node.edges[0][0] if node.edges[0] is not None else None
    assert kept <= h.nbytes
    h.sum().backward()
    assert (values.grad == 1).all()


def test_dropout_computes_its_mask_again(device):
    x = leaf(device, 6, 5)

    def drop(x: mg.Tensor) -> mg.Tensor:
        mg.manual_seed(3)
        return F.dropout(x * x, 0.4)

    y = F.dropout(x, 0.4)
    assert y.grad_fn.saved == []  # no mask is stored: seed and counter are attributes
    check(drop, x)


# An LSTM over sequences of several lengths: the hardest record. Letters: T steps, B batch, I input,
# H hidden; gates in the order input, forget, cell, output.


def sigmoid(xp, a):
    return 1 / (1 + xp.exp(-a))


def lstm_kernel(h, c, gates, x, w, u, *, lengths):
    xp = namespace(x)
    steps, hidden = x.shape[0], u.shape[1]
    h_before = c_before = xp.zeros_like(h[0])
    for t in range(steps):
        a = x[t] @ w.T + h_before @ u.T
        i, f, o = (sigmoid(xp, a[:, k * hidden : (k + 1) * hidden]) for k in (0, 1, 3))
        g = xp.tanh(a[:, 2 * hidden : 3 * hidden])
        gates[t] = xp.concatenate([i, f, g, o], axis=1)
        inside = xp.asarray([[t < n] for n in lengths])
        c[t] = xp.where(inside, f * c_before + i * g, c_before)
        h[t] = xp.where(inside, o * xp.tanh(c[t]), h_before)
        h_before, c_before = h[t], c[t]


def lstm_grad_kernel(dx, dw, du, dh_out, h, c, gates, x, w, u, *, lengths):
    xp = namespace(x)
    hidden = u.shape[1]
    dw[...], du[...] = 0, 0
    dh, dc = xp.zeros_like(h[0]), xp.zeros_like(h[0])
    for t in range(x.shape[0] - 1, -1, -1):
        inside = xp.asarray([[t < n] for n in lengths])
        h_before = h[t - 1] if t else xp.zeros_like(h[0])
        c_before = c[t - 1] if t else xp.zeros_like(h[0])
        i, f, g, o = (gates[t][:, k * hidden : (k + 1) * hidden] for k in range(4))
        dh = dh + dh_out[t]
        squashed = xp.tanh(c[t])
        dct = dc + dh * o * (1 - squashed**2)
        parts = [
            dct * g * i * (1 - i),
            dct * c_before * f * (1 - f),
            dct * i * (1 - g**2),
            dh * squashed * o * (1 - o),
        ]
        da = xp.where(inside, xp.concatenate(parts, axis=1), xp.zeros((), x.dtype))
        dx[t] = da @ w
        dw += da.T @ x[t]
        du += da.T @ h_before
        dh = xp.where(inside, da @ u, dh)
        dc = xp.where(inside, dct * f, dc)


def lstm_definition(x, w, u, *, lengths):
    hidden = u.shape[1]
    h = c = x.new_zeros(x.shape[1], hidden)
    hs, cs, gates = [], [], []
    for t in range(x.shape[0]):
        a = x[t] @ w.T + h @ u.T
        i, f, g, o = (a[:, k * hidden : (k + 1) * hidden] for k in range(4))
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        inside = x.new_tensor([[t < n] for n in lengths], dtype=mg.bool)
        c = mg.where(inside, f * c + i * g, c)
        h = mg.where(inside, o * c.tanh(), h)
        hs, cs, gates = [*hs, h], [*cs, c], [*gates, mg.cat([i, f, g, o], 1)]
    return mg.stack(hs), mg.stack(cs), mg.stack(gates)


def lstm_vjp(needs, g_h, g_c, g_gates, h, c, gates, x, w, u, lengths):
    assert g_c is None and g_gates is None
    return apply(LSTM_GRAD, g_h, h, c, gates, x, w, u, lengths=lengths)


def lstm_spec(x, w, u, *, lengths):
    steps, batch, hidden = x.shape[0], x.shape[1], u.shape[1]
    cell = Spec((steps, batch, hidden), x.dtype)
    return cell, cell, Spec((steps, batch, 4 * hidden), x.dtype)


LSTM = Primitive(
    "trial_lstm",
    lstm_spec,
    outputs=("h", "c", "gates"),
    vjp=lstm_vjp,
    definition=lstm_definition,
)
LSTM_GRAD = Primitive(
    "trial_lstm_grad",
    lambda dh, h, c, gates, x, w, u, *, lengths: (
        Spec(x.shape, x.dtype),
        Spec(w.shape, x.dtype),
        Spec(u.shape, x.dtype),
    ),
    outputs=("dx", "dw", "du"),
)
del REGISTRY["trial_lstm"], REGISTRY["trial_lstm_grad"]


def test_an_lstm_over_packed_lengths(device):
    array_type = namespace_of(mg.device(device)).ndarray
    LSTM.kernels[array_type], LSTM_GRAD.kernels[array_type] = lstm_kernel, lstm_grad_kernel
    x, w = leaf(device, 3, 2, 2), leaf(device, 8, 2, seed=1)
    u = leaf(device, 8, 2, seed=2)
    lengths = (3, 1)

    def run(x, w, u):
        return apply(LSTM, x, w, u, lengths=lengths)[0]

    expected = lstm_definition(x, w, u, lengths=lengths)[0]
    assert np.allclose(run(x, w, u).cpu().detach().numpy(), expected.cpu().detach().numpy())
    assert (run(x, w, u)[2, 1] == run(x, w, u)[0, 1]).all()  # past its length, a state stands still
    fused = mg.grad(run(x, w, u).square().sum(), [x, w, u])
    plain = mg.grad(expected.square().sum(), [x, w, u])
    for a, b in zip(fused, plain, strict=True):
        assert np.allclose(a.cpu().numpy(), b.cpu().numpy())
    check(run, x, w, u)


@contextlib.contextmanager
def record_operations():
    """The names of the operations that run inside."""
    names: list[str] = []
    with context.record(lambda prim, *rest: names.append(prim.name)):
        yield names


def test_the_recorder_sees_forward_and_backward():
    x = mg.ones(3, requires_grad=True)
    with record_operations() as names:
        (x * x).sum().backward()
    assert names[:2] == ["mul", "sum"] and {"expand", "add"} <= set(names)


def test_a_wrong_shape_from_a_formula_raises_instead_of_broadcasting():
    broken = Primitive("trial_broken", lambda x: Spec((x.shape[0],), x.dtype), vjps=(lambda g: g,))
    del REGISTRY["trial_broken"]
    broken.kernels[np.ndarray] = lambda out, x: np.sum(x, axis=1, out=out)
    x = mg.ones(2, 2, requires_grad=True)
    with pytest.raises(mg.GradientError, match=r"trial_broken.*formula is wrong"):
        apply(broken, x).sum().backward()
