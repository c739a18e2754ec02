"""Largest and smallest elements, in array code. NaN wins, as in PyTorch."""

from __future__ import annotations

from ...device import Array, namespace


def amax(out: Array, x: Array, *, axes: tuple[int, ...]) -> None:
    """The maximum of `x` over `axes`."""
    out[...] = namespace(x).max(x, axis=axes)


def amin(out: Array, x: Array, *, axes: tuple[int, ...]) -> None:
    """The minimum of `x` over `axes`."""
    out[...] = namespace(x).min(x, axis=axes)


def argmax(out: Array, x: Array, *, axis: int) -> None:
    """Index of the first maximum of `x` along `axis`."""
    out[...] = namespace(x).argmax(x, axis=axis)


def argmin(out: Array, x: Array, *, axis: int) -> None:
    """Index of the first minimum of `x` along `axis`."""
    out[...] = namespace(x).argmin(x, axis=axis)
