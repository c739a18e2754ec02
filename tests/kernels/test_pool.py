"""Pooling: CPU against reference against PyTorch."""

import itertools

import numpy as np
import pytest

from minigrad.kernels.cpu import jit
from minigrad.kernels.cpu import pool as cpu
from minigrad.kernels.reference import pool as reference

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")

# N, C, H, W, kernel_size, stride, padding, dilation (max only), output size (with ceil_mode)
CASES = [
    (2, 3, 9, 8, (2, 2), (2, 2), (0, 0), (1, 1), (4, 4)),
    (1, 40, 7, 9, (3, 2), (3, 2), (0, 0), (1, 1), (2, 4)),
    (2, 9, 9, 8, (3, 2), (2, 3), (1, 1), (1, 2), (5, 3)),
    (1, 20, 7, 10, (3, 3), (2, 2), (1, 1), (1, 1), (4, 6)),
    (0, 3, 6, 6, (2, 2), (2, 2), (0, 0), (1, 1), (3, 3)),
]


def arrange(values, layout):
    if layout == "last":
        return np.ascontiguousarray(values.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    return np.repeat(values, 2, axis=3)[..., ::2] if layout == "strided" else values


def image(shape, dtype, layout, kind="plain"):
    rng = np.random.default_rng(len(kind))
    x = rng.standard_normal(shape).astype(dtype)
    if kind == "ties":
        x = np.round(x)
    if kind == "non-finite":
        for value, share in ((np.nan, 0.2), (-np.inf, 0.5), (np.inf, 0.1)):
            x[rng.random(shape) < share] = value
    x = arrange(x, layout)
    x.flags.writeable = False
    return x


def max_pool(module, x, output, attrs, layout):
    out = arrange(np.full((*x.shape[:2], *output), np.nan, x.dtype), layout)
    index = arrange(np.full(out.shape, -1, np.int32), layout)
    module.max_pool2d(out, index, x, **attrs)
    gathered, scattered = np.full_like(out, np.nan), np.full_like(x, np.nan)
    module.max_pool2d_gather(gathered, x, index)
    np.testing.assert_array_equal(gathered, out)
    g = arrange(np.arange(out.size, dtype=x.dtype).reshape(out.shape), layout)
    module.max_pool2d_scatter(scattered, g, index)
    if attrs["kernel_size"] == attrs["stride"]:
        cells = np.full_like(x, np.nan)
        module.max_pool2d_scatter(cells, g, index, apart=attrs["stride"])
        np.testing.assert_array_equal(cells, scattered)
    return out, index, scattered


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("layout", ["first", "last", "strided"])
@pytest.mark.parametrize("kind", ["plain", "ties", "non-finite"])
def test_max_pool(case, layout, kind):
    N, C, H, W, kernel_size, stride, padding, dilation, output = case
    attrs = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    for dtype in ("f4", "f8"):
        x = image((N, C, H, W), dtype, layout, kind)
        expected = max_pool(reference, x, output, attrs, layout)
        for actual, wanted in zip(max_pool(cpu, x, output, attrs, layout), expected, strict=True):
            np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("kind", ["plain", "ties", "non-finite"])
def test_max_pool_is_torch(case, kind):
    torch = pytest.importorskip("torch")
    N, C, H, W, kernel_size, stride, padding, dilation, output = case
    attrs = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    x = image((N, C, H, W), "f4", "first", kind)
    out, index, _ = max_pool(reference, x, output, attrs, "first")
    given = torch.tensor(x)
    values, indices = torch.nn.functional.max_pool2d(
        given, kernel_size, stride, padding, dilation, case == CASES[3], return_indices=True
    )
    np.testing.assert_array_equal(out, values.numpy())
    np.testing.assert_array_equal(index, indices.numpy())


def avg_pool(module, x, output, attrs, layout):
    out = arrange(np.full((*x.shape[:2], *output), np.nan, x.dtype), layout)
    module.avg_pool2d(out, x, **attrs)
    g = arrange(np.arange(out.size, dtype=x.dtype).reshape(out.shape) / 7, layout)
    grad = np.full_like(x, np.nan)
    module.avg_pool2d_input_grad(grad, g, **attrs)
    return out, grad, g


@pytest.mark.parametrize("case", CASES, ids=str)
def test_avg_pool(case):
    N, C, H, W, kernel_size, stride, padding, _, _ = case
    ceil_mode = case == CASES[3]
    output = [
        ((-1 if ceil_mode else 1) * (size + 2 * p - k) // s) * (-1 if ceil_mode else 1) + 1
        for size, p, k, s in zip((H, W), padding, kernel_size, stride, strict=True)
    ]
    for layout, count_include_pad, divisor, dtype in itertools.product(
        ("first", "last", "strided"), (True, False), (None, 5), ("f4", "f8")
    ):
        attrs = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
        attrs |= {"count_include_pad": count_include_pad, "divisor_override": divisor}
        x = image((N, C, H, W), dtype, layout)
        out, grad, g = avg_pool(cpu, x, output, attrs, layout)
        expected_out, expected_grad, _ = avg_pool(reference, x, output, attrs, layout)
        np.testing.assert_allclose(out, expected_out, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(grad, expected_grad, rtol=1e-5, atol=1e-6)
        if layout == "first":
            check_avg_pool_with_torch(x, out, grad, g, attrs, ceil_mode)


def check_avg_pool_with_torch(x, out, grad, g, attrs, ceil_mode):
    torch = pytest.importorskip("torch")
    given = torch.tensor(x, requires_grad=True)
    wanted = torch.nn.functional.avg_pool2d(given, ceil_mode=ceil_mode, **attrs)
    wanted.backward(torch.tensor(g))
    np.testing.assert_allclose(out, wanted.detach().numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(grad, given.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_a_window_without_elements():
    """Dilation can step over a whole image: -inf, at an index that is safe to read."""
    attrs = {"kernel_size": (2, 2), "stride": (1, 1), "padding": (1, 1), "dilation": (2, 2)}
    for module in (reference, cpu):
        x = np.ones((1, 4, 1, 1), "f4")
        out, index = np.empty((1, 4, 1, 1), "f4"), np.empty((1, 4, 1, 1), "i4")
        module.max_pool2d(out, index, x, **attrs)
        assert (out == -np.inf).all() and (index == 0).all()


def test_non_finite_averages():
    x = image((2, 9, 8, 8), "f4", "last", "non-finite")
    attrs = {"kernel_size": (3, 3), "stride": (2, 2), "padding": (1, 1)}
    attrs |= {"count_include_pad": True, "divisor_override": None}
    with np.errstate(all="ignore"):
        results = [avg_pool(module, x, (4, 4), attrs, "last")[0] for module in (cpu, reference)]
    np.testing.assert_allclose(*results, rtol=1e-5)
