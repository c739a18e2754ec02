"""Reading and writing by index."""

import index_oracles as oracles
import numpy as np
from numpy import array

from minigrad.testing import sample

from .making import CONSTANT, GRID, INDEX, MASK, TIES, X, call, row


def read(name, choose, *shape, **facts):
    """``x[...]``, which NumPy and both libraries read alike. `choose` may take index arrays."""
    index = facts.pop("index", ())
    return row(
        f"x[{name}]", choose, sample(X(*shape), *index), function=choose, kinds="fibc", **facts
    )


READS = [
    read("1", lambda x: x[1], 3, 2),
    read("-1, 1", lambda x: x[-1, 1], 3, 2),
    read("1:", lambda x: x[1:], 3, 2),
    read("::2, 1:2", lambda x: x[::2, 1:2], 3, 2),
    read("..., None, 0", lambda x: x[..., None, 0], 3, 2),
    read("None", lambda x: x[None], 3),
    read("...", lambda x: x[...]),
    read("3:1", lambda x: x[3:1], 4),
    read("list", lambda x: x[[2, 0, 2]], 3, 2, transfers=True),
    read("vector", lambda x, i: x[i], 3, 2, index=[INDEX]),
    read("matrix", lambda x, i: x[i], 3, 2, index=[GRID]),
    read(":, vector", lambda x, i: x[:, i], 2, 3, index=[INDEX]),
    read("two vectors", lambda x, i, j: x[i, j], 3, 2, index=[INDEX, INDEX % 2]),
    read("vector, :, vector", lambda x, i, j: x[i, :, j], 3, 2, 2, index=[INDEX, INDEX % 2]),
    read("column against row", lambda x, i, j: x[i, j], 3, 2, index=[GRID[:, :1], GRID[1]]),
    read("1, vector", lambda x, i: x[1, i], 2, 3, index=[INDEX]),
    read("1:, vector", lambda x, i: x[1:, i], 3, 3, index=[INDEX]),
    read("empty vector", lambda x, i: x[i], 3, 2, index=[INDEX[:0]]),
    read("mask", lambda x, m: x[m], 2, 3, index=[MASK], transfers=True),
    read("row mask", lambda x, m: x[m], 2, 3, index=[MASK[:, 0]], transfers=True),
    read("1:, column mask", lambda x, m: x[1:, m], 2, 3, index=[MASK[0]], transfers=True),
    read("true", lambda x, m: x[m], 2, 3, index=[array(True)], transfers=True),
]  # fmt: skip


def write(name, store, *args, **facts):
    """``x[...] = v`` into a copy; `store` is the statement."""

    def function(x, v, *index):
        x = x.clone() if hasattr(x, "clone") else np.array(x)
        store(x, v, *index)
        return x

    return row(f"x[{name}] = v", function, sample(*args), function=function, **facts)


def store_at(*index):
    def store(x, v, *arrays):
        x[(*index, *arrays)] = v

    return store


WRITES = [
    write("1", store_at(1), X(3, 2), X(2)),
    write("1:", store_at(slice(1, None)), X(3, 2), X(1)),
    write("...", store_at(...), X(3), X(3)),
    write(":, 0", store_at(slice(None), 0), X(3, 2), X(3)),
    write("vector", store_at(), X(4, 2), X(3, 2), array([2, 0, 1])),
    write(":, vector", store_at(slice(None)), X(2, 3), X(2, 2), array([2, 0])),
    write("1, vector", store_at(1), X(2, 3), X(2), array([2, 0])),
    write("vector, vector", store_at(), X(3, 2), X(2), array([2, 0]), array([1, 1])),
    write("mask", store_at(), X(2, 3), X(), MASK, transfers=True),
    write("row mask", store_at(), X(2, 3), X(3), MASK[:, 0], transfers=True),
]

INDEXING = [
    row("gather", oracles.gather, sample(X(3, 2), 0, GRID[::-1].copy()),
        sample(X(), 0, GRID[0] // 3), sample(X(3), 0, array(1)), sample(X(2, 3), 1, GRID),
        sample(X(3, 3), 1, GRID[:1]), sample(X(2, 3), -1, GRID[:, :0]), kinds="fib"),
    row("index_select", lambda x, dim, i: np.take(x, i, dim), sample(X(3, 2), 0, GRID[0]),
        sample(X(2, 3), -1, array([2, 2, 0])), sample(X(2, 3), 1, INDEX[:0]), kinds="fibc"),
    row("nonzero", lambda x: np.argwhere(x), sample(X(2, 3)), sample(array(1.0)), sample(X(0, 2)),
        sample(TIES), kinds="fib", result="int64", transfers=True, **CONSTANT),
    row("where alone", lambda x: np.nonzero(x), sample(X(2, 3)), sample(X(0)), kinds="ib",
        function=lambda x: call("where")(x != 0), result="int64", transfers=True, **CONSTANT),
    row("argwhere", np.argwhere, sample(X(2, 3)), sample(array(1.0)), kinds="fib",
        result="int64", transfers=True, **CONSTANT),
    row("nonzero_static", lambda x, size, fill_value: np.argwhere(x)[:size], sample(MASK, size=2,
        fill_value=9), sample(MASK, size=3, fill_value=9), result="int64", transfers=True,
        **CONSTANT),
    row("nonzero_static filled", lambda x: np.concatenate([np.argwhere(x), [[-1, -1]] * 2]),
        sample(MASK), function=lambda x: call("nonzero_static")(x, size=5), result="int64",
        transfers=True, **CONSTANT),
    row("unravel_index", lambda i, shape: np.unravel_index(i, shape), sample(GRID * 3, (2, 4)),
        sample(array(5), 6), sample(INDEX[:0], (2, 2)), result="int64", **CONSTANT),
    row("take", lambda x, i: np.take(x, i), sample(X(2, 3), INDEX), sample(X(2, 2), GRID),
        sample(X(), array([0, 0])), sample(X(0), INDEX[:0]), kinds="fib"),
    row("take_along_dim", np.take_along_axis, sample(X(3, 2), GRID, 0), sample(X(1, 3), GRID, 1),
        sample(X(2, 3), INDEX[:2, None], -1), sample(X(2, 3), INDEX % 6, None), kinds="fib"),
]  # fmt: skip

ROWS = READS + WRITES + INDEXING
