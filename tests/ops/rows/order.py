"""Sorting, searching, cumulative operations, statistics: oracles go row by row in NumPy."""

import numpy as np
from numpy import array, inf

from minigrad.testing import sample

from .making import CONSTANT, SPECIAL, TIES, TWICE, ZEROS, X, call, in_place, row

PAIR = ("same", "int64")
LINES = [
    sample(X(4), dim=0),
    sample(X(2, 5), dim=-1),
    sample(X(3, 2, 2), dim=0),
    sample(X(), dim=0),
]
NONE = [sample(X(0, 2), dim=1), sample(X(2, 0), dim=1)]
EDGES = [sample(TIES, dim=dim, smooth=False) for dim in (0, 1)]
KEPT = sample(X(3, 4), dim=0, keepdim=True)


def by_row(*functions):
    """What each of `functions` gives for every row along `dim`: a row, or a number."""

    def oracle(x, *args, dim=-1, keepdim=False, **attrs):
        found = []
        for function in functions:
            line = x.reshape(1) if x.ndim == 0 else x
            out = np.apply_along_axis(function, dim, line, *args, **attrs)
            out = np.expand_dims(out, dim) if keepdim else out
            found.append(out.reshape(()) if x.ndim == 0 else out)
        return tuple(found) if len(found) > 1 else found[0]

    return oracle


def running(choose):
    """(values, indices) so far of a row, one element after the other."""

    def places(x):
        best = [0]
        for i in range(1, len(x)):
            old, new = x[best[-1]], x[i]
            wins = new != new or (old == old and (choose(new, old) == new))
            best.append(i if wins else best[-1])
        return array(best)

    return (lambda x: x[places(x)]), places


def order(x, descending=False):
    """NaN is the largest; equal elements keep their order."""
    keys = [(-1 if descending else 1) * (inf if v != v else v) for v in x]
    more = [(-1 if descending else 1) * (v != v) for v in x]
    return array(sorted(range(len(x)), key=lambda i: (keys[i], more[i], i)), int)


def best(x, k, largest=True):
    return order(x, largest)[:k]


def kth(x, k):
    return order(x)[k - 1]


def middle(x):
    return int(np.flatnonzero(np.isnan(x))[0]) if np.isnan(x).any() else order(x)[(len(x) - 1) // 2]


def middle_number(x):
    return order(x)[max(int((x == x).sum()) - 1, 0) // 2]


def commonest(x):
    """The last index of the smallest of the most frequent values."""
    counts = [(x == v).sum() or 1 for v in x]
    few = [i for i in range(len(x)) if counts[i] == max(counts)]
    return max(i for i in few if x[i] == min(x[few]) or len(few) == 1 or np.isnan(x[few]).all())


def chosen(place):
    """(values, indices) of the element that `place` finds in a row."""
    return by_row(lambda x, *a, **k: x[place(x, *a, **k)], place)


def whole(place):
    return lambda x: x.reshape(-1)[place(x.reshape(-1))]


def found(sequence, x, right=False, **_):
    """Counted, not searched."""
    smaller = (lambda s, v: s <= v) if right else (lambda s, v: s < v)
    rows = np.broadcast_to(sequence, (*x.shape[:-1], sequence.shape[-1]))
    return smaller(rows[..., None, :], x[..., :, None]).sum(-1)


def quantile(x, q, dim=None, keepdim=False, interpolation="linear"):
    return np.quantile(x, q, axis=dim, keepdims=keepdim, method=interpolation)


def distinct(x, dim=None):
    return np.unique(x, axis=dim, equal_nan=False)


def distinct_and_more(x, dim=None, **_):
    values, inverse, counts = np.unique(x, False, True, True, dim, equal_nan=False)
    return values, inverse.reshape(x.shape if dim is None else -1), counts


def runs(x, **_):
    starts = np.flatnonzero([True, *(x[1:] != x[:-1])])
    return (
        x[starts],
        np.searchsorted(starts, np.arange(len(x)), "right") - 1,
        np.diff([*starts, len(x)]),
    )


def histogram(x, bins, range=None, weight=None, density=False):
    return np.histogram(x, bins, range, density, weight)


def slopes(x, dim=None, spacing=1, edge_order=1):
    out = np.gradient(x, spacing, axis=dim, edge_order=edge_order)
    return list(out) if isinstance(out, (list, tuple)) else [out]


def widths(places, y, dim):
    return np.diff(places).reshape([-1 if i == dim % y.ndim else 1 for i in range(y.ndim)])


def areas(y, x=None, dx=1, dim=-1):
    y = np.moveaxis(y, dim, -1)
    return (y[..., 1:] + y[..., :-1]) / 2 * (dx if x is None else np.diff(x))


def total_area(y, x=None, dx=1, dim=-1):
    return areas(y, x, dx, dim).sum(-1)


def area_so_far(y, x=None, dx=1, dim=-1):
    return np.moveaxis(areas(y, x, dx, dim).cumsum(-1), -1, dim)


MORE = {"return_inverse": True, "return_counts": True}
QUANTILES = [
    sample(X(5), 0.3),
    sample(X(2, 4), 0.75, dim=1),
    *[sample(X(4), 0.6, interpolation=i) for i in ("lower", "higher", "nearest", "midpoint")],
]
SQUARE = [sample(X(3, 4)), sample(X(4)), sample(X(1, 4)), sample(X(3, 4), correction=0)]
GRID = array([[0.5, 1.0, 2.5], [-1.0, 0.0, 0.5]])
INTS = array([3, 0, 3, 1])

ROWS = [
    # cumulative
    row("cumsum", lambda x, dim: x.cumsum(dim if x.ndim else None).reshape(x.shape), *LINES, *NONE,
        *EDGES, kinds="fibc", result="wide"),
    row("cumprod", lambda x, dim: x.cumprod(dim if x.ndim else None).reshape(x.shape), *LINES,
        *NONE, *EDGES, sample(ZEROS, dim=1), sample(ZEROS, dim=0), kinds="fibc", result="wide"),
    row("cumsum_", lambda x, dim: x.cumsum(dim), *LINES[:3], function=in_place("cumsum_")),
    row("cumprod_", lambda x, dim: x.cumprod(dim), *LINES[:3], function=in_place("cumprod_")),
    row("logcumsumexp", by_row(np.logaddexp.accumulate), *LINES,
        sample(array([[1e3, 1e3, -1e3], [-1e3, 1e3, 0.0]]), dim=1), *EDGES),
    row("logcumsumexp of complex numbers", lambda x, dim: np.log(np.cumsum(np.exp(x), dim)),
        sample(X(4), dim=0), sample(X(2, 3), dim=1), kinds="c", function=call("logcumsumexp")),
    row("cummax", by_row(*running(max)), *LINES, *EDGES, kinds="fi", result=PAIR),
    row("cummin", by_row(*running(min)), *LINES, *EDGES, kinds="fi", result=PAIR),
    row("diff", lambda x, n=1, dim=-1: np.diff(x, n, dim), sample(X(5)), sample(X(2, 3), n=4),
        sample(X(3, 4), n=2, dim=0), kinds="fib", **TWICE),
    row("diff with edges", lambda x, a, b: np.diff(x, prepend=a, append=b),
        sample(X(2, 3), X(2, 1), X(2, 2)),
        function=lambda x, a, b: call("diff")(x, prepend=a, append=b), **TWICE),
    row("trapezoid", total_area, sample(X(5)), sample(X(3, 4), dim=0, dx=0.5), **TWICE),
    row("trapezoid at places", lambda y, x: total_area(y, x), sample(X(2, 4), X(4)),
        sample(X(4), X(4)), function=call("trapezoid"), **TWICE),
    row("cumulative_trapezoid", area_so_far, sample(X(5)), sample(X(3, 4), dim=0, dx=0.5), **TWICE),
    row("gradient", slopes, sample(X(5)), sample(X(3, 4)), sample(X(4, 3), dim=0, spacing=0.5),
        sample(X(5), edge_order=2), sample(X(2, 4), dim=1, edge_order=2), **TWICE),
    row("gradient at places", lambda x, p, e: slopes(x, 0, p, e),
        *[sample(X(5, 2), array([0.0, 0.5, 2.0, 2.5, 4.0]), e) for e in (1, 2)],
        function=lambda x, p, e: call("gradient")(x, spacing=[p], dim=0, edge_order=e), **TWICE),
    # order
    row("sort", by_row(lambda x, descending=False: x[order(x, descending)], order), *LINES, *EDGES,
        sample(TIES, dim=1, descending=True, smooth=False), sample(X(4), descending=True),
        kinds="fib", result=PAIR),
    row("argsort", by_row(order), *LINES, *EDGES, sample(TIES, dim=1, descending=True),
        kinds="fib", result="int64", **CONSTANT),
    row("msort", lambda x: np.sort(x, 0), sample(X(4, 2)), sample(X(5)), kinds="fib"),
    row("topk", by_row(lambda x, *a, **k: x[best(x, *a, **k)], best), sample(X(5), 3),
        sample(X(4, 3), 2, dim=0), sample(X(2, 4), 2, largest=False), sample(TIES, 2, dim=1,
        smooth=False), sample(X(), 1), sample(X(3), 0), kinds="fi", result=PAIR),
    row("kthvalue", chosen(kth), sample(X(5), 3), sample(X(4, 3), 2, dim=0, keepdim=True),
        sample(TIES, 3, dim=1, smooth=False), sample(X(), 1), kinds="fi", result=PAIR),
    row("mode", chosen(commonest), *LINES, sample(array([3.0, 1, 1, 3, 2]), smooth=False), KEPT,
        kinds="fib", result=PAIR),
    row("median", whole(middle), sample(X(5)), sample(X(2, 4)), sample(X()),
        sample(TIES, smooth=False), kinds="fi"),
    row("nanmedian", whole(middle_number), sample(X(5)), sample(X(2, 4)),
        sample(TIES, smooth=False), kinds="fi"),
    row("median along a dimension", chosen(middle), *LINES, *EDGES, KEPT, kinds="fi", result=PAIR,
        function=call("median")),
    row("nanmedian along a dimension", chosen(middle_number), *LINES, *EDGES, KEPT, kinds="fi",
        result=PAIR, function=call("nanmedian")),
    row("searchsorted", found, sample(np.sort(SPECIAL[:-1]), array([0.0, -2.0, inf, -0.0, 3.0])),
        sample(GRID, array([[0.5, 2.0], [1.0, -1.0]])), sample(GRID, GRID, right=True),
        result="int64", **CONSTANT),
    row("bucketize", lambda x, edges, right=False: found(edges, x, right), sample(X(2, 3), GRID[0]),
        sample(X(4), GRID[0], right=True), kinds="f", result="int64", **CONSTANT),
    # The shape of what is distinct depends on values, which the checks change: its sum has one.
    row("unique", lambda x, dim=None: distinct(x, dim).sum(), sample(X(6)), sample(X(4, 2), dim=0),
        sample(TIES[[0, 0, 3]], dim=0, smooth=False), kinds="fi", result="wide", transfers=True,
        function=lambda x, **attrs: call("unique")(x, **attrs).sum(), **TWICE),
    row("unique and where", distinct_and_more, sample(array([2, 0, 2, 1]), **MORE),
        sample(array([[2, 0, 2], [1, 0, 1]]), **MORE, dim=1), result="int64",
        function=call("unique"), transfers=True, **CONSTANT),
    row("unique_consecutive", runs, sample(array([1, 1, 2, 2, 1]), **MORE), result="int64",
        transfers=True, **CONSTANT),
    # statistics
    row("var_mean", lambda x, dim=None, keepdim=False: (x.var(dim, ddof=1, keepdims=keepdim),
        x.mean(dim, keepdims=keepdim)), sample(X(4)), KEPT, **TWICE),
    row("std_mean", lambda x, dim=None, keepdim=False: (x.std(dim, ddof=1, keepdims=keepdim),
        x.mean(dim, keepdims=keepdim)), sample(X(4)), KEPT, **TWICE),
    row("quantile", quantile, *QUANTILES, sample(TIES[:2], 0.5, smooth=False),
        sample(X(5), array([0.1, 0.4, 0.9])), sample(X(2, 4), array([0.0, 1.0]), dim=1,
        keepdim=True, smooth=False), kinds="d"),
    row("nanquantile", lambda x, q, dim=None: np.nanquantile(x, q, dim), *QUANTILES[:2],
        sample(TIES[:2], 0.3, dim=1, smooth=False), sample(TIES[:2], 0.5, smooth=False), kinds="d"),
    row("cov", lambda x, correction=1: np.cov(x, ddof=correction), *SQUARE, **TWICE),
    row("cov with weights", lambda x, f, a, **k: np.cov(x, fweights=f, aweights=a, **k),
        sample(X(3, 4), INTS, array([0.5, 1.0, 2.0, 0.1])),
        function=lambda x, f, a: call("cov")(x, fweights=f, aweights=a), **TWICE),
    row("corrcoef", np.corrcoef, *SQUARE[:2], **TWICE),
    row("histc", lambda x, bins, min=0, max=0: np.histogram(x, bins, (min, max) if max > min else
        None)[0], sample(X(9), 4), sample(X(2, 5), 3, min=-1, max=1), transfers=True, **CONSTANT),
    row("histogram", np.histogram, sample(X(9), 4), sample(X(9), 3, range=(-1.0, 1.0)),
        sample(X(9), 3, density=True), transfers=True, kinds="d", **CONSTANT),
    row("histogramdd", lambda x, bins, **k: (lambda hist, edges: (hist, *edges))(
        *np.histogramdd(x, bins, **k)), sample(X(9, 2), [2, 3]), sample(X(6, 1), 4, density=True),
        kinds="d", transfers=True, function=lambda x, bins, **k: (lambda out: (out.hist,
        *out.bin_edges))(call("histogramdd")(x, bins, **k)), **CONSTANT),
    row("bincount", lambda x, w=None, minlength=0: np.bincount(x, w, minlength),
        sample(INTS, minlength=6), sample(INTS, minlength=2), kinds="i", result="int64",
        transfers=True, **CONSTANT),
]  # fmt: skip
