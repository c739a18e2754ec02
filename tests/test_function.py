"""User-defined operations: `mg.Function`, with PyTorch's semantics."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg


class Cube(mg.Function):
    """The cube, with a gradient that can be differentiated again."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class ExpAndSquare(mg.Function):
    """Two outputs, the first saved, an option, and an input without a gradient."""

    @staticmethod
    def forward(ctx, x, factor, flag=True):
        y = x.exp() * factor
        ctx.save_for_backward(y, x)
        ctx.flag = flag
        return y, x * x

    @staticmethod
    def backward(ctx, g_y, g_square):
        y, x = ctx.saved_tensors
        return g_y * y + g_square * 2 * x, None


def leaf(*values: float) -> mg.Tensor:
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def test_first_and_second_order():
    x = leaf(1.0, -2.0, 0.5)
    assert mg.gradcheck(Cube.apply, x) and mg.gradgradcheck(Cube.apply, x)
    assert mg.gradcheck(lambda x: ExpAndSquare.apply(x, 2.0), x)
    assert mg.gradgradcheck(lambda x: ExpAndSquare.apply(x, 2.0), x)


def test_an_absent_gradient_comes_as_zeros():
    x = leaf(1.0, 2.0)
    y, _ = ExpAndSquare.apply(x, 1.0)
    y.sum().backward()
    assert np.allclose(x.grad.numpy(), np.exp([1, 2]))


def test_needs_input_grad_and_no_graph_without_it():
    seen = []

    class Product(mg.Function):
        @staticmethod
        def forward(ctx, a, b):
            assert not mg.is_grad_enabled()
            seen.append(ctx.needs_input_grad)
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g, g

    a, b = leaf(1.0), mg.tensor([2.0], dtype=mg.float64)
    assert Product.apply(a, b).grad_fn.prim.name == "Product"
    assert not Product.apply(b, b).requires_grad
    with mg.no_grad():
        assert not Product.apply(a, b).requires_grad
    assert seen == [(True, False), (False, False), (False, False)]


def test_saved_outputs_make_no_cycle():
    x = leaf(1.0)
    gc.disable()
    try:
        y, square = ExpAndSquare.apply(x, 1.0)
        node = weakref.ref(y.grad_fn)
        del y, square
        assert node() is None
    finally:
        gc.enable()


def test_misuse_is_named():
    x = leaf(1.0)
    y = Cube.apply(x)
    y.backward()
    with pytest.raises(mg.GradientError, match="<Cube>.*retain_graph"):
        y.backward()

    class Short(Cube):
        @staticmethod
        def backward(ctx, g):
            return g, g

    with pytest.raises(mg.GradientError, match="2 gradients for 1 input"):
        Short.apply(x).backward()

    z = x * 1
    out = Cube.apply(z)
    with mg.no_grad():
        z.zero_()
    with pytest.raises(mg.GradientError, match="Cube.*changed in place"):
        out.backward()


def test_a_marked_output_and_a_returned_input():
    class Split(mg.Function):
        @staticmethod
        def forward(ctx, x):
            sign = x.sign()
            ctx.mark_non_differentiable(sign)
            return x, sign

        @staticmethod
        def backward(ctx, g, g_sign):
            return g * 10

    x = leaf(2.0)
    same, sign = Split.apply(x)
    assert same is not x and same.requires_grad and not sign.requires_grad
    same.backward()
    assert x.grad.tolist() == [10]
