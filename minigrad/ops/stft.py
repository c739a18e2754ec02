"""Short-time Fourier transforms: a signal in overlapping windows, and back.

Letters: B signals, L samples, T frames, W samples a frame (n_fft), N frequencies.
"""

from __future__ import annotations

import warnings

from ..dtypes import is_complex
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .complex import complex, view_as_real
from .constant_pad import constant_pad_nd
from .creation import ones
from .fft import fft, ifft, irfft, rfft
from .fold import fold
from .padding import pad
from .shape import reshape, transpose, unsqueeze

__all__ = ["istft", "stft"]


def _window(window: Tensor | None, win_length: int, n_fft: int, like: Tensor, op: str) -> Tensor:
    """The window (W,): what is given, or ones, with zeros on both sides up to `n_fft`."""
    if not 0 < win_length <= n_fft:
        raise ArgumentError(f"{op}: win_length={win_length} must be in 1..n_fft={n_fft}")
    if window is None:
        dtype = like.real.dtype if is_complex(like.dtype) else like.dtype
        window = ones(win_length, dtype=dtype, device=like.device)
    elif window.shape != (win_length,):
        raise ShapeError(f"{op}: window has shape {window.shape}, expected ({win_length},)")
    left = (n_fft - win_length) // 2
    return constant_pad_nd(window, [left, n_fft - win_length - left])


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The Fourier transforms of windows of a signal: column t is ``fft(w * x[t H : t H + W])``.

    Args:
        input: (L,) or (B, L), real or complex.
        n_fft: samples a frame, W.
        hop_length: samples from a frame to the next, H; a quarter of `n_fft` by default.
        win_length: samples of the window, padded to `n_fft`, which is the default.
        window: (win_length,); ones by default.
        center: frames are centered on their samples: the signal is padded by half a frame.
        pad_mode: how, as in `nn.functional.pad`.
        normalized: multiply by ``1 / sqrt(n_fft)``.
        onesided: the N = W / 2 + 1 frequencies that real signals need; the default for them.
        return_complex: must be True for a real input; False gives (..., 2) floats.

    Returns: (N, T) or (B, N, T).
    """
    signal, batched = _signal(input)
    hop = n_fft // 4 if hop_length is None else hop_length
    if return_complex is None and not is_complex(input.dtype):
        raise ArgumentError("stft: say return_complex=True (or False for (..., 2) floats)")
    window = _window(window, n_fft if win_length is None else win_length, n_fft, input, "stft")
    if center:
        if align_to_window is not None:
            raise ArgumentError("stft: align_to_window is for center=False only")
        half = n_fft // 2
        signal = reshape(pad(unsqueeze(signal, 1), (half, half), mode=pad_mode),
                         (signal.shape[0], -1))  # fmt: skip
    if not 0 < n_fft <= signal.shape[-1] or hop <= 0:
        raise ArgumentError(
            f"stft: n_fft={n_fft} and hop_length={hop} do not fit a signal of shape {signal.shape}"
        )
    frames = signal.unfold(-1, n_fft, hop) * window  # (B, T, W)
    real_input = not is_complex(frames.dtype)
    half_only = real_input if onesided is None else onesided
    if half_only and not real_input:
        raise ArgumentError("stft: onesided=True is for real signals and windows only")
    norm = "ortho" if normalized else None
    spectrum = rfft(frames, norm=norm) if half_only else fft(frames, norm=norm)  # (B, T, N)
    out = transpose(spectrum, 1, 2)
    out = out if batched else out[0]
    if return_complex is False:
        warnings.warn("stft: return_complex=False gives (..., 2) floats", stacklevel=3)
        return view_as_real(out)
    return out


def _signal(input: Tensor) -> tuple[Tensor, bool]:
    """The signal as (B, L), and whether it had the B."""
    if input.dtype.kind not in "fc":
        raise DTypeError(f"stft: needs a floating-point or complex signal, got {input.dtype}")
    if input.ndim not in (1, 2):
        raise ShapeError(f"stft: expected a signal (L,) or (B, L), got shape {input.shape}")
    return (unsqueeze(input, 0), False) if input.ndim == 1 else (input, True)


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal whose `stft` is nearest to `input` (N, T) or (B, N, T), by least squares.

    Frames are transformed back, windowed, added where they overlap, and divided by the sum of the
    squared windows there, which must not vanish.

    Source: Griffin and Lim, *Signal estimation from modified short-time Fourier transform* (1984).
    """
    spectrum, batched = _spectrum(input, n_fft, onesided, return_complex)
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    if not 0 < hop <= win:
        raise ArgumentError(f"istft: hop_length={hop} must be in 1..win_length={win}")
    window = _window(window, win, n_fft, input, "istft")
    norm = "ortho" if normalized else None
    frames = transpose(spectrum, 1, 2)  # (B, T, N)
    half_only = spectrum.shape[1] != n_fft if onesided is None else onesided
    if return_complex:
        pieces = ifft(frames, norm=norm)
    else:
        kept = frames if half_only else frames[..., : n_fft // 2 + 1]
        pieces = irfft(kept, n_fft, norm=norm)
    signal = _added(pieces * window, hop)  # (B, L)
    weight = _added((window * window).expand(1, frames.shape[1], n_fft), hop)[0]
    start = n_fft // 2 if center else 0
    whole = signal.shape[-1]
    end = start + length if length is not None else whole - (n_fft // 2 if center else 0)
    signal, weight = signal[:, start:end], weight[start:end]
    if not bool((weight.abs() > 1e-11).all()):
        raise ArgumentError(
            "istft: the windows do not cover every sample: the sum of their squares vanishes; use "
            "a smaller hop_length, or center=True"
        )
    signal = signal / weight
    if length is not None and signal.shape[-1] < length:
        warnings.warn(f"istft: the signal is shorter than length={length}; padded", stacklevel=3)
        signal = constant_pad_nd(signal, [0, length - signal.shape[-1]])
    return signal if batched else signal[0]


def _spectrum(
    input: Tensor, n_fft: int, onesided: bool | None, return_complex: bool
) -> tuple[Tensor, bool]:
    """The spectrum as (B, N, T), and whether it had the B."""
    if not is_complex(input.dtype):
        raise DTypeError(f"istft: needs a complex spectrum, got {input.dtype}; use view_as_complex")
    if input.ndim not in (2, 3) or not input.array.size:
        raise ShapeError(f"istft: expected (N, T) or (B, N, T), got shape {input.shape}")
    expected = [n_fft // 2 + 1, n_fft] if onesided is None else [
        n_fft // 2 + 1 if onesided else n_fft
    ]  # fmt: skip
    if input.shape[-2] not in expected:
        raise ShapeError(
            f"istft: {input.shape[-2]} frequencies (shape {input.shape}), n_fft={n_fft} has "
            f"{' or '.join(map(str, expected))}"
        )
    if return_complex and input.shape[-2] != n_fft:
        raise ArgumentError("istft: a complex signal needs all frequencies: onesided=False")
    return (unsqueeze(input, 0), False) if input.ndim == 2 else (input, True)


def _added(frames: Tensor, hop: int) -> Tensor:
    """Frames (B, T, W), added where they overlap: (B, L)."""
    B, T, W = frames.shape
    if is_complex(frames.dtype):
        return complex(_added(frames.real, hop), _added(frames.imag, hop))
    total = (T - 1) * hop + W
    out = fold(transpose(frames, 1, 2), (1, total), (1, W), stride=(1, hop))  # (B, 1, 1, L)
    return reshape(out, (B, total))
