"""Tokens and their numbers."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, DTypeError, FileFormatError, RangeError


class Vocabulary:
    """Distinct strings, numbered from 0: words, characters, pieces of words, whatever a text is
    cut into.

    Args:
        tokens: The tokens, in the order of their numbers.
        unk: The token whose number stands for every string that is no token; None: such a string
            is an error. It must be one of `tokens`.

    Raises:
        ArgumentError: A token occurs twice, or `unk` is none.
        DTypeError: A token is no string.

    Example:
        >>> words = Vocabulary.build([["the", "cat"], ["the", "dog"]], specials=["<unk>"])
        >>> list(words)
        ['<unk>', 'the', 'cat', 'dog']
        >>> words.encode("the lion".split())
        Traceback (most recent call last):
        ...
        minigrad.errors.ArgumentError: 'lion' is not in the vocabulary of 4 tokens, which has no unk
    """

    def __init__(self, tokens: Iterable[str], unk: str | None = None) -> None:
        self.tokens = tuple(tokens)
        wrong = [token for token in self.tokens if not isinstance(token, str)]
        if wrong:
            raise DTypeError(f"Vocabulary: tokens are strings, got {wrong[0]!r:.50}")
        self._numbers = {token: number for number, token in enumerate(self.tokens)}
        if len(self._numbers) < len(self.tokens):
            twice = [token for token, count in Counter(self.tokens).items() if count > 1]
            raise ArgumentError(f"Vocabulary: tokens given more than once: {twice[:5]}")
        if unk is not None and unk not in self._numbers:
            raise ArgumentError(f"Vocabulary: unk={unk!r} is not among the {len(self)} tokens")
        self.unk = unk

    @classmethod
    def build(
        cls,
        texts: Iterable[str | Iterable[str]],
        min_freq: int = 1,
        max_tokens: int | None = None,
        specials: Iterable[str] = (),
        unk: str | None = None,
    ) -> Vocabulary:
        """The tokens of `texts`, the most frequent first, equally frequent ones by alphabet.

        Args:
            texts: Lists of tokens, or tokens; a single string is a list of its characters.
            min_freq: Tokens that occur less often are left out.
            max_tokens: How many tokens to keep, specials among them.
            specials: Tokens to number first, whether they occur or not.
            unk: As in the class.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update([text] if isinstance(text, str) else text)
        first = list(specials)
        common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        known = set(first)
        tokens = [token for token, n in common if n >= min_freq and token not in known]
        return cls((first + tokens)[:max_tokens], unk)

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._numbers

    def __getitem__(self, token: str) -> int:
        """The number of `token`, or of `unk`."""
        number = self._numbers.get(token)
        if number is not None:
            return number
        if self.unk is None:
            raise ArgumentError(
                f"{token!r:.50} is not in the vocabulary of {len(self)} tokens, which has no unk"
            )
        return self._numbers[self.unk]

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Vocabulary) and self.tokens == other.tokens
        return same and self.unk == other.unk  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((self.tokens, self.unk))

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} tokens, unk={self.unk!r})"

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of `tokens`."""
        return [self[token] for token in tokens]

    def decode(self, numbers: Iterable[Any]) -> list[str]:
        """The tokens of `numbers`, which may be a tensor's or an array's."""
        return [self.token(int(number)) for number in numbers]

    def token(self, number: int) -> str:
        """The token that has `number`."""
        if not 0 <= number < len(self):
            raise RangeError(f"token {number} of a vocabulary of {len(self)}")
        return self.tokens[number]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file for `load`: JSON if `path` ends in .json, else a line for each token."""
        if Path(path).suffix == ".json":
            text = json.dumps({"tokens": self.tokens, "unk": self.unk}, ensure_ascii=False)
        else:
            bad = [t for t in self.tokens if t.splitlines() != [t]]
            if bad:
                raise ArgumentError(f"Vocabulary: {bad[0]!r:.50} is no line of text; save as .json")
            text = "".join([f"{token}\n" for token in self.tokens])
        Path(path).write_text(text, encoding="utf-8", newline="")

    @classmethod
    def load(cls, path: str | os.PathLike[str], unk: str | None = None) -> Vocabulary:
        """The vocabulary in a file: of lines, as BERT's vocab.txt; or of JSON, if `path` ends so.

        Args:
            path: A file of `save`; a JSON file may also map tokens to numbers, as GPT-2's
                vocab.json.
            unk: As in the class; None takes what the JSON file says.
        """
        text = Path(path).read_text(encoding="utf-8")
        if Path(path).suffix != ".json":
            return cls([line.rstrip("\r") for line in text.removesuffix("\n").split("\n")], unk)
        try:
            content = json.loads(text)
            if not isinstance(content, dict):
                raise ValueError("it is no JSON object")
            if isinstance(content.get("tokens"), list):
                return cls(content["tokens"], content.get("unk") if unk is None else unk)
            return cls(from_numbers(content), unk)
        except (ValueError, TypeError, RecursionError) as error:
            raise FileFormatError(f"{os.fspath(path)}: no vocabulary: {error}") from error


def from_numbers(numbers: dict[str, int]) -> list[str]:
    """The tokens in the order of their numbers, which are 0, 1, 2 and so on."""
    tokens = sorted(numbers, key=lambda token: numbers[token])
    if [numbers[token] for token in tokens] != [*range(len(tokens))]:
        raise ValueError("its numbers are not 0, 1, 2, ...")
    return tokens
