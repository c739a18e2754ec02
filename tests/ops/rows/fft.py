"""Fourier transforms, against NumPy's."""

import numpy as np

from minigrad.testing import sample

from .making import X, row

NOT_ROUNDED = {"rounds_once": False}


def one(name, kinds, result):
    """A transform over one dimension: cut, padded, scaled, of odd and even sizes."""
    return row(
        f"fft.{name}", lambda x, n=None, dim=-1, norm=None: getattr(np.fft, name)(x, n, dim, norm),
        sample(X(2, 4)), sample(X(5, 2), dim=0), sample(X(2, 4), 3), sample(X(3), 6, norm="ortho"),
        sample(X(2, 4), norm="forward"), sample(X(0, 3)), kinds=kinds, result=result,
    )  # fmt: skip


def many(name, kinds, result, oracle=None):
    """A transform over several dimensions."""

    def numpy(x, s=None, dim=None, norm=None):
        return getattr(np.fft, oracle or name)(x, s, dim if dim or not s else [-2, -1], norm)

    return row(
        f"fft.{name}", numpy, sample(X(2, 4)), sample(X(3, 2, 3), dim=(0, 2)),
        sample(X(2, 5), s=(3, 4), norm="ortho"), sample(X(2, 2, 4), dim=(2, 1), norm="forward"),
        kinds=kinds, result=result,
    )  # fmt: skip


def hermitian(x, s=None, dim=None, norm=None):
    """hfftn by what it means: the real transform of x and its mirror image."""
    axes = list(range(x.ndim)) if dim is None else list(dim)
    norm = {"forward": "backward", "backward": "forward"}.get(norm or "backward", norm)
    return np.fft.irfftn(np.conj(x), s, axes, norm)


def inverse_hermitian(x, s=None, dim=None, norm=None):
    axes = list(range(x.ndim)) if dim is None else list(dim)
    norm = {"forward": "backward", "backward": "forward"}.get(norm or "backward", norm)
    return np.conj(np.fft.rfftn(x, s, axes, norm))


def shifted(name):
    return row(
        f"fft.{name}", lambda x, dim=None: getattr(np.fft, name)(x, dim), sample(X(3, 4)),
        sample(X(3, 4), 0), sample(X(3, 2, 5), dim=(0, 2)), kinds="fic",
    )  # fmt: skip


ROWS = [
    *[one(name, "dc", "complex") for name in ("fft", "ifft")],
    *[one(name, "d", "complex") for name in ("rfft", "ihfft")],
    *[one(name, "dc", "real") for name in ("irfft", "hfft")],
    *[many(name, "dc", "complex") for name in ("fftn", "ifftn", "fft2", "ifft2")],
    *[many(name, "d", "complex") for name in ("rfftn", "rfft2")],
    *[many(name, "dc", "real") for name in ("irfftn", "irfft2")],
    *[row(f"fft.{name}", f, sample(X(2, 4)), sample(X(3, 3), dim=(1, 0), norm="ortho"),
          sample(X(3, 4), s=(2, 5), dim=(0, 1)), kinds=kinds, result=result)
      for name, f, kinds, result in (
          ("hfftn", hermitian, "dc", "real"), ("hfft2", hermitian, "dc", "real"),
          ("ihfftn", inverse_hermitian, "d", "complex"),
          ("ihfft2", inverse_hermitian, "d", "complex"))],
    *[shifted(name) for name in ("fftshift", "ifftshift")],
]  # fmt: skip
