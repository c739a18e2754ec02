"""Faults that a review found: each once gave a wrong result or a raw error."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F


def leaf(*values: float) -> mg.Tensor:
    return mg.tensor(values, requires_grad=True)


def test_max_pooling_of_integers(device):
    for dtype in (mg.int64, mg.int32, mg.uint8):
        x = mg.tensor([[[[5, 3], [7, 9]]]], dtype=dtype, device=device)
        assert F.max_pool2d(x, 2).item() == 9
    assert F.max_pool2d(mg.tensor([[[[-5, -3], [-7, -9]]]], device=device), 2).item() == -3
    with pytest.raises(mg.DTypeError, match="avg_pool2d"):
        F.avg_pool2d(mg.ones(1, 1, 2, 2, dtype=mg.int32), 2)


def test_ceil_mode_takes_a_window_that_hangs_over():
    assert F.max_pool2d(mg.ones(1, 2, 2), 3, 2, ceil_mode=True).tolist() == [[[1]]]
    with pytest.raises(mg.ShapeError, match="do not fit"):
        F.max_pool2d(mg.ones(1, 2, 2), 3, 2)


def test_an_overlapping_in_place_operand_is_read_before_it_is_written():
    v = mg.ones(20000)
    v[1:].add_(v[:-1], alpha=2)
    assert v[0].item() == 1 and (v[1:] == 3).all()


def test_an_integer_beside_an_index_tensor_is_applied_first():
    x = mg.arange(8.0).reshape(2, 2, 2)
    assert mg.zeros(3, 4, 5)[0, :, [0, 1]].shape == (4, 2)
    assert mg.zeros(3, 4, 5)[mg.tensor(0), :, [0, 1]].shape == (4, 2)
    assert x[0, :, [0, 1]].tolist() == [[0, 1], [2, 3]]
    z = mg.zeros(2, 2, 2)
    z[0, :, [0, 1]] = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert z[0].tolist() == [[1, 2], [3, 4]]


def test_grad_of_create_graph_is_a_tensor_of_its_own():
    x, y, v = leaf(1.0, 1.0), leaf(1.0, 1.0), mg.ones(2)
    (x + y).backward(v, create_graph=True)
    with mg.no_grad():
        x.grad.mul_(5)
    assert y.grad.tolist() == [1, 1] and v.tolist() == [1, 1]
    p = leaf(1.0, 2.0)
    p.sum().backward(create_graph=True)
    p.grad.mul_(0.5)  # not an expanded view
    assert p.grad.tolist() == [0.5, 0.5]


def test_std_of_equal_elements_is_flat():
    x = mg.tensor([[1.0, 1.0], [1.0, 3.0]], requires_grad=True)
    x.std(1).sum().backward()
    assert np.allclose(x.grad.numpy(), [[0, 0], [-(0.5**0.5), 0.5**0.5]])


def test_zero_to_the_zero_is_flat_in_the_exponent():
    b = leaf(0.0, 1.0)
    (mg.zeros(2) ** b).sum().backward()
    assert b.grad.tolist() == [0, 0]
    b.grad = None
    (2.0**b).sum().backward()
    assert np.allclose(b.grad.numpy(), np.log(2) * np.array([1, 2]))


def test_retain_grad_speaks_of_the_tensor_as_it_is():
    y = leaf(1.0) * 2
    y.retain_grad()
    y.retain_grad()
    y.mul_(3)
    (y * 5).sum().backward()
    assert y.grad.tolist() == [5]
    y = leaf(1.0) * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 4)
    y.sum().backward()
    assert y.grad.tolist() == [4]


def test_inputs_named_twice_count_once():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward(inputs=[x, x])
    assert x.grad.tolist() == [2, 4]


def test_a_function_that_returns_a_view_notices_writes():
    class View(mg.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view(4)

        @staticmethod
        def backward(ctx, g):
            return g.view(2, 2)

    y = mg.ones(2, 2, requires_grad=True) * 1
    v = View.apply(y)
    v.sum().backward(retain_graph=True)
    y.mul_(3)
    with pytest.raises(mg.GradientError, match="a Function made"):
        v.sum().backward()


@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16])
def test_16_bit_means_do_not_overflow_between_steps(dtype):
    assert mg.full((70000,), 2.0, dtype=dtype).mean().item() == 2
    x = mg.cat([mg.full((100,), 200.0), mg.full((100,), -200.0)]).to(dtype)
    assert abs(x.std().item() - 200.5) < 1 and x.std().dtype == dtype


REFUSED = {
    "padding_idx": lambda: F.embedding(mg.tensor([0]), mg.ones(3, 2), padding_idx=3),
    "bool dim": lambda: mg.ones(2, 3).sum(True),
    "nll weight": lambda: F.nll_loss(mg.ones(1, 2), mg.tensor([1]), weight=mg.ones(5)),
    "soft weight": lambda: F.cross_entropy(mg.ones(1, 3), mg.ones(1, 3), weight=mg.ones(1)),
    "bernoulli": lambda: mg.bernoulli(mg.tensor([1.5])),
    "uniform": lambda: mg.zeros(3).uniform_(1, 0),
    "normal": lambda: mg.zeros(3).normal_(0, -1),
    "integer": lambda: mg.tensor(300, dtype=mg.uint8),
    "condition": lambda: mg.where(True, mg.ones(1), mg.ones(1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_arguments_are_refused(name):
    with pytest.raises(mg.Error):
        REFUSED[name]()


def test_hooks_and_gradients_are_checked():
    x = leaf(1.0, 1.0)
    for wrong in (mg.ones(1), 3.0):
        handle = x.register_hook(lambda g, wrong=wrong: wrong)
        with pytest.raises(mg.GradientError, match="hook"):
            (x * 2).sum().backward()
        handle.remove()
    x.grad = mg.ones(1)
    with pytest.raises(mg.ShapeError, match=r"gradient of shape \(1,\)"):
        mg.optim.SGD([x], lr=1.0).step()


def test_valid_calls_that_once_failed():
    assert mg.add(mg.tensor([1.0]), 2, alpha=3).tolist() == [7]
    assert mg.gather(mg.tensor(1.0), 0, mg.tensor(0)).item() == 1
    assert mg.zeros(2, 0).logsumexp(1).tolist() == [-np.inf, -np.inf]
    assert mg.ones(2, 3).sum(np.int64(0)).tolist() == [2, 2, 2]
    assert copy.deepcopy(mg.ones(3, 4).t()).stride() == (1, 4)


def test_a_decorated_generator_takes_what_is_thrown():
    @mg.no_grad()
    def steps():
        try:
            yield 1
        except ValueError:
            yield mg.is_grad_enabled()

    it = steps()
    next(it)
    assert it.throw(ValueError()) is False
    it.close()


def test_inference_mode_outranks_the_modes_within():
    x = leaf(1.0)
    with mg.inference_mode(), mg.enable_grad():
        assert not (x * 2).requires_grad
    with mg.no_grad(), mg.inference_mode(False):
        assert (x * 2).requires_grad


def test_modules_are_unharmed_by_the_checks():
    net = nn.Linear(2, 1)
    net(mg.ones(3, 2)).sum().backward()
    mg.optim.Adam(net.parameters()).step()


def test_the_mean_of_nothing_has_a_second_derivative():
    x = mg.zeros(0, requires_grad=True)
    (g,) = mg.grad((x * x).mean(), x, create_graph=True)
    assert mg.grad(g.sum(), x)[0].shape == (0,)


@pytest.mark.parametrize("exponent", [0.5, [0.5], [[0.5], [0.5]], [[0.5, 0.5], [0.5, 2.0]]])
def test_the_power_of_a_tensor_of_halves_is_no_square_root(exponent):
    """NumPy takes the root where it broadcasts the exponent, which is NaN at -inf."""
    x = mg.tensor([[-np.inf, -0.0], [-np.inf, 4.0]])
    half = mg.tensor(exponent)
    for y in (x**half, x.clone().pow_(half), mg.float_power(x, half)):
        assert y[:, 0].tolist() == [np.inf, np.inf] and not y.signbit().any()


def test_singular_values_of_infinities_end():
    """LAPACK's does not return from some of these matrices."""
    x = mg.tensor([[2.0, 2.0, 3.0], [1.0, 0.0, -1.0], [np.inf, 0.0, 0.0]])
    for call in (mg.linalg.svd, mg.linalg.svdvals, mg.linalg.pinv, mg.Tensor.pinverse):
        with pytest.raises(mg.LinAlgError):
            call(x)


def test_one_bad_matrix_leaves_the_gradients_of_the_others():
    x = mg.tensor([[[2.0, 0.0], [0.0, 0.0]], [[np.nan, 0.0], [0.0, 1.0]]]).requires_grad_()
    mg.linalg.det(x).sum().backward()
    assert x.grad[0].tolist() == [[0, 0], [0, 2]] and x.grad[1].isnan().all()


@pytest.mark.parametrize("arguments", [([1, 2],), (2, 3), ()])
def test_the_constructor_of_tensor_wraps_arrays_only(arguments):
    """`Tensor([1, 2])` once made a tensor that failed at its first use."""
    with pytest.raises(TypeError):
        mg.Tensor(*arguments)
