"""Copies, joins and casts."""

import image_oracles
import numpy as np
import oracles
from numpy import array

import minigrad as mg
from minigrad.testing import sample

from .making import CONSTANT, X, method, row

ROWS = [
    row("cat", lambda xs, dim=0: np.concatenate(xs, dim), sample([X(2, 3), X(1, 3)]),
        sample([X(2, 3), X(2, 0), X(2, 1)], 1), sample([X(2)], -1), kinds="fibc"),
    row("stack", lambda xs, dim=0: np.stack(xs, dim), sample([X(2, 3), X(2, 3)]),
        sample([X(2), X(2), X(2)], -1), sample([X(), X()]), kinds="fibc"),
    row("hstack", np.hstack, sample([X(2, 3), X(2, 1)]), sample([X(2), X()]), kinds="fibc"),
    row("vstack", np.vstack, sample([X(2, 3), X(3)]), sample([X(), X(1, 1)]), kinds="fibc"),
    row("dstack", np.dstack, sample([X(2, 3), X(2, 3)]), sample([X(3), X(1, 3, 2)]), kinds="fibc"),
    row("column_stack", np.column_stack, sample([X(2), X(2, 3)]), sample([X(), X(1)]),
        sample([X(0), X(0, 2)]), kinds="fibc"),
    row("block_diag", oracles.block_diag, sample(X(2, 3), X(2), X()), sample(X(0), X(1, 2)),
        kinds="fibc"),
    row("atleast_1d", np.atleast_1d, sample(X()), sample(X(), X(2, 3)), kinds="fibc"),
    row("atleast_2d", np.atleast_2d, sample(X(3)), sample(X(), X(2, 3)), kinds="fibc"),
    row("atleast_3d", np.atleast_3d, sample(X(3)), sample(X(), X(2, 3), X(1, 2, 3)), kinds="fibc"),
    row("meshgrid", lambda *xs, indexing="ij": np.meshgrid(*xs, indexing=indexing),
        sample(X(2), X(3)), sample(X(2), X(3), X(4), indexing="xy"), sample(X()), kinds="fibc"),
    row("cartesian_prod", lambda *xs: np.stack(np.meshgrid(*xs, indexing="ij"), -1).reshape(
        (-1, len(xs)) if len(xs) > 1 else -1), sample(X(2), X(3)), sample(X(2), X(1), X(2)),
        sample(X(3)), kinds="fibc"),
    row("flip", np.flip, sample(X(2, 3), (0, 1)), sample(X(2, 3), (-1,)), sample(X(2, 3), ()),
        sample(X(), ()), kinds="fibc"),
    row("fliplr", np.fliplr, sample(X(2, 3)), kinds="fibc"),
    row("flipud", np.flipud, sample(X(2, 3)), sample(X(3)), kinds="fibc"),
    row("roll", np.roll, sample(X(2, 3), 2), sample(X(3, 4), (1, -5), (0, 1)),
        sample(X(3, 2), (1, 1), (0, 0)), sample(X(), 1), sample(X(0, 2), 1, 0), kinds="fibc"),
    row("rot90", np.rot90, *[sample(X(2, 3), k) for k in (1, 2, 3, 4, -1)],
        sample(X(2, 3, 4), 1, (2, 0)), kinds="fibc"),
    row("repeat", lambda x, *n: np.tile(x, n), sample(X(2, 3), 2, 1, 2), sample(X(), 3),
        sample(X(2), 0), sample(X(2), 1), kinds="fibc", function=method("repeat")),
    row("tile", np.tile, sample(X(2, 3), (2,)), sample(X(2), (2, 3)), kinds="fibc"),
    row("repeat_interleave", lambda x, n, dim=None: np.repeat(x, n, dim), sample(X(2, 3), 2),
        sample(X(2, 3), 3, -1), sample(X(2), 0, 0), sample(X(2, 3), array([2, 0, 1]), 1),
        sample(X(2, 2), array([3]), 0), kinds="fibc", transfers=True),
    row("split", lambda x, n, dim=0: np.split(x, np.cumsum(n)[:-1] if isinstance(n, list) else
                                              range(n, x.shape[dim], n), dim),
        sample(X(5, 2), 2), sample(X(2, 5), [1, 0, 4], -1), sample(X(0), 3), kinds="fibc"),
    row("split_with_sizes", lambda x, n, dim=0: np.split(x, np.cumsum(n)[:-1], dim),
        sample(X(5), [2, 3]), kinds="fibc"),
    row("chunk", lambda x, n, dim=0: np.split(x, range(-(-x.shape[dim] // n), x.shape[dim],
                                                       -(-x.shape[dim] // n)), dim),
        sample(X(5, 2), 3), sample(X(2, 6), 4, 1), kinds="fibc"),
    row("tensor_split", np.array_split, sample(X(7), 3), sample(X(2, 5), (1, 3, -1, 9), 1),
        kinds="fibc"),
    row("hsplit", np.hsplit, sample(X(2, 4), 2), sample(X(4), [1, 3]), kinds="fibc"),
    row("vsplit", np.vsplit, sample(X(4, 2), 2), kinds="fibc"),
    row("dsplit", np.dsplit, sample(X(1, 2, 4), [1]), kinds="fibc"),
    row("narrow_copy", lambda x, dim, start, n: x.take(range(start, start + n), dim),
        sample(X(3, 4), 1, 1, 2), kinds="fibc"),
    row("contiguous channels-last", np.copy, sample(X(2, 3, 2, 2)), kinds="fibc",
        function=lambda x: x.contiguous(memory_format=mg.channels_last)
        if isinstance(x, mg.Tensor) else x.clone()),
    row("pad", image_oracles.padded, sample(X(2, 3), (1, 2)), sample(X(2, 3), (0, 1, 2, 0)),
        sample(X(2, 3), (-1, 1)), sample(X(2, 3), [1, 0], value=3.0), kinds="fi"),
    row("clone", np.copy, sample(X(2, 3)), sample(X()), sample(X(0)), kinds="fibc",
        function=method("clone")),
    row("contiguous", np.copy, sample(X(2, 3)), kinds="fibc",
        function=lambda x: x.mT.contiguous().mT),
    row("double", np.float64, sample(X(2, 3)), kinds="fibc", result=float,
        function=method("double")),
    row("float", np.copy, sample(X(2, 3)), kinds="ib", result="float32", function=method("float"),
        **CONSTANT),
    row("long", np.trunc, sample(X(2, 3)), kinds="fib", result="int64", function=method("long"),
        **CONSTANT),
    row("bool", lambda x: x != 0, sample(X(2, 3)), kinds="fib", result=bool,
        function=method("bool"), **CONSTANT),
    row("to another device", np.copy, sample(X(2, 3)), kinds="fib", transfers=True,
        function=lambda x: x.to("cuda" if x.device.type == "cpu" else "cpu").to(x.device)),
]  # fmt: skip
