"""Gradients are clipped in place, as by PyTorch; parameters become a vector and come back."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import DTypeError, Error, ShapeError
from minigrad.nn import utils

GRADS = [[3.0, -4.0], [[12.0]]]


def params(device="cpu", grads=GRADS):
    made = [mg.tensor(g, device=device).zero_().requires_grad_() for g in grads]
    for p, g in zip(made, grads, strict=True):
        p.grad = mg.tensor(g, device=device)
    return [*made, mg.ones(2, requires_grad=True)]  # the last has no gradient


def clipped(ps):
    return [x for p in ps if p.grad is not None for x in p.grad.flatten().tolist()]


@pytest.mark.parametrize(
    ("norm_type", "norm"),
    [(2, 13), (1, 19), (math.inf, 12), ("inf", 12), (3, (27 + 64 + 1728) ** (1 / 3)), (0, 2)],
)
def test_clipping_by_norm(norm_type, norm, device):
    ps = params(device)
    total = utils.clip_grad_norm_(iter(ps), 1.3, norm_type)
    assert total.item() == pytest.approx(norm) and total.device.type == device
    scale = 1.3 / (norm + 1e-6)
    np.testing.assert_allclose(clipped(ps), [3 * scale, -4 * scale, 12 * scale], rtol=1e-6)
    utils.clip_grad_norm_(ps, 100.0, norm_type, foreach=True)  # nothing to clip
    np.testing.assert_allclose(clipped(ps), [3 * scale, -4 * scale, 12 * scale], rtol=1e-6)


def test_clipping_by_value_and_with_a_given_norm(device):
    ps = params(device)
    utils.clip_grad_value_(ps, 3.5)
    assert clipped(ps) == [3.0, -3.5, 3.5]
    utils.clip_grads_with_norm_(ps[0], 1.0, mg.tensor(2.0, device=device))
    np.testing.assert_allclose(clipped(ps), [1.5, -1.75, 3.5], rtol=1e-5)
    assert utils.get_total_norm([]).item() == 0 and utils.clip_grad_norm_([], 1.0).item() == 0


def test_norms_that_are_not_finite():
    ps = params(grads=[[math.inf, 1.0]])
    with pytest.raises(Error, match="is inf and cannot be clipped"):
        utils.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
    assert clipped(ps) == [math.inf, 1.0]
    utils.clip_grad_norm_(ps, 1.0)
    assert math.isnan(clipped(ps)[0]) and clipped(ps)[1] == 0
    used_up = iter(ps)
    list(used_up)
    with pytest.warns(UserWarning, match="used up"):
        utils.clip_grad_norm_((p for p in used_up), 1.0)


def test_parameters_as_a_vector(device):
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)).to(device)
    vector = utils.parameters_to_vector(net.parameters())
    (vector * vector).sum().backward()
    np.testing.assert_allclose(
        net[0].bias.grad.cpu().numpy(), 2 * net[0].bias.detach().cpu().numpy()
    )
    values = mg.arange(13.0, device=device)
    utils.vector_to_parameters(values, net.parameters())
    assert net[0].weight.tolist() == [[0, 1], [2, 3], [4, 5]] and net[1].bias.tolist() == [12]
    assert net[0].weight.requires_grad and net[0].weight.is_leaf
    values[12] = 7.0  # they share memory
    assert net[1].bias.tolist() == [7]
    for size in (12, 14):
        with pytest.raises(ShapeError, match="13 elements"):
            utils.vector_to_parameters(mg.ones(size), net.parameters())
    with pytest.raises(DTypeError):
        utils.vector_to_parameters([1.0], net.parameters())
