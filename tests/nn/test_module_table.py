"""Each row of the table of modules: PyTorch's names, shapes, text, outputs and gradients."""

import copy
import json
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from layers import TABLE
from layers.making import (
    anatomy,
    array,
    draw,
    floats,
    leaves,
    observe,
    prepared,
    rng_of,
    run,
    score,
    tensors,
)  # fmt: skip

import minigrad as mg
from minigrad import nn

RECORDED = Path(__file__).parent / "layers" / "recorded"
rows = pytest.mark.parametrize(("family", "row"), TABLE, ids=[row.name for _, row in TABLE])


@cache
def recording(family):
    """What PyTorch did with the rows of a family: their anatomy, and the arrays it computed."""
    about = json.loads((RECORDED / f"{family}.json").read_text())
    with np.load(RECORDED / f"{family}.npz") as file:
        return about, dict(file)


def recorded(family, row):
    about, arrays = recording(family)
    assert row.name in about, "no recording: run python tools/torch_modules.py record " + family
    prefix = f"{row.name}/"
    return about[row.name], {
        key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)
    }


def agree(found, expected, rtol, atol):
    assert set(found) == set(expected)
    for key, value in expected.items():
        assert found[key].shape == value.shape, key
        np.testing.assert_allclose(found[key], value, rtol=rtol, atol=atol, err_msg=key)


def test_names_are_unique():
    names = [row.name for _, row in TABLE]
    assert len(set(names)) == len(names)


# PyTorch has none of these: they have tests of their own. And a Module alone computes nothing.
WITHOUT_ROWS = {
    "Module", "LinearRegression", "LogisticRegression", "CausalSelfAttention",
    "LearnedPositionalEncoding", "RotaryEmbedding", "SinusoidalPositionalEncoding",
}  # fmt: skip


def test_every_module_has_a_row():
    modules = {
        n for n, m in vars(mg.nn).items() if isinstance(m, type) and issubclass(m, nn.Module)
    }
    assert modules - {row.name.split()[0] for _, row in TABLE} == WITHOUT_ROWS


@rows
def test_computes_what_pytorchs_does(family, row):
    agree(observe(mg, row), recorded(family, row)[1], rtol=2e-6, atol=2e-6)


@rows
def test_float32_and_cuda_agree_with_float64(family, row, device):
    found, expected = observe(mg, row, "float32", device), observe(mg, row)
    agree(found, expected, rtol=1e-3, atol=2e-4)
    for key, value in found.items():
        assert value.dtype == (np.float32 if expected[key].dtype.kind == "f" else value.dtype), key


@rows
def test_is_made_of_what_pytorchs_is(family, row):
    about, _ = recorded(family, row)
    found = anatomy(mg, row)
    assert found["repr"] == about["repr"]
    assert list(found["state"]) == list(about["state"])
    for name, theirs in about["state"].items():
        ours = found["state"][name]
        for fact in ("shape", "dtype", "parameter"):
            assert ours[fact] == theirs[fact], (name, fact)
        if theirs["least"] == theirs["most"]:
            assert ours["least"] == ours["most"] == pytest.approx(theirs["most"]), name
        elif np.prod(theirs["shape"]) >= 36:  # enough numbers to know their spread
            ratio = ours["deviation"] / theirs["deviation"]
            assert 0.6 < ratio < 1.6, (name, ours, theirs)


@rows
def test_copies_and_pickles(family, row):
    module = prepared(mg, row).eval()
    expected = [array(y) for y in leaves(run(mg, row, module, tensors(mg, row)))]
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert repr(twin) == repr(module) and list(twin.state_dict()) == list(module.state_dict())
        for y, wanted in zip(leaves(run(mg, row, twin, tensors(mg, row))), expected, strict=True):
            np.testing.assert_array_equal(array(y), wanted)


def slopes(row, shift=0.0):
    """The inner product of all gradients with random weights, where everything moved by `shift`
    along a random direction; and that direction, and its own gradients."""
    module = prepared(mg, row).train(not row.random)
    inputs = tensors(mg, row)
    rng = rng_of(row, "direction")
    moving = [x for x in inputs if x.requires_grad] + list(module.parameters())
    directions = [rng.standard_normal(x.shape) for x in moving]
    with mg.no_grad():
        for x, d in zip(moving, directions, strict=True):
            x += mg.tensor(np.asarray(shift * d))
    total = score(mg, row, [y * y for y in floats(mg, run(mg, row, module, inputs))])
    if not getattr(total, "requires_grad", False):
        return None
    gradients = mg.grad(total, moving, create_graph=True, allow_unused=True)
    product = mg.zeros((), dtype=mg.float64)
    for g in gradients:
        weights = rng.standard_normal(() if g is None else g.shape)
        product = product if g is None else product + (g * mg.tensor(weights)).sum()
    if not product.requires_grad:
        return None
    return product, moving, directions


@rows
def test_second_derivative(family, row):
    """By differences along one random direction of inputs and parameters together."""
    if not row.twice:
        pytest.skip("its slopes jump")
    found = slopes(row)
    if found is None:
        pytest.skip("nothing to differentiate")
    product, moving, directions = found
    second = mg.grad(product, moving, allow_unused=True)
    ours = sum(
        float((g * mg.tensor(np.asarray(d))).sum())
        for g, d in zip(second, directions, strict=True) if g is not None
    )  # fmt: skip
    step = 1e-5
    ahead, behind = slopes(row, step)[0], slopes(row, -step)[0]
    assert ours == pytest.approx((float(ahead) - float(behind)) / (2 * step), rel=1e-4, abs=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_recordings_are_of_this_pytorch():
    """With PyTorch at hand: it still does what was recorded."""
    torch = pytest.importorskip("torch")
    for family, row in TABLE[::5]:
        with np.errstate(all="ignore"):
            agree(observe(torch, row), recorded(family, row)[1], rtol=2e-6, atol=2e-6)
    assert draw(TABLE[0][1])
