"""Reductions, cumulative operations and order on drawn arrays, against NumPy row by row."""

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg

SPECIAL = st.sampled_from([0.0, -0.0, 1.0, -1.5, 2.0, 1e-40, 3e38, np.inf, -np.inf, np.nan])
DTYPES = st.sampled_from([np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_])


@st.composite
def arrays(draw, least=0, dtypes=DTYPES):
    """An array of up to 3 dimensions, often with ties, and one of its axes; strided at times."""
    dtype = draw(dtypes)
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=least, max_side=5))
    floats = np.dtype(dtype).kind == "f"
    elements = SPECIAL if floats else st.integers(0, 1 if dtype is np.bool_ else 5)
    x = draw(hnp.arrays(np.float64 if floats else np.int64, shape, elements=elements))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    with np.errstate(over="ignore"):
        return np.asarray(draw(st.sampled_from([x, x.T, x[::-1], x[..., ::2]])), dtype), axis


def same(ours, theirs, tolerance=0.0):
    found = ours.numpy()
    theirs = np.asarray(theirs)
    assert found.shape == theirs.shape
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(
            found.astype(np.float64), theirs.astype(np.float64), tolerance, tolerance
        )


@given(arrays())
def test_sort(drawn):
    x, axis = drawn
    t = mg.tensor(x)
    values, indices = t.sort(axis)
    same(values, np.sort(x, axis))
    same(indices, np.argsort(x, axis, kind="stable"))
    down = t.sort(axis, descending=True)
    same(down.values, np.flip(np.sort(x, axis), axis))
    same(mg.tensor(np.take_along_axis(x, down.indices.numpy(), axis)), down.values.numpy())


@given(arrays(least=1), st.integers(0, 5), st.booleans())
def test_topk_is_the_start_of_the_order(drawn, k, largest):
    x, axis = drawn
    if x.shape[axis] == 0 or x.dtype == np.bool_:
        return
    k = min(k, x.shape[axis])
    t = mg.tensor(x)
    values, indices = t.topk(k, axis, largest)
    order = t.argsort(axis, descending=largest).numpy()
    same(indices, np.take(order, range(k), axis))
    same(values, np.take_along_axis(x, indices.numpy(), axis))
    if k:
        same(t.kthvalue(k, axis).values, np.take(np.sort(x, axis), k - 1, axis))


@given(arrays())
def test_cumulative(drawn):
    x, axis = drawn
    t = mg.tensor(x)
    wide = np.float64 if x.dtype.kind == "f" else np.int64
    with np.errstate(all="ignore"):
        sums, products = np.cumsum(x, axis, wide), np.cumprod(x, axis, wide)
        if x.dtype == np.float32:
            sums, products = sums.astype(np.float32), products.astype(np.float32)
        largest, smallest = np.maximum.accumulate(x, axis), np.minimum.accumulate(x, axis)
    same(t.cumsum(axis), sums)
    same(t.cumprod(axis), products)
    for found, expected in ((t.cummax(axis), largest), (t.cummin(axis), smallest)):
        same(found.values, expected)
        same(found.values, np.take_along_axis(x, found.indices.numpy(), axis))


@given(arrays(), arrays())
def test_searchsorted_counts_what_is_smaller(drawn, looked_for):
    edges, x = np.sort(drawn[0].reshape(-1)), looked_for[0].reshape(-1)
    edges = edges[edges == edges]
    dtype = mg.promote_types(edges.dtype, x.dtype)
    for right in (False, True):
        found = mg.searchsorted(mg.tensor(edges), mg.tensor(x), right=right)
        smaller = (np.less_equal if right else np.less)(
            edges.astype(dtype), x.astype(dtype)[:, None]
        )
        counted = np.where(x != x, len(edges), smaller.sum(1))
        same(found, counted)


@given(arrays())
def test_unique(drawn):
    x, _ = drawn
    values, inverse, counts = mg.tensor(x).unique(return_inverse=True, return_counts=True)
    expected, occur = np.unique(x, return_counts=True, equal_nan=False)
    same(values, expected)
    same(counts, occur)
    same(values[inverse], x)
    runs, inverse, counts = mg.tensor(x).unique_consecutive(True, True)
    same(runs[inverse], x)
    assert counts.sum().item() == x.size


@given(arrays(least=1))
def test_median_and_mode(drawn):
    x, axis = drawn
    if x.shape[axis] == 0 or x.dtype == np.bool_:
        return
    t = mg.tensor(x)
    n = x.shape[axis]
    middle = np.take(np.sort(x, axis), (n - 1) // 2, axis)
    middle = np.where((x != x).any(axis), np.nan, middle) if x.dtype.kind == "f" else middle
    same(t.median(axis).values, middle)
    values, indices = t.mode(axis, keepdim=True)
    same(values, np.take_along_axis(x, indices.numpy(), axis))
    most = max((x == v).sum() for v in x.reshape(-1)) if x.ndim == 1 else None
    if most:
        assert (x == values.numpy()).sum() == most


@given(arrays(least=1, dtypes=st.just(np.float64)), st.floats(0, 1))
def test_quantile(drawn, q):
    x, axis = drawn
    if x.size == 0:
        return
    x = np.where(np.isfinite(x), np.clip(x, -9, 9), 0.5)  # between infinities there is nothing
    same(mg.tensor(x).quantile(q, axis), np.quantile(x, q, axis), 1e-12)
    holes = np.where(x == 2.0, np.nan, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows that are all NaN
        expected = np.nanquantile(holes, q, axis)
    same(mg.tensor(holes).nanquantile(q, axis), expected, 1e-12)


@given(arrays(least=1, dtypes=st.sampled_from([np.float32, np.float64])), st.booleans())
def test_variance(drawn, unbiased):
    x, axis = drawn
    if x.shape[axis] == 0:
        return
    x = np.where(np.abs(x) < 1e3, x, 1.0).astype(x.dtype)
    n = x.shape[axis]
    spread = np.square(x - x.mean(axis, np.float64, keepdims=True)).sum(axis)
    with np.errstate(all="ignore"):
        same(mg.tensor(x).var(axis, unbiased), spread / np.float64(n - unbiased), 1e-6)


@given(arrays())
def test_reductions(drawn):
    x, axis = drawn
    t = mg.tensor(x)
    same(t.any(axis), np.any(x, axis))
    same(t.all(axis), np.all(x, axis))
    same(t.count_nonzero(axis), np.count_nonzero(x, axis))
    with np.errstate(all="ignore"):
        wide = np.float64 if x.dtype.kind == "f" else np.int64
        out = np.float32 if x.dtype == np.float32 else wide
        same(t.prod(axis), np.prod(x, axis, wide).astype(out))
        same(t.nansum(axis), np.nansum(x, axis, wide).astype(out), 1e-12)
    if x.shape[axis]:
        same(t.amax(axis), np.max(x, axis))
        low, high = mg.aminmax(t, dim=axis)
        same(low, np.min(x, axis))
        same(high, np.max(x, axis))
