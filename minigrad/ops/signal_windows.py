"""Windows for spectra: weights that fall off towards both ends of a signal.

With t running from -1 to 1 over the window. Periodic windows, which fit a Fourier transform, are
those of one point more without the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context import state
from ..device import namespace_of, special_functions
from ..dtypes import FLOATS, as_dtype, get_default_dtype
from ..errors import ArgumentError
from ..tensor import Tensor
from .creation import factory, number, place_of
from .operands import integer

__all__ = [
    "bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window",
]  # fmt: skip


def _window(
    op: str, length: int, periodic: bool, dtype: Any, device: Any, weights: Callable[..., Any]
) -> Tensor:
    """``weights(xp, t)``, computed in float64."""
    count = integer(length, f"{op}: window_length")
    if count < 0:
        raise ArgumentError(f"{op}: window_length={count} must not be negative")
    found = get_default_dtype() if dtype is None else as_dtype(dtype)
    if found not in FLOATS:
        raise ArgumentError(f"{op}: dtype must be floating-point, got {found}")
    xp = namespace_of(place_of(device))
    if count <= 1:
        return Tensor(xp.ones(count, found))
    t = 2 * xp.arange(count, dtype=np.float64) / (count if periodic else count - 1) - 1
    return Tensor(state.run_quietly(weights, xp, t).astype(found))


@factory
def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """``0.5 + 0.5 cos(pi t)``."""
    return _window(
        "hann_window", window_length, periodic, dtype, device,
        lambda xp, t: 0.5 + 0.5 * xp.cos(math.pi * t),
    )  # fmt: skip


@factory
def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: Any = None,
    device: Any = None,
) -> Tensor:
    """``alpha + beta cos(pi t)``."""
    alpha, beta = [float(number(x, "hamming_window")) for x in (alpha, beta)]
    return _window(
        "hamming_window", window_length, periodic, dtype, device,
        lambda xp, t: alpha + beta * xp.cos(math.pi * t),
    )  # fmt: skip


@factory
def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """``0.42 + 0.5 cos(pi t) + 0.08 cos(2 pi t)``."""
    return _window(
        "blackman_window", window_length, periodic, dtype, device,
        lambda xp, t: 0.42 + 0.5 * xp.cos(math.pi * t) + 0.08 * xp.cos(2 * math.pi * t),
    )  # fmt: skip


@factory
def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """``1 - |t|``."""
    return _window(
        "bartlett_window", window_length, periodic, dtype, device, lambda xp, t: 1 - xp.abs(t)
    )  # fmt: skip


@factory
def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: Any = None,
    device: Any = None,
) -> Tensor:
    """``i0(beta sqrt(1 - t^2)) / i0(beta)``, with i0 the modified Bessel function of order 0."""

    beta = float(number(beta, "kaiser_window"))

    def weights(xp: Any, t: Any) -> Any:
        i0 = special_functions(xp).i0
        return i0(beta * xp.sqrt(1 - t * t)) / i0(xp.asarray(beta))

    return _window("kaiser_window", window_length, periodic, dtype, device, weights)
