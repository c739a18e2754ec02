"""What optimizers share: groups, closures, errors, and resuming to the same bits."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.errors import ArgumentError, DTypeError, GradientError

RULES = [
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    (optim.Adam, {"lr": 0.01, "amsgrad": True}),
    (optim.AdamW, {"lr": 0.01}),
]


def parameter(*shape):
    return mg.rand(*shape, requires_grad=True)


def train(model, rule, steps, device):
    for step in steps:
        x = mg.tensor(np.random.default_rng(step).random((6, 3), np.float32), device=device)
        rule.zero_grad()
        model(x).square().mean().backward()
        rule.step()


@pytest.mark.parametrize(("rule", "settings"), RULES)
def test_resuming_gives_the_same_bits(rule, settings, device, tmp_path):
    def build(seed):
        mg.manual_seed(seed)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).to(device)
        return model, rule(model.parameters(), **settings)

    straight, whole = build(1)
    train(straight, whole, range(8), device)

    first, half = build(1)
    train(first, half, range(5), device)
    path = tmp_path / "run.safetensors"
    mg.save({"model": first.state_dict(), "optimizer": half.state_dict()}, path)
    second, rest = build(2)
    saved = mg.load(path)
    second.load_state_dict(saved["model"])
    rest.load_state_dict(saved["optimizer"])
    train(second, rest, range(5, 8), device)
    for name, value in straight.state_dict().items():
        assert value.cpu().numpy().tobytes() == second.state_dict()[name].cpu().numpy().tobytes()


def test_a_loaded_state_is_a_copy_in_the_parameters_dtype():
    p, q = parameter(3), mg.rand(3, dtype=mg.float64, requires_grad=True)
    p.grad = mg.ones(3)
    rule, other = optim.Adam([p]), optim.Adam([q], lr=0.5)
    rule.step()
    other.load_state_dict(rule.state_dict())
    assert other.param_groups[0]["lr"] == 1e-3 and other.param_groups[0]["params"][0] is q
    assert other.state[q]["exp_avg"].dtype == mg.float64
    rule.step()
    assert other.state[q]["step"] == 1
    assert float(other.state[q]["exp_avg"][0]) == pytest.approx(0.1)


def test_a_state_that_does_not_fit_changes_nothing():
    p = parameter(3)
    p.grad = mg.ones(3)
    rule = optim.Adam([p])
    rule.step()
    other = optim.Adam([parameter(4)], lr=0.5)
    with pytest.raises(ArgumentError, match=r"parameter 0 has shape \(3,\), the parameter \(4,\)"):
        other.load_state_dict(rule.state_dict())
    assert other.param_groups[0]["lr"] == 0.5 and not other.state
    with pytest.raises(ArgumentError, match=r"\[1\].*\[2\]"):
        optim.Adam([parameter(3), parameter(3)]).load_state_dict(rule.state_dict())


def test_the_closure_runs_with_gradients_and_its_loss_is_returned():
    p = mg.tensor([3.0], requires_grad=True)
    rule = optim.SGD([p], lr=0.1)

    def closure():
        rule.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        assert float(rule.step(closure)) == 9.0
    assert float(p) == pytest.approx(2.4) and rule.step() is None


def test_groups_have_settings_of_their_own():
    p, q, r = parameter(1), parameter(1), parameter(1)
    rule = optim.SGD([{"params": [p]}, {"params": q, "lr": 0.5}], lr=0.1)
    rule.add_param_group({"params": [r], "momentum": 0.9})
    assert [g["lr"] for g in rule.param_groups] == [0.1, 0.5, 0.1]
    for x in (p, q, r):
        x.grad = mg.ones(1)
    before = [float(x) for x in (p, q, r)]
    rule.param_groups[2]["lr"] = 2.0  # as a schedule does
    rule.step()
    moved = [a - float(x) for a, x in zip(before, (p, q, r), strict=True)]
    assert moved == pytest.approx([0.1, 0.5, 2.0], rel=1e-5)
    assert list(rule.state_dict()["state"][2]) == ["momentum_buffer"]
    assert rule.state_dict()["param_groups"][1]["params"] == [1]
    assert "Parameter Group 2" in repr(rule) and "momentum: 0.9" in repr(rule)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda p: optim.SGD([]), ArgumentError, "no parameters"),
        (lambda p: optim.SGD(p), DTypeError, "put it in a list"),
        (lambda p: optim.SGD([("w", p)]), DTypeError, "parameter 0 is a tuple"),
        (lambda p: optim.SGD([p * 2]), GradientError, "only leaves"),
        (lambda p: optim.SGD([p, p]), ArgumentError, "parameter 1, of shape .* comes twice"),
        (lambda p: optim.SGD([{"params": p}, {"params": p}]), ArgumentError, "comes twice"),
        (lambda p: optim.SGD([{"params": p, "lrate": 1}]), ArgumentError, r"no settings \['lrate"),
        (lambda p: optim.SGD([p], lr=-1), ArgumentError, "SGD: lr=-1 must not be negative"),
        (lambda p: optim.SGD([{"params": p, "lr": -1}]), ArgumentError, "lr=-1"),
        (lambda p: optim.SGD([p], momentum=-0.5), ArgumentError, "momentum"),
        (lambda p: optim.SGD([p], nesterov=True), ArgumentError, "nesterov=True needs a momentum"),
        (lambda p: optim.Adam([p], betas=(0.9, 1.0)), ArgumentError, r"betas=\(0\.9, 1\.0\)"),
        (lambda p: optim.Adam([p], eps=-1.0), ArgumentError, "eps"),
        (lambda p: optim.AdamW([p], weight_decay=-1.0), ArgumentError, "AdamW: weight_decay"),
    ],
)
def test_misuse(build, error, message):
    with pytest.raises(error, match=message):
        build(parameter(2))
