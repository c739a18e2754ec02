"""docs/differences.md: a test for each difference that no other file tests."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F


def test_losses_refuse_a_column_against_a_vector():
    with pytest.raises(mg.ShapeError, match=r"squeeze\(1\)"):
        F.mse_loss(mg.ones(4, 1), mg.ones(4))
    with pytest.raises(mg.ShapeError, match=r"squeeze\(1\)"):
        F.binary_cross_entropy_with_logits(mg.ones(4, 1), mg.ones(4))
    with pytest.raises(mg.ShapeError, match=r"squeeze\(1\)"):
        F.cross_entropy(mg.ones(4, 3), mg.ones(4, 1).long())


def test_an_index_out_of_range_raises_on_the_cpu_and_is_nan_on_a_gpu():
    table = mg.ones(3, 2)
    with pytest.raises(mg.RangeError, match="index 3 is out of range"):
        F.embedding(mg.tensor([0, 3]), table)
    far = F.embedding(mg.tensor([0, 3]).cuda(), table.cuda()).cpu()
    assert far[0].tolist() == [1, 1] and far[1].isnan().all()


def test_conjugates_are_copies_and_complex_tensors_are_not_saved(tmp_path):
    z = mg.tensor([1 + 2j])
    conjugate = z.conj()
    z.zero_()
    assert conjugate.item() == 1 - 2j and not conjugate.is_conj()
    with pytest.raises(mg.DTypeError, match="complex64"):
        mg.save(z, tmp_path / "z.safetensors")


def test_complex_numbers_where_they_make_no_sense_raise():
    z = mg.tensor([1 + 2j, 3])
    for refused in (lambda: z.floor(), lambda: z < z, lambda: z.amax(), lambda: z.relu()):
        with pytest.raises(mg.DTypeError, match="not implemented for complex"):
            refused()
    with pytest.raises(mg.DTypeError, match="cannot be stored"):
        mg.ones(2).mul_(1j)
    with pytest.raises(mg.GradientError, match="real number only"):
        (z.requires_grad_() * 2).sum().backward()


def test_dtypes_are_numpys():
    assert mg.ones(1).dtype == np.float32 and mg.float32 == np.float32
    assert mg.ones(2, 3).shape == (2, 3) and type(mg.ones(1).shape) is tuple
    values, indices = mg.tensor([[1.0, 3.0, 2.0]]).max(1)
    assert values.tolist() == [3] and indices.tolist() == [1]


def test_inference_mode_gives_constants_that_may_be_used():
    w = mg.ones(2, requires_grad=True)
    with mg.inference_mode():
        c = w * 2
    (c * w).sum().backward()
    assert w.grad.tolist() == [2, 2]


def test_alpha_may_be_a_tensor():
    alpha = mg.tensor(3.0, requires_grad=True)
    mg.add(mg.ones(2), mg.ones(2) * 2, alpha=alpha).sum().backward()
    assert alpha.grad.item() == 4


def test_polar_of_a_negative_radius():
    radius = mg.tensor([-1.0, 0.0], requires_grad=True)
    mg.polar(radius, mg.zeros(2)).real.sum().backward()
    assert radius.grad.tolist() == [1, 1]


def test_an_argument_that_is_no_tensor_is_named():
    for function in (mg.real, mg.reshape, mg.angle, mg.t, mg.nn.functional.softplus):
        with pytest.raises(mg.DTypeError, match=r"argument 1 must be a Tensor|expected a Tensor"):
            function("text") if function is not mg.reshape else function("text", 2)
