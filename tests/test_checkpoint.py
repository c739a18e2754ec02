"""checkpoint and detect_anomaly."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.utils.checkpoint import checkpoint, checkpoint_sequential


def gradients(run, x, *weights):
    loss = run(x).square().sum()
    return mg.grad(loss, [x, *weights], create_graph=True)


def test_gradients_are_those_of_the_plain_call():
    mg.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 3))
    x = mg.randn(2, 4, requires_grad=True)
    state = mg.get_rng_state()
    plain = gradients(net, x, *net.parameters())
    mg.set_rng_state(state)
    again = gradients(lambda x: checkpoint(net, x, use_reentrant=False), x, *net.parameters())
    for a, b in zip(plain, again, strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    for a, b in zip(
        mg.grad(sum(g.sum() for g in plain), x), mg.grad(sum(g.sum() for g in again), x)
    ):
        np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-5)


def test_intermediate_values_are_let_go():
    seen = []

    def wide(x):
        y = x.exp()
        seen.append(weakref.ref(y))
        return y * y

    x = mg.ones(3, requires_grad=True)
    gc.disable()
    try:
        out = checkpoint(wide, x)
        assert seen[0]() is None and all(callable(n.saved) for n in (out.grad_fn,))
        out.sum().backward()
    finally:
        gc.enable()
    assert len(seen) == 2
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp(2.0) * np.ones(3), 1e-6)


def test_a_function_that_does_otherwise_the_second_time_raises():
    calls = []

    def fickle(x):
        calls.append(1)
        return x.exp() if len(calls) == 1 else x.exp().exp()

    out = checkpoint(fickle, mg.ones(2, requires_grad=True))
    with pytest.raises(mg.GradientError, match="other operations"):
        out.sum().backward()


def test_an_input_that_was_changed_raises():
    x = mg.ones(2, requires_grad=True) * 1
    out = checkpoint(lambda x: x.sin(), x)
    x.mul_(2)
    with pytest.raises(mg.GradientError, match="changed in place"):
        out.sum().backward()


def test_sequential_and_no_grad():
    net = nn.Sequential(*[nn.Linear(3, 3) for _ in range(5)])
    x = mg.randn(2, 3)
    np.testing.assert_array_equal(
        checkpoint_sequential(net, 2, x).detach().numpy(), net(x).detach().numpy()
    )
    with mg.no_grad():
        assert not checkpoint(net, x).requires_grad
    with pytest.raises(mg.ArgumentError, match="segments"):
        checkpoint_sequential(net, 6, x)


def test_detect_anomaly_shows_the_line():
    x = mg.zeros(2, requires_grad=True)
    with mg.autograd.detect_anomaly():
        y = x.sqrt()  # the line to find
        with pytest.raises(mg.GradientError, match=r"(?s)sqrt.*inf.*the line to find"):
            y.sum().backward()
    z = x.sqrt()
    z.sum().backward()  # not checked outside
    assert z.grad_fn.trace is None


def test_set_detect_anomaly_and_user_functions():
    class Bad(mg.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * float("nan")

    with mg.autograd.set_detect_anomaly(True):
        out = Bad.apply(mg.ones(2, requires_grad=True))
        with pytest.raises(mg.GradientError, match=r"(?s)Bad.*nan"):
            out.sum().backward()
    with mg.autograd.set_detect_anomaly(True, check_nan=False):
        Bad.apply(mg.ones(2, requires_grad=True)).sum().backward()
