"""Convolution: CPU against reference against PyTorch, and the adjoint identities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels.cpu import conv as cpu
from minigrad.kernels.cpu import jit
from minigrad.kernels.reference import conv as reference

pytestmark = pytest.mark.skipif(not jit.available(), reason="needs Numba")
LAYOUTS = ["first", "last", "strided"]


def random(shape, dtype, layout="first", seed=0):
    values = np.random.default_rng(seed).standard_normal(shape).astype(dtype)
    if layout == "last":
        return np.ascontiguousarray(values.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    return np.repeat(values, 2, axis=3)[..., ::2] if layout == "strided" else values


def output_shape(x, weight, stride, padding, dilation):
    sizes = [
        (x.shape[2 + i] + 2 * padding[i] - dilation[i] * (weight.shape[2 + i] - 1) - 1) // stride[i]
        for i in range(2)
    ]
    return (x.shape[0], weight.shape[0], sizes[0] + 1, sizes[1] + 1)


def run(module, x, weight, g, layout, attrs, biases=(None, None)):
    """Forward and both gradients, into poisoned outputs."""
    outs = [random(array.shape, x.dtype, layout) * np.nan for array in (g, x)]
    outs.append(np.full(weight.shape, np.nan, x.dtype))
    module.conv2d(outs[0], x, weight, biases[0], **attrs)
    module.conv2d_input_grad(outs[1], g, weight, biases[1], **attrs)
    module.conv2d_weight_grad(outs[2], x, g, **attrs)
    return outs


def assert_close(actual, expected):
    tolerance = 1e-4 if actual.dtype == np.float32 else 1e-11
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=1)
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


# N, C, H, W, CO, kernel, stride, padding, dilation, groups
CASES = [
    (2, 1, 9, 8, 5, (3, 3), (1, 1), (0, 0), (1, 1), 1),
    (2, 3, 9, 8, 40, (3, 2), (2, 1), (1, 2), (1, 1), 1),
    (2, 100, 5, 200, 33, (3, 3), (1, 1), (1, 1), (1, 1), 1),  # pieces of a panel, bands of rows
    (1, 32, 7, 20, 16, (3, 3), (2, 3), (1, 1), (1, 2), 1),
    (3, 4, 11, 8, 34, (3, 3), (1, 1), (2, 1), (2, 1), 2),
    (2, 9, 11, 13, 9, (3, 2), (2, 1), (1, 1), (1, 2), 9),
    (2, 6, 5, 5, 12, (1, 1), (1, 1), (0, 0), (1, 1), 6),
    (0, 2, 7, 7, 3, (2, 2), (1, 1), (0, 0), (1, 1), 1),
    (2, 0, 4, 4, 3, (2, 2), (1, 1), (0, 0), (1, 1), 1),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cpu_is_reference(case, dtype):
    N, C, H, W, CO, kernel, stride, padding, dilation, groups = case
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    weight = random((CO, C // groups, *kernel), dtype, seed=1)
    for layout in LAYOUTS:
        x = random((N, C, H, W), dtype, layout)
        g = random(output_shape(x, weight, stride, padding, dilation), dtype, layout, seed=2)
        for array in (x, weight, g):
            array.flags.writeable = False
        biases = [random((channels, 1, 1, 1), dtype).reshape(-1) for channels in (CO, C)]
        for both in ((None, None), biases):
            for actual, expected in zip(
                run(cpu, x, weight, g, layout, attrs, both),
                run(reference, x, weight, g, layout, attrs, both),
                strict=True,
            ):
                assert_close(actual, expected)


@pytest.mark.parametrize("case", [c for c in CASES if c[0] and c[1]], ids=str)
def test_reference_is_torch(case):
    torch = pytest.importorskip("torch")
    N, C, H, W, CO, kernel, stride, padding, dilation, groups = case
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    x, weight = random((N, C, H, W), "f8"), random((CO, C // groups, *kernel), "f8", seed=1)
    tx, tw = torch.tensor(x, requires_grad=True), torch.tensor(weight, requires_grad=True)
    ty = torch.nn.functional.conv2d(tx, tw, None, **attrs)
    g = random(tuple(ty.shape), "f8", seed=2)
    ty.backward(torch.tensor(g))
    y, dx, dw = run(reference, x, weight, g, "first", attrs)
    assert_close(y, ty.detach().numpy())
    assert_close(dx, tx.grad.numpy())
    assert_close(dw, tw.grad.numpy())


small = st.integers(1, 3)
pairs = st.tuples(small, small)


@settings(max_examples=60, deadline=None)
@given(
    small,
    small,
    small,
    st.integers(1, 20),
    pairs,
    pairs,
    pairs,
    st.tuples(*[st.integers(0, 2)] * 2),
)
def test_gradients_are_adjoints(groups, C, N, CO, kernel, stride, dilation, padding):
    """<conv(x, w), g> = <x, input_grad(g, w)> = <w, weight_grad(x, g)>, whatever the shapes."""
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    H, W = (d * (k - 1) + 1 + i for d, k, i in zip(dilation, kernel, (3, 8), strict=True))
    x = random((N, C * groups, H, W), "f8", "last")
    weight = random((CO * groups, C, *kernel), "f8", seed=1)
    g = random(output_shape(x, weight, stride, padding, dilation), "f8", "last", seed=2)
    y, dx, dw = run(cpu, x, weight, g, "last", attrs)
    np.testing.assert_allclose([(x * dx).sum(), (weight * dw).sum()], (y * g).sum(), atol=1e-9)


def test_non_finite_inputs_reach_the_outputs_they_should():
    attrs = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    x, weight = random((2, 3, 8, 9), "f4", "last"), random((5, 3, 3, 3), "f4", seed=1)
    x[0, 1, 4, 4], x[1, 2, 0, 0] = np.nan, np.inf
    g = random((2, 5, 6, 7), "f4", "last", seed=2)
    g[1, 3, 2, 2] = np.nan
    with np.errstate(all="ignore"):
        for actual, expected in zip(
            run(cpu, x, weight, g, "last", attrs),
            run(reference, x, weight, g, "last", attrs),
            strict=True,
        ):
            np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
            assert_close(actual, expected)


@pytest.mark.parametrize("groups", [1, 32])
def test_same_bits_for_any_number_of_threads(groups):
    attrs = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": groups}
    x, weight = random((9, 32, 28, 28), "f4", "last"), random((32, 32 // groups, 3, 3), "f4")
    g = random(x.shape, "f4", "last", seed=2)
    threads = jit.get_num_threads()
    results = []
    for count in (1, 2, 5):
        jit.set_num_threads(count)
        results.append([out.tobytes() for out in run(cpu, x, weight, g, "last", attrs)])
    jit.set_num_threads(threads)
    assert results[0] == results[1] == results[2]
