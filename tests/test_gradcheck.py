"""The checkers themselves: right gradients pass, each kind of wrong one is found."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import Draw, Op, check_op, gradcheck, gradgradcheck, sample


def leaf(*shape, dtype=mg.float64, seed=0):
    values = np.random.default_rng(seed).uniform(0.5, 1.5, shape)
    return mg.tensor(values, dtype=dtype).requires_grad_()


def square_with(slope):
    """``x * x`` whose gradient is ``slope(x) * g``."""

    class Square(mg.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return slope(x) * g

    return Square.apply


right = square_with(lambda x: 2 * x)
wrong = [
    square_with(lambda x: 2.02 * x),
    square_with(lambda x: -2 * x),
    square_with(lambda x: 0 * x),
    square_with(lambda x: 2 * x + (x - x.max() == 0) * 0.1),  # in one element only
]


def test_right_gradients_pass():
    x, y = leaf(2, 3), leaf(3, seed=1)
    assert gradcheck(right, x) and gradgradcheck(right, x)
    assert gradcheck(lambda x, y: (x * y, x.sum(1)), [x, y])
    assert gradgradcheck(lambda x, y: (x * y).tanh(), [x, y])
    assert gradcheck(lambda x: x * 2, leaf(0)) and gradcheck(lambda x: x * 2, leaf())


@pytest.mark.parametrize("function", wrong)
def test_wrong_gradients_are_found(function):
    with pytest.raises(mg.GradientError, match="differences give"):
        gradcheck(function, leaf(2, 3))
    assert not gradcheck(function, leaf(2, 3), raise_exception=False)
    with pytest.raises(AssertionError, match="gradient of square"):
        check_op(Op("square", function, np.square, (sample(Draw((2, 3))),)))


def test_a_wrong_second_derivative_is_found():
    cut = square_with(lambda x: 2 * x.detach())
    assert gradcheck(cut, leaf(3))
    with pytest.raises(mg.GradientError):
        gradgradcheck(cut, leaf(3))
    with pytest.raises(AssertionError, match="second derivative"):
        check_op(Op("cut", cut, np.square, (sample(Draw((3,))),)))


def test_what_cannot_be_checked_raises():
    with pytest.raises(mg.DTypeError, match="float64"):
        gradcheck(right, leaf(2, dtype=mg.float32))
    with pytest.raises(mg.GradientError, match="no input requires grad"):
        gradcheck(right, mg.ones(2))
    with pytest.raises(mg.GradientError, match="no output"):
        gradcheck(lambda x: x.detach(), leaf(2))


def test_constant_inputs_are_passed_on():
    index = mg.tensor([0, 0, 1])
    assert gradcheck(lambda x, i: x[i] * 2, [leaf(2), index])


# check_op on a user's operation ----------------------------------------------------------------

FLAWS = {
    "value of": lambda x: x * x * 1.001,
    "dtypes of": lambda x: (x * x).double(),
    "changed its inputs": lambda x: (x * 2, x.detach().zero_())[0],
    "requires grad": lambda x: (x * x).detach(),
    "shape of output": lambda x: (x * x).reshape(-1),
    "outputs": lambda x: (x * x, x),
    "copies between": lambda x: x * x + 0 * float(x.detach().sum()),
    "values and gradients": lambda x: x * x if x.is_contiguous() else x * x.T.reshape(x.shape),
}


@pytest.mark.parametrize("complaint", FLAWS)
def test_check_op_finds(complaint):
    op = Op("flawed", FLAWS[complaint], np.square, (sample(Draw((2, 3))),), rounds_once=False)
    with pytest.raises(AssertionError, match=complaint):
        check_op(op, "cuda")


def test_check_op_passes_what_is_right(device):
    op = Op("square", right, np.square, (sample(Draw((2, 3))),), kinds="fi", broadcasts=True)
    check_op(op, device)
