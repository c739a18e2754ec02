"""default_collate against PyTorch's, and its errors."""

from collections import namedtuple

import numpy as np
import pytest

from minigrad.data import default_collate
from minigrad.errors import ArgumentError, DTypeError, GradientError, ShapeError
from minigrad.tensor import Tensor

Point = namedtuple("Point", ["x", "y"])

BATCHES = {
    "arrays": [np.float32([1, 2]), np.float32([3, 4])],
    "0-d arrays": [np.array(1), np.array(2)],
    "numpy scalars": [np.int16(1), np.int16(2)],
    "floats": [0.5, 1.5],
    "integers": [1, 2],
    "booleans": [True, False],
    "strings": ["a", "b"],
    "bytes": [b"a", b"b"],
    "tuples": [(1, np.zeros(2)), (2, np.ones(2))],
    "lists": [[1, 2.0], [3, 4.0]],
    "dicts": [{"a": 1, "b": [1.0]}, {"b": [2.0], "a": 2}],
    "named tuples": [Point(1, np.zeros(3, np.uint8)), Point(2, np.ones(3, np.uint8))],
}


def assert_same(ours, theirs):
    if isinstance(ours, Tensor):
        assert ours.array.dtype == theirs.numpy().dtype
        assert np.array_equal(ours.array, theirs.numpy())
        return
    assert type(ours) is type(theirs)
    if isinstance(ours, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(ours, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    else:
        assert ours == theirs


@pytest.mark.parametrize("samples", BATCHES.values(), ids=BATCHES)
def test_collate_is_pytorch_s(samples):
    torch_data = pytest.importorskip("torch.utils.data")
    assert_same(default_collate(samples), torch_data.default_collate(samples))


def test_tensors_are_stacked_on_a_new_first_dimension():
    batch = default_collate([Tensor(np.array([[1.0, 2.0]])), Tensor(np.array([[3.0, 4.0]]))])
    assert batch.shape == (2, 1, 2) and batch.array.tolist() == [[[1, 2]], [[3, 4]]]


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        (
            [np.zeros((3, 20)), np.zeros((3, 24))],
            ShapeError,
            r"sample 1 has shape \(3, 24\), sample 0 \(3, 20\). Pad or crop",
        ),
        ([{"a": (1, [2])}, {"a": (1, [2, 3])}], ShapeError, r"field \['a'\]\[1\]: sample 1 has 2"),
        ([{"a": 1}, {"b": 1}], ShapeError, r"sample 1 has the keys \['b'\], sample 0 \['a'\]"),
        ([np.float32([1]), np.float64([1])], DTypeError, "sample 1 is float64, sample 0 float32"),
        ([1, 2.5], DTypeError, "sample 1 is a float, sample 0 a int"),
        ([(1, None), (2, None)], DTypeError, r"field \[1\] a NoneType"),
        ([Tensor(np.ones(1)).requires_grad_()], GradientError, "detach"),
        ([], ArgumentError, "at least one sample"),
    ],
)
def test_samples_that_do_not_fit(samples, error, message):
    with pytest.raises(error, match=message):
        default_collate(samples)
