"""Every setting of every optimizer goes where PyTorch's goes, and goes on from its state."""

import numpy as np
import pytest
from trajectories import optimizers
from trajectories.optimizers import HALF, ROWS, STEPS
from trajectories.recording import about, as_torch, put_together

import minigrad as mg

rows = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])
# Lion is no optimizer of PyTorch's; it is compared with the paper's program in test_update_rules.
OURS = {"Optimizer", "Lion"}


def recorded(row, dtype):
    """PyTorch's trajectory of `a` and `b`, and its state_dict half-way."""
    found = about("optimizers")
    assert f"{row.name}/{dtype}" in found, "no recording: run python tools/torch_optim.py record"
    a, b, state = (
        put_together(found[f"{row.name}/{dtype}"][k], "optimizers") for k in ("a", "b", "state")
    )
    return list(zip(a, b, strict=True)), state


def near(row, dtype, found, expected):
    rtol = row.rtol if dtype == "float64" else row.rtol32
    for step, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        for x, y in zip(ours, theirs, strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_allclose(x, y, rtol=rtol, atol=rtol / 10, err_msg=f"step {step}")


def arrays(value):
    """A state with tensors as arrays."""
    if isinstance(value, dict):
        return {k: arrays(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [arrays(v) for v in value]
    return value.cpu().numpy() if hasattr(value, "cpu") else value


def states_agree(row, dtype, ours, theirs):
    """The same names in the same order, and the same values."""
    rtol = row.rtol if dtype == "float64" else 10 * row.rtol32
    assert set(ours["state"]) == set(theirs["state"])
    for number, state in theirs["state"].items():
        found = arrays(ours["state"][number])
        if row.optimizer == "LBFGS":
            assert set(found) == set(state)
            continue  # its history multiplies rounding; the trajectory that follows is compared
        assert list(found) == list(state)
        for name, value in state.items():
            assert np.asarray(found[name]).dtype == np.asarray(value).dtype, name
            np.testing.assert_allclose(found[name], value, rtol, rtol, err_msg=name)
    for mine, group in zip(ours["param_groups"], theirs["param_groups"], strict=True):
        assert mine == group and list(mine) == list(group)


@rows
@dtypes
def test_follows_pytorch(row, dtype):
    expected, state = recorded(row, dtype)
    params, rule = optimizers.start(mg, row, dtype)
    found = optimizers.steps(mg, row, params, rule, range(HALF))
    states_agree(row, dtype, rule.state_dict(), state)
    found += optimizers.steps(mg, row, params, rule, range(HALF, STEPS))
    near(row, dtype, found, expected)
    assert np.array_equal(params[2].detach().numpy().real, optimizers.UNUSED.astype(dtype))


@rows
@dtypes
def test_resumes_from_pytorchs_state(row, dtype):
    """Its settings too: the optimizer that goes on was made with the defaults."""
    expected, state = recorded(row, dtype)
    params, rule = optimizers.start(mg, row._replace(settings={}, second={}), dtype)
    rule.load_state_dict(state)
    with mg.no_grad():
        for p, value in zip(params, expected[HALF - 1], strict=False):
            p.copy_(mg.tensor(value))
    near(row, dtype, optimizers.steps(mg, row, params, rule, range(HALF, STEPS)), expected[HALF:])
    assert repr(rule) == about("optimizers")[f"{row.name}/repr"]


@rows
def test_cuda_follows_too(row):
    expected, _ = recorded(row, "float64")
    params, rule = optimizers.start(mg, row, "float64", device="cuda")
    near(row, "float64", optimizers.steps(mg, row, params, rule, range(STEPS)), expected)


def test_every_optimizer_has_a_row():
    optimizers = {n for n in mg.optim.__all__ if n[0].isupper()}
    assert optimizers - {row.optimizer for row in ROWS} == OURS


@rows
def test_recordings_are_of_this_pytorch_which_takes_our_state(row):
    """With PyTorch at hand: it still does what was recorded, and goes on from minigrad's state."""
    torch = pytest.importorskip("torch")
    expected, _ = recorded(row, "float64")
    params, rule = optimizers.start(torch, row, "float64")
    near(row, "float64", optimizers.steps(torch, row, params, rule, range(STEPS)), expected)

    ours, mine = optimizers.start(mg, row, "float64")
    halfway = optimizers.steps(mg, row, ours, mine, range(HALF))
    params, rule = optimizers.start(torch, row._replace(settings={}, second={}), "float64")
    rule.load_state_dict(as_torch(torch, mine.state_dict()))
    with torch.no_grad():
        for p, value in zip(params, halfway[-1], strict=False):
            p.copy_(torch.tensor(value))
    rest = optimizers.steps(torch, row, params, rule, range(HALF, STEPS))
    # PyTorch casts NAdam's and ASGD's counters to the parameters' dtype when it loads them.
    loose = row._replace(rtol=max(row.rtol, 1e-6))
    near(loose, "float64", rest, expected[HALF:])
