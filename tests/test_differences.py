"""docs/differences.md: a test for each difference that no other file tests."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

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


def test_conjugates_are_copies():
    z = mg.tensor([1 + 2j])
    conjugate = z.conj()
    z.zero_()
    assert conjugate.item() == 1 - 2j and not conjugate.is_conj()


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


def test_cat_joins_the_rows_of_a_tensor():
    rows = mg.arange(6.0).reshape(2, 3)
    assert mg.cat(rows).tolist() == [0, 1, 2, 3, 4, 5]
    assert mg.stack(rows, 1).tolist() == rows.T.tolist()


def test_inverse_hyperbolic_functions_in_place_have_gradients():
    for name, at in (("acosh", 2.0), ("asinh", 2.0), ("atanh", 0.5)):
        x, y = (mg.tensor(at, requires_grad=True) for _ in range(2))
        getattr(x * 1, f"{name}_")().backward()
        getattr(mg, name)(y).backward()
        assert x.grad.item() == y.grad.item() != 0


def test_class_numbers_of_any_integers_and_weights_with_gradients():
    x = mg.tensor([[0.5, 1.0, -1.0], [0.0, 2.0, 1.0]])
    wanted = F.cross_entropy(x, mg.tensor([2, 0]))
    for dtype in (mg.int8, mg.int16, mg.int32, mg.uint8):
        assert F.cross_entropy(x, mg.tensor([2, 0], dtype=dtype)).item() == wanted.item()
    for loss in (F.cross_entropy, F.nll_loss, F.multi_margin_loss):
        weight = mg.ones(3, requires_grad=True)
        loss(x, mg.tensor([2, 0]), weight=weight).backward()
        assert weight.grad[[0, 2]].ne(0).all() and weight.grad[1] == 0
    target = mg.ones(2, 3, requires_grad=True)
    F.soft_margin_loss(x, target).backward()
    assert target.grad[1, 1] != 0


def test_a_generator_serves_every_device():
    generator = mg.Generator("cpu").manual_seed(3)
    here = mg.rand(4, generator=generator)
    there = mg.rand(4, generator=generator.manual_seed(3), device="cuda")
    assert there.device.type == "cuda" and there.cpu().equal(here)


def test_a_hook_keeps_the_shape_of_a_gradient():
    x = mg.ones(2, requires_grad=True)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(mg.GradientError, match=r"shape \(2,\) by \(\)"):
        (x * 1).sum().backward()


def test_memory_is_not_exchanged_and_what_is_not_there():
    for name in ("resize_", "set_", "to_sparse"):
        assert not hasattr(mg.Tensor, name)
    for name in ("ldl_factor", "ldl_solve"):
        assert not hasattr(mg.linalg, name)
    assert (mg.ones(1, dtype=mg.float16) * 1j).dtype == mg.complex64


def test_views_are_pickled_as_tensors_of_their_own():
    base = mg.zeros(2)
    first, second = pickle.loads(pickle.dumps([base, base[:1]]))
    first.fill_(1)
    assert second.tolist() == [0]


def test_the_state_of_random_numbers_is_a_dictionary():
    assert isinstance(mg.get_rng_state(), dict)


def test_load_gives_tensors_on_the_cpu(tmp_path):
    mg.save(mg.ones(2, device="cuda"), tmp_path / "x.safetensors")
    assert mg.load(tmp_path / "x.safetensors").device.type == "cpu"
    assert mg.load(tmp_path / "x.safetensors", map_location="cuda").device.type == "cuda"


def test_the_pages_name_tests_that_exist():
    root = Path(__file__).parent.parent
    pages = [*root.glob("docs/*.md"), root / "CONTRIBUTING.md", root / "README.md"]
    named = {
        name for page in pages for name in re.findall(r"`(tests/[\w/]+\.py)`", page.read_text())
    }
    assert named and {name for name in named if not (root / name).exists()} == set()


def test_the_readme_claims_no_more_than_the_page_of_coverage():
    root = Path(__file__).parent.parent
    page = (root / "docs" / "reference" / "coverage.md").read_text()
    same, differ, absent = map(int, re.findall(r"\*\*(\d+) (?:same|differs|absent)\*\*", page))
    all_of_them, claimed = re.search(
        r"Of some (\d+) functions,.*?\*\*more than (\d+) are",
        (root / "README.md").read_text(),
        re.S,
    ).groups()
    assert same > int(claimed) and abs(same + differ + absent - int(all_of_them)) < 30
