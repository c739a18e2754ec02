"""Update rules: by hand, and PyTorch's trajectories, on every device."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim

STEPS = 20
RULES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "maximize": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
]
IDS = [f"{name}-{'-'.join(settings)}" for name, settings in RULES]

RNG = np.random.default_rng(0)
A, B, UNUSED = (RNG.standard_normal(shape).astype(np.float32) for shape in ((4, 3), (4,), (2,)))
BATCHES = RNG.standard_normal((STEPS, 5, 3)).astype(np.float32)


def trajectory(library, rules, name, settings, **place):
    """Parameters after each step; `b` is used twice and skips some steps, `unused` has no grad."""
    a, b, unused = (library.tensor(x, requires_grad=True, **place) for x in (A, B, UNUSED))
    groups = [{"params": [a, unused]}, {"params": b, "lr": 0.02}]
    rule = getattr(rules, name)(groups, **settings)
    path = []
    for step, batch in enumerate(BATCHES):
        rule.zero_grad(set_to_none=step % 2 == 0)
        x = library.tensor(batch, **place)
        out = x @ a.T
        out = (out + b) * b if step % 5 else out
        out.tanh().square().mean().backward()  # bounded, to maximize too
        if step % 5 == 0 and step % 2 == 0:
            assert b.grad is None
        rule.step()
        path.append([t.detach().cpu().numpy().copy() for t in (a, b, unused)])
    return path, rule


@pytest.mark.parametrize(("name", "settings"), RULES, ids=IDS)
def test_trajectory_equals_pytorchs(name, settings, device):
    torch = pytest.importorskip("torch")
    ours, mine = trajectory(mg, optim, name, settings, device=device)
    for foreach in (False, True):
        theirs, other = trajectory(torch, torch.optim, name, {**settings, "foreach": foreach})
        for got, expected in zip(ours, theirs, strict=True):
            for x, y in zip(got, expected, strict=True):
                np.testing.assert_allclose(x, y, rtol=2e-5, atol=2e-6)
    held = other.state_dict()["state"]
    for number, state in mine.state_dict()["state"].items():
        assert {k for k in state if held[number][k] is not None} == set(state)


@pytest.mark.parametrize(("name", "settings"), RULES, ids=IDS)
def test_devices_agree(name, settings):
    """Without PyTorch: the same arithmetic wherever it runs."""
    on_cpu, _ = trajectory(mg, optim, name, settings, device="cpu")
    on_cuda, _ = trajectory(mg, optim, name, settings, device="cuda")
    for x, y in zip(on_cpu[-1], on_cuda[-1], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


def test_the_first_steps_by_hand():
    p = mg.tensor([1.0, -2.0], requires_grad=True)
    p.grad = mg.tensor([0.5, 0.25])
    rule = optim.SGD([p], lr=0.1, momentum=0.5)
    rule.step()
    assert p.tolist() == pytest.approx([0.95, -2.025])
    rule.step()  # velocity 1.5 times the gradient
    assert p.tolist() == pytest.approx([0.875, -2.0625])
    q = mg.tensor([1.0, -2.0], requires_grad=True)
    q.grad = mg.tensor([0.5, -1e-3])
    optim.AdamW([q], lr=0.1, weight_decay=0.5).step()  # a step of lr towards -sign(g)
    assert q.tolist() == pytest.approx([0.95 - 0.1, -1.9 + 0.1], rel=1e-5)


def test_tied_parameters_are_updated_once():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    rule = optim.SGD(model.parameters(), lr=1.0)
    model[0].weight.grad = mg.ones(2, 2)
    before = model[0].weight.detach().clone()
    rule.step()
    assert (before - model[1].weight.detach() == 1).all()


def test_a_step_leaves_gradients_and_graph_alone():
    p = mg.tensor([1.0, 2.0], requires_grad=True)
    for rule in (
        optim.SGD([p], momentum=0.9, weight_decay=0.1, nesterov=True),
        optim.Adam([p], weight_decay=0.1, maximize=True),
    ):
        p.grad = mg.tensor([3.0, 4.0])
        rule.step()
        rule.step()
        assert p.grad.tolist() == [3.0, 4.0] and p.is_leaf and p.requires_grad


def test_16_bit_parameters():
    p = mg.tensor([1.0, 2.0], dtype=mg.bfloat16, requires_grad=True)
    p.grad = mg.ones(2, dtype=mg.bfloat16)
    for rule in (optim.SGD([p], lr=0.5, momentum=0.9), optim.Adam([p], lr=0.5)):
        rule.step()
    assert p.dtype == mg.bfloat16 and p.float().tolist() == pytest.approx([0.0, 1.0], abs=0.01)
