"""SWA and EMA: averages of parameters, and the statistics of BatchNorm for them."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.optim import swa_utils
from minigrad.optim.swa_utils import AveragedModel, update_bn

WAYS = {
    "mean": lambda u: {},
    "mean of buffers too": lambda u: {"use_buffers": True},
    "swa": lambda u: {"avg_fn": u.get_swa_avg_fn()},
    "swa lists": lambda u: {"multi_avg_fn": u.get_swa_multi_avg_fn()},
    "ema": lambda u: {"avg_fn": u.get_ema_avg_fn(0.7)},
    "ema lists": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.7)},
    "ema of buffers too": lambda u: {
        "multi_avg_fn": u.get_ema_multi_avg_fn(0.7), "use_buffers": True,
    },
    "own": lambda u: {"avg_fn": lambda average, p, n: average + p * n},
}  # fmt: skip
WEIGHTS = np.random.default_rng(0).standard_normal((5, 3, 2)).astype(np.float32)


def averaged(library, utils, way, **options):
    """The weight, the running mean and the count after five updates."""
    model = library.nn.Sequential(library.nn.Linear(2, 3), library.nn.BatchNorm1d(3))
    average = AveragedModel if library is mg else utils.AveragedModel
    average = average(model, **way(utils), **options)
    for t, w in enumerate(WEIGHTS):
        with library.no_grad():
            model[0].weight.copy_(library.tensor(w))
            model[0].bias.copy_(library.tensor(w[:, 0]))
            model[1].running_mean.copy_(library.tensor(w[:, 1]))
            model[1].num_batches_tracked.fill_(7 * t)
        average.update_parameters(model)
    state = {k: v.detach().cpu().numpy() for k, v in average.state_dict().items()}
    return state, average


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_averages_are_pytorchs(way):
    torch = pytest.importorskip("torch")
    theirs, _ = averaged(torch, torch.optim.swa_utils, way)
    ours, average = averaged(mg, swa_utils, way)
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=1e-5, atol=1e-6, err_msg=name)
        assert ours[name].dtype == value.dtype
    average.load_state_dict(theirs)


def test_averages_by_hand(device):
    state, average = averaged(mg, swa_utils, WAYS["mean"], device=device)
    np.testing.assert_allclose(state["module.0.weight"], WEIGHTS.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(state["module.1.running_mean"], WEIGHTS[-1, :, 1])
    assert state["n_averaged"] == 5 and average.module[0].weight.device.type == device
    assert average(mg.ones(2, 2, device=device)).shape == (2, 3)
    expected = WEIGHTS[0]
    for w in WEIGHTS[1:]:
        expected = 0.7 * expected + 0.3 * w
    for way in ("ema", "ema lists"):
        state, _ = averaged(mg, swa_utils, WAYS[way])
        np.testing.assert_allclose(state["module.0.weight"], expected, rtol=1e-5)


def test_the_model_is_left_alone():
    model = nn.Linear(2, 1)
    before = model.weight.detach().clone()
    average = AveragedModel(model)
    average.update_parameters(model)
    with mg.no_grad():
        average.module.weight.fill_(3)
    assert (model.weight == before).all() and average.module.weight.requires_grad


def test_statistics_of_batch_norm_are_those_of_all_batches():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3, momentum=0.5)).eval()
    x = mg.tensor(np.random.default_rng(1).standard_normal((4, 6, 2)), dtype=mg.float32)
    update_bn([(batch, None) for batch in x], model)
    with mg.no_grad():
        hidden = model[0](x)
    means, variances = hidden.mean(1).mean(0), hidden.var(1).mean(0)
    np.testing.assert_allclose(model[1].running_mean.numpy(), means.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model[1].running_var.numpy(), variances.numpy(), rtol=1e-4)
    assert model[1].momentum == 0.5 and not model.training
    update_bn([], nn.Linear(1, 1))


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: swa_utils.get_ema_avg_fn(1.5),
        lambda: swa_utils.get_ema_multi_avg_fn(-1),
        lambda: AveragedModel(nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max),
        lambda: swa_utils.SWALR(mg.optim.SGD([mg.ones(1)]), 0.1, anneal_strategy="no"),
        lambda: swa_utils.SWALR(mg.optim.SGD([mg.ones(1)]), 0.1, anneal_epochs=-1),
        lambda: swa_utils.SWALR(mg.optim.SGD([mg.ones(1)]), [0.1, 0.2]),
    ],
)
def test_misuse(misuse):
    with pytest.raises(ValueError):
        misuse()
