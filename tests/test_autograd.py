"""`backward`, `grad`, `vjp`, hooks and modes, as in PyTorch."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import minigrad as mg


def leaf(*values: float) -> mg.Tensor:
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


# backward and grad


def test_backward_accumulates_and_owns_its_memory():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).sum().backward()
    a.grad.mul_(5)
    assert b.grad.tolist() == [1, 1]  # the two gradients were one tensor on the way
    (a * 2).sum().backward()
    assert a.grad.tolist() == [7, 7]


def test_backward_of_a_vector_needs_a_gradient():
    x = leaf(1.0, 2.0)
    with pytest.raises(mg.GradientError, match=r"shape \(2,\).*\.sum\(\)"):
        (x * 2).backward()
    with pytest.raises(mg.ShapeError, match=r"\(3,\)"):
        (x * 2).backward(mg.ones(3))
    (x * 2).backward(gradient=mg.tensor([1.0, 10.0], dtype=mg.float64))
    assert x.grad.tolist() == [2, 20]


def test_a_constant_has_no_gradient():
    with pytest.raises(mg.GradientError, match="requires_grad_"):
        mg.ones(1).backward()
    x = leaf(1.0)
    with pytest.raises(mg.GradientError, match="does not require grad"):
        mg.grad(x * 2, mg.ones(1))


def test_inputs_limits_what_accumulates():
    a, b = leaf(1.0), leaf(2.0)
    h = a * b
    (h * h).backward(inputs=[a])
    assert a.grad.tolist() == [8] and b.grad is None
    (h * h).backward(inputs=h)
    assert h.grad.tolist() == [4] and b.grad is None


def test_a_freed_graph_says_so_and_a_kept_one_serves_again():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [12]
    with pytest.raises(mg.GradientError, match=r"<mul>.*second time.*retain_graph=True"):
        y.backward()


def test_grad_leaves_the_fields_alone_and_names_what_is_unused():
    a, b = leaf(1.0), leaf(2.0)
    (g,) = mg.grad(a * 3, a)
    assert g.tolist() == [3] and a.grad is None
    with pytest.raises(mg.GradientError, match=r"input 1.*allow_unused=True"):
        mg.grad(a * 3, [a, b])
    assert mg.grad(a * 3, [a, b], allow_unused=True, only_inputs=True)[1] is None
    for unknown in ({"only_inputs": False}, {"is_grads_batched": True}):
        with pytest.raises(mg.ArgumentError, match="grad: only_inputs"):
            mg.grad(a * 3, a, **unknown)
    h = a * b
    assert mg.grad([h, h * h], [h, a], [mg.ones(1).double(), None])[0].tolist() == [5]


def test_grad_computes_only_what_leads_to_its_inputs():
    a, b = leaf(1.0), leaf(2.0)
    seen = []
    h = b.exp()
    h.register_hook(lambda g: seen.append("b"))
    mg.grad((a * h).sum(), a)
    assert seen == []


def test_third_derivatives():
    x = leaf(2.0)
    value = x**5
    for expected in (80, 160, 240):
        (value,) = mg.grad(value, x, create_graph=True)
        assert value.item() == expected


def test_backward_with_create_graph_leaves_a_graph_on_grad():
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (second,) = mg.grad(x.grad, x)
    assert second.item() == 12


def test_vjp_is_reusable_and_differentiable():
    x = leaf(1.0, 2.0)
    out, pull = mg.vjp(lambda x: x * x, x)
    assert out.tolist() == [1, 4]
    v = mg.tensor([1.0, 3.0], dtype=mg.float64)
    assert pull(v)[0].tolist() == [2, 12] and pull(v)[0].tolist() == [2, 12]
    (again,) = mg.grad(pull(v)[0].sum(), x)
    assert again.tolist() == [2, 6]
    constant = mg.ones(2)
    assert mg.vjp(lambda x: x * 3, constant)[1](mg.ones(2))[0].tolist() == [3, 3]


# leaves, hooks


def test_leaves():
    x = leaf(1.0)
    y = x * 2
    assert x.is_leaf and not y.is_leaf and y.detach().is_leaf and mg.ones(1).is_leaf
    assert x.grad_fn is None and y.grad_fn.prim.name == "mul"
    with pytest.raises(mg.GradientError, match="detach"):
        y.requires_grad_(False)
    with pytest.raises(mg.GradientError, match="floating-point"):
        mg.tensor([1]).requires_grad_()
    x.requires_grad = False
    assert not (x * 2).requires_grad


def test_hooks_see_and_replace():
    x = leaf(1.0)
    y = x * 2
    seen = []
    handle = y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(g.item()))
    x.register_hook(lambda g: g + 1)
    (y * 3).backward(retain_graph=True)
    assert seen == [30] and x.grad.tolist() == [61]
    handle.remove()
    x.grad = None
    (y * 3).backward()
    assert seen == [30, 3] and x.grad.tolist() == [7]
    with pytest.raises(mg.GradientError, match="register_hook"):
        mg.ones(1).register_hook(print)


def test_retain_grad():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    (y * 3).backward()
    assert y.grad.tolist() == [3] and x.grad.tolist() == [6]
    y.grad.zero_()
    assert x.grad.tolist() == [6]


# modes


def test_modes_nest_and_decorate():
    x = leaf(1.0)

    @mg.no_grad()
    def quiet(depth):
        assert not mg.is_grad_enabled()
        return x * 2 if depth == 0 else quiet(depth - 1)

    @mg.no_grad
    def bare():
        return x * 2

    @mg.enable_grad()
    def loud():
        return x * 2

    assert not quiet(2).requires_grad and not bare().requires_grad and mg.is_grad_enabled()
    with mg.no_grad():
        assert loud().requires_grad and not (x * 2).requires_grad
        with mg.set_grad_enabled(True):
            assert (x * 2).requires_grad
    with pytest.raises(ValueError), mg.no_grad():
        raise ValueError
    assert mg.is_grad_enabled()
    mg.set_grad_enabled(False)
    assert not mg.is_grad_enabled()
    mg.set_grad_enabled(True)


def test_a_generator_runs_in_its_mode_and_its_caller_in_its_own():
    x = leaf(1.0)

    @mg.no_grad()
    def numbers():
        for _ in range(2):
            yield (x * 2).requires_grad

    for inside in numbers():
        assert not inside and mg.is_grad_enabled()


def test_inference_mode():
    with mg.inference_mode():
        assert mg.is_inference_mode_enabled() and not mg.is_grad_enabled()
    assert not mg.is_inference_mode_enabled() and mg.is_grad_enabled()


def test_modes_are_of_one_thread():
    seen = []
    with mg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(mg.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_a_training_step_on_a_gpu_copies_nothing_to_the_host():
    from minigrad import nn
    from minigrad.testing.cupy_standin import transfers

    mg.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1),
        nn.Linear(4 * 3 * 3, 5),
    ).to("cuda")  # fmt: skip
    optimizer = mg.optim.Adam(net.parameters(), lr=1e-2)
    x = mg.tensor(np.random.default_rng(0).random((6, 1, 8, 8), np.float32), device="cuda")
    y = mg.tensor([0, 1, 2, 3, 4, 0], device="cuda")
    losses = []
    with transfers as counts:
        for _ in range(10):
            loss = nn.functional.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        assert counts.to_host == 0
    assert losses[-1].item() < losses[0].item()


def test_data_of_another_shape():
    x = mg.ones(4, requires_grad=True)
    old = (x * x).sum()
    x.data = mg.ones(2, 3)
    with pytest.raises(mg.GradientError, match=r"shape \(4,\) for a leaf of shape \(2, 3\)"):
        old.backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [[2, 2, 2]] * 2
    x.data = mg.ones(3)
    with pytest.raises(mg.GradientError, match=r"whose .grad has \(2, 3\)"):
        (x * x).sum().backward()
    y = x * 2
    with pytest.raises(mg.DTypeError, match="cannot replace"):
        y.data = mg.ones(5)
    base = mg.zeros(4)
    part = base[:2]
    part.data = mg.ones(2)  # no longer a part
    base.add_(5)
    assert part.tolist() == [1, 1]


def in_turns(inside):
    """Where three steps of momentum lead, taken inside backward or after it."""
    x, y = (mg.tensor([v], requires_grad=True) for v in (2.0, 3.0))
    rules = {p: mg.optim.SGD([p], lr=0.1, momentum=0.9) for p in (x, y)}

    def step(p):
        rules[p].step()
        p.grad = None

    if inside:
        for p in rules:
            p.register_post_accumulate_grad_hook(step)
    for _ in range(3):
        (x * y * y).sum().backward()
        for p in () if inside else rules:
            step(p)
    return x.item(), y.item()


def test_hooks_after_accumulation():
    assert in_turns(inside=True) == in_turns(inside=False)
    x, seen = mg.ones(1, requires_grad=True), []
    handle = x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.item()))
    (x * 3).sum().backward()
    (x * 3).sum().backward(inputs=[x])
    mg.grad((x * 3).sum(), x)
    handle.remove()
    (x * 3).sum().backward()
    assert seen == [3, 6]
    x.register_post_accumulate_grad_hook(lambda p: 1)
    with pytest.raises(mg.GradientError, match="must return None"):
        x.sum().backward()
    for wrong in (x * 2, mg.ones(1)):
        with pytest.raises(mg.GradientError, match="only for leaves"):
            wrong.register_post_accumulate_grad_hook(print)
