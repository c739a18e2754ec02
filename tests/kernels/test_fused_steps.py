"""Steps of optimizers in one pass: to the bit what the rule's tensor arithmetic does."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.errors import GradientError
from minigrad.kernels.cpu import jit
from minigrad.ops import fused_steps

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")

SETTINGS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.3, "maximize": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "maximize": True}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "maximize": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "betas": (0.3, 0.9)}),  # its lerp goes from the other end
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True}),
]
settings = pytest.mark.parametrize(
    ("name", "kw"), SETTINGS, ids=[f"{n}-{'-'.join(kw)}" for n, kw in SETTINGS]
)
SHAPES = [(), (0,), (1,), (7,), (3, 0, 2), (5, 4, 3), (1001,)]


@pytest.fixture
def ran(monkeypatch):
    """The kernels that ran, in order."""
    names = []
    find = fused_steps.fast_kernel

    def noted(name, place):
        kernel = find(name, place)
        if kernel is None:
            return None
        return lambda *args: (names.append(name), kernel(*args))

    monkeypatch.setattr(fused_steps, "fast_kernel", noted)
    return names


def after(name, kw, arrays, gradients, layout=lambda x: x, **place):
    """All that three steps leave: parameters and state."""
    params = [layout(mg.tensor(x, **place)).detach().requires_grad_() for x in arrays]
    rule = getattr(optim, name)(params, **kw)
    for step in gradients:
        for p, g in zip(params, step, strict=True):
            p.grad = mg.tensor(g, **place)
        rule.step()
    state = [x for p in params for x in rule.state[p].values()]
    return [x.detach().cpu().numpy() for x in [*params, *state]]


def draw(dtype, shapes=SHAPES, seed=0):
    rng = np.random.default_rng(seed)
    arrays = [[rng.standard_normal(s).astype(dtype) for s in shapes] for _ in range(4)]
    return arrays[0], arrays[1:]


def same(found, expected):
    for x, y in zip(found, expected, strict=True):
        assert x.dtype == y.dtype and x.shape == y.shape
        np.testing.assert_array_equal(x, y)


@settings
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_are_the_rules(name, kw, dtype, ran, monkeypatch):
    arrays, gradients = draw(dtype)
    arrays[-1][:4] = np.inf, -np.inf, np.nan, 0
    gradients[1][-1][3:9] = np.inf, -np.inf, np.nan, 1e-40, -0.0, 1e30
    found = after(name, kw, arrays, gradients)
    assert bool(ran) == (kw.get("betas") != (0.3, 0.9))
    monkeypatch.setattr(fused_steps, "fast_kernel", lambda name, place: None)
    same(found, after(name, kw, arrays, gradients))


@settings
def test_any_number_of_threads(name, kw):
    arrays, gradients = draw(np.float32, [(400_001,)])
    before = mg.get_num_threads()
    try:
        mg.set_num_threads(1)
        alone = after(name, kw, arrays, gradients)
        mg.set_num_threads(3)
        same(after(name, kw, arrays, gradients), alone)
    finally:
        mg.set_num_threads(before)


def transposed(x):
    return x.T.contiguous().T


def cut(x):
    return mg.stack([x, x], -1)[..., 0]


@settings
@pytest.mark.parametrize("layout", [transposed, cut])
def test_other_layouts_go_by_the_rule(name, kw, layout, ran):
    arrays, gradients = draw(np.float32, [(5, 4)])
    same(after(name, kw, arrays, gradients, layout), after(name, kw, arrays, gradients))
    del ran[:]
    after(name, kw, arrays, gradients, layout)
    assert not ran


@settings
def test_other_devices_and_dtypes_go_by_the_rule(name, kw, ran):
    arrays, gradients = draw(np.float32, [(5, 4)])
    cuda = after(name, kw, arrays, gradients, device="cuda")
    half = after(name, kw, arrays, gradients, dtype=mg.bfloat16)
    assert not ran
    for x, y, z in zip(cuda, half, after(name, kw, arrays, gradients), strict=True):
        np.testing.assert_allclose(x, z, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(y.astype(np.float32), z, rtol=0.1, atol=0.1)


@settings
def test_what_backward_kept_of_a_parameter_is_known_to_be_overwritten(name, kw):
    p = mg.ones(3, requires_grad=True)
    rule = getattr(optim, name)([p], **kw)
    for _ in range(2):  # the first step of a momentum makes its buffer
        loss = (p * p).sum()
        p.grad = mg.ones(3)
        rule.step()
        with pytest.raises(GradientError, match="changed in place"):
            loss.backward()


def test_a_gradient_that_is_the_parameters_own_memory(ran):
    p = mg.ones(3, requires_grad=True)
    p.grad = p.detach()
    optim.AdamW([p], lr=0.1, weight_decay=0.5).step()
    assert not ran and p.tolist() == pytest.approx([0.85] * 3)
