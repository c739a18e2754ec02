"""Whose voice? Resemblyzer's LSTM: a vector for a speaker, from the mel spectrum of a sound.

    python examples/pretrained/voice_encoder.py one.wav two.wav    # 1.0: the same voice

Wan, Wang, Papir, Lopez Moreno, Generalized end-to-end loss for speaker verification, 2018; weights
of Resemblyzer, Apache 2.0.
"""

import sys

import numpy as np
from speech_detector import read, vowels
from wheels import folder

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

RATE, FFT, HOP, MELS = 16000, 400, 160, 40
FRAMES, STEP = 160, 77  # of an utterance: 1.6 s, every 0.77 s


class VoiceEncoder(nn.Module):
    """(N, T, mels) spectra -> (N, width) vectors of length 1."""

    def __init__(self, mels=MELS, width=256, layers=3):
        super().__init__()
        self.lstm = nn.LSTM(mels, width, layers, batch_first=True)
        self.linear = nn.Linear(width, width)

    def forward(self, spectra):
        _, (hidden, _) = self.lstm(spectra)
        return F.normalize(F.relu(self.linear(hidden[-1])), dim=1)


def load():
    """The trained network."""
    state = mg.load(folder("resemblyzer") / "pretrained.pt")["model_state"]
    model = VoiceEncoder()
    model.load_state_dict({k: v for k, v in state.items() if not k.startswith("similarity")})
    return model.eval()


def mel_filters():
    """(mels, frequencies): triangles of area 1 on Slaney's mel scale, which is linear to 1000 Hz
    and logarithmic above."""
    step = np.log(6.4) / 27
    top = 15 + np.log(RATE / 2 / 1000) / step
    mels = np.linspace(0, top, MELS + 2)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (np.maximum(mels, 15) - 15)))
    ramps = edges[:, None] - np.linspace(0, RATE / 2, FFT // 2 + 1)
    widths = np.diff(edges)[:, None]
    up, down = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    triangles = np.maximum(0, np.minimum(up, down))
    return (triangles * 2 / (edges[2:] - edges[:-2])[:, None]).astype(np.float32)


def mel_spectrum(sound):
    """(samples,) -> (T, mels): the power in each band, 100 times a second."""
    waves = mg.stft(
        sound, FFT, HOP, window=mg.hann_window(FFT), pad_mode="constant", return_complex=True
    )
    return (mg.from_numpy(mel_filters()) @ waves.abs() ** 2).T


def embed(model, sound):
    """The mean over overlapping utterances of `sound`, an array of samples from -1 to 1."""
    level = 10 ** (-30 / 20) / np.sqrt(np.mean(sound**2))  # made as loud as -30 dB, if less
    sound = mg.from_numpy((sound * max(level, 1)).astype(np.float32))
    short = FRAMES * HOP - len(sound)
    spectrum = mel_spectrum(F.pad(sound, (0, max(short, 0))))
    with mg.no_grad():
        parts = spectrum.unfold(0, FRAMES, STEP).transpose(1, 2)  # (N, FRAMES, mels)
        return F.normalize(model(parts).mean(0), dim=0)


if __name__ == "__main__":
    model = load()
    sounds = [read(path) for path in sys.argv[1:]] or [vowels(), vowels()[::-1].copy()]
    vectors = mg.stack([embed(model, sound) for sound in sounds])
    print(vectors @ vectors.T)
