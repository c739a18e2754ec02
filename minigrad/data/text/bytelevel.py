"""GPT-2's tokenizer: words as bytes, pairs of which are merged in the order they were learned."""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...errors import ArgumentError, DTypeError, FileFormatError
from .batch import TokenBatch, pad
from .vocabulary import Vocabulary, from_numbers
from .wordpiece import WHITESPACE

# What a tokenizer.json may ask for that is not done here.
_OPTIONS = ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")


class ByteLevelBPE:
    """Cuts text as GPT-2 does, with its vocabulary and merges: any text, and back again.

    Text is cut into words that keep the space before them, digits, runs of other marks, and
    English clitics (``'s``). The UTF-8 bytes of a word, each written as a printable character, are
    its first tokens; then, as long as a neighbouring pair is among the merges, the pair that was
    learned first is made one token, everywhere in the word.

    Args:
        vocabulary: The tokens, in bytes written as printable characters.
        merges: Pairs of tokens, the first learned first.
        specials: Tokens that are no text, as ``<|endoftext|>``, in a text too.

    Raises:
        ArgumentError: A merge makes what is no token.

    Source: Radford, Wu, Child, Luan, Amodei, Sutskever, Language models are unsupervised multitask
    learners, 2019; Sennrich, Haddow, Birch, 2016, for the merges. The words are cut by Python's
    `re` with the letters, digits and spaces of Python's edition of Unicode.

    Example:
        >>> tokens = Vocabulary(["Ġ", "a", "b", "ab", "Ġab"])
        >>> reader = ByteLevelBPE(tokens, [("a", "b"), ("Ġ", "ab")])
        >>> reader.encode("ab ab a")
        [3, 4, 0, 1]
        >>> reader.decode([3, 4, 0, 1])
        'ab ab a'
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        merges: Iterable[tuple[str, str]],
        specials: Sequence[str] = (),
    ) -> None:
        self.vocabulary = vocabulary
        self.ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}
        bad = [pair for pair in self.ranks if "".join(pair) not in vocabulary]
        missing = [token for token in specials if token not in vocabulary]
        if bad or missing:
            what = f"the merge of {bad[0]} makes" if bad else f"the special {missing[0]!r} is"
            raise ArgumentError(f"ByteLevelBPE: {what} no token of the vocabulary")
        self.specials = tuple(specials)
        longest_first = sorted(specials, key=len, reverse=True)
        self._special = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
        self._merged = functools.lru_cache(maxsize=10_000)(self._merge)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        merges: str | os.PathLike[str] | None = None,
        specials: Sequence[str] | None = None,
    ) -> ByteLevelBPE:
        """The tokenizer in vocab.json and merges.txt, or in a tokenizer.json.

        Args:
            path: vocab.json; or, if `merges` is None, tokenizer.json.
            merges: merges.txt: a pair a line, after a comment that begins with ``#version``.
            specials: None: those that tokenizer.json names, or else ``<|endoftext|>`` if it is a
                token.

        Raises:
            FileFormatError: The file is no such tokenizer, or one of another kind.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if merges is not None:
                lines = Path(merges).read_text(encoding="utf-8").split("\n")
                pairs = [line for line in lines if line and not line.startswith("#version")]
                found = [t for t in ("<|endoftext|>",) if t in content]
            else:
                content, pairs, found = _of_tokenizer_json(content)
            split = [pair.split(" ") if isinstance(pair, str) else pair for pair in pairs]
            two = [(first, second) for first, second in split]
            tokens = Vocabulary(from_numbers(content))
            return cls(tokens, two, found if specials is None else specials)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise FileFormatError(f"{os.fspath(path)}: no byte-level BPE: {error}") from error

    def tokenize(self, text: str) -> list[str]:
        """The tokens of `text`, in bytes written as printable characters."""
        tokens: list[str] = []
        for part in self._special.split(text) if self.specials else [text]:
            if part in self.specials:
                tokens.append(part)
            else:
                for word in _words().findall(part):
                    written = "".join([_letters()[byte] for byte in word.encode()])
                    tokens.extend(self._merged(written))
        return tokens

    def _merge(self, word: str) -> tuple[str, ...]:
        tokens = list(word)
        while len(tokens) > 1:
            ranked = [(self.ranks.get(pair, len(self.ranks)), pair) for pair in pairs(tokens)]
            rank, best = min(ranked)
            if rank == len(self.ranks):
                break
            merged: list[str] = []
            for token in tokens:
                if merged and (merged[-1], token) == best:
                    merged[-1] += token
                else:
                    merged.append(token)
            tokens = merged
        return tuple(tokens)

    def encode(self, text: str, max_length: int | None = None) -> list[int]:
        """The numbers of `text`, the first `max_length` of them."""
        return self.vocabulary.encode(self.tokenize(text))[:max_length]

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of `numbers`; bytes that are no UTF-8 become U+FFFD."""
        data = b""
        for token in self.vocabulary.decode(numbers):
            if token in self.specials:
                data += token.encode()
            else:
                data += bytes([_bytes()[letter] for letter in token])
        return data.decode("utf-8", "replace")

    def __call__(
        self, texts: Sequence[str], max_length: int | None = None, pad_token: str | None = None
    ) -> TokenBatch:
        """The texts as numbers, padded to the longest.

        Args:
            texts: N texts.
            max_length: As in `encode`.
            pad_token: What to pad with: the first special token if None, or else token 0.
        """
        if isinstance(texts, str):
            raise DTypeError("ByteLevelBPE: expected a list of texts; of one text, encode(text)")
        fill = pad_token or (self.specials or self.vocabulary.tokens)[0]
        return pad([self.encode(text, max_length) for text in texts], self.vocabulary[fill])


def pairs(tokens: Sequence[str]) -> list[tuple[str, str]]:
    """Each token and the next."""
    return list(itertools.pairwise(tokens))


def _of_tokenizer_json(content: dict) -> tuple[dict[str, int], list, list[str]]:
    """Numbers of tokens, merges and specials of the one kind of tokenizer.json read here."""
    model, cut = content["model"], content["pre_tokenizer"]
    if (
        model["type"] != "BPE"
        or any([model.get(option) for option in _OPTIONS])
        or content.get("normalizer")
    ):
        raise ValueError("its model is another")
    if cut["type"] != "ByteLevel" or cut.get("add_prefix_space") or not cut.get("use_regex", True):
        raise ValueError("it cuts words in another way than GPT-2")
    specials = {token["content"]: token["id"] for token in content.get("added_tokens", [])}
    return {**model["vocab"], **specials}, model["merges"], list(specials)


@functools.cache
def _letters() -> list[str]:
    """A printable character for each byte: itself, or one from U+0100 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


@functools.cache
def _bytes() -> dict[str, int]:
    return {letter: byte for byte, letter in enumerate(_letters())}


@functools.cache
def _words() -> re.Pattern[str]:
    """GPT-2's pattern. Its ``\\p{N}`` and ``\\p{L}``, which `re` lacks, are spelled out: numbers
    are listed, and letters are word characters that are no numbers."""
    everything = map(chr, range(0x110000))
    number = "".join([c for c in everything if c.isnumeric() and not c.isalpha()])
    letter, mark = f"[^\\W_{number}]", f"(?:[^\\w{WHITESPACE}]|_)"
    clitic, space = "'(?:[stmd]|re|ve|ll)", f"[{WHITESPACE}]"
    # of spaces before a word, the last belongs to it
    spaces = f"{space}+(?![^{WHITESPACE}])|{space}+"
    return re.compile(f"{clitic}| ?{letter}+| ?[{number}]+| ?{mark}+|{spaces}")
