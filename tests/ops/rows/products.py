"""Matrix products."""

import numpy as np

from minigrad.testing import sample

from .making import TWICE, X, row

ROWS = [
    row("matmul", np.matmul, sample(X(2, 3), X(3, 4)), sample(X(3), X(3)), sample(X(3), X(3, 2)),
        sample(X(2, 3), X(3)), sample(X(2, 2, 3), X(3, 2)), sample(X(2, 3), X(4, 3, 2)),
        sample(X(2, 1, 2, 3), X(3, 3, 2)), sample(X(2, 2, 3), X(3)), sample(X(2, 0), X(0, 3)),
        sample(X(0, 2), X(2, 3)), kinds="fic"),
    row("mm", np.dot, sample(X(2, 3), X(3, 2))),
    row("bmm", np.matmul, sample(X(2, 2, 3), X(2, 3, 2)), sample(X(0, 2, 3), X(0, 3, 2))),
    row("dot", np.vdot, sample(X(3), X(3)), sample(X(0), X(0)), kinds="fi"),
    row("linear", lambda x, w, b=0: x @ w.T + b, sample(X(4, 3), X(2, 3), X(2)),
        sample(X(3), X(2, 3)), sample(X(2, 2, 3), X(2, 3), X(2)), sample(X(0, 3), X(2, 3)),
        **TWICE),
]  # fmt: skip
