"""Windows of one long array of tokens, for language models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, RangeError, ShapeError
from ..ops.from_data import as_tensor
from ..tensor import Tensor
from .dataset import Dataset


class TokenWindows(Dataset[tuple[Tensor, Tensor]]):
    """Item i is (x, y): `length` tokens from `i * stride` on, and those one place later.

    A model that reads x is to say y. With ``stride=length`` every token is predicted once an epoch;
    with ``stride=1`` every window there is comes once, and a `RandomSampler` with replacement draws
    from them as many as you like.

    Args:
        tokens: Integers (N,): a tensor or an array of any integer dtype, such as a memory-mapped
            file, of which only the windows asked for are read.
        length: Tokens in x, and in y.
        stride: From one window to the next; `length` if None.

    Returns:
        As an item, two int64 tensors (length,); as a batch, (B, length).

    Raises:
        ShapeError: The tokens are not one-dimensional, or fewer than length + 1.

    Example:
        >>> x, y = TokenWindows(np.arange(10, dtype=np.uint16), length=4)[1]
        >>> x.tolist(), y.tolist()
        ([4, 5, 6, 7], [5, 6, 7, 8])
    """

    def __init__(self, tokens: Any, length: int, stride: int | None = None) -> None:
        self.length, self.stride = length, length if stride is None else stride
        if min(self.length, self.stride) < 1:
            raise ArgumentError(
                f"TokenWindows: length={length} and stride={stride} must be at least 1"
            )
        self.tokens = tokens.detach().cpu().numpy() if isinstance(tokens, Tensor) else tokens
        if self.tokens.ndim != 1 or len(self.tokens) < length + 1:
            raise ShapeError(
                f"TokenWindows: windows of {length} tokens and the one after need an array (N,) of "
                f"at least {length + 1}, got shape {self.tokens.shape}"
            )

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x, y = self.gather([index])
        return x[0], y[0]

    def __len__(self) -> int:
        return (len(self.tokens) - self.length - 1) // self.stride + 1

    def gather(self, indices: Sequence[int]) -> list[Tensor]:
        """[x, y] (B, length) of the windows `indices`."""
        rows = np.asarray(indices)
        if rows.min() < -len(self) or rows.max() >= len(self):
            raise RangeError(f"indices {list(indices)} are not all of {len(self)} windows")
        starts = (rows % len(self)) * self.stride
        places = starts[:, None] + np.arange(self.length + 1)  # (B, length + 1)
        found = as_tensor(np.asarray(self.tokens)[places].astype(np.int64))
        return [found[:, :-1], found[:, 1:]]
