"""Shapes that hypothesis draws: indexing, broadcasting, reductions and reshapes against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

import minigrad as mg

SHAPES = shapes.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
DEVICES = st.sampled_from(["cpu", "cuda"])


def numbered(shape):
    return np.arange(1.0, 1 + np.prod(shape, dtype=int)).reshape(shape)


def tensor(array, device="cpu", requires_grad=False):
    return mg.tensor(array, dtype=mg.float64, device=device, requires_grad=requires_grad)


def same(ours, array):
    np.testing.assert_array_equal(ours.numpy(force=True), array)


@st.composite
def indexed_shapes(draw):
    """A shape, and an index of it: slices, integers, None, ..., index arrays or a mask."""
    shape = draw(shapes.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    basic = shapes.basic_indices(shape, allow_newaxis=True)
    advanced = shapes.integer_array_indices(shape, result_shape=shapes.array_shapes(max_dims=2))
    mask = shapes.arrays(bool, shape[: draw(st.integers(1, len(shape)))])
    index = draw(st.one_of(basic, advanced, mask, st.tuples(st.just(...), st.integers(-1, 0))))
    parts = index if isinstance(index, tuple) else (index,)
    if draw(st.booleans()) and all(isinstance(p, np.ndarray) and p.dtype != bool for p in parts):
        # Some of the index arrays become slices or integers.
        parts = tuple([draw(st.sampled_from([p, slice(None), 0, slice(1, None)])) for p in parts])
        return shape, parts
    return shape, index


def two_steps(index):
    """PyTorch's order: integers, slices and None first, then index arrays on what is left."""
    parts = index if isinstance(index, tuple) else (index,)
    if not any(isinstance(p, np.ndarray) for p in parts):
        return index, (...,)
    basic = tuple([slice(None) if isinstance(p, np.ndarray) else p for p in parts])
    later = [
        p if isinstance(p, np.ndarray) else slice(None) for p in parts if not isinstance(p, int)
    ]
    return ((...,), index) if len(parts) == 1 else (basic, tuple(later))


@settings(max_examples=150)
@given(indexed_shapes(), DEVICES)
def test_reading_by_index(case, device):
    shape, index = case
    array = numbered(shape)
    x = tensor(array, device, requires_grad=True)
    y = x[index]
    basic, later = two_steps(index)
    same(y, array[basic][later])
    weights = np.cos(numbered(y.shape))
    (g,) = mg.grad(y, x, tensor(weights, device), allow_unused=True)
    expected = np.zeros(shape)
    places = np.arange(array.size).reshape(shape)[basic][later]
    np.add.at(expected.reshape(-1), places, weights)
    np.testing.assert_allclose(g.numpy(force=True), expected, atol=1e-12)


@settings(max_examples=150)
@given(indexed_shapes(), DEVICES, st.booleans())
def test_writing_by_index(case, device, scalar):
    shape, index = case
    array = numbered(shape)
    basic, later = two_steps(index)
    shown = np.arange(array.size).reshape(shape)[basic][later]
    places = shown.reshape(-1)
    value = -numbered(() if scalar or len(set(places)) < len(places) else shown.shape)
    x, v = tensor(array, device, requires_grad=True), tensor(value, device, requires_grad=True)
    y = x * 1
    y[index] = v
    array.reshape(-1)[shown] = value
    same(y, array)
    gx, gv = mg.grad(y, [x, v], tensor(numbered(shape), device))
    weights = numbered(shape)
    if len(set(places)) == len(places):  # else one write of several counts: any
        seen = weights[basic][later]
        expected = seen.sum() if value.ndim == 0 else seen
        np.testing.assert_allclose(gv.numpy(force=True), expected)
    weights.reshape(-1)[shown] = 0
    same(gx, weights)


@settings(max_examples=80)
@given(
    shapes.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, min_side=0, max_side=3), DEVICES
)
def test_broadcasting(drawn, device):
    arrays = [np.sin(numbered(shape)) + k for k, shape in enumerate(drawn.input_shapes)]
    a, b, c = [tensor(x, device, requires_grad=True) for x in arrays]
    y = a * b - c
    np.testing.assert_allclose(y.numpy(force=True), arrays[0] * arrays[1] - arrays[2])
    g = np.cos(numbered(y.shape))
    found = mg.grad(y, [a, b, c], tensor(g, device))
    for x, slope in zip(found, (g * arrays[1], g * arrays[0], -g)):
        lead = tuple(range(slope.ndim - x.ndim))
        ones = [i for i, n in enumerate(x.shape) if n == 1]
        expected = slope.sum(lead).sum(tuple(ones), keepdims=True)
        np.testing.assert_allclose(x.numpy(force=True), expected, atol=1e-12)


@st.composite
def reductions(draw):
    shape = draw(SHAPES)
    axes = draw(st.one_of(st.none(), st.sets(st.integers(0, max(len(shape) - 1, 0)), min_size=1)))
    if not shape or axes is None:
        return shape, None
    return shape, tuple([a - len(shape) * draw(st.booleans()) for a in axes])


@settings(max_examples=80)
@given(reductions(), st.booleans(), st.permutations(range(4)), DEVICES)
def test_reductions(case, keepdim, order, device):
    shape, axes = case
    array = np.sin(numbered(shape)).transpose([i for i in order if i < len(shape)])
    x = tensor(array, device)
    np.testing.assert_allclose(
        x.sum(axes, keepdim).numpy(force=True), array.sum(axes, keepdims=keepdim), atol=1e-12
    )
    if array.size:
        same(x.amax(axes or (), keepdim), array.max(axes, keepdims=keepdim))


@settings(max_examples=100)
@given(st.data(), DEVICES)
def test_reshape_of_any_layout(data, device):
    """A view where NumPy can make one, else a copy; the same elements always."""
    shape = data.draw(shapes.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    steps = data.draw(shapes.basic_indices(shape, allow_newaxis=True))
    array = np.asarray(numbered(shape)[steps])
    x = tensor(numbered(shape), device)[steps]
    order = data.draw(st.permutations(range(array.ndim)))
    array, x = array.transpose(order), x.permute(order)
    count = array.size
    sizes = data.draw(st.sampled_from([n for n in range(1, count + 1) if count % n == 0] or [1]))
    target = (sizes, -1) if count else (0, 3)
    target = data.draw(st.sampled_from([target, (-1,) if count else (0,), array.shape[::-1]]))
    same(x.reshape(target), array.reshape(target))
    if device == "cpu" and array.ndim:
        viewed = np.shares_memory(x.reshape(target).array, x.array)
        assert viewed == np.shares_memory(array.reshape(target), array)


def test_on_a_gpu_an_index_out_of_range_is_nan_and_its_write_is_left_out():
    x = tensor(numbered((3, 4)), "cuda")
    rows, columns = mg.tensor([0, 3, -4, -1]).cuda(), mg.tensor([-4, 0, 1, 7]).cuda()
    found = x[rows, columns].tolist()
    assert found[0] == 1 and np.isnan(found[1:]).all()
    x[rows, columns] = 100.0
    x[mg.tensor([1, 5]).cuda()] = -1.0
    expected = numbered((3, 4))
    expected[0, 0], expected[1] = 100, -1
    same(x, expected)


def test_an_index_on_the_cpu_goes_where_the_tensor_is():
    x = tensor(numbered((3, 2)), "cuda")
    same(x[mg.tensor([2, 0])], numbered((3, 2))[[2, 0]])
    with pytest.raises(mg.RangeError):
        x[[0, 3]]
    with pytest.raises(mg.DeviceError):
        x.cpu()[mg.tensor([0]).cuda()]
