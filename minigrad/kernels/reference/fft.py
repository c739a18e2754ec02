"""Discrete Fourier transforms without scaling, in array code. The transforms are the library's."""

from __future__ import annotations

from ...device import Array, namespace


def complex_to_complex(out: Array, x: Array, *, axes: tuple[int, ...], forward: bool) -> None:
    """out[k] = sum over j of x[j] exp(-+ 2 pi i j k / n) along each of `axes`."""
    fft = namespace(x).fft
    # With norm="forward" the inverse is the one without a factor.
    out[...] = fft.fftn(x, axes=axes) if forward else fft.ifftn(x, axes=axes, norm="forward")


def real_to_complex(out: Array, x: Array, *, axis: int) -> None:
    """The first n // 2 + 1 of the n outputs: the others are their conjugates."""
    out[...] = namespace(x).fft.rfft(x, axis=axis)


def complex_to_real(out: Array, x: Array, *, axis: int, n: int) -> None:
    """The inverse transform of n // 2 + 1 numbers that stand for n; without a factor."""
    out[...] = namespace(x).fft.irfft(x, n=n, axis=axis, norm="forward")
