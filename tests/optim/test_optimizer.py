"""What optimizers share: groups, closures, errors, and resuming to the same bits."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.errors import ArgumentError, DTypeError, ShapeError

RULES = [
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    (optim.Adam, {"lr": 0.01, "amsgrad": True}),
    (optim.RMSprop, {"lr": 0.01, "momentum": 0.5, "centered": True}),
    (optim.LBFGS, {"max_iter": 3, "line_search_fn": "strong_wolfe"}),
    *[
        (getattr(optim, name), {"lr": 0.01})
        for name in optim.__all__
        if name[0].isupper() and name not in ("SGD", "Adam", "RMSprop", "LBFGS", "Optimizer")
    ],
]


def parameter(*shape):
    return mg.rand(*shape, requires_grad=True)


def train(model, rule, steps, device):
    for step in steps:
        x = mg.tensor(np.random.default_rng(step).random((6, 3), np.float32), device=device)

        def closure(x=x):
            rule.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            return loss

        rule.step(closure)


@pytest.mark.parametrize(("rule", "settings"), RULES)
def test_resuming_gives_the_same_bits(rule, settings, device, tmp_path):
    def build(seed):
        mg.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(3, 4, bias=False), nn.Tanh(), nn.Linear(4, 1, bias=False)
        ).to(device)
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
        (lambda p: optim.SGD([3.0]), DTypeError, "parameter 0 is a float"),
        (lambda p: optim.SGD([p * 2]), ArgumentError, "only leaves"),
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
        (lambda p: optim.Adam([p], betas=(0, 0.9)), ArgumentError, "must be two floats"),
        (lambda p: optim.Adam([p], lr=mg.ones(2)), ArgumentError, "must be one number"),
        (lambda p: optim.Adam([p], differentiable=True), ArgumentError, "not offered"),
        (lambda p: optim.Rprop([p], capturable=True), ArgumentError, "CUDA graphs"),
        (lambda p: optim.SGD([p], foreach=True, fused=True), RuntimeError, "cannot be True"),
        (lambda p: optim.SGD([{"params": {p}}]), DTypeError, "no order"),
        (lambda p: optim.SGD([("w", p), parameter(1)]), ArgumentError, "have none"),
        (
            lambda p: optim.SGD([{"params": p}, {"params": [("b", parameter(1))]}]),
            ArgumentError,
            "or of none",
        ),
        (lambda p: optim.NAdam([p], momentum_decay=-1), ArgumentError, "momentum_decay"),
        (lambda p: optim.Adadelta([p], rho=2), ArgumentError, "rho=2"),
        (lambda p: optim.Adagrad([p], lr_decay=-2), ArgumentError, "lr_decay"),
        (lambda p: optim.RMSprop([p], alpha=-2), ArgumentError, "alpha"),
        (lambda p: optim.Rprop([p], etas=(1.5, 2)), ArgumentError, "etas"),
        (lambda p: optim.Muon([p]), ArgumentError, r"shape \(2,\) and is no matrix"),
        (lambda p: optim.Muon([parameter(2, 2)], adjust_lr_fn="no"), ArgumentError, "adjust_lr"),
        (lambda p: optim.LBFGS([p]).step(), DTypeError, "needs a closure"),
        (lambda p: optim.LBFGS([{"params": p}, {"params": parameter(1)}]), ArgumentError, "one g"),
    ],
)
def test_misuse(build, error, message):
    with pytest.raises(error, match=message):
        build(parameter(2))


def test_names_of_parameters_stay_with_their_groups():
    model = nn.Linear(2, 1)
    rule = optim.SGD(model.named_parameters(), lr=0.1, momentum=0.5)
    assert rule.param_groups[0]["param_names"] == ["weight", "bias"]
    assert rule.param_groups[0]["params"][0] is model.weight
    saved = rule.state_dict()
    assert saved["param_groups"][0]["param_names"] == ["weight", "bias"]
    plain = optim.SGD(model.parameters(), lr=0.5)
    plain.load_state_dict(saved)
    assert plain.param_groups[0]["param_names"] == ["weight", "bias"]


def test_hooks_run_around_steps_and_states():
    p = parameter(2)
    rule, seen = optim.SGD([p]), []
    rule.register_step_pre_hook(lambda rule, args, kwargs: seen.append("before"))
    after = rule.register_step_post_hook(lambda rule, args, kwargs: seen.append(args))
    rule.step(lambda: seen.append("loss"))
    assert seen[:2] == ["before", "loss"] and callable(seen[2][0])
    after.remove()
    everywhere = mg.optim.optimizer.register_optimizer_step_post_hook(
        lambda rule, args, kwargs: seen.append("all")
    )
    with everywhere:
        rule.step()
    rule.step()
    assert seen[3:] == ["before", "all", "before"]
    rule.register_step_pre_hook(lambda rule, args, kwargs: 1)
    with pytest.raises(RuntimeError, match="pair"):
        rule.step()

    rule.register_state_dict_pre_hook(lambda rule: seen.append("saving"))
    rule.register_state_dict_post_hook(lambda rule, state: {**state, "more": 1})
    rule.register_load_state_dict_pre_hook(lambda rule, state: state["inner"])
    rule.register_load_state_dict_pre_hook(lambda rule, state: state["outer"], prepend=True)
    rule.register_load_state_dict_post_hook(lambda rule: seen.append("loaded"))
    state = rule.state_dict()
    assert state["more"] == 1
    rule.load_state_dict({"outer": {"inner": state}})
    assert seen[-2:] == ["saving", "loaded"]


def test_a_subclass_that_writes_its_own_step_has_hooks_too():
    class Half(optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            with mg.no_grad():
                self.param_groups[0]["params"][0].div_(2)

    p, seen = mg.tensor([2.0], requires_grad=True), []
    rule = Half([p], lr=1.0)
    rule.register_step_post_hook(lambda rule, args, kwargs: seen.append(float(p)))
    p.grad = mg.ones(1)
    rule.step()
    assert seen == [0.5]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_go_on_alone(copied):
    p = parameter(3)
    p.grad = mg.ones(3)
    rule = optim.Adam([p], lr=0.1)
    rule.register_step_pre_hook(print)
    rule.step()
    twin = copied(rule)
    q = twin.param_groups[0]["params"][0]
    assert q is not p and q.tolist() == p.tolist() and repr(twin) == repr(rule)
    q.grad = mg.ones(3)
    twin.step()
    assert twin.state[q]["step"] == 2 and rule.state[p]["step"] == 1
    rule.param_groups[0]["lr"] = 0.0
    twin.load_state_dict(rule.state_dict())
    assert twin.param_groups[0]["lr"] == 0.0


def test_a_tensor_may_be_the_learning_rate():
    p = mg.tensor([1.0], requires_grad=True)
    p.grad = mg.ones(1)
    lr = mg.tensor(0.5)
    rule = optim.SGD([p], lr=lr)
    rule.step()
    lr.fill_(0.25)
    rule.step()
    assert float(p) == 0.25 and isinstance(rule.state_dict()["param_groups"][0]["lr"], mg.Tensor)


def test_counts_of_other_versions_of_pytorch_load():
    """Before 1.12 `step` was a number; and a state from a GPU says capturable."""
    p = parameter(2)
    group = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0, "params": [7],
             "amsgrad": False, "capturable": True, "initial_lr": 0.3}  # fmt: skip
    held = {"step": 3, "exp_avg": np.ones(2), "exp_avg_sq": np.ones(2, np.float32)}
    rule = optim.Adam([p])
    rule.load_state_dict({"state": {7: held}, "param_groups": [group]})
    assert rule.state[p]["step"].dtype == mg.float32 and rule.state[p]["step"] == 3
    assert rule.state[p]["exp_avg"].dtype == mg.float32
    (loaded,) = rule.param_groups
    assert loaded["initial_lr"] == 0.3 and loaded["foreach"] is None and not loaded["capturable"]
    p.grad = mg.ones(2)
    rule.step()
    assert rule.state_dict()["state"][0]["step"] == 4


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam, optim.Rprop])
def test_gradients_of_another_dtype_or_shape_are_refused(rule):
    p = parameter(2)
    stepped, before = rule([p], lr=0.1), p.tolist()
    for wrong, message in (
        (mg.ones(2).double(), "float32 has a gradient of float64"),
        (mg.ones(1), r"shape \(2,\) has a gradient of shape \(1,\)"),
    ):
        p.grad = wrong
        with pytest.raises((DTypeError, ShapeError), match=message):
            stepped.step()
        assert p.tolist() == before and not stepped.state


def test_a_learning_rate_beyond_the_dtype_is_infinite():
    p = parameter(2)
    p.grad = mg.ones(2)
    optim.SGD([p], lr=1e60).step()
    assert p.tolist() == [-float("inf")] * 2
