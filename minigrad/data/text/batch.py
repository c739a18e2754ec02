"""Texts of several lengths as one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...errors import ArgumentError
from ...tensor import Tensor


class TokenBatch(NamedTuple):
    """What a tokenizer makes of N texts of at most L tokens: three int64 tensors of shape (N, L).

    `attention_mask` is 1 where there is a token and 0 at the padding behind it, so that
    ``attention_mask == 0`` is the `key_padding_mask` of attention; `token_type_ids` is 1 for the
    second text of a pair.
    """

    input_ids: Tensor
    attention_mask: Tensor
    token_type_ids: Tensor


def pad(
    sequences: Sequence[Sequence[int]],
    value: int = 0,
    types: Sequence[Sequence[int]] | None = None,
) -> TokenBatch:
    """Lists of numbers, filled up to the longest by `value`.

    Args:
        sequences: N lists of token numbers.
        value: What to fill up with.
        types: As long as `sequences`, the `token_type_ids`; zeros if None.
    """
    lengths = [len(sequence) for sequence in sequences]
    shape = (len(sequences), max(lengths, default=0))
    ids, kinds = np.full(shape, value, np.int64), np.zeros(shape, np.int64)
    for row, (sequence, length) in enumerate(zip(sequences, lengths)):
        ids[row, :length] = sequence
        if types is not None:
            kinds[row, :length] = types[row]
    mask = np.arange(shape[1]) < np.array(lengths, np.int64).reshape(-1, 1)
    return TokenBatch(Tensor(ids), Tensor(mask.astype(np.int64)), Tensor(kinds))


def truncated(ids: list[int], pair: list[int], room: int) -> tuple[list[int], list[int]]:
    """The beginnings of both, the longer cut first, that have `room` numbers together."""
    if room < 0:
        raise ArgumentError("max_length leaves no room for the special tokens")
    excess = len(ids) + len(pair) - room
    if excess <= 0:
        return ids, pair
    short = min(len(ids), len(pair), room // 2)
    if len(ids) > len(pair):
        return ids[: room - short], pair[:short]
    return ids[:short], pair[: room - short]
