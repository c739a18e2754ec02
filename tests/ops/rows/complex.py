"""Complex numbers. Most operations that take them have ``kinds="...c"`` in their own family."""

import numpy as np

from minigrad.testing import sample

from .making import P, X, call, row, unary

ROWS = [
    unary("conj", np.conj, kinds="fic"),
    unary("conj_physical", np.conj, kinds="fic"),
    unary("real", np.real, kinds="fic", result="real"),
    row("imag", np.imag, sample(X(2, 3)), sample(X(0)), kinds="c", result="real"),
    row("real of a view", lambda x: x.T[1:].real, sample(X(2, 3)), kinds="c", result="real",
        function=lambda x: x.T[1:].real),
    row("angle", np.angle, sample(P(2, 3)), sample(X(3)), kinds="c", result="real"),
    row("angle of a real number", lambda x: np.where(np.isnan(x), x, np.where(x < 0, np.pi, 0)),
        sample(P(3)), sample(np.array([-1.0, 0.0, 2.0, np.nan]), smooth=False),
        function=call("angle")),
    row("sgn", np.sign, sample(P(2, 3)), sample(P()), kinds="fic"),
    row("view_as_real", lambda x: np.stack([x.real, x.imag], -1), sample(X(2, 3)), sample(X()),
        sample(X(0, 2)), kinds="c", result="real"),
    row("view_as_complex", lambda x: x[..., 0] + 1j * x[..., 1], sample(X(3, 2)), sample(X(2)),
        kinds="d", result="complex", function=lambda x: call("view_as_complex")(x.contiguous())),
    row("complex", lambda a, b: a + 1j * b, sample(X(2, 3), X(3)), sample(X(), X()), kinds="d",
        result="complex"),
    row("polar", lambda a, b: a * np.exp(1j * b), sample(P(2, 3), X(3)), kinds="d",
        result="complex"),
]  # fmt: skip
