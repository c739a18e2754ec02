"""Tokens and numbers, counted, looked up both ways, saved and loaded."""

import pytest

import minigrad as mg
from minigrad.data.text import Vocabulary


def test_built_from_lists_of_tokens_or_tokens_or_characters():
    lines = [line.split() for line in ["the cat and the dog", "a cat", "the end"]]
    words = Vocabulary.build(lines, min_freq=2, specials=["<pad>", "<unk>"], unk="<unk>")
    assert list(words) == ["<pad>", "<unk>", "the", "cat"]
    assert words.encode("the dog".split()) == [2, 1] and words.decode([3, 0]) == ["cat", "<pad>"]
    assert "cat" in words and "dog" not in words and len(words) == 4 and words["dog"] == 1
    assert words.decode(mg.tensor([2, 3])) == ["the", "cat"]
    assert list(Vocabulary.build(["b", "a", "b"])) == ["b", "a"]
    assert list(Vocabulary.build("hello")) == ["l", "e", "h", "o"]
    assert list(Vocabulary.build("hello", max_tokens=2, specials=["<s>"])) == ["<s>", "l"]
    assert list(Vocabulary.build(["a", "<s>"], specials=["<s>"])) == ["<s>", "a"]


@pytest.mark.parametrize("name", ["vocab.txt", "vocab.json"])
def test_saved_and_loaded(tmp_path, name):
    words = Vocabulary(
        ["<unk>", "é", " ", "", "中", "\ufeff"][: 3 if name == "vocab.txt" else 6], "<unk>"
    )
    words.save(tmp_path / name)
    again = Vocabulary.load(tmp_path / name, unk="<unk>" if name == "vocab.txt" else None)
    assert again == words and hash(again) == hash(words)
    assert repr(again).endswith("tokens, unk='<unk>')")


def test_files_of_others(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_bytes(b"[PAD]\r\nthe\r\n##s")
    assert list(Vocabulary.load(path)) == ["[PAD]", "the", "##s"]
    path = tmp_path / "vocab.json"
    path.write_text('{"b": 1, "a": 0, "tokens": 2}')
    assert list(Vocabulary.load(path)) == ["a", "b", "tokens"]
    for bad in ('{"a": 1}', '{"a": "x"}', "[1]", "{", "7", "[" * 10**5):
        path.write_text(bad)
        with pytest.raises(mg.FileFormatError, match="no vocabulary"):
            Vocabulary.load(path)


def test_what_does_not_fit_is_said(tmp_path):
    words = Vocabulary(["a", "b\n"])
    with pytest.raises(mg.ArgumentError, match="'c' is not in the vocabulary of 2 tokens"):
        words.encode(["a", "c"])
    for number in (2, -1):
        with pytest.raises(mg.RangeError, match=f"token {number} of a vocabulary of 2"):
            words.decode([number])
    with pytest.raises(mg.ArgumentError, match="more than once: \\['a'\\]"):
        Vocabulary(["a", "b", "a"])
    with pytest.raises(mg.ArgumentError, match="unk='x' is not among the 1"):
        Vocabulary(["a"], unk="x")
    with pytest.raises(mg.DTypeError, match="tokens are strings, got 3"):
        Vocabulary(["a", 3])
    with pytest.raises(mg.ArgumentError, match="no line of text"):
        words.save(tmp_path / "vocab.txt")
