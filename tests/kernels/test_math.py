"""Functions of kernels: their errors in units in the last place, and where they end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.special

from minigrad.kernels.cpu import elementwise, jit
from minigrad.kernels.cpu.jit import kernel
from minigrad.kernels.cpu.math import FUNCTIONS, largest

FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.skipif(not jit.available(), reason="needs Numba"),
]
# The largest error in units in the last place, in float32 and in float64, as docs/design.md has it.
ERRORS = {
    "exp": (1, 1.5), "expm1": (1.5, 2), "log": (1, 1), "log1p": (1, 1), "tanh": (2.5, 2.5),
    "erf": (1.5, 1.5), "erfc": (5, 5), "ndtr": (5, 5), "sin": (2, 2.5), "cos": (2, 2),
    "pow": (1, None),
}  # fmt: skip
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-45, -1e-45, 1e-310, 3e38, -3e38, 1e300]


@kernel("T[::1], T[:, ::1]")
def tops(out, x):
    for a in range(x.shape[0]):
        out[a] = largest(x[a])


def compute(name: str, *operands: np.ndarray) -> np.ndarray:
    inputs = ("a", "b")[: len(operands)]
    loop = elementwise.faster(f"{name}({', '.join(inputs)})", inputs, None)
    out = np.empty_like(operands[0])
    loop(*operands, out)
    return out


def exact(name: str, *operands: np.ndarray) -> np.ndarray:
    """In double for float32, in long double for float64."""
    if name in ("erf", "erfc", "ndtr") and operands[0].dtype == np.float64:
        mpmath = pytest.importorskip("mpmath")
        mpmath.mp.prec = 100
        function = mpmath.ncdf if name == "ndtr" else getattr(mpmath, name)
        values = [function(mpmath.mpf(float(x))) for x in operands[0]]
        high = np.array([float(v) for v in values], np.longdouble)
        high += np.array([float(v - float(v)) for v in values], np.longdouble)
        return np.copysign(high, operands[0]) if name == "erf" else high
    wide = np.float64 if operands[0].dtype == np.float32 else np.longdouble
    library = np if hasattr(np, name) else scipy.special
    return getattr(library, name)(*[x.astype(wide) for x in operands])


def errors(name: str, *operands: np.ndarray) -> np.ndarray:
    found, wanted = compute(name, *operands), exact(name, *operands)
    rounded = wanted.astype(found.dtype)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(rounded))
    limit = np.finfo(found.dtype).max * (1 - 1e-6)
    finite = np.abs(wanted) < limit
    over = np.isinf(rounded)
    assert (np.isinf(found) | (np.abs(found) > limit))[over].all()
    assert (np.signbit(found) == np.signbit(rounded))[~np.isnan(rounded)].all()
    unit = np.spacing(np.abs(rounded[finite])).astype(wanted.dtype)
    return np.abs(found[finite] - wanted[finite]) / unit


def arguments(name: str, dtype: type) -> np.ndarray:
    rng = np.random.default_rng(0)
    if dtype == np.float32:
        x = np.arange(0, 2**32, 997, dtype=np.uint32).view(np.float32)
        x = np.concatenate([x, rng.uniform(-20, 20, 200_000).astype(np.float32)])
    else:
        count = 4_000 if name in ("erf", "erfc", "ndtr") else 200_000
        spread = np.exp(rng.uniform(-40, 40, count)) * rng.choice([-1, 1], count)
        bits = rng.integers(-(2**63), 2**63, count // 4).view(np.float64)
        x = np.concatenate(
            [spread, bits, rng.uniform(-40, 40, count), rng.uniform(-745, 710, count)]
        )
    if name in ("sin", "cos"):
        multiples = np.arange(1, 2**19, 17) * (np.pi / 2)
        x = np.concatenate([x, multiples.astype(dtype)])
    x = np.concatenate([x, np.array(SPECIAL).astype(dtype)])
    if name in ("erf", "erfc", "ndtr"):  # more is too much for mpmath
        x = np.clip(x, -1e4, 1e4)
    return x


@FLOATS
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "pow"])
def test_errors(name, dtype):
    worst = errors(name, arguments(name, dtype)).max()
    assert worst < ERRORS[name][dtype == np.float64]


def test_errors_of_pow():
    rng = np.random.default_rng(0)
    a = np.exp(rng.uniform(-88, 88, 1_000_000)).astype(np.float32)
    b = (rng.uniform(-104, 90, a.size) / np.log(a)).astype(np.float32)
    assert errors("pow", a, b).max() < ERRORS["pow"][0]
    some = [*SPECIAL, 0.5, 2.0, 3.0, -2.0, -3.0, 2.5, -0.5, 1e9 + 1]
    a, b = (x.reshape(-1).astype(np.float32) for x in np.meshgrid(some, some))
    errors("pow", a, b)


@FLOATS
@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_a_value_has_the_same_bits_wherever_it_stands(name, dtype):
    if name == "pow" and dtype == np.float64:
        pytest.skip("NumPy's serves")
    rng = np.random.default_rng(0)
    x = (rng.standard_normal(77) * 5).astype(dtype)
    x[::7] = SPECIAL[: x[::7].size]
    second = [np.full(77, 1.7, dtype)] if name == "pow" else []
    whole = compute(name, x, *second)
    for i in range(77):
        for part in (slice(i, i + 1), slice(i, i + 13)):
            alone = compute(name, x[part].copy(), *[b[part].copy() for b in second])
            assert alone.tobytes() == whole[part].tobytes()


def test_the_table_of_errors():
    page = Path(__file__).parents[2] / "docs" / "design.md"
    if not page.exists():
        pytest.skip("the docs are not installed")
    for name, (single, double) in ERRORS.items():
        assert f"| `{name}` | {single} | {double or 'NumPy'} |" in page.read_text()


@FLOATS
def test_largest(dtype):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 37)).astype(dtype)
    x[0], x[1, 3], x[2, 5], x[3], x[4] = -1 - np.abs(x[0]), np.nan, np.inf, -np.inf, -0.0
    out = np.empty(40, dtype)
    tops(out, x)
    np.testing.assert_array_equal(out, x.max(1))
    x[3, 7] = -np.nan  # which is not taken for one more -inf
    tops(out, x)
    np.testing.assert_array_equal(out, x.max(1))
    tops(out, np.empty((40, 0), dtype))
    assert (out == -np.inf).all()
