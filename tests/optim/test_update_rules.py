"""Update rules by hand; test_trajectories compares them with PyTorch's."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lion_is_the_papers_program(dtype, device):
    """Program 1 of Chen et al. 2023, in NumPy, for two groups."""
    rng = np.random.default_rng(0)
    w, v = (rng.standard_normal(n).astype(dtype) for n in (5, 3))
    ours = [mg.tensor(x, requires_grad=True, device=device) for x in (w, v)]
    second = {"lr": 0.05, "betas": (0.5, 0.8), "maximize": True}
    groups = [{"params": ours[0]}, {"params": ours[1], **second}]
    rule = optim.Lion(groups, lr=0.02, weight_decay=0.1)
    momenta = [np.zeros_like(w), np.zeros_like(v)]
    for _ in range(10):
        for i, (x, (lr, beta1, beta2)) in enumerate(
            zip([w, v], [(0.02, 0.9, 0.99), (0.05, 0.5, 0.8)], strict=True)
        ):
            gradient = rng.standard_normal(x.shape).astype(dtype)
            ours[i].grad = mg.tensor(gradient, device=device)
            g, m = -gradient if i else gradient, momenta[i]
            update = np.sign(m * beta1 + g * (1 - beta1))
            momenta[i] = m * beta2 + g * (1 - beta2)
            x -= lr * (update + 0.1 * x)
        rule.step()
    for x, y, m in zip(ours, [w, v], momenta, strict=True):
        np.testing.assert_allclose(x.detach().cpu().numpy(), y, rtol=1e-5)
        assert x.dtype == dtype
        np.testing.assert_allclose(rule.state[x]["exp_avg"].cpu().numpy(), m, rtol=1e-4, atol=1e-6)
    half = optim.Lion([ours[0]])
    half.load_state_dict(optim.Lion([ours[0]]).state_dict())


def test_lbfgs_finds_the_minimum_of_rosenbrocks_valley(device):
    x = mg.tensor([-1.2, 1.0], dtype=mg.float64, requires_grad=True, device=device)
    rule = optim.LBFGS([x], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        rule.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    assert float(rule.step(closure)) == pytest.approx(24.2)
    assert x.tolist() == pytest.approx([1, 1], abs=1e-4)
    assert rule.state[x]["func_evals"] < 60


def test_muons_steps_are_nearly_orthogonal():
    w = mg.zeros(8, 5, requires_grad=True)
    w.grad = mg.tensor(np.random.default_rng(0).standard_normal((8, 5)), dtype=mg.float32)
    optim.Muon([w], lr=1.0, weight_decay=0.0).step()
    sizes = np.linalg.svd(w.detach().numpy() / np.sqrt(8 / 5), compute_uv=False)
    assert (sizes > 0.6).all() and (sizes < 1.4).all()
