"""Matrix products."""

from functools import reduce

import numpy as np

from minigrad.testing import sample

from .making import TWICE, X, call, in_place, row

# Name, product, shapes; shapes of which the first expands.
SUMS = [
    ("addmm", np.matmul, ((2, 4), (2, 3), (3, 4)), ((4,), (2, 0), (0, 4))),
    ("addmv", np.matmul, ((2,), (2, 3), (3,)), ((), (2, 3), (3,))),
    ("addr", np.outer, ((2, 3), (2,), (3,)), ((3,), (2,), (3,))),
    ("addbmm", lambda a, b: (a @ b).sum(0), ((2, 5), (3, 2, 4), (3, 4, 5)),
     ((2, 1), (0, 2, 4), (0, 4, 5))),
    ("baddbmm", np.matmul, ((3, 2, 5), (3, 2, 4), (3, 4, 5)), ((3, 1, 5), (3, 2, 0), (3, 0, 5))),
]  # fmt: skip
EQUATIONS = [
    ("ij,jk", ((2, 3), (3, 4)), "same"),
    ("ij,kj->ki", ((2, 3), (4, 3)), "same"),
    ("bij,bjk,bkl->bil", ((2, 2, 3), (2, 3, 4), (2, 4, 2)), "same"),
    ("ii->i", ((3, 3),), "same"),
    ("iji->j", ((3, 2, 3),), "wide"),
    ("ii", ((3, 3),), "wide"),
    ("...ij,...jk->...ik", ((2, 1, 2, 3), (3, 3, 2)), "same"),
    ("i...->...", ((2, 3),), "wide"),
    ("i,j,k->kji", ((2,), (3,), (2,)), "same"),
    ("ab,bc,cd,de,ef,fg,ga->", ((2, 3), (3, 2), (2, 4), (4, 2), (2, 3), (3, 1), (1, 2)), "same"),
    ("ij,jk,k->i", ((2, 3), (3, 4), (4,)), "same"),
]  # fmt: skip

EMPTY_TOO = {"ij,jk": [sample(X(2, 0), X(0, 2))]}
ROWS = [
    row("matmul", np.matmul, sample(X(2, 3), X(3, 4)), sample(X(3), X(3)), sample(X(3), X(3, 2)),
        sample(X(2, 3), X(3)), sample(X(2, 2, 3), X(3, 2)), sample(X(2, 3), X(4, 3, 2)),
        sample(X(2, 1, 2, 3), X(3, 3, 2)), sample(X(2, 2, 3), X(3)), sample(X(2, 0), X(0, 3)),
        sample(X(0, 2), X(2, 3)), kinds="fic"),
    row("mm", np.dot, sample(X(2, 3), X(3, 2))),
    row("bmm", np.matmul, sample(X(2, 2, 3), X(2, 3, 2)), sample(X(0, 2, 3), X(0, 3, 2))),
    row("dot", np.dot, sample(X(3), X(3)), sample(X(0), X(0)), kinds="fic"),
    row("mv", np.dot, sample(X(2, 3), X(3)), sample(X(2, 0), X(0)), kinds="fic"),
    row("vdot", np.vdot, sample(X(3), X(3)), kinds="fic"),
    row("inner", np.inner, sample(X(2, 3), X(4, 2, 3)), sample(X(3), X(3)), sample(X(2), X()),
        sample(X(2, 0), X(3, 0)), sample(X(0, 2), X(2)), kinds="fic"),
    row("outer", np.outer, sample(X(2), X(3)), sample(X(0), X(2)), kinds="fib"),
    *[row(name, lambda c, a, b, beta=1, alpha=1, f=product: beta * c + alpha * f(a, b),
          *[sample(*[X(*shape) for shape in shapes], **scales)
            for shapes in (full, wide) for scales in ({}, {"beta": 3, "alpha": 2})],
          kinds="fic", rounds_once=name != "addr")
      for name, product, full, wide in SUMS],
    *[row(f"{name}_", lambda c, a, b, beta=1, alpha=1, f=product: beta * c + alpha * f(a, b),
          sample(*[X(*shape) for shape in full], beta=3, alpha=2), kinds="fic",
          function=in_place(f"{name}_"), rounds_once=name != "addr")
      for name, product, full, _ in SUMS],
    row("tensordot", lambda a, b, dims=2: np.tensordot(a, b, dims), sample(X(2, 3, 4), X(3, 4, 5)),
        sample(X(2, 3), X(3, 2), dims=([1, 0], [0, -1])), sample(X(2), X(3), dims=0),
        sample(X(2, 0), X(0, 3), dims=1), kinds="fic"),
    row("kron", np.kron, sample(X(2, 3), X(3, 2)), sample(X(2), X(3, 2)), sample(X(), X(2)),
        sample(X(0, 2), X(2)), kinds="fic"),
    row("trace", np.trace, sample(X(3, 3)), sample(X(2, 4)), sample(X(3, 2)), sample(X(0, 2)),
        kinds="fic", result="wide", **TWICE),
    row("cross", lambda a, b, dim=-1: np.cross(a, b, axis=dim), sample(X(3), X(3)),
        sample(X(2, 3), X(2, 3)), sample(X(3, 4), X(3, 4), dim=0), kinds="fic", **TWICE),
    row("chain_matmul", lambda *xs: reduce(np.matmul, xs), sample(X(2, 3)),
        sample(X(2, 3), X(3, 5), X(5, 2), X(2, 4)), **TWICE),
    *[row(f"einsum {equation}", lambda *xs, e=equation: np.einsum(e, *xs),
          sample(*[X(*shape) for shape in shapes]), *EMPTY_TOO.get(equation, ()), kinds="fic",
          result=result, **TWICE,
          function=lambda *xs, e=equation: call("einsum")(e, *xs))
      for equation, shapes, result in EQUATIONS],
    row("einsum of lists", lambda a, b: np.einsum("...b,bc->c...", a, b), sample(X(2, 3), X(3, 4)),
        sample(X(2, 1), X(3, 4)),
        function=lambda a, b: call("einsum")(a, [..., 7], b, [7, 2], [2, ...]), **TWICE),
    row("bilinear", lambda x, y, w, b=0: np.einsum("...i,oij,...j->...o", x, w, y) + b,
        sample(X(4, 2), X(4, 3), X(5, 2, 3), X(5)), sample(X(2), X(3), X(5, 2, 3)), **TWICE),
    row("linear", lambda x, w, b=0: x @ w.T + b, sample(X(4, 3), X(2, 3), X(2)),
        sample(X(3), X(2, 3)), sample(X(2, 2, 3), X(2, 3), X(2)), sample(X(0, 3), X(2, 3)),
        sample(X(0, 3), X(2, 3), X(2)), sample(X(2, 0), X(2, 0), X(2)),
        sample(X(2, 3), X(0, 3), X(0)),
        sample(X(2, 3), X(2, 3), X(1)), **TWICE),
]  # fmt: skip
