"""Fourier transforms, against NumPy's."""

import numpy as np

import minigrad as mg
from minigrad.testing import sample

from .making import P, X, row


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


def framed(x, n, hop, window=None, center=True, normalized=False, **_):
    """The transform of each window of a signal (L,) or (B, L), frame by frame."""
    w = np.ones(n) if window is None else window
    w = np.pad(w, [(n - len(w)) // 2, n - len(w) - (n - len(w)) // 2])
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(n // 2, n // 2)], mode="reflect")
    starts = range(0, x.shape[-1] - n + 1, hop)
    frames = np.stack([x[..., s : s + n] * w for s in starts], -1)
    return np.fft.rfft(frames, axis=-2) / (np.sqrt(n) if normalized else 1)


def there_and_back(x, n, hop, **options):
    """istft of stft is the signal."""
    spectrum = mg.stft(x, n, hop, return_complex=True, **options)
    return mg.istft(spectrum, n, hop, length=x.shape[-1], **options)


ROWS = [
    row("stft", framed, sample(X(2, 12), 4, 2), sample(X(9), 5, 3, normalized=True),
        sample(X(12), 6, 2, P(6), center=False), kinds="d", result="complex",
        function=lambda x, n, hop, window=None, **o: mg.stft(
            x, n, hop, window=window, return_complex=True, **o)),
    row("istft", lambda x, n, hop, **_: x, sample(X(2, 12), 4, 2), sample(X(13), 6, 2),
        sample(X(12), 4, 1, normalized=True), kinds="d", transfers=True,
        function=there_and_back),
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
