"""``x[...]`` and ``x[...] = v`` in every mixture, against NumPy where both agree, and against
PyTorch where it is installed; the errors of reading and writing by index."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F

try:
    import torch
except ModuleNotFoundError:
    torch = None

SHAPE = (3, 4, 2, 3)


@st.composite
def mixtures(draw, steps=(1, 2, 3), ints_beside_arrays=True):
    """An index of a tensor of SHAPE: slices, integers, None, ..., arrays of integers, masks."""
    parts, axis, arrays, ints = [], 0, 0, 0
    lead = draw(st.sampled_from([(), (2,), (2, 1), (1, 3), (0,)]))
    kinds = ["slice", "int", "none", "array", "mask", "dots"]
    while axis < len(SHAPE):
        kind = draw(st.sampled_from([*kinds, "end"]))
        n = SHAPE[axis]
        if kind == "end":
            break
        if kind == "dots":
            if any(p is Ellipsis for p in parts):
                continue
            parts.append(Ellipsis)
            skipped = draw(st.integers(0, len(SHAPE) - axis))
            rest = len(SHAPE) - axis - skipped  # so many parts follow
            axis = len(SHAPE) - rest
            continue
        if kind == "none":
            parts.append(None)
            continue
        if kind == "slice":
            bound = st.one_of(st.none(), st.integers(-n - 1, n + 1))
            parts.append(slice(draw(bound), draw(bound), draw(st.sampled_from([None, *steps]))))
        elif kind == "int":
            parts.append(draw(st.integers(-n, n - 1)))
            ints += 1
        elif kind == "mask":
            mask = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
            parts.append(mask)
            arrays += 1
        else:
            size = int(np.prod(lead))
            values = draw(st.lists(st.integers(-n, n - 1), min_size=size, max_size=size))
            parts.append(np.array(values, np.int64).reshape(lead))
            arrays += 1
        axis += 1
    # With a ... the parts after it must fill the last dimensions exactly.
    if any(p is Ellipsis for p in parts):
        where = next(i for i, p in enumerate(parts) if p is Ellipsis)
        after = sum(p is not None for p in parts[where + 1 :])
        before = sum(p is not None for p in parts[:where])
        assume(before + after <= len(SHAPE))
    ints += lead == () and any(isinstance(p, np.ndarray) and p.ndim == 0 for p in parts)
    # NumPy counts an integer among the arrays, and a ... that stands for no dimension still keeps
    # arrays apart; PyTorch, and minigrad, apply the integer first and drop the ...
    if Ellipsis in [p for p in parts if not isinstance(p, np.ndarray)]:
        ints += sum(p is not None and p is not Ellipsis for p in parts) == len(SHAPE)
    assume(ints_beside_arrays or not (arrays and ints))
    return tuple(parts)


def fits(index):
    """What NumPy makes of it, or None where it refuses."""
    try:
        return np.arange(72.0).reshape(SHAPE)[index]
    except IndexError:
        return None


def in_tensors(index, tensor):
    return tuple([tensor(p) if isinstance(p, np.ndarray) else p for p in index])


@given(mixtures(steps=(1, 2, -1, -2), ints_beside_arrays=False), st.booleans())
def test_reading_is_numpys(index, as_tensors):
    expected = fits(index)
    x = mg.arange(72.0).reshape(SHAPE).requires_grad_()
    ours = in_tensors(index, mg.tensor) if as_tensors else index
    if expected is None:
        with pytest.raises(IndexError):
            x[ours]
        return
    found = x[ours]
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.detach().numpy(), expected)
    found.sum().backward()
    counts = np.zeros(SHAPE)
    np.add.at(counts, index, 1)
    np.testing.assert_array_equal(x.grad.numpy(), counts)


@given(mixtures(steps=(1, 2, -1), ints_beside_arrays=False), st.data())
def test_writing_is_numpys(index, data):
    region = fits(index)
    assume(region is not None)
    keep = data.draw(st.integers(0, region.ndim))
    shape = [n if data.draw(st.booleans()) else 1 for n in region.shape[keep:]]
    value = np.arange(100.0, 100.0 + np.prod(shape)).reshape(shape)
    expected, x = np.arange(72.0).reshape(SHAPE), mg.arange(72.0).reshape(SHAPE)
    expected[index] = value
    v = mg.tensor(value, dtype=mg.float32, requires_grad=True)
    x[in_tensors(index, mg.tensor)] = v
    np.testing.assert_array_equal(x.detach().numpy(), expected)
    if region.size:
        assert x.requires_grad


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@given(mixtures(), st.data())
def test_both_are_pytorchs(index, data):
    x = mg.arange(72.0).reshape(SHAPE).clone()
    y = torch.arange(72.0).reshape(SHAPE)
    theirs = in_tensors(index, torch.from_numpy)
    ours = in_tensors(index, mg.tensor)
    try:
        expected = y[theirs]
    except IndexError:
        with pytest.raises(IndexError):
            x[ours]
        return
    found = x[ours]
    assert found.shape == tuple(expected.shape)
    np.testing.assert_array_equal(found.numpy(), expected.numpy())
    value = np.random.default_rng(0).standard_normal(expected.shape).astype(np.float32)
    v, w = mg.tensor(value, requires_grad=True), torch.tensor(value, requires_grad=True)
    places = np.arange(72).reshape(SHAPE)[index] if fits(index) is not None else np.zeros(2)
    assume(np.unique(places).size == places.size)  # repeated places keep any of the values
    x[ours], y[theirs] = v, w
    np.testing.assert_array_equal(x.detach().numpy(), y.detach().numpy())
    if x.requires_grad:
        for z, u in ((x, v), (y, w)):
            (z * z).sum().backward()
            assert u.grad is not None
        np.testing.assert_allclose(v.grad.numpy(), w.grad.numpy())


def test_a_list_of_sequences_is_one_index_a_dimension():
    x = mg.arange(24.0).reshape(2, 3, 4)
    assert x[[[0, 1], [1, 0]]].shape == (2, 4)
    assert x[[slice(0, 1), 0]].shape == (1, 4)
    assert x[[mg.tensor(0), 1]].shape == (4,)
    assert x[[0, 1]].shape == (2, 3, 4) and x[[]].shape == (0, 3, 4)
    assert x[[True, False]].shape == (1, 3, 4) and x[range(2)].shape == (2, 3, 4)


def test_uint8_is_a_mask():
    x = mg.arange(6.0).reshape(2, 3)
    assert x[mg.tensor([0, 1], dtype=mg.uint8)].tolist() == [[3, 4, 5]]
    assert x[mg.tensor(1, dtype=mg.uint8)].shape == (1, 2, 3)


@pytest.mark.parametrize(
    ("index", "kind", "message"),
    [
        ((0, 0, 0), IndexError, "3 indices for a tensor of shape"),
        (5, IndexError, "5 is out of range for dimension 0"),
        ([0, 5], IndexError, "index 5 is out of range for a dimension of size 2"),
        (1.0, IndexError, "got float"),
        ([1.0], IndexError, "got float32"),
        (np.bool_(True), IndexError, "got bool"),
        ("a", TypeError, "got str"),
        ((..., 0, ...), IndexError, "only one ..."),
        (slice(0, 2, 0), ValueError, "cannot be zero"),
        (slice(0, 1.5), TypeError, "float"),
        (([0, 1], [0, 1, 2]), IndexError, "do not broadcast"),
        (mg.tensor([True]), IndexError, "mask of shape"),
        (mg.tensor([0], dtype=mg.int16), IndexError, "int16"),
    ],
)
def test_errors_of_an_index(index, kind, message):
    x = mg.arange(6.0).reshape(2, 3)
    with pytest.raises(kind, match=message):
        x[index]
    with pytest.raises(kind, match=message):
        x[index] = 0.0
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_errors_of_a_value():
    x = mg.zeros(2, 3)
    for value, kind, message in [
        (mg.ones(2), ValueError, r"shape \(2,\) does not fill the indexed shape \(3,\)"),
        ("a", TypeError, "str"),
        (None, TypeError, "NoneType"),
        (1j, ValueError, "out of the range of float32"),
        (1e300, ValueError, "out of the range of float32"),
    ]:
        with pytest.raises(kind, match=message):
            x[0] = value
    with pytest.raises(TypeError, match="convert it with value.to"):
        x[[0, 1]] = mg.ones(3).double()
    x[x == 0] = mg.tensor(3)  # one element fills a mask in any dtype
    x[0] = mg.ones(3).double()
    x[1, :2] = [5, 6]
    assert x.tolist() == [[1, 1, 1], [5, 6, 3]]
    whole = mg.zeros(2, dtype=mg.int64)
    whole[0] = 1.7
    assert whole.tolist() == [1, 0]
    for value in (float("nan"), 1e30):
        with pytest.raises(ValueError, match="out of the range of int64"):
            whole[0] = value


OUT_OF_RANGE = {
    "gather": lambda x, i: x.gather(0, i),
    "scatter": lambda x, i: x.scatter(0, i, 1.0),
    "scatter_add": lambda x, i: x.scatter_add(0, i, mg.ones(2)),
    "index_select": lambda x, i: x.index_select(0, i),
    "index_add": lambda x, i: x.index_add(0, i, mg.ones(2)),
    "index_copy": lambda x, i: x.index_copy(0, i, mg.ones(2)),
    "index_reduce": lambda x, i: x.index_reduce(0, i, mg.ones(2), "prod"),
    "embedding": lambda x, i: F.embedding(i, x.reshape(3, 1)),
    "one_hot": lambda x, i: F.one_hot(i, 3),
}
FROM_THE_END = {
    "take": lambda x, i: x.take(i),
    "take_along_dim": lambda x, i: x.take_along_dim(i, 0),
    "put": lambda x, i: x.put(i, mg.ones(2)),
    "index_fill": lambda x, i: x.index_fill(0, i, 1.0),
    "index_put": lambda x, i: x.index_put((i,), mg.ones(2)),
}


@pytest.mark.parametrize("name", OUT_OF_RANGE | FROM_THE_END)
def test_an_index_out_of_range(name):
    x, f = mg.arange(3.0), (OUT_OF_RANGE | FROM_THE_END)[name]
    for bad in (3, -4):
        with pytest.raises(IndexError, match=f"{bad} is out of range for a dimension of size 3"):
            f(x, mg.tensor([0, bad]))
    if name in FROM_THE_END:
        f(x, mg.tensor([0, -1]))
    else:
        with pytest.raises(IndexError, match="-1 is out of range"):
            f(x, mg.tensor([0, -1]))
    with pytest.raises(RuntimeError, match="must be int|must be int64, int32"):
        f(x, mg.tensor([0.0, 1.0]))


@pytest.mark.parametrize("name", sorted((OUT_OF_RANGE | FROM_THE_END).keys() - {"one_hot"}))
def test_on_a_gpu_an_index_out_of_range_reads_nan_and_writes_nowhere(name):
    f = (OUT_OF_RANGE | FROM_THE_END)[name]
    x = mg.tensor([5.0, 6.0, 7.0]).cuda()
    index = mg.tensor([0, 3]).cuda()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mg, "ones", lambda *n: mg.full(n, 1.0, device="cuda"))
        found = f(x, index).cpu()
    if name in ("gather", "index_select", "take", "take_along_dim", "embedding"):
        assert found.reshape(-1)[0] == 5 and found.reshape(-1)[1].isnan()
    else:
        assert found[1:].tolist() == [6, 7]


def test_scatter_reduce_at_nan():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    v = mg.tensor([float("nan"), 3.0], requires_grad=True)
    out = x.scatter_reduce(0, mg.tensor([0, 1]), v, "amax")
    out.sum().backward()
    assert out[0].isnan() and out[1] == 3
    assert x.grad.tolist() == [0, 0] and v.grad.tolist() == [1, 1]


def test_scatter_with_reduce_has_gradients():
    x = mg.ones(3, requires_grad=True)
    x.scatter(0, mg.tensor([1, 1]), 3.0, reduce="multiply").sum().backward()
    assert x.grad.tolist() == [1, 9, 1]


def test_take_along_dim_refuses_an_index_out_of_range():
    with pytest.raises(IndexError, match="index 3 is out of range"):
        mg.take_along_dim(mg.ones(2, 3), mg.tensor([[3]]), 1)


def test_scatter_add_is_in_the_order_of_the_index():
    values = np.float32([1e8, 1.0, -1e8, 1.0])
    out = mg.zeros(1).scatter_add(0, mg.zeros(4).long(), mg.tensor(values))
    assert out.item() == np.add.accumulate(values)[-1]


def test_embedding_options():
    w = mg.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    i = mg.tensor([0, 1, 0, 2])
    out = F.embedding(i, w, padding_idx=-1, max_norm=1.0, scale_grad_by_freq=True)
    assert np.allclose(w.detach().numpy(), [[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]])
    out.sum().backward()
    assert w.grad.tolist() == [[1, 1], [1, 1], [0, 0]]
    layer = mg.nn.Embedding(5, 2, max_norm=0.5, scale_grad_by_freq=True)
    layer(mg.tensor([1, 1, 2])).sum().backward()
    assert (layer.weight.detach()[1:3].square().sum(1) < 0.26).all()
    assert layer.weight.grad[1].tolist() == [1, 1] and "max_norm=0.5" in repr(layer)
    with pytest.raises(IndexError, match="padding_idx=3 is no row of 3"):
        F.embedding(i, w, padding_idx=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"offsets": [1, 2]}, "must start at 0"),
        ({"offsets": [0, 2, 1]}, "must not decrease"),
        ({"offsets": None}, "needs 1-d offsets"),
        ({"offsets": [0], "mode": "min"}, "mode must be"),
        ({"offsets": [0], "per_sample_weights": [1.0, 1.0, 1.0]}, "are for mode 'sum'"),
        ({"offsets": [0, 4]}, "out of range"),
    ],
)
def test_errors_of_embedding_bag(arguments, message):
    ready = {k: mg.tensor(v) if isinstance(v, list) else v for k, v in arguments.items()}
    with pytest.raises(RuntimeError, match=message):
        F.embedding_bag(mg.tensor([0, 1, 1]), mg.ones(2, 2), **ready)
