"""What minigrad promises of its values, promise by promise, each against an adversary."""

import gc
import os
import subprocess
import sys
import threading
import weakref
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import inf, nan

import minigrad as mg
import minigrad.nn.functional as F


def leaf(values, dtype=mg.float64, device="cpu"):
    return mg.tensor(values, dtype=dtype, device=device).requires_grad_()


def gradient(function, *inputs, **options):
    return [g.numpy(force=True) for g in mg.grad(function(*inputs).sum(), inputs, **options)]


# Singular slopes -----------------------------------------------------------------------------

# name: (function, a point where its slope is not finite)
SINGULAR = {
    "sqrt": (lambda x: x.sqrt(), 0.0),
    "sqrt outside its domain": (lambda x: x.sqrt(), -1.0),
    "log": (lambda x: x.log(), 0.0),
    "log1p": (lambda x: x.log1p(), -1.0),
    "1 / x": (lambda x: 1 / x, 0.0),
    "x / x": (lambda x: x / x, 0.0),
    "x ** 0.5": (lambda x: x**0.5, 0.0),
    "x ** -1": (lambda x: x**-1, 0.0),
    "x ** 0.3": (lambda x: x**0.3, 0.0),
    "x ** y": (lambda x: x ** mg.tensor(0.5, dtype=mg.float64), 0.0),
    "y ** x": (lambda x: x.detach() ** x, 0.0),
    "log2": (lambda x: x.log2(), 0.0),
    "log10": (lambda x: x.log10(), 0.0),
    "rsqrt": (lambda x: x.rsqrt(), 0.0),
    "reciprocal": (lambda x: x.reciprocal(), 0.0),
    "asin": (lambda x: (x / 4).asin(), -4.0),
    "acos": (lambda x: (x / 4).acos(), -4.0),
    "acosh": (lambda x: x.acosh(), 1.0),
    "acosh outside its domain": (lambda x: x.acosh(), -1.0),
    "atanh": (lambda x: (x / 4).atanh(), -4.0),
    "atan2": (lambda x: mg.atan2(x, x), 0.0),
    "atan2 at infinity": (lambda x: mg.atan2(x, x), -inf),
    "hypot": (lambda x: mg.hypot(x, x), 0.0),
    "xlogy": (lambda x: mg.xlogy(x, x), 0.0),
    "logit": (lambda x: (x / 4).logit(), 0.0),
    "logit outside its domain": (lambda x: (x / 4).logit(), -4.0),
    "float_power": (lambda x: mg.float_power(x, 0.5), 0.0),
    "logaddexp": (lambda x: mg.logaddexp(x, x), -inf),
    "logaddexp2": (lambda x: mg.logaddexp2(x, x), -inf),
    "copysign": (lambda x: mg.copysign(x, -x), -inf),
    "remainder": (lambda x: mg.remainder(3.0, x), 0.0),
    "fmod": (lambda x: mg.fmod(x * 3, x), 0.0),
    "addcdiv": (lambda x: mg.addcdiv(x, x, x), 0.0),
    "std": (lambda x: mg.stack([x, x]).std(0), 0.0),
    "sqrt of log": (lambda x: x.log().sqrt(), 0.0),
    "exp where it overflows": (lambda x: x.exp(), 800.0),
    "exp2": (lambda x: x.exp2(), 2000.0),
    "expm1": (lambda x: x.expm1(), 800.0),
    "sinh": (lambda x: x.sinh(), -800.0),
    "cosh": (lambda x: x.cosh(), 800.0),
    "sin at infinity": (lambda x: x.sin(), inf),
    "cos at infinity": (lambda x: x.cos(), -inf),
    "tan at infinity": (lambda x: x.tan(), inf),
    "i0": (lambda x: x.i0(), 800.0),
    "i1": (mg.special.i1, 800.0),
    "erfcx": (mg.special.erfcx, -800.0),
    "erfinv": (lambda x: (x / 4).erfinv(), -4.0),
    "ndtri": (lambda x: mg.special.ndtri(x / 4), 0.0),
    "entr": (mg.special.entr, 0.0),
    "log_ndtr": (mg.special.log_ndtr, -inf),
    "xlog1py": (lambda x: mg.special.xlog1py(x, x), -1.0),
    "zeta": (lambda x: mg.special.zeta(x.detach(), x), 0.0),
    "lgamma": (lambda x: x.lgamma(), -2.0),
    "digamma": (lambda x: x.digamma(), 0.0),
    "polygamma": (lambda x: mg.polygamma(1, x), 0.0),
    "mvlgamma": (lambda x: mg.mvlgamma(x, 2), 0.5),
    "igamma": (lambda x: mg.igamma(mg.full_like(x, 0.5), x), 0.0),
    "rounded quotient": (lambda x: mg.remainder(x * 3, x), 0.0),
    "norm": (lambda x: mg.linalg.vector_norm(mg.stack([x, x]), dim=0), 0.0),
    "norm of power 0.5": (lambda x: mg.linalg.vector_norm(mg.stack([x, x]), 0.5, 0), 0.0),
    "norm of power 3": (lambda x: mg.linalg.vector_norm(mg.stack([x, x]), 3, 0), 0.0),
    "Frobenius norm": (lambda x: mg.linalg.matrix_norm(x[:, None, None] * x.new_ones(2)), 0.0),
    "nuclear norm": (lambda x: mg.linalg.matrix_norm(x[:, None, None] * x.new_ones(2), "nuc"), 0.0),
    "spectral norm": (lambda x: mg.linalg.matrix_norm(x[:, None, None] * x.new_ones(2), 2), 0.0),
    "normalize": (lambda x: F.normalize(mg.stack([x, 2 * x], 1))[:, 0] + x, 0.0),
    "cosine_similarity": (
        lambda x: F.cosine_similarity(mg.stack([x, x * x], 1), x.new_ones(2)),
        0.0,
    ),
    "pairwise_distance": (lambda x: F.pairwise_distance(x[:, None], x[:, None] * 2, eps=0), 0.0),
    "cdist": (lambda x: mg.cdist(x[:, None], x[:, None] * 2).diagonal(), 0.0),
    "cdist by product": (
        lambda x: mg.cdist(
            x[:, None], x[:, None] * 2, compute_mode="use_mm_for_euclid_dist"
        ).diagonal(),
        0.0,
    ),
    "lp_pool": (lambda x: F.lp_pool1d(mg.stack([x, x], 1)[:, None], 3, 2)[:, 0, 0], 0.0),
    "complex abs": (lambda x: mg.complex(x, x).abs(), 0.0),
    "complex angle": (lambda x: mg.complex(x, 2 * x).angle() + x, 0.0),
    "rms_norm": (lambda x: F.rms_norm(mg.stack([x, x * x], 1), (2,), eps=0.0)[:, 0], 0.0),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_zero_cotangent_contributes_zero(name, device):
    function, point = SINGULAR[name]
    x = leaf([point, 2.0], device=device)
    kept = mg.tensor([False, True], device=x.device)
    (g,) = gradient(lambda x: mg.where(kept, function(x), x * 3), x)
    (smooth,) = gradient(function, leaf([2.0], device=device))
    np.testing.assert_allclose(g, [3, smooth[0]])


FIRST_ONLY = {"atan2 at infinity", "logaddexp", "logaddexp2", "erfcx"}  # products of infinities


@pytest.mark.parametrize("name", [n for n in SINGULAR if n not in FIRST_ONLY])
def test_a_zero_cotangent_contributes_zero_to_second_derivatives(name):
    function, point = SINGULAR[name]
    x = leaf([point, 2.0])
    kept = mg.tensor([False, True], device=x.device)
    (g,) = mg.grad(mg.where(kept, function(x), x * 3).sum(), x, create_graph=True)
    smooth = leaf([2.0])
    (first,) = mg.grad(function(smooth).sum(), smooth, create_graph=True)
    if g.requires_grad:
        (h,) = mg.grad((g * g).sum(), x)
        (expected,) = mg.grad((first * first).sum(), smooth)
        np.testing.assert_allclose(h.numpy(), [0, expected.numpy()[0]], rtol=1e-7, atol=1e-9)


def test_second_derivatives_beside_a_singularity():
    x = leaf([0.0, 4.0])
    y = mg.where(x > 0, x.sqrt(), x)
    (g,) = mg.grad(y.sum(), x, create_graph=True)
    (h,) = mg.grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), [0, -1 / 32])


@pytest.mark.parametrize(
    ("function", "point", "slope"),
    [
        (mg.rsqrt, -0.0, inf), (mg.rsqrt, 0.0, -inf), (mg.rsqrt, inf, -0.0), (mg.rsqrt, -1.0, nan),
        (mg.reciprocal, -0.0, -inf), (mg.reciprocal, inf, -0.0), (mg.exp, inf, inf),
        (mg.exp, -inf, 0.0), (mg.sin, inf, nan), (mg.tan, nan, nan), (mg.special.erfcx, inf, nan),
        (mg.erfinv, 1.0, inf), (mg.erfinv, 2.0, nan), (lambda x: x**3.0, 0.0, 0.0),
        (lambda x: x ** mg.tensor(0.0), 0.0, 0.0), (lambda x: x ** mg.tensor(0.5), 0.0, inf),
    ],
)  # fmt: skip
def test_slopes_that_are_used_are_pytorchs(function, point, slope):
    np.testing.assert_array_equal(gradient(function, leaf([point]))[0], [slope])


def test_an_infinite_slope_that_is_used_stays_infinite():
    assert gradient(lambda x: x.sqrt(), leaf([0.0]))[0] == inf
    assert gradient(lambda x: x.log(), leaf([0.0]))[0] == inf


SLOPED = [
    mg.sqrt, mg.log, mg.exp, mg.log2, mg.log10, mg.log1p, mg.rsqrt, mg.reciprocal,
    lambda x: (x / 4).atanh(), lambda x: (x + 1).acosh(),
    lambda x: 1 / x, lambda x: x**1.5, lambda x: (x / 4).asin(), lambda x: (x / 4).acos(),
    lambda x: mg.atan2(x, x + 1), lambda x: mg.hypot(x, x), lambda x: mg.xlogy(x, x), mg.sinc,
    lambda x: (x / 4).logit(), lambda x: mg.float_power(x, 1.5), lambda x: mg.logaddexp(x, 2 * x),
    lambda x: mg.remainder(3.0, x), lambda x: mg.lerp(x, x * x, x),
    mg.expm1, mg.exp2, mg.sinh, mg.cosh, mg.sin, mg.cos, mg.tan, mg.erf, mg.i0, mg.special.i1,
    mg.special.erfcx, lambda x: (x / 4).erfinv(), lambda x: mg.special.ndtri(x / 4),
    mg.special.entr, mg.special.log_ndtr, lambda x: mg.special.xlog1py(x, x), mg.lgamma,
    lambda x: mg.special.zeta(mg.full_like(x.detach(), 2.5), x), mg.digamma,
    lambda x: mg.polygamma(1, x), lambda x: mg.igamma(mg.full_like(x, 0.5), x),
    lambda x: mg.fmod(3 * x + 1, x), lambda x: mg.copysign(x, -x), lambda x: x**x,
    lambda x: mg.addcdiv(x, x, x * x), lambda x: mg.complex(x, x * x).abs(),
    lambda x: mg.complex(x, x * x).angle(), lambda x: mg.acosh(x + 1), mg.atan, mg.asinh,
]  # fmt: skip


@pytest.mark.parametrize("function", SLOPED)
def test_finite_slopes_are_not_masked(function):
    """jvp by two backward passes starts from a zero cotangent and needs the slope all the same."""
    x, v = leaf([0.5, 2.0]), mg.tensor([1.0, -3.0], dtype=mg.float64)
    u = leaf([0.0, 0.0])
    (pulled,) = mg.grad(function(x), x, u, create_graph=True)
    (jvp,) = mg.grad(pulled, u, v)
    (slope,) = gradient(function, x)
    np.testing.assert_allclose(jvp.numpy(), slope * v.numpy())


# NaN in, NaN out -----------------------------------------------------------------------------

NAN_OUT = {
    "sum": lambda x: x.sum(), "mean": lambda x: x.mean(), "var": lambda x: x.var(),
    "max": lambda x: x.max(), "min": lambda x: x.min(), "amax": lambda x: x.amax(1).amax(0),
    "max along": lambda x: x.max(1).values.max(0).values, "softmax": lambda x: x.softmax(1)[0, 1],
    "logsumexp": lambda x: x.logsumexp((0, 1)), "log_softmax": lambda x: x.log_softmax(1)[0, 0],
    "relu": lambda x: x.relu()[0, 1], "clamp": lambda x: x.clamp(0, 1)[0, 1],
    "maximum": lambda x: mg.maximum(x, x * 0 + 9)[0, 1], "sigmoid": lambda x: x.sigmoid()[0, 1],
    "minimum": lambda x: mg.minimum(x * 0 - 9, x)[0, 1], "matmul": lambda x: (x @ x.T)[0, 0],
    "max_pool2d": lambda x: F.max_pool2d(x[None], (2, 3))[0, 0, 0],
    "avg_pool2d": lambda x: F.avg_pool2d(x[None], (2, 3))[0, 0, 0],
    "conv2d": lambda x: F.conv2d(x[None], x[None, None] * 0 + 1)[0, 0, 0],
    "layer_norm": lambda x: F.layer_norm(x, (3,))[0, 0],
    "cross_entropy": lambda x: F.cross_entropy(x, x[:, 0].isnan().long() * 0 + 2),
    "prod": lambda x: x.prod(), "std": lambda x: x.std(), "var_mean": lambda x: mg.var_mean(x)[1],
    "median": lambda x: x.median(), "quantile": lambda x: x.quantile(0.1), 
    "norm": lambda x: x.norm(),
    "median along": lambda x: x.median(1).values[0], "aminmax": lambda x: x.aminmax().min,
    "quantile along": lambda x: x.quantile(0.9, 1)[0], "inf norm": lambda x: x.norm(float("inf")),
    "cumsum": lambda x: x.cumsum(1)[0, 2], "cumprod": lambda x: x.cumprod(1)[0, 2],
    "cummax": lambda x: x.cummax(1).values[0, 2], "cummin": lambda x: x.cummin(1).values[0, 2],
    "logcumsumexp": lambda x: x.logcumsumexp(1)[0, 2], "sort": lambda x: x.sort(1).values[0, 2],
    "sort down": lambda x: x.sort(1, descending=True).values[0, 0],
    "msort": lambda x: x.T.msort()[2, 0],
    "topk": lambda x: x.topk(1, 1).values[0, 0], "kthvalue": lambda x: x.kthvalue(3, 1).values[0],
    "max_pool1d": lambda x: F.max_pool1d(x, 3)[0, 0],
    "avg_pool1d": lambda x: F.avg_pool1d(x, 3)[0, 0],
    "max_pool3d": lambda x: F.max_pool3d(x[None, None], (1, 2, 3))[0, 0, 0, 0],
    "avg_pool3d": lambda x: F.avg_pool3d(x[None, None], (1, 2, 3))[0, 0, 0, 0],
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x[None], 1)[0, 0, 0],
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x[None], 1)[0, 0, 0],
    "lp_pool1d": lambda x: F.lp_pool1d(x, 2, 3)[0, 0], "batch_norm": lambda x: F.batch_norm(
        x[:, :, None], None, None, training=True).sum(),
    "scatter amax": lambda x: (x * 0 - 9).scatter_reduce(1, x.long() * 0, x, "amax")[0, 0],
    "index_reduce": lambda x: (x.T * 0).index_reduce(
        0, mg.zeros(3, dtype=mg.int64, device=x.device), x.T, "amin")[0, 0],
    "interpolate": lambda x: F.interpolate(x[None], 1, mode="area")[0, 0, 0],
    "trace": lambda x: (x @ x.T).trace(), "dist": lambda x: mg.dist(x, x * 0),
    "cdist": lambda x: mg.cdist(x, x)[0, 1], "embedding_bag": lambda x: F.embedding_bag(
        mg.zeros(1, 1, dtype=mg.int64, device=x.device), x, mode="max").sum(),
    "huber_loss": lambda x: F.huber_loss(x, x * 0),
}  # fmt: skip


@pytest.mark.parametrize("name", NAN_OUT)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_nan_in_nan_out(name, place, device):
    values = np.zeros((2, 3))
    values[0, place] = nan
    if place != 1 and name in ("relu", "clamp", "maximum", "minimum", "sigmoid"):
        values[0, 1] = nan
    assert np.isnan(NAN_OUT[name](mg.tensor(values, device=device)).item())


def test_the_index_of_a_maximum_is_that_of_the_first_nan(device):
    x = mg.tensor([[1.0, nan, 5.0, nan]], device=device)
    assert x.argmax(1).tolist() == x.argmin(1).tolist() == [1] and x.argmax().item() == 1
    assert x.max(1).indices.tolist() == [1] and mg.isnan(x.max(1).values).item()


# Sums, and 16 bits ---------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1])
def test_float32_sums_have_a_bounded_error(axis, device):
    """np.sum(axis=0) of 2**25 float32 ones is 2**24."""
    count = 1 << 25
    shape = (count, 1) if axis == 0 else (1, count)
    assert mg.ones(shape, device=device).sum(axis).item() == count
    x = np.random.default_rng(0).standard_normal((1 << 18, 2)).astype(np.float32)
    x = x if axis == 0 else x.T
    exact = x.astype(np.float64).sum(axis)
    found = mg.tensor(x, device=device).sum(axis).numpy(force=True)
    assert np.abs(found - exact).max() <= 2e-7 * np.abs(x).astype(np.float64).sum(axis).max()


@pytest.mark.parametrize("dtype", [mg.bfloat16, mg.float16])
def test_16_bit_floats_are_storage(dtype, device):
    ones = mg.ones(300, dtype=dtype, device=device)
    assert ones.sum().item() == 300 and ones.sum().dtype == dtype  # summed in bfloat16: 256
    assert (ones @ ones).item() == 300
    large = mg.full((4,), 300.0, dtype=mg.float16, device=device)
    assert (large * large).isinf().all() and large.var().item() == 0
    assert F.layer_norm(large, (4,)).tolist() == [0] * 4  # its squares overflow float16
    x = leaf([1.0, 2.0], dtype=dtype, device=device)
    (x * 2).sum().backward()
    assert x.grad.dtype == dtype


# Promotion -----------------------------------------------------------------------------------

# torch.promote_types, row by column.
CODES = {
    "b": mg.bool, "u1": mg.uint8, "i1": mg.int8, "i2": mg.int16, "i4": mg.int32, "i8": mg.int64,
    "f2": mg.float16, "bf": mg.bfloat16, "f4": mg.float32, "f8": mg.float64,
}  # fmt: skip
PROMOTED = """
    b  u1 i1 i2 i4 i8 f2 bf f4 f8
    u1 u1 i2 i2 i4 i8 f2 bf f4 f8
    i1 i2 i1 i2 i4 i8 f2 bf f4 f8
    i2 i2 i2 i2 i4 i8 f2 bf f4 f8
    i4 i4 i4 i4 i4 i8 f2 bf f4 f8
    i8 i8 i8 i8 i8 i8 f2 bf f4 f8
    f2 f2 f2 f2 f2 f2 f2 f4 f4 f8
    bf bf bf bf bf bf f4 bf f4 f8
    f4 f4 f4 f4 f4 f4 f4 f4 f4 f8
    f8 f8 f8 f8 f8 f8 f8 f8 f8 f8
"""


def test_promotion_of_tensors_with_dimensions():
    for a, row in zip(CODES, PROMOTED.strip().splitlines(), strict=True):
        for b, expected in zip(CODES, row.split(), strict=True):
            x, y = mg.ones(2, dtype=CODES[a]), mg.ones(2, dtype=CODES[b])
            assert (x * y).dtype == mg.promote_types(x.dtype, y.dtype) == CODES[expected], (a, b)


@pytest.mark.parametrize("scalar", [True, 2, 2.5])
def test_promotion_with_a_number(scalar):
    """A number matters only if its kind is higher."""
    for dtype in CODES.values():
        x = mg.ones(2, dtype=dtype)
        kinds = [type(scalar) is bool or dtype != mg.bool, dtype.kind not in "biu"]
        kept = kinds[1] or (type(scalar) is not float and kinds[0])
        other = mg.int64 if type(scalar) is int else mg.float32
        for result in (x * scalar, scalar * x, x.sum() * scalar if kinds[1] else x * scalar):
            assert result.dtype == (dtype if kept else other), (dtype, scalar)


def test_promotion_is_pytorchs():
    """All pairs of dtypes, with dimensions and without, and numbers."""
    torch = pytest.importorskip("torch")
    dtypes = {name: getattr(torch, str(dtype)) for name, dtype in CODES.items()}
    back = {dtype: CODES[name] for name, dtype in dtypes.items()}
    for a, b in [(a, b) for a in CODES for b in CODES]:
        for shape in ((2,), ()):
            for other in ((2,), ()):
                ours = mg.ones(shape, dtype=CODES[a]) * mg.ones(other, dtype=CODES[b])
                theirs = torch.ones(shape, dtype=dtypes[a]) * torch.ones(other, dtype=dtypes[b])
                assert ours.dtype == back[theirs.dtype], (a, shape, b, other)
        for number in (True, 2, 2.5):
            for shape in ((2,), ()):
                ours = mg.ones(shape, dtype=CODES[a]) * number
                theirs = torch.ones(shape, dtype=dtypes[a]) * number
                assert ours.dtype == back[theirs.dtype], (a, shape, number)


# The same bits -------------------------------------------------------------------------------

DIGESTS = """
import hashlib, sys
import minigrad as mg, minigrad.nn.functional as F
mg.set_num_threads(int(sys.argv[1]))
mg.manual_seed(0)
w = [mg.randn(*s, requires_grad=True) for s in ((256, 784), (16, 3, 3, 3), (50, 8), (2048,))]
x, image, label = mg.randn(64, 784), mg.randn(8, 3, 32, 32), mg.randint(0, 256, (64,))
outs = {
    "linear": F.linear(x, w[0]), "conv": F.max_pool2d(F.conv2d(image, w[1], padding=1), 2),
    "embedding": F.embedding(mg.randint(50, (64,)), w[2]),
    "layer_norm": F.layer_norm(mg.randn(300, 2048) * w[3], (2048,)),
    "matmul": mg.randn(300, 300) @ mg.randn(300, 300), "sum": (mg.randn(4096, 256) * 3).sum(0),
    "bmm": mg.randn(8, 40, 50) @ mg.randn(8, 50, 60), "mean": mg.randn(1 << 20).mean(),
    "dropout": F.dropout(mg.randn(300, 700), 0.3).softmax(1),
    "cross_entropy": F.cross_entropy(mg.randn(64, 256), label, reduction="none"),
    "conv3d": F.conv3d(mg.randn(2, 3, 7, 9, 8), mg.randn(5, 3, 3, 2, 3)),
    "depthwise": F.conv2d(mg.randn(4, 32, 20, 20), mg.randn(32, 1, 3, 3), groups=32),
    "std": mg.randn(700, 900).std(0), "norm": mg.randn(700, 900).norm(3, 1),
    "cumsum": mg.randn(40, 5000).cumsum(1), "logcumsumexp": mg.randn(40, 500).logcumsumexp(1),
    "sort": mg.randint(0, 9, (40, 500)).float().sort(1).indices, "prod": mg.randn(64, 64).prod(0),
    "batch_norm": F.batch_norm(mg.randn(8, 16, 20, 20), None, None, training=True),
    "avg_pool": F.avg_pool2d(mg.randn(4, 16, 33, 33), 3, 2, 1), "unique": label.unique(),
    "adaptive": F.adaptive_avg_pool2d(mg.randn(4, 16, 33, 33), 7),
    "scatter_add": mg.zeros(9, 64).scatter_add(0, label[None] % 9, mg.randn(1, 64)),
    "index_add": mg.zeros(9, 8).index_add(0, label % 9, mg.randn(64, 8)),
    "quantile": mg.randn(999).quantile(0.3),
    "interpolate": F.interpolate(mg.randn(2, 3, 9, 9), scale_factor=2.3, mode="bicubic"),
}
sum([(o * o).sum() for o in outs.values() if o.requires_grad]).backward()
names = ("linear weight", "conv weight", "embedding weight", "layer_norm weight")
outs |= dict(zip(names, [p.grad for p in w]))
for name, t in outs.items():
    print(name, hashlib.sha256(t.detach().numpy().tobytes()).hexdigest(), sep=":")
"""


@cache
def digests(threads, run):
    """What each result is in a new process, as a hash."""
    env = os.environ | {f"{blas}_NUM_THREADS": str(threads) for blas in ("OPENBLAS", "MKL", "OMP")}
    command = [sys.executable, "-c", DIGESTS, str(threads)]
    lines = subprocess.run(command, capture_output=True, text=True, env=env, check=True).stdout
    return dict([line.split(":") for line in lines.splitlines()])


def test_same_bits_run_after_run():
    first = digests(1, 1)
    assert len(first) == 30 and first == digests(1, 2)


@pytest.mark.parametrize("threads", [2, 3])
def test_same_bits_for_any_number_of_threads(threads):
    one, several = digests(1, 1), digests(threads, 1)
    assert {name for name in one if one[name] != several[name]} == set()


# Random numbers ------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    seed=st.integers(-(2**63), 2**64 - 1), drawn=st.integers(0, 9), n=st.integers(0, 33),
    low=st.integers(-(2**40), 2**40), span=st.integers(1, 2**41),
)  # fmt: skip
def test_random_numbers_are_equal_on_both_devices(seed, drawn, n, low, span):
    found = []
    for place in ("cpu", "cuda"):
        mg.manual_seed(seed)
        mg.rand(drawn, device=place)
        draws = [
            mg.rand(n, device=place), mg.rand(n, dtype=mg.float64, device=place),
            mg.randint(low, low + span, (n,), device=place), mg.randperm(n, device=place),
            F.dropout(mg.ones(n, device=place), 0.4),
            mg.bernoulli(mg.full((n,), 0.3, device=place)),
        ]  # fmt: skip
        normal = mg.randn(n, dtype=mg.float64, device=place).numpy(force=True)
        found.append(([x.numpy(force=True).tobytes() for x in draws], normal, mg.get_rng_state()))
    assert found[0][0] == found[1][0] and found[0][2] == found[1][2]
    np.testing.assert_array_max_ulp(found[0][1], found[1][1], 2)


# The graph -----------------------------------------------------------------------------------


class Double(mg.Function):
    @staticmethod
    def forward(ctx, x):
        y = x * 2
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * 2 + 0 * (x + y)


def nodes_below(out):
    seen, stack = set(), [out.edge[0]]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [edge[0] for edge in node.edges if edge is not None]
    return [weakref.ref(node) for node in seen]


def every_kind_of_node():
    x = leaf(np.ones((4, 6)))
    y = x.clone()
    y[1:].mul_(2)
    y[[0, 2]] = y[[1, 3]] * 2
    view = y.T
    y.add_(1)
    z = Double.apply(mg.cat([view.T.tanh(), y.exp()]))
    z.register_hook(lambda g: g * 1)
    z.retain_grad()
    z = F.layer_norm(z, (6,)).softmax(1).max(1).values.sum()
    image = F.max_pool2d(F.conv2d(y[None], y[:2, :2].reshape(1, 1, 2, 2).contiguous()), 2)
    return x, z + F.cross_entropy(y, mg.tensor([0, 1, 2, 3])) + image.sum()


@pytest.mark.parametrize("use", ["nothing", "backward", "retain_graph", "second derivative"])
def test_the_graph_is_freed_by_reference_counting(use):
    gc.collect()
    gc.disable()
    try:
        x, out = every_kind_of_node()
        nodes = nodes_below(out)
        memory = weakref.ref(out)
        if use in ("backward", "retain_graph"):
            out.backward(retain_graph=use == "retain_graph")
        elif use == "second derivative":
            (g,) = mg.grad(out, x, create_graph=True)
            nodes += nodes_below(g)
            g.sum().backward()
            del g
        del x, out
        assert memory() is None
        assert not [node() for node in nodes if node() is not None]
    finally:
        gc.enable()


def test_a_chain_of_100_000_operations():
    x = leaf([1.0])
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1
    del y  # freed without recursion as well


def test_a_second_backward_says_so():
    x = leaf([3.0])
    y = x * x
    y.backward()
    with pytest.raises(mg.GradientError, match="second time.*retain_graph=True"):
        y.backward()
    z = x * x
    z.backward(retain_graph=True)
    z.backward()
    assert x.grad.item() == 18


def test_gradient_mode_is_a_threads_own():
    seen, inside, done = [], threading.Event(), threading.Event()

    def loader():
        with mg.no_grad():
            inside.set()
            done.wait(10)
            seen.append(mg.is_grad_enabled())

    thread = threading.Thread(target=loader)
    thread.start()
    inside.wait(10)
    assert mg.is_grad_enabled() and (leaf([1.0]) * 2).requires_grad
    done.set()
    thread.join()
    assert seen == [False]


# Errors, and NumPy's settings ----------------------------------------------------------------

MISTAKES = {
    "(N, 1) against (N,)": (lambda: F.mse_loss(mg.ones(8, 1), mg.ones(8)), mg.ShapeError,
                            r"\(8, 1\).*\(8,\).*squeeze"),
    "label out of range": (lambda: F.cross_entropy(mg.ones(2, 3), mg.tensor([0, 3])), mg.RangeError,
                           "label 3.*3 classes.*0 to 2"),
    "index out of range": (lambda: mg.ones(3)[mg.tensor([0, -4])], IndexError, "-4.*size 3"),
    "word out of range": (lambda: F.embedding(mg.tensor([-1]), mg.ones(3, 2)), IndexError,
                          "-1.*size 3"),
    "shapes that do not broadcast": (lambda: mg.ones(2, 3) + mg.ones(2), mg.ShapeError,
                                     r"add: .*\(2, 3\) and \(2,\).*sizes are 3 and 2"),
    "shapes that do not multiply": (lambda: mg.ones(2, 3) @ mg.ones(2, 3), mg.ShapeError,
                                    r"\(2, 3\) and \(2, 3\).*3 columns.*2 rows"),
    "features": (lambda: F.linear(mg.ones(5, 256), mg.ones(120, 400)), mg.ShapeError,
                 r"256 features.*\(120, 400\) takes 400"),
    "reshape": (lambda: mg.ones(2, 3).reshape(4, -1), mg.ShapeError, r"\(2, 3\).*6.*\(4, -1\)"),
    "channels": (lambda: F.conv2d(mg.ones(1, 3, 8, 8), mg.ones(4, 1, 3, 3)), mg.ShapeError,
                 r"3 channels.*\(4, 1, 3, 3\)"),
    "nothing to choose from": (lambda: mg.ones(2, 0).max(1), mg.RangeError, r"\(2, 0\)"),
    "no scalar to start from": (lambda: (leaf([1.0, 2.0]) * 2).backward(), mg.GradientError,
                                r"\(2,\).*sum"),
    "nothing recorded": (lambda: mg.ones(1).backward(), mg.GradientError, "requires_grad_"),
    "devices": (lambda: mg.ones(2) + mg.ones(2, device="cuda"), mg.DeviceError, r"cuda:0.*to\("),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_errors_say_what_was_wrong(mistake):
    make, kind, message = MISTAKES[mistake]
    with pytest.raises(kind, match=message) as caught:
        make()
    assert isinstance(caught.value, (mg.Error, RuntimeError))


def test_numpys_error_settings_neither_leak_nor_matter(device):
    x = leaf([0.0, -1.0, 1e308, inf, nan], device=device)
    before = np.geterr()
    with np.errstate(all="raise"):
        y = (x / 0).log() + x.exp() * x.sqrt() + x**-1 + x.half() + (x * 1e308).float().double()
        (y + x.softmax(0) + x.var() + x.long()).sum().backward()
    assert np.geterr() == before
    assert x.grad.isnan().any()
