"""The elementwise family beyond its rows: dtype rules, and draws of special values."""

import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import inf, nan
from scipy import special

import minigrad as mg

U = mg.tensor([1, 200], dtype=mg.uint8)
I = mg.tensor([3, -2])
B = mg.tensor([True, False])
F = mg.tensor([1.5, -2.0])

# Expression: what it gives, a list and a dtype, as PyTorch does.
RULES = {
    "U + 300": ([45, 244], mg.uint8),
    "U * -1": ([255, 56], mg.uint8),
    "U < 300": ([True, False], mg.bool),
    "U - 300": ([213, 156], mg.uint8),
    "U // -1": ([0, 0], mg.uint8),
    "U & -1": ([1, 200], mg.uint8),
    "U.clone().add_(I)": ([4, 198], mg.uint8),
    "I // 2": ([1, -1], mg.int64),
    "I % 2": ([1, 0], mg.int64),
    "I // 2.0": ([1.0, -1.0], mg.float32),
    "7 // I": ([2, -4], mg.int64),
    "7 % I": ([1, -1], mg.int64),
    "mg.div(I, 2, rounding_mode='trunc')": ([1, -1], mg.int64),
    "mg.fmod(I, 2)": ([1, 0], mg.int64),
    "B ** 2": ([1, 0], mg.int64),
    "B ** 1": ([1, 0], mg.int64),
    "B.square()": ([1, 0], mg.int64),
    "I ** 2.0": ([9.0, 4.0], mg.float32),
    "2 ** I": ([8, 0], mg.int64),
    "mg.pow(mg.tensor([1, -1, -1, 0]), mg.tensor([-1, -3, -2, -2]))": ([1, -1, 1, 0], mg.int64),
    "I.clone().pow_(2)": ([9, 4], mg.int64),
    "B + B": ([True, False], mg.bool),
    "mg.add(B, B, alpha=2)": ([True, False], mg.bool),
    "mg.add(B, ~B, alpha=0)": ([True, False], mg.bool),
    "mg.sub(U, U, alpha=2)": ([255, 56], mg.uint8),
    "I << 64": ([0, 0], mg.int64),
    "I >> 64": ([0, -1], mg.int64),
    "I << -1": ([0, 0], mg.int64),
    "2 << I": ([16, 0], mg.int64),
    "B << 1": ([2, 0], mg.int64),
    "U.clamp(min=-1)": ([255, 255], mg.uint8),
    "I.clamp(0.5, 1)": ([1.0, 0.5], mg.float32),
    "mg.where(B, 1, 2.0)": ([1.0, 2.0], mg.float32),
    "mg.where(U, I, 0)": ([3, -2], mg.int64),
    "mg.copysign(I, -1)": ([-3.0, -2.0], mg.float32),
    "mg.floor(I)": ([3, -2], mg.int64),
    "mg.sign(B)": ([True, False], mg.bool),
    "mg.sign(mg.tensor([nan]))": ([0.0], mg.float32),
    "mg.float_power(I, -1)": ([1 / 3, -0.5], mg.float64),
    "mg.nan_to_num(mg.tensor([inf, -inf, nan]).half())": ([65504.0, -65504.0, 0.0], mg.float16),
    "mg.addcmul(I, I, I, value=2)": ([21, 6], mg.int64),
    "mg.addcmul(I, I, I, value=2.7)": ([21, 6], mg.int64),
    "mg.clamp_max(B, ~B)": ([False, False], mg.bool),
    "I[:0, None] // mg.tensor([0, 1])": ([], mg.int64),
    "mg.float_power(1j * F, 2)": ([-2.25, -4.0], mg.complex128),
    "F.bfloat16() // mg.tensor([0.0859375, 1.0]).bfloat16()": ([17.0, -2.0], mg.bfloat16),
    "mg.rsub(I, 1)": ([-2, 3], mg.int64),
    "I.clone().lt_(1)": ([0, 1], mg.int64),
    "F.clone().logical_and_(F)": ([1.0, 1.0], mg.float32),
    "mg.isclose(I, I + 1, rtol=1)": ([True, True], mg.bool),
    "mg.isin(I, 3)": ([True, False], mg.bool),
    "mg.isin(I, test_element=3)": ([True, False], mg.bool),
    "mg.isin(element=3, test_elements=I)": ([True], mg.bool),
    "U.clone().add_(300)": ([45, 244], mg.uint8),
    "mg.isin(mg.tensor([nan, 1.0]), mg.tensor([nan]))": ([False, False], mg.bool),
    "F + 2**70": ([2.0**70, 2.0**70], mg.float32),
}


@pytest.mark.parametrize("expression", RULES)
def test_dtype_rules(expression):
    values, dtype = RULES[expression]
    found = eval(expression)
    assert found.dtype == dtype
    np.testing.assert_allclose(np.ravel(found.tolist()), values, rtol=1e-6, atol=1e-12)


REFUSED = [
    "U // 0", "I % 0", "mg.fmod(I, 0)", "I // mg.tensor([1, 0])", "I ** -1", "U ** 300", "B - B",
    "B - 1", "F - B", "-B", "+B", "B ** B", "B // B", "abs(B)", "mg.floor(B)", "F & F", "~F",
    "F << 1", "B << B", "I.clone().div_(2)", "I.clone().add_(1.5)", "B.clone().add_(1)",
    "F.clone().float_power_(2)", "mg.add(I, I, alpha=1.5)", "mg.add(F, F, alpha=True)",
    "mg.sub(F, B, alpha=2)", "mg.maximum(I, 2)", "mg.fmax(F, 2)", "mg.atan2(F, 2)",
    "mg.hypot(I, I)", "mg.gcd(F, F)", "mg.gcd(I, 2)", "mg.heaviside(F, I)", "mg.nextafter(I, I)",
    "mg.logaddexp(I, I)", "mg.lerp(I, I, 0.5)", "mg.lerp(F, F.double(), 0.5)", "mg.frac(I)",
    "mg.addcdiv(F, I, I)", "mg.addcmul(B, B, B)",
    "mg.clamp(F)", "mg.clamp(F, F, 1)", "mg.clamp(U, 0, 300)", "mg.where(I, I, I)",
    "mg.where(B, I)", "mg.where(B, U, 300)", "mg.round(I, decimals=1)", "mg.frexp(I)",
    "mg.div(F, F, rounding_mode='up')", "mg.isclose(I, F)", "mg.isclose(F, F, rtol=-1)",
    "mg.isin(B, B)", "mg.equal(I, 2)", "mg.add(2, 3)", "mg.logical_and(I, 2)", "mg.eq(2, I)",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_what_pytorch_refuses(expression):
    with pytest.raises(RuntimeError):
        eval(expression)


@pytest.mark.parametrize("symbol", "+ - * / // % **".split())
def test_operators_in_place_and_reflected(symbol):
    scope = {"x": F.double(), "mg": mg}
    exec(f"y = x.clone(); z = y; z {symbol}= 3; r = 3 {symbol} x", scope)
    assert scope["z"] is scope["y"]
    numbers = F.tolist()
    np.testing.assert_allclose(scope["y"].numpy(), [eval(f"({n}) {symbol} 3") for n in numbers])
    np.testing.assert_allclose(scope["r"].numpy(), [eval(f"3 {symbol} ({n})") for n in numbers])


@pytest.mark.parametrize("symbol", "& | ^ << >>".split())
def test_bit_operators_in_place_and_reflected(symbol):
    scope = {"x": mg.tensor([3, 1])}
    exec(f"y = x.clone(); y {symbol}= 2; r = 6 {symbol} x", scope)
    assert scope["y"].tolist() == [eval(f"{x} {symbol} 2") for x in (3, 1)]
    assert scope["r"].tolist() == [eval(f"6 {symbol} {x}") for x in (3, 1)]


def test_what_is_no_operand_is_not_implemented():
    for op in (operator.floordiv, operator.mod, operator.pow, operator.lshift, operator.and_):
        with pytest.raises(TypeError):
            op(F, "a")


def test_equal_and_allclose_are_python_bools(device):
    x = mg.tensor([1.0, nan], device=device)
    assert mg.equal(x[:1], x[:1]) is True and mg.equal(x, x) is False
    assert mg.equal(x, x[:1]) is False and x[:1].equal(mg.tensor([1], device=device)) is True
    assert mg.allclose(x, x) is False and mg.allclose(x, x, equal_nan=True) is True


def test_what_has_no_gradient():
    x = mg.tensor([0.0, 2.0], requires_grad=True)
    for out in (x // 2, mg.heaviside(x, x), x < 1, x.isnan()):
        assert not out.requires_grad
    y = x * 1
    y.logical_and_(x)
    y.sum().backward()
    assert x.grad.tolist() == [0, 0]
    z = mg.ones(2)
    assert not z.lt_(x).requires_grad  # nothing to record


def test_alpha_and_value_may_be_tensors():
    s = mg.tensor(2.0, requires_grad=True)
    mg.addcmul(F, F, F, value=s).sum().backward()
    assert s.grad.item() == pytest.approx(1.5**2 + 4)


def test_gradients_where_kernels_of_pytorch_disagree():
    x, zero = [mg.tensor([v], requires_grad=True) for v in (1.4e-45, 0.0)]
    assert mg.grad(mg.hypot(x, zero).sum(), x)[0].item() == 1
    assert mg.grad(mg.xlogy(x, zero).sum(), zero)[0].item() == inf
    assert (mg.tensor([-inf]).half() ** 0.5).isnan().item()
    for edge in (0.0, -0.0):
        z = mg.tensor([complex(0.5, edge)], requires_grad=True)
        (g,) = mg.grad(z.acosh().real.sum(), z)
        # Beside the cut the real part grows with the distance from it.
        assert g.imag.item() * np.copysign(1, edge) == pytest.approx(1 / np.sqrt(0.75))


def test_the_slope_of_ldexp_at_negative_integers():
    x = mg.tensor([3.0], requires_grad=True)
    mg.ldexp(x, mg.tensor([-2])).backward()
    assert x.grad.item() == 0.25


@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16])
def test_nextafter_of_16_bits(dtype, device):
    """Every number of 16 bits, on the way to several."""
    array = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    x = mg.tensor(array, device=device)
    for towards in (inf, -inf, 0.0, 1.0, nan):
        found = mg.nextafter(x, mg.full_like(x, towards)).numpy(force=True)
        with np.errstate(all="ignore"):
            expected = np.nextafter(array, np.full_like(array, towards)).astype(float)
            found = found.astype(float)
        np.testing.assert_array_equal(found, expected)
        moved = (found != towards) & ~np.isnan(found)
        np.testing.assert_array_equal(np.signbit(found)[moved], np.signbit(expected)[moved])


def test_second_derivative_of_sinc_at_0():
    x = mg.tensor([0.0, 1e-4, 0.2499, 0.2501], dtype=mg.float64, requires_grad=True)
    (g,) = mg.grad(mg.sinc(x).sum(), x, create_graph=True)
    (h,) = mg.grad(g.sum(), x)
    u = np.pi * x.detach().numpy()[1:]
    slope = (np.cos(u) - np.sin(u) / u) / (u / np.pi)
    np.testing.assert_allclose(g.detach().numpy()[1:], slope, rtol=1e-6)
    np.testing.assert_allclose(h.numpy()[:2], -(np.pi**2) / 3, rtol=1e-6)


# Draws ---------------------------------------------------------------------------------------


def power(a, b):
    """NumPy's, which takes the square root where it broadcasts an exponent of 0.5."""
    return np.power(*[np.array(x) for x in np.broadcast_arrays(a, b)])


UNARY = {
    "abs": np.abs, "neg": np.negative, "sign": lambda x: np.nan_to_num(np.sign(x)),
    "square": np.square, "reciprocal": lambda x: 1 / x, "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x), "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1,
    "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "sin": np.sin,
    "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.round,
    "frac": lambda x: x - np.trunc(x), "deg2rad": np.deg2rad, "rad2deg": np.rad2deg,
    "sinc": np.sinc, "logit": lambda x: np.log(x / (1 - x)), "sigmoid": special.expit,
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "isposinf": np.isposinf,
    "isneginf": np.isneginf, "signbit": np.signbit, "logical_not": np.logical_not,
    "nan_to_num": np.nan_to_num, "isreal": np.isreal, "positive": np.positive,
}  # fmt: skip
BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": power,
    "floor_divide": np.floor_divide, "remainder": np.remainder, "fmod": np.fmod,
    "maximum": np.maximum, "minimum": np.minimum, "fmax": np.fmax, "fmin": np.fmin,
    "hypot": np.hypot, "atan2": np.arctan2, "copysign": np.copysign, "nextafter": np.nextafter,
    "logaddexp": np.logaddexp, "logaddexp2": np.logaddexp2, "xlogy": special.xlogy,
    "float_power": np.float_power, "ldexp": lambda a, b: a * 2.0**b,
    "heaviside": lambda a, b: np.where(a == 0, b, (a > 0) * 1.0), "eq": np.equal,
    "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "logical_and": np.logical_and, "logical_or": np.logical_or,
    "logical_xor": np.logical_xor, "isclose": np.isclose,
}  # fmt: skip
VALUES = st.one_of(
    st.sampled_from([0.0, -0.0, inf, -inf, nan, 5e-324, -2.3e-308, 1e308, -1.0, 0.5, 1.0, 3.0]),
    st.floats(-50, 50),
)
SHAPES = st.sampled_from(
    [((), ()), ((3,), ()), ((0,), (1,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((1, 0), (2, 1))]
)


def drawn(data, shape, backwards):
    values = data.draw(st.lists(VALUES, min_size=6, max_size=6))
    x = np.resize(np.array(values), shape)
    return x[::-1] if backwards and x.ndim else x


def same(name, found, expected, inputs):
    found, expected = found.numpy(force=True), np.asarray(expected)
    assert found.dtype == expected.dtype or found.dtype == bool, name
    np.testing.assert_allclose(
        found, expected, rtol=1e-12, atol=1e-300, err_msg=f"{name} of {inputs}"
    )


@settings(max_examples=60, deadline=None)
@given(data=st.data(), shapes=SHAPES, place=st.sampled_from(["cpu", "cuda"]), back=st.booleans())
def test_drawn_values(data, shapes, place, back):
    a, b = [drawn(data, shape, back) for shape in shapes]
    x, y = [mg.tensor(v, device=place) for v in (a, b)]
    with np.errstate(all="ignore"):
        for name, oracle in UNARY.items():
            same(name, getattr(mg, name)(x), oracle(a), (a,))
            twin = getattr(x.clone(), f"{name}_", None)
            if twin is not None:
                same(f"{name}_", twin(), oracle(a).astype(float), (a,))
        for name, oracle in BINARY.items():
            same(name, getattr(mg, name)(x, y), oracle(a, b), (a, b))


def test_large_arrays_are_small_ones_in_a_row():
    """Above a size chains run in compiled loops: the same bits."""
    random = np.random.default_rng(0)
    a, b = [random.choice([0.0, -0.0, 1.0, -2.5, inf, -inf, nan, 1e-40, 3.0], 20000) for _ in "ab"]
    a[::2], b[::3] = random.normal(size=10000), random.normal(size=6667)
    for dtype in (mg.float32, mg.float64):
        x, y = mg.tensor(a, dtype=dtype), mg.tensor(b, dtype=dtype)
        for f in [getattr(mg, name) for name in UNARY]:
            parts = [f(part) for part in x.split(5000)]
            np.testing.assert_array_equal(f(x).numpy(), mg.cat(parts).numpy(), f.__name__)
        pairs = [getattr(mg, name) for name in BINARY]
        pairs += [lambda x, y: mg.lerp(x, y, 0.3), lambda x, y: mg.addcmul(x, x, y, value=0.5)]
        for f in pairs:
            parts = [f(u, v) for u, v in zip(x.split(5000), y.split(5000))]
            np.testing.assert_array_equal(f(x, y).numpy(), mg.cat(parts).numpy(), f.__name__)


INTEGERS = st.sampled_from([mg.uint8, mg.int8, mg.int16, mg.int32, mg.int64])
WHOLE = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "floor_divide": operator.floordiv, "remainder": operator.mod,
    "bitwise_and": operator.and_, "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor, "maximum": max, "minimum": min,
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    first=INTEGERS, second=INTEGERS, a=st.integers(-(2**63), 2**63 - 1),
    b=st.integers(-(2**63), 2**63 - 1), place=st.sampled_from(["cpu", "cuda"]),
)  # fmt: skip
def test_drawn_integers(first, second, a, b, place):
    """Against Python's integers, wrapped around in the promoted dtype."""
    a, b = [int(np.int64(v).astype(d)) for v, d in ((a, first), (b, second))]
    x, y = mg.tensor([a], dtype=first, device=place), mg.tensor([b], dtype=second, device=place)
    dtype = mg.promote_types(first, second)
    for name, oracle in WHOLE.items():
        if b == 0 and name in ("floor_divide", "remainder"):
            continue
        found = getattr(mg, name)(x, y)
        wide = oracle(a, b) % 2 ** (8 * dtype.itemsize)
        assert found.dtype == dtype
        assert int(found.item()) % 2 ** (8 * dtype.itemsize) == wide, name
