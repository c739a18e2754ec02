"""Copies, joins and casts."""

import numpy as np
import oracles

from minigrad.testing import sample

from .making import CONSTANT, X, method, row

ROWS = [
    row("cat", lambda xs, dim=0: np.concatenate(xs, dim), sample([X(2, 3), X(1, 3)]),
        sample([X(2, 3), X(2, 0), X(2, 1)], 1), sample([X(2)], -1), kinds="fibc"),
    row("stack", lambda xs, dim=0: np.stack(xs, dim), sample([X(2, 3), X(2, 3)]),
        sample([X(2), X(2), X(2)], -1), sample([X(), X()]), kinds="fibc"),
    row("pad", oracles.padded, sample(X(2, 3), (1, 2)), sample(X(2, 3), (0, 1, 2, 0)),
        sample(X(2, 3), (-1, 1)), sample(X(2, 3), [1, 0], value=3.0), kinds="fi"),
    row("clone", np.copy, sample(X(2, 3)), sample(X()), sample(X(0)), kinds="fib",
        function=method("clone")),
    row("contiguous", np.copy, sample(X(2, 3)), kinds="fib",
        function=lambda x: x.mT.contiguous().mT),
    row("double", np.float64, sample(X(2, 3)), kinds="fib", result=float,
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
