"""Where is speech? Silero's voice activity detector, on a WAV file of 16,000 samples a second.

    python examples/pretrained/speech_detector.py [speech.wav]

Silero Team, Silero VAD, 2021 to 2024; MIT licence. A spectrum by convolution with sines and
cosines, four convolutions, an LSTM over windows of 32 ms, and one number for each window.
"""

import sys
import wave

import numpy as np
from onnx_weights import initializers
from wheels import folder

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

WINDOW, CONTEXT, BORDER = 512, 64, 64  # samples: a window, those seen before it, mirrored after it


class SpeechDetector(nn.Module):
    """(N, samples) sounds -> (N, windows) probabilities of speech."""

    def __init__(self, window=256, hop=128, width=128, narrow=64, half=129):
        super().__init__()
        self.half = half  # frequencies
        self.spectrum = nn.Conv1d(1, 2 * self.half, window, hop, bias=False)
        sizes = [(self.half, width, 1), (width, narrow, 2), (narrow, narrow, 2), (narrow, width, 1)]
        self.encoder = nn.Sequential()
        for C, K, stride in sizes:
            self.encoder.append(nn.Conv1d(C, K, 3, stride, padding=1)).append(nn.ReLU())
        self.rnn = nn.LSTM(width, width, batch_first=True)
        self.out = nn.Linear(width, 1)

    def forward(self, sound):
        N = sound.shape[0]
        missing = -sound.shape[1] % WINDOW
        sound = F.pad(sound, (CONTEXT, missing))
        windows = sound.unfold(1, CONTEXT + WINDOW, WINDOW)  # (N, T, 576)
        x = F.pad(windows.flatten(0, 1).unsqueeze(1), (0, BORDER), mode="reflect")  # (N T, 1, 640)
        waves = self.spectrum(x)  # (N T, 2 F, frames)
        x = (waves[:, : self.half] ** 2 + waves[:, self.half :] ** 2).sqrt()
        x = self.encoder(x).mean(2)  # (N T, width): one frame is left
        states, _ = self.rnn(x.reshape(N, windows.shape[1], -1))  # (N, T, width)
        return self.out(F.relu(states)).sigmoid().squeeze(2)


def translate(arrays):
    """The initializers of the ONNX file with our names."""
    ours = {
        "spectrum.weight": arrays["model.stft.forward_basis_buffer"],
        "out.weight": arrays["model.decoder.decoder.2.weight"][:, :, 0],
        "out.bias": arrays["model.decoder.decoder.2.bias"],
    }
    for part in ("weight", "bias"):
        for i in range(4):
            ours[f"encoder.{2 * i}.{part}"] = arrays[f"model.encoder.{i}.reparam_conv.{part}"]
        for kind in ("ih", "hh"):
            ours[f"rnn.{part}_{kind}_l0"] = arrays[f"model.decoder.rnn.{part}_{kind}"]
    return ours


def load():
    """The trained network."""
    # The .safetensors beside it is of another training.
    path = folder("silero_vad") / "data" / "silero_vad_16k_op15.onnx"
    model = SpeechDetector()
    model.load_state_dict(translate(initializers(path)))
    return model.eval()


def vowels(seconds=3.0, rate=16000):
    """A voice of a sort: pulses of 120 Hz through three formants, in syllables, from 1 s to 2 s."""
    time = np.arange(int(seconds * rate)) / rate
    sound = np.zeros_like(time)
    for k in range(1, 30):  # the harmonics
        pitch = 120 + 10 * np.sin(2 * np.pi * 3 * time)
        loudness = sum([np.exp(-(((120 * k - f) / 100) ** 2)) for f in (700, 1200, 2500)])
        sound += (loudness + 0.02) * np.sin(2 * np.pi * k * np.cumsum(pitch) / rate)
    syllables = np.clip(np.sin(2 * np.pi * 4 * time), 0, None)
    voiced = (time > 1) & (time < 2)
    noise = np.random.default_rng(0).standard_normal(time.size) * 0.001
    return (0.2 * sound * syllables * voiced + noise).astype(np.float32)


def read(path):
    """A mono WAV file of 16-bit samples at 16 kHz as numbers from -1 to 1."""
    with wave.open(path) as file:
        channels, bits, rate = file.getnchannels(), 8 * file.getsampwidth(), file.getframerate()
        if (channels, bits, rate) != (1, 16, 16000):
            raise SystemExit(f"{path}: {channels} x {bits} bits at {rate} Hz, not 1 x 16 at 16000")
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


if __name__ == "__main__":
    sound = read(sys.argv[1]) if len(sys.argv) > 1 else vowels()
    with mg.no_grad():
        (speech,) = load()(mg.from_numpy(sound).unsqueeze(0))
    for i, p in enumerate(speech.tolist()):
        print(f"{i * WINDOW / 16000:6.2f} s  {p:.3f}  {'#' * round(40 * p)}")
