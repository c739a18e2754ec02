"""Every schedule goes where PyTorch's goes, and goes on from its state."""

import copy
import math

import pytest
from trajectories import schedulers
from trajectories.recording import about, as_torch, put_together
from trajectories.schedulers import HALF, ROWS, STEPS

import minigrad as mg
from minigrad.optim import lr_scheduler as lrs

rows = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


def recorded(row):
    """PyTorch's rates, and the states of optimizer and schedule half-way."""
    found = about("schedulers").get(row.name)
    assert found, "no recording: run python tools/torch_optim.py record"
    return found["rates"], put_together(found["state"], "schedulers")


def near(found, expected):
    """The same floats, but for what the machine's cosine leaves open."""
    for step, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        for x, y in zip(ours, theirs, strict=True):
            assert x == pytest.approx(y, rel=1e-12, abs=1e-17), step


@rows
def test_follows_pytorch(row):
    expected, (_, state) = recorded(row)
    optimizer, schedule = schedulers.start(mg, row)
    found = [schedulers.rates(optimizer)]
    found += schedulers.steps(row, optimizer, schedule, range(HALF))
    assert set(schedule.state_dict()) == set(state)
    found += schedulers.steps(row, optimizer, schedule, range(HALF, STEPS))
    near(found, expected)


@rows
def test_resumes_from_pytorchs_state(row):
    expected, (held, state) = recorded(row)
    optimizer, schedule = schedulers.start(mg, row)
    optimizer.load_state_dict(held)
    schedule.load_state_dict(state)
    near(schedulers.steps(row, optimizer, schedule, range(HALF, STEPS)), expected[HALF + 1 :])


@rows
def test_resumes_from_a_file(row, tmp_path):
    expected, _ = recorded(row)
    optimizer, schedule = schedulers.start(mg, row)
    schedulers.steps(row, optimizer, schedule, range(HALF))
    mg.save([optimizer.state_dict(), schedule.state_dict()], tmp_path / "run.safetensors")
    optimizer, schedule = schedulers.start(mg, row)
    held, state = mg.load(tmp_path / "run.safetensors")
    optimizer.load_state_dict(held)
    schedule.load_state_dict(state)
    near(schedulers.steps(row, optimizer, schedule, range(HALF, STEPS)), expected[HALF + 1 :])


@rows
def test_recordings_are_of_this_pytorch_which_takes_our_state(row):
    torch = pytest.importorskip("torch")
    expected, _ = recorded(row)
    ours, mine = schedulers.start(mg, row)
    schedulers.steps(row, ours, mine, range(HALF))
    optimizer, schedule = schedulers.start(torch, row)
    optimizer.load_state_dict(as_torch(torch, ours.state_dict()))
    schedule.load_state_dict(copy.deepcopy(mine.state_dict()))
    if "MultiStepLR(epochs)" not in row.name:  # its milestones are a dict in our state
        near(schedulers.steps(row, optimizer, schedule, range(HALF, STEPS)), expected[HALF + 1 :])
    optimizer, schedule = schedulers.start(torch, row)
    near(schedulers.steps(row, optimizer, schedule, range(STEPS)), expected[1:])


def test_every_schedule_has_a_row():
    assert {*lrs.__all__, "SWALR"} - {row.name.split("(")[0] for row in ROWS} == {"LRScheduler"}


def sgd(lr=0.1, **settings):
    return mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=lr, **settings)


def test_the_wrong_order_of_steps_warns():
    rule = sgd()
    rule.step()  # counts for no schedule yet
    schedule = lrs.StepLR(rule, 1)
    with pytest.warns(UserWarning, match="before optimizer.step"):
        schedule.step()
    rule = sgd()
    schedule = lrs.StepLR(rule, 1)
    rule.step()
    schedule.step()
    schedule.step()
    with pytest.warns(UserWarning, match="closed form"):
        schedule.step(0)
    with pytest.warns(UserWarning, match="get_last_lr"):
        schedule.get_lr()
    assert schedule.get_last_lr() == [0.1]


def test_milestones_are_saved_as_a_plain_dict():
    rule = sgd()
    schedule = lrs.MultiStepLR(rule, [3, 3, 5])
    rule.step()
    assert type(schedule.state_dict()["milestones"]) is dict
    schedule.load_state_dict(schedule.state_dict())
    with pytest.warns(UserWarning, match="closed form"):
        schedule.step(4)
    assert schedule.get_last_lr() == [pytest.approx(0.001)]


def test_a_tensor_as_learning_rate_is_filled():
    lr = mg.tensor(0.5)
    rule = sgd(lr)
    schedule = lrs.ExponentialLR(rule, 0.5)
    rule.step()
    schedule.step()
    assert lr == 0.25 and rule.param_groups[0]["lr"] is lr
    assert rule.param_groups[0]["initial_lr"] == 0.5 and schedule.get_last_lr() == [0.25]


def test_resuming_by_last_epoch():
    rule = sgd()
    with pytest.raises(KeyError, match="initial_lr"):
        lrs.CosineAnnealingLR(rule, 10, last_epoch=3)
    rule.param_groups[0]["initial_lr"] = 0.2
    schedule = lrs.LambdaLR(rule, lambda t: 1 / (1 + t), last_epoch=3)
    assert schedule.last_epoch == 4 and schedule.get_last_lr() == [0.2 * (1 / 5)]


def test_a_schedule_of_ones_own():
    class Harmonic(lrs.LRScheduler):
        def get_lr(self):
            return [base / (1 + self.last_epoch) for base in self.base_lrs]

    rule = sgd(1.0)
    schedule = Harmonic(rule)
    for t in range(1, 4):
        rule.step()
        schedule.step()
        assert rule.param_groups[0]["lr"] == 1 / (1 + t)


def test_plateau_takes_new_groups_and_tensors():
    rule = sgd()
    schedule = lrs.ReduceLROnPlateau(rule, patience=0, min_lr=0.05)
    rule.add_param_group({"params": mg.ones(2, requires_grad=True), "lr": 1.0})
    for _ in range(2):
        schedule.step(mg.tensor(1.0))
    assert schedule.get_last_lr() == [0.05, 0.1]
    listed = lrs.ReduceLROnPlateau(rule, patience=0, min_lr=[0.0, 0.0])
    rule.add_param_group({"params": mg.ones(2, requires_grad=True)})
    with pytest.raises(RuntimeError, match="min_lrs"):
        for _ in range(2):
            listed.step(math.nan)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda o: lrs.StepLR(3, 1), TypeError, "int is not an Optimizer"),
        (lambda o: lrs.LambdaLR(o, [len, len]), ValueError, "expected 1 lr_lambdas, but got 2"),
        (lambda o: lrs.MultiplicativeLR(o, 3), TypeError, "must be a function, got int"),
        (lambda o: lrs.ConstantLR(o, 1.5), ValueError, "factor=1.5"),
        (lambda o: lrs.LinearLR(o, 0), ValueError, "start_factor=0"),
        (lambda o: lrs.LinearLR(o, end_factor=2), ValueError, "end_factor=2"),
        (lambda o: lrs.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0=0"),
        (lambda o: lrs.CosineAnnealingWarmRestarts(o, 1, 0), ValueError, "T_mult=0"),
        (lambda o: lrs.CosineAnnealingWarmRestarts(o, 1).step(-1), ValueError, "epoch=-1"),
        (lambda o: lrs.OneCycleLR(o, 1.0), ValueError, "give total_steps"),
        (lambda o: lrs.OneCycleLR(o, 1.0, epochs=2.0, steps_per_epoch=1), ValueError, "epochs=2.0"),
        (lambda o: lrs.OneCycleLR(o, 1.0, 10, pct_start=1), ValueError, "pct_start=1"),
        (lambda o: lrs.OneCycleLR(o, 1.0, 10, anneal_strategy="no"), ValueError, "'no'"),
        (lambda o: lrs.OneCycleLR(o, [1.0, 2.0], 10), ValueError, "max_lr has 2 values"),
        (lambda o: lrs.CyclicLR(o, 0.1, 1.0, mode="no"), ValueError, "mode='no' is none of"),
        (lambda o: lrs.CyclicLR(mg.optim.Adagrad([mg.ones(1)]), 0.1, 1.0), ValueError,
         "Adagrad has no momentum"),
        (lambda o: lrs.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor=1.0"),
        (lambda o: lrs.ReduceLROnPlateau(o, "no"), ValueError, "mode='no'"),
        (lambda o: lrs.ReduceLROnPlateau(o, threshold_mode="no"), ValueError, "threshold_mode"),
        (lambda o: lrs.ReduceLROnPlateau(o, min_lr=[1, 2]), ValueError, "min_lr has 2"),
        (lambda o: lrs.SequentialLR(o, [lrs.StepLR(o, 1)], [3]), ValueError, "need 0 milestones"),
        (lambda o: lrs.SequentialLR(sgd(), [lrs.StepLR(o, 1)], []), ValueError, "another optim"),
        (lambda o: lrs.ChainedScheduler([]), ValueError, "at least one"),
        (lambda o: lrs.ChainedScheduler([lrs.ReduceLROnPlateau(o)]), ValueError, "by itself"),
        (lambda o: lrs.ChainedScheduler([3]), TypeError, "scheduler 0 is a int"),
    ],
)  # fmt: skip
def test_misuse(build, error, message):
    with pytest.raises(error, match=message):
        build(sgd(momentum=0.9))
