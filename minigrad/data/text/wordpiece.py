"""BERT's tokenizer: words and punctuation, cut into the longest pieces that a vocabulary has."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence

from ...errors import ArgumentError, DTypeError
from .batch import TokenBatch, pad, truncated
from .vocabulary import Vocabulary

# Unicode's White_Space, which is not Python's `isspace`: that has the separators 0x1c to 0x1f too.
WHITESPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES = re.compile(f"[{WHITESPACE}]+")
_CHINESE = re.compile(
    "([\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f"
    "\U0002b920-\U0002ceaf\uf900-\ufaff\U0002f800-\U0002fa1f])"
)
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_INVISIBLE = ("Cc", "Cf", "Co", "Cs")
_LONGEST_WORD = 100


class WordPiece:
    """Cuts text as BERT does, with its vocabulary.

    Text is cleaned of control characters, set in lower case without accents, and cut at spaces and
    around each punctuation mark and Chinese character. A word is then read from the left, each time
    the longest piece that the vocabulary has, where a piece that begins within the word is written
    ``##piece``. A word for which that fails, or of more than 100 characters, is ``[UNK]``. A text
    is numbered as ``[CLS] text [SEP]``, a pair as ``[CLS] text [SEP] text [SEP]``. Special tokens
    that stand in a text are taken for themselves.

    Args:
        vocabulary: The tokens, or the path of a file of them, as vocab.txt.
        lowercase: False for a cased model; accents then stay too.
        specials: The names of the padding, of the unknown word, of beginning and end, and others.

    Raises:
        ArgumentError: The vocabulary lacks one of the first four specials.

    Source: Devlin, Chang, Lee, Toutanova, BERT, 2018; Wu et al., Google's neural machine
    translation system, 2016, for the pieces.

    Example:
        >>> tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "play", "##ing", "!"]
        >>> reader = WordPiece(Vocabulary(tokens))
        >>> reader.tokenize("Playing!")
        ['play', '##ing', '!']
        >>> reader.encode("Playing!")
        [2, 4, 5, 6, 3]
    """

    def __init__(
        self,
        vocabulary: Vocabulary | str | os.PathLike[str],
        lowercase: bool = True,
        specials: Sequence[str] = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    ) -> None:
        if not isinstance(vocabulary, Vocabulary):
            vocabulary = Vocabulary.load(vocabulary)
        missing = [token for token in specials[:4] if token not in vocabulary]
        if missing:
            raise ArgumentError(f"WordPiece: the vocabulary has no {', '.join(missing)}")
        self.vocabulary = vocabulary
        self.lowercase = lowercase
        self.pad, self.unk, self.cls, self.sep = specials[:4]
        self.specials = tuple([token for token in specials if token in vocabulary])
        self._special = re.compile("(" + "|".join(map(re.escape, self.specials)) + ")")

    def tokenize(self, text: str) -> list[str]:
        """The pieces of `text`."""
        pieces: list[str] = []
        for part in self._special.split(text):
            if part in self.specials:
                pieces.append(part)
            else:
                for word in words(part, self.lowercase):
                    pieces.extend(self._pieces(word))
        return pieces

    def _pieces(self, word: str) -> list[str]:
        """The longest known beginning of `word`, then of the rest, and so on."""
        if len(word) > _LONGEST_WORD:
            return [self.unk]
        found: list[str] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                piece = prefix + word[start:end]
                if piece in self.vocabulary:
                    found.append(piece)
                    start = end
                    break
            else:
                return [self.unk]
        return found

    def encode(
        self, text: str, pair: str | None = None, max_length: int | None = None
    ) -> list[int]:
        """The numbers of `text`, or of two texts, with the special tokens around them.

        Args:
            text: The text.
            pair: A second text.
            max_length: Cut the ends of the texts, of the longer one first, to so many tokens.
        """
        return self._encode(text, pair, max_length)[0]

    def _encode(
        self, text: str, pair: str | None, max_length: int | None
    ) -> tuple[list[int], list[int]]:
        """Numbers and token types."""
        cls, sep = self.vocabulary[self.cls], self.vocabulary[self.sep]
        first = self.vocabulary.encode(self.tokenize(text))
        second = [] if pair is None else self.vocabulary.encode(self.tokenize(pair))
        if max_length is not None:
            first, second = truncated(first, second, max_length - (2 if pair is None else 3))
        first = [cls, *first, sep]
        second = [] if pair is None else [*second, sep]
        return first + second, [0] * len(first) + [1] * len(second)

    def __call__(
        self,
        texts: Sequence[str],
        pairs: Sequence[str] | None = None,
        max_length: int | None = None,
    ) -> TokenBatch:
        """The texts as numbers, padded to the longest.

        Args:
            texts: N texts.
            pairs: N second texts.
            max_length: As in `encode`.
        """
        if isinstance(texts, str):
            raise DTypeError("WordPiece: expected a list of texts; of one text, encode(text)")
        seconds = [None] * len(texts) if pairs is None else pairs
        if len(seconds) != len(texts):
            raise ArgumentError(f"WordPiece: {len(texts)} texts, but {len(seconds)} pairs")
        both = [self._encode(*two, max_length) for two in zip(texts, seconds)]
        ids, types = [ids for ids, _ in both], [types for _, types in both]
        return pad(ids, self.vocabulary[self.pad], types)

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of `numbers`, pieces joined to words, without the special tokens."""
        pieces = [t for t in self.vocabulary.decode(numbers) if t not in self.specials]
        return " ".join(pieces).replace(" ##", "")


def words(text: str, lowercase: bool) -> list[str]:
    """BERT's basic tokenizer: words, and punctuation marks and Chinese characters by themselves."""
    text = _SPACES.sub(" ", "".join([c for c in text if not _is_invisible(c)]))
    text = _CHINESE.sub(r" \1 ", text)
    if lowercase:
        letters = unicodedata.normalize("NFD", text)
        text = "".join([c for c in letters if unicodedata.category(c) != "Mn"]).lower()
    return "".join([f" {c} " if is_punctuation(c) else c for c in text]).split(" ")


def _is_invisible(character: str) -> bool:
    if character in "\t\n\r":
        return False
    return character in "\0\ufffd" or unicodedata.category(character) in _INVISIBLE


def is_punctuation(character: str) -> bool:
    """Unicode's punctuation, and all marks of ASCII: ``$`` and ``^`` too."""
    return character in _ASCII_PUNCTUATION or unicodedata.category(character)[0] == "P"
