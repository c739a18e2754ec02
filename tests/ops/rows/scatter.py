"""Writing by index and by mask, with the in-place twins; tables of rows."""

import index_oracles as oracles
import numpy as np
from numpy import array, inf, nan

from minigrad.testing import sample

from .making import CONSTANT, GRID, INDEX, MASK, TWICE, P, X, call, in_place, row

APART = array([[0, 2], [2, 1]])
WIDE = array([[0, 1, 1], [1, 0, 1]])
COLUMN = array([[0], [2], [0]])
TWO = array([2, 0])
REPEATED = array([1, 0, 1])
BAD = array([[nan, 1.0, 0.0], [-inf, nan, 2.0]])


def both(name, oracle, *samples, **facts):
    """The function and its in-place twin."""
    twin = {**facts, "function": in_place(f"{name}_")}
    return [row(name, oracle, *samples, **facts), row(f"{name}_", oracle, samples[0], **twin)]


SCATTER = [
    *both("scatter", oracles.scatter, sample(X(3, 3), 1, APART, X(2, 2)),
          sample(X(3, 2), 0, GRID[:, ::-1].copy(), X(2, 2)), sample(X(2, 3), -1, APART, 0.5),
          sample(X(), 0, array(0), X()), sample(X(2, 3), 1, GRID[:, :0], X(2, 0)), kinds="fib"),
    row("scatter a part", lambda x, d, i, v: oracles.scatter(x, d, i, v[:2, :2]),
        sample(X(3, 3), 1, APART, X(2, 4)), function=call("scatter")),
    row("scatter add", lambda *a: oracles.scatter(*a, reduce="sum"),
        sample(X(2, 3), 1, GRID, 0.5), sample(X(3), 0, TWO, 2.0),
        function=lambda x, d, i, v: call("scatter")(x, d, i, v, reduce="add")),
    row("scatter multiply", lambda *a: oracles.scatter(*a, reduce="prod"),
        sample(X(2, 3), 1, GRID, 0.5), sample(X(), 0, array([0, 0]), 3.0),
        function=lambda x, d, i, v: call("scatter")(x, d, i, v, reduce="multiply")),
    *both("scatter_add", lambda *a: oracles.scatter(*a, reduce="sum"),
          sample(X(3, 2), 0, COLUMN, X(3, 1)), sample(X(2, 3), 1, GRID, X(2, 2)),
          sample(X(), 0, array(0), X()), sample(X(2, 3), 0, GRID[:0], X(0, 2)), kinds="fi"),
    *[r for reduce in ("sum", "prod", "mean", "amax", "amin") for r in [
        row(f"scatter_reduce {reduce}", oracles.scatter,
            sample(X(3, 2), 0, COLUMN, X(3, 1), reduce),
            sample(X(3, 2), 0, COLUMN, X(3, 1), reduce, include_self=False),
            sample(X(2, 3), 1, WIDE, BAD, reduce, smooth=False),
            sample(X(), 0, array(0), X(), reduce), function=call("scatter_reduce"), kinds="fi",
            **TWICE),
        row(f"scatter_reduce_ {reduce}", oracles.scatter,
            sample(X(3, 2), 0, COLUMN, X(3, 1), reduce), function=in_place("scatter_reduce_"),
            kinds="fi", **TWICE),
    ]],
]  # fmt: skip

ENTRIES = [
    *both("index_add", oracles.index_add, sample(X(3, 2), 0, REPEATED, X(3, 2)),
          sample(X(2, 3), -1, TWO, X(2, 2), alpha=2), sample(X(), 0, array(0), X()),
          sample(X(2, 3), 1, TWO[:0], X(2, 0)), kinds="fi", **TWICE),
    *both("index_copy", lambda *a: oracles.index_reduce(*a, None),
          sample(X(3, 2), 0, TWO, X(2, 2)), sample(X(2, 3), -1, array(1), X(2, 1)),
          sample(X(2, 3), 1, TWO[:0], X(2, 0)), kinds="fib"),
    *both("index_fill", oracles.index_fill, sample(X(3, 2), 0, INDEX, 0.5),
          sample(X(2, 3), -1, TWO, X()), kinds="f"),
    *[r for reduce in ("prod", "mean", "amax", "amin") for r in [
        row(f"index_reduce {reduce}", oracles.index_reduce,
            sample(X(3, 2), 0, REPEATED, X(3, 2), reduce),
            sample(X(2, 3), -1, TWO, P(2, 2), reduce, include_self=False),
            function=call("index_reduce"), kinds="fi", **TWICE),
        row(f"index_reduce_ {reduce}", oracles.index_reduce,
            sample(X(3, 2), 0, REPEATED, X(3, 2), reduce), function=in_place("index_reduce_"),
            kinds="fi", **TWICE),
    ]],
    *both("put", oracles.put, sample(X(2, 3), array([[4, 0]]), X(2)),
          sample(X(2, 3), INDEX, X(2, 2), accumulate=True), sample(X(), array(-1), X(1)),
          sample(X(0), INDEX[:0], X(0)), kinds="fi",
          function=lambda x, *a, **k: x.put(*a, **k)),
    row("index_put", lambda x, i, v, **k: oracles.index_put(x, i, v, **k),
        sample(X(3, 2), (TWO,), X(2, 2)), sample(X(3, 2), (REPEATED, array([0, 1, 0])), X(3),
        accumulate=True), sample(X(3, 2), (REPEATED,), X(), accumulate=True),
        sample(X(2, 3), (array(1), TWO), X(2), accumulate=True), kinds="fi", transfers=True),
    row("index_put masked", lambda x, i, v, **k: oracles.index_put(x, i, v, **k),
        sample(X(2, 3), (MASK,), X(3)), function=call("index_put"), kinds="fib", transfers=True),
    row("index_put_", lambda x, i, v: oracles.index_put(x, i, v),
        sample(X(3, 2), (TWO,), X(2, 2)), function=in_place("index_put_"), kinds="fi"),
    row("fill_diagonal_", oracles.fill_diagonal, sample(X(2, 3), 0.5), sample(X(5, 2), 1.0, True),
        sample(X(5, 2), 1.0), sample(X(2, 2, 2), 1.0), function=in_place("fill_diagonal_")),
]  # fmt: skip

MASKED = [
    *both("masked_fill", lambda x, m, v: np.where(m, v, x), sample(X(2, 3), MASK, 0.5),
          sample(X(2, 3), MASK[:, :1], X()), sample(X(3), MASK, X()), sample(X(), MASK[0], 1.0)),
    row("masked_select", lambda x, m: np.broadcast_to(x, np.broadcast_shapes(x.shape, m.shape))[
        np.broadcast_to(m, np.broadcast_shapes(x.shape, m.shape))], sample(X(2, 3), MASK),
        sample(X(3), MASK), sample(X(2, 3), MASK[0]), sample(X(), array(True)), kinds="fib",
        transfers=True),
    *both("masked_scatter", oracles.masked_scatter, sample(X(2, 3), MASK, X(2, 2)),
          sample(X(3), MASK, X(4)), sample(X(2, 3), MASK[:, :1], X(3)), kinds="fib",
          transfers=True),
]  # fmt: skip

TABLES = [
    row("embedding", lambda i, w, **k: w[i], sample(GRID, X(3, 2)), sample(INDEX[:0], X(3, 2)),
        sample(array(1), X(3, 2)), sample(TWO, X(3, 2), scale_grad_by_freq=True)),
    row("embedding_bag", oracles.bags, sample(GRID, X(3, 2)), sample(GRID, X(3, 2), mode="max"),
        sample(GRID, X(3, 2), X(2, 2), mode="sum"),
        *[sample(array([1, 2, 0, 1]), X(3, 2), None, array([0, 0, 3, 4]), mode=mode, **options)
          for mode in ("sum", "mean", "max")
          for options in ({}, {"padding_idx": 1}, {"include_last_offset": True})],
        function=lambda i, w, factors=None, offsets=None, **k: call("embedding_bag")(
            i, w, offsets, per_sample_weights=factors, **k), **TWICE),
    row("one_hot", lambda i, n: np.eye(n, dtype=np.int64)[i], sample(GRID, 4), sample(array(1), 2),
        result="int64", **CONSTANT),
]  # fmt: skip

ROWS = SCATTER + ENTRIES + MASKED + TABLES
