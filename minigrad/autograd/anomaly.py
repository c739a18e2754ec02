"""Finding the operation that made a NaN: ``with detect_anomaly():``.

Inside, every recorded operation remembers where in the user's program it was called, and backward
stops at the first gradient that is not finite, and shows that place.
"""

from __future__ import annotations

from typing import Any

from ..context import state
from ..device import namespace
from ..dtypes import DIFFERENTIABLE
from ..errors import GradientError


class set_detect_anomaly:
    """Anomaly detection switched to `mode`, at once; as a context manager, until it ends.

    Args:
        mode: whether operations remember where they were called.
        check_nan: whether backward raises `GradientError` at a gradient that is not finite.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = state.anomaly, state.check_finite
        state.anomaly, state.check_finite = bool(mode), bool(mode and check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        state.anomaly, state.check_finite = self.before


class detect_anomaly(set_detect_anomaly):
    """Inside, an operation whose gradient is not finite is traced to the line that called it.

    Both passes must run inside. It costs time at every operation: for debugging only.

    Example:
        >>> with mg.autograd.detect_anomaly():
        ...     loss = mg.sqrt(x - x).sum()
        ...     loss.backward()                          # raises, and names the line above
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan

    def __enter__(self) -> None:
        super().__init__(True, self.check_nan)


def check_finite(node: Any, gradients: list[Any]) -> None:
    """GradientError if one of the gradients that `node` gave its inputs is not finite."""
    for i, g in enumerate(gradients):
        if g is None or g.dtype not in DIFFERENTIABLE:
            continue
        finite = namespace(g.array).isfinite(g.array)
        if not bool(finite.all()):
            bad = g.array[~finite].reshape(-1)[0]
            raise GradientError(
                f"detect_anomaly: backward through {node!r} gave its input {i} a gradient of shape "
                f"{g.shape} with {bad} in it. The operation was called here:\n"
                f"{node.trace or '  (outside detect_anomaly: its place was not remembered)'}"
            )
