"""Hooks of modules see and replace what goes in and out, forward and backward, as in PyTorch."""

import gc
import warnings
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, Error, GradientError


class Two(nn.Module):
    """Two inputs and something that is no tensor; two outputs."""

    def forward(self, a, n, b, scale=1.0):
        return a * n * scale, (a + b) * scale


def test_order_keywords_and_removal():
    layer, seen = Two(), []
    layer.register_forward_hook(lambda m, args, out: seen.append("last"))
    first = layer.register_forward_hook(
        lambda m, args, kwargs, out: seen.append(kwargs) or (out[0], out[1] + 1),
        prepend=True,
        with_kwargs=True,
    )
    layer.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {**kwargs, "scale": 2.0}), with_kwargs=True
    )
    x = mg.ones(1)
    assert [y.item() for y in layer(x, 3, x)] == [6.0, 5.0]
    assert seen == [{"scale": 2.0}, "last"]
    first.remove()
    assert [y.item() for y in layer(x, 3, x)] == [6.0, 4.0]
    layer.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(ArgumentError, match="must return None or"):
        layer(x, 3, x)


def test_always_called_hooks_run_after_an_error():
    layer, seen = nn.Linear(2, 2), []
    layer.register_forward_hook(lambda m, args, out: seen.append("not this"))
    layer.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    with pytest.raises(Error, match="Linear"):
        layer(mg.ones(3))
    assert seen == [None]


def watched(lib, grads_of_inputs=(True, False), used=(0, 1), replace=False):
    """What backward hooks see of `Two`, and the gradients that come out."""

    class Two(lib.nn.Module):
        def forward(self, a, n, b):
            return a * n * self.w, (a + b) * self.w

    layer, seen = Two(), []
    layer.w = lib.nn.Parameter(lib.tensor([2.0, 3.0]))
    note = [lambda gs: [None if g is None else g.tolist() for g in gs]][0]

    def before(module, grad_output):
        seen.append(note(grad_output))
        return tuple([None if g is None else 2 * g for g in grad_output]) if replace else None

    def after(module, grad_input, grad_output):
        seen.append((note(grad_input), note(grad_output)))
        if replace and any(grads_of_inputs):
            return tuple([None if g is None else 10 * g for g in grad_input])

    layer.register_full_backward_pre_hook(before)
    layer.register_full_backward_hook(after)
    a, b = [lib.tensor([1.0, 2.0], requires_grad=r) for r in grads_of_inputs]
    y = layer(a, 3, b)
    sum([(y[i] * y[i]).sum() for i in used]).backward()
    return seen, note([a.grad, b.grad, layer.w.grad])


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("used", [(0, 1), (1,)])
@pytest.mark.parametrize("inputs", [(True, False), (True, True), (False, False)])
def test_backward_hooks_do_what_pytorchs_do(inputs, used, replace):
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert watched(mg, inputs, used, replace) == watched(torch, inputs, used, replace)


def test_backward_hooks_by_hand():
    seen, grads = watched(mg, replace=True)
    # y = (3 a w, (a + b) w), loss = sum of y^2: grad_output 2 y, doubled by the pre-hook.
    assert seen[0] == [[12.0, 36.0], [8.0, 24.0]]
    assert seen[1] == ([[176.0, 792.0], None, [0.0, 0.0]], [[24.0, 72.0], [16.0, 48.0]])
    assert grads == [[1760.0, 7920.0], None, [104.0, 624.0]]


def test_backward_hooks_in_second_derivatives():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, grad_input, grad_output: (grad_input[0] * 3,))
    x = mg.tensor([0.3], requires_grad=True)
    (g,) = mg.grad(layer(x).sum(), [x], create_graph=True)
    (h,) = mg.grad(g.sum(), [x])
    t = np.tanh(0.3)
    np.testing.assert_allclose(g.item(), 3 * (1 - t * t), rtol=1e-6)
    np.testing.assert_allclose(h.item(), 3 * -2 * t * (1 - t * t), rtol=1e-5)


def test_backward_hooks_refuse():
    x = mg.ones(2, requires_grad=True)
    layer = nn.Identity()
    handle = layer.register_full_backward_hook(lambda m, grad_input, grad_output: (None, None))
    with pytest.raises(GradientError, match="returned 2 gradients for grad_input, which has 1"):
        layer(x).sum().backward()
    with pytest.raises(GradientError):  # in-place on a view of what the caller holds
        layer(x * 1).add_(1)
    handle.remove()
    assert layer(x) is x

    class Dict(nn.Module):
        def forward(self, x):
            return {"y": x}

    layer = Dict()
    layer.register_full_backward_hook(lambda *args: None)
    with pytest.warns(UserWarning, match="output of Dict is a dict"):
        layer(x)


def test_views_of_what_a_watched_layer_gives():
    seen = []
    model = nn.Sequential(nn.Linear(2, 4), nn.Unflatten(1, (2, 2)), nn.Flatten(), nn.Linear(4, 1))
    for layer in model:
        layer.register_full_backward_hook(lambda m, _, grads: seen.append(type(m).__name__))
    x = mg.ones(1, 2, requires_grad=True)
    model(x).sum().backward()
    assert seen == ["Linear", "Flatten", "Unflatten", "Linear"]
    product = model[3].weight @ model[0].weight  # (1, 2)
    assert mg.allclose(x.grad, product)


def test_hooks_leave_no_cycles():
    gc.disable()
    try:
        layer = nn.Linear(2, 2)
        layer.register_full_backward_hook(lambda *args: None)
        y = layer(mg.ones(1, 2, requires_grad=True))
        y.sum().backward()
        dead = weakref.ref(layer)
        del layer, y
        assert dead() is None
    finally:
        gc.enable()
