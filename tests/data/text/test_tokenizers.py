"""BERT's and GPT-2's tokenizers give what the `tokenizers` package gives."""

import json

import pytest
from tokenizer_samples import RECORDED, TEXTS, random_texts, theirs

import minigrad as mg
from minigrad.data.text import ByteLevelBPE, Vocabulary, WordPiece, pad

STATE = json.loads(RECORDED.read_text())


@pytest.fixture(scope="module")
def wordpiece():
    return WordPiece(Vocabulary(STATE["pieces"]))


@pytest.fixture(scope="module")
def bytelevel(tmp_path_factory):
    path = tmp_path_factory.mktemp("bpe") / "tokenizer.json"
    path.write_text(json.dumps(STATE["bpe"]))
    return ByteLevelBPE.load(path)


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_recorded_texts(wordpiece, bytelevel, number):
    text = TEXTS[number]
    assert wordpiece.encode(text) == STATE["wordpiece"][number]
    assert bytelevel.encode(text) == STATE["bytelevel"][number]
    assert bytelevel.decode(bytelevel.encode(text)) == text


def test_random_texts_as_the_package_has_them(wordpiece, bytelevel):
    pytest.importorskip("tokenizers")
    pieces, bpe = theirs(STATE)
    for text in random_texts(300):
        assert wordpiece.encode(text) == pieces.encode(text).ids, repr(text)
        assert bytelevel.encode(text) == bpe.encode(text).ids, repr(text)


def test_pairs_are_cut_as_the_package_cuts_them(wordpiece):
    pytest.importorskip("tokenizers")
    pieces, _ = theirs(STATE)
    for size in range(3, 14):
        pieces.enable_truncation(size)
        for first in range(7):
            for second in range(7):
                texts = "a " * first, "b " * second
                batch = wordpiece([texts[0]], [texts[1]], max_length=size)
                wanted = pieces.encode(*texts)
                assert batch.input_ids.tolist() == [wanted.ids]
                assert batch.token_type_ids.tolist() == [wanted.type_ids]


def test_a_batch_is_padded_and_masked(wordpiece, bytelevel):
    batch = wordpiece(["the cat", "playing", ""])
    the, cat, play, ing = (wordpiece.vocabulary[t] for t in ("the", "cat", "play", "##ing"))
    assert batch.input_ids.tolist() == [[2, the, cat, 3], [2, play, ing, 3], [2, 3, 0, 0]]
    assert batch.attention_mask.tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 0, 0]]
    assert batch.input_ids.dtype == batch.attention_mask.dtype == mg.int64
    assert wordpiece.decode(batch.input_ids[1]) == "playing"
    ids, mask, types = bytelevel(["abc", "a"], max_length=2, pad_token="<|endoftext|>")
    assert ids.shape == (2, 2) and ids[1, 1].item() == 0 and mask.tolist() == [[1, 1], [1, 0]]
    assert types.tolist() == [[0, 0], [0, 0]]
    assert pad([]).input_ids.shape == (0, 0) and pad([[], [7]], 9).input_ids.tolist() == [[9], [7]]


def test_gpt2s_two_files(tmp_path, bytelevel):
    vocabulary, merges = tmp_path / "vocab.json", tmp_path / "merges.txt"
    vocabulary.write_text(json.dumps({t: i for i, t in enumerate(bytelevel.vocabulary)}))
    lines = ["#version: 0.2", *[" ".join(pair) for pair in bytelevel.ranks]]
    merges.write_text("\n".join(lines) + "\n")
    again = ByteLevelBPE.load(vocabulary, merges)
    assert again.specials == ("<|endoftext|>",)
    assert [again.encode(text) for text in TEXTS] == STATE["bytelevel"]
    assert again.decode([300, 1, 350]).isprintable()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"normalizer": {"type": "NFC"}}, "another"),
        ({"model": {"type": "Unigram"}}, "another"),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "another way than GPT-2"),
        ({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True}}, "another way"),
        ({"model": {**STATE["bpe"]["model"], "merges": ["a b c"]}}, "unpack"),
        ({"model": {**STATE["bpe"]["model"], "merges": [["q", "\u0137"]]}}, "no token"),
        ({"model": {**STATE["bpe"]["model"], "vocab": {"a": 5}}}, "numbers are not"),
        ({"model": None}, "no byte-level BPE"),
    ],
)
def test_tokenizers_of_another_kind_are_refused(tmp_path, change, message):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({**STATE["bpe"], **change}))
    with pytest.raises(mg.FileFormatError, match=message):
        ByteLevelBPE.load(path)


def test_what_does_not_fit_is_said(wordpiece, bytelevel):
    with pytest.raises(mg.ArgumentError, match=r"has no \[PAD\], \[CLS\]"):
        WordPiece(Vocabulary(["[UNK]", "[SEP]"]))
    with pytest.raises(mg.ArgumentError, match="no room"):
        wordpiece.encode("a", max_length=1)
    with pytest.raises(mg.DTypeError, match="a list of texts"):
        wordpiece("the cat")
    with pytest.raises(mg.DTypeError, match="a list of texts"):
        bytelevel("the cat")
    with pytest.raises(mg.ArgumentError, match="2 texts, but 1 pairs"):
        wordpiece(["a", "b"], ["c"])
    with pytest.raises(mg.ArgumentError, match="'Ġ' is not in the vocabulary"):
        ByteLevelBPE(Vocabulary(["a"]), []).encode("a a")
