"""NumPy's functions on tensors: docs/numpy.md."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad.interop import FUNCTIONS, UFUNCS

RANDOM = np.random.default_rng(0)
A = RANDOM.uniform(0.2, 0.9, (3, 4))
B = RANDOM.uniform(0.2, 0.9, (3, 4))
SQUARE = A[:, :3] + 2 * np.eye(3)


def checked(function, *arrays):
    """The same call on arrays and on tensors: equal values, Tensors, and a gradient if float."""
    expected = function(*arrays)
    tensors = [mg.tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]
    found = function(*tensors)
    several = isinstance(expected, (tuple, list))
    for theirs, ours in zip(expected if several else [expected], found if several else [found]):
        assert isinstance(ours, mg.Tensor)
        np.testing.assert_allclose(ours.detach().numpy(), theirs, 1e-12, 1e-12)
        if ours.requires_grad:
            ours.sum().backward(retain_graph=True)
    return found


UNARY = sorted({u.__name__ for u, method in UFUNCS if method == "__call__" and u.nin == 1})
BINARY = sorted({u.__name__ for u, method in UFUNCS if method == "__call__" and u.nin == 2})


@pytest.mark.parametrize("name", UNARY)
def test_unary_ufuncs(name):
    ufunc = getattr(np, name)
    x = A + 1 if name == "arccosh" else A
    checked(ufunc, (A * 10).astype(int) if name in ("invert", "bitwise_not") else x)


@pytest.mark.parametrize("name", BINARY)
def test_binary_ufuncs(name):
    ufunc = getattr(np, name)
    integers = name.startswith("bitwise") or name in ("gcd", "lcm", "left_shift", "right_shift")
    a, b = ((A * 10).astype(int), (B * 5).astype(int)) if integers else (A, B)
    if name == "ldexp":
        b = (B * 5).astype(int)
    if name == "matmul":
        b = B.T
    checked(ufunc, a, b)


CALLS = {
    "sum": lambda x: np.sum(x, axis=0, keepdims=True),
    "mean": lambda x: np.mean(x, axis=(0, 1)),
    "prod": lambda x: np.prod(x, axis=1),
    "prod of all": lambda x: np.prod(x),
    "var": lambda x: np.var(x, axis=0, ddof=1),
    "std": lambda x: np.std(x),
    "median": lambda x: np.median(x, axis=1),
    "quantile": lambda x: np.quantile(x, 0.3, axis=0),
    "percentile": lambda x: np.percentile(x, 30),
    "max": lambda x: np.max(x, axis=1),
    "min": lambda x: np.min(x),
    "argmax": lambda x: np.argmax(x, axis=0),
    "cumsum": lambda x: np.cumsum(x),
    "cumprod": lambda x: np.cumprod(x, axis=1),
    "diff": lambda x: np.diff(x, axis=0),
    "sort": lambda x: np.sort(x, axis=None),
    "argsort": lambda x: np.argsort(x, axis=0),
    "clip": lambda x: np.clip(x, 0.3, None),
    "round": lambda x: np.round(x, 1),
    "reshape": lambda x: np.reshape(x, (2, -1)),
    "ravel": lambda x: np.ravel(x),
    "transpose": lambda x: np.transpose(x),
    "expand_dims": lambda x: np.expand_dims(x, (0, 2)),
    "squeeze": lambda x: np.squeeze(x[:1], axis=0),
    "concatenate": lambda x: np.concatenate([x, x], axis=1),
    "concatenate flat": lambda x: np.concatenate([x, x], axis=None),
    "stack": lambda x: np.stack([x, x], 1),
    "vstack": lambda x: np.vstack([x, x]),
    "array_split": lambda x: np.array_split(x, 3, axis=1),
    "split": lambda x: np.split(x, [1, 2]),
    "repeat": lambda x: np.repeat(x, 2, axis=0),
    "tile": lambda x: np.tile(x, (2, 1)),
    "roll": lambda x: np.roll(x, 1, 0),
    "flip": lambda x: np.flip(x, (0, 1)),
    "take": lambda x: np.take(x, [0, 2], axis=1),
    "nonzero": lambda x: np.nonzero(x > 0.5),
    "where": lambda x: np.where(x > 0.5, x, 0.0),
    "dot": lambda x: np.dot(x, x.T),
    "tensordot": lambda x: np.tensordot(x, x, ([1], [1])),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, x),
    "trace": lambda x: np.trace(x, 1),
    "diagonal": lambda x: np.diagonal(x),
    "tril": lambda x: np.tril(x),
    "norm": lambda x: np.linalg.norm(x, axis=1),
    "rfft": lambda x: np.abs(np.fft.rfft(x, axis=0)),
    "fftshift": lambda x: np.fft.fftshift(x, axes=1),
    "add.reduce": lambda x: np.add.reduce(x),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
    "add.accumulate": lambda x: np.add.accumulate(x, axis=1),
}


@pytest.mark.parametrize("name", CALLS)
def test_functions(name):
    checked(CALLS[name], A)


def test_linear_algebra():
    checked(lambda a: np.linalg.inv(a), SQUARE)
    checked(lambda a: np.linalg.det(a), SQUARE)
    checked(lambda a: np.linalg.solve(a, a[:, :1]), SQUARE)


def test_other_functions_compute_with_the_values():
    x = mg.tensor(A)
    assert isinstance(np.interp(x[0], [0, 1], [0, 2]), np.ndarray)
    assert isinstance(np.sum(x, axis=0, where=A > 0.5), np.ndarray)
    x.requires_grad_()
    for refused in (lambda: np.interp(x[0], [0, 1], [0, 2]), lambda: np.asarray(x)):
        with pytest.raises(mg.GradientError, match="detach"):
            refused()
    with pytest.raises(mg.DeviceError, match="cpu"):
        np.interp(mg.ones(2, device="cuda"), [0, 1], [0, 2])


def test_arrays_and_operators():
    x = mg.tensor(A, requires_grad=True)
    assert isinstance(A * x, mg.Tensor) and (A * x).requires_grad
    assert isinstance(np.float64(2) * x, mg.Tensor)
    array = A.copy()
    array += mg.tensor(B)
    assert type(array) is np.ndarray and np.array_equal(array, A + B)
    with pytest.raises(mg.GradientError, match="detach"):
        array += x
    assert np.array_equal(array, A + B)
    out = np.empty_like(A)
    assert np.add(A, mg.tensor(B), out=out) is out


def test_every_entry_is_a_function_of_numpy():
    assert all(callable(f) for f in FUNCTIONS) and len(FUNCTIONS) > 100 and len(UFUNCS) > 80
