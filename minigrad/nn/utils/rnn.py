"""Sequences of several lengths: padded to one length, or packed without padding.

Letters: T steps of the longest, B sequences, N rows of packed data, ``*`` any dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Self

import numpy as np

from ... import dtypes
from ...errors import ArgumentError, DTypeError, Error, RangeError, ShapeError
from ...ops.creation import full
from ...ops.from_data import tensor
from ...ops.join import cat
from ...ops.scatter import index_copy
from ...ops.shape import cast, reshape, transpose
from ...tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences of several lengths, longest first, step by step and without padding.

    Made by `pack_padded_sequence` and `pack_sequence`; RNN, LSTM and GRU take and return it.

    Attributes:
        data: (N, *): the rows of step 0, one for each sequence, then those of step 1, ...
        batch_sizes: (T,) int64 on the CPU: how many sequences reach each step.
        sorted_indices: (B,): the place, in the order given, of each sequence; None if unchanged.
        unsorted_indices: (B,): the way back.
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise ArgumentError("PackedSequence: expected data and batch_sizes")
            data, batch_sizes = data
        if batch_sizes.device.type != "cpu":
            raise ArgumentError("PackedSequence: batch_sizes should always be on the CPU")
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """`data` on a device or in a dtype, as `Tensor.to`; itself if nothing changes."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        order = [None if t is None else t.to(device=data.device) for t in self[2:]]
        return type(self)(data, self.batch_sizes, *order)

    def cuda(self, *args: Any, **kwargs: Any) -> Self:
        """On the GPU."""
        return self.to(*args, **{"device": "cuda"} | kwargs)

    def cpu(self, *args: Any, **kwargs: Any) -> Self:
        """On the CPU."""
        return self.to(*args, **{"device": "cpu"} | kwargs)

    def double(self) -> Self:
        """In float64."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> Self:
        """In float32."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> Self:
        """In float16."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> Self:
        """In int64."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> Self:
        """In int32."""
        return self.to(dtype=dtypes.int32)

    def short(self) -> Self:
        """In int16."""
        return self.to(dtype=dtypes.int16)

    def char(self) -> Self:
        """In int8."""
        return self.to(dtype=dtypes.int8)

    def byte(self) -> Self:
        """In uint8."""
        return self.to(dtype=dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether `data` is on the GPU."""
        return self.data.device.type == "cuda"

    def is_pinned(self) -> bool:
        """False: there is no pinned memory."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes `permutation` (B,); None of None."""
    return None if permutation is None else permutation.argsort()


def pack_padded_sequence(
    input: Tensor,
    lengths: Any,
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Padded sequences without their padding.

    Args:
        input: (T, B, *), or (B, T, *) with `batch_first`.
        lengths: of each sequence, B integers, a list or a CPU tensor; at least 1.
        enforce_sorted: the sequences come longest first; with False, any order is taken and noted.

    Raises:
        Error: lengths that do not fit the input, or are not sorted.
    """
    op = "pack_padded_sequence"
    if not isinstance(input, Tensor) or input.ndim < 2:
        shown = input.shape if isinstance(input, Tensor) else type(input).__name__
        raise RangeError(f"{op}: expected an input of 2 dimensions or more, got {shown}")
    B, T = input.shape[:2] if batch_first else input.shape[1::-1]
    counts = _counts(op, lengths)
    if B == 0 or T == 0:
        raise ShapeError(f"{op}: Cannot pack empty tensors, got shape {input.shape}")
    if counts.shape != (B,):
        raise ShapeError(
            f"{op}: Expected `len(lengths)` to be equal to batch_size, but got {counts.size} "
            f"(batch_size={B}, input shape {input.shape}, batch_first={batch_first})"
        )
    if counts.min() <= 0 or counts.max() > T:
        raise Error(
            f"{op}: lengths must be greater than 0 and at most {T}, the padded length; they run "
            f"from {counts.min()} to {counts.max()}"
        )
    order = np.argsort(-counts, kind="stable")
    if enforce_sorted and (order != np.arange(B)).any() and (np.diff(counts) > 0).any():
        raise Error(
            f"{op}: `lengths` array must be sorted in decreasing order when `enforce_sorted` is "
            "True. You can pass `enforce_sorted=False`"
        )
    sizes, steps, ranks = _layout(counts[order])
    ids = order[ranks]
    flat = reshape(input, (T * B, *input.shape[2:]))
    rows = ids * T + steps if batch_first else steps * B + ids
    data = flat.index_select(0, _index(rows, input))
    chosen = None if enforce_sorted else _index(order, input)
    return PackedSequence(data, _index(sizes), chosen, None)


def _counts(op: str, lengths: Any) -> np.ndarray:
    """Lengths as an array on the host."""
    if isinstance(lengths, Tensor) and lengths.device.type != "cpu":
        raise Error(f"{op}: 'lengths' must be on the CPU: lengths.cpu()")
    array = lengths.numpy() if isinstance(lengths, Tensor) else np.asarray(lengths)
    if array.ndim > 1 or array.dtype.kind not in "iuf":
        raise DTypeError(f"{op}: lengths must be integers (B,), got {lengths!r}")
    return array.reshape(-1).astype(np.int64)


def _layout(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of lengths, longest first: the sizes of steps; step and sequence of every packed row."""
    sizes = (counts[:, None] > np.arange(counts[0])).sum(0)
    steps = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return sizes, steps, np.arange(len(steps)) - starts


def _index(values: np.ndarray, like: Tensor | None = None) -> Tensor:
    """Integers as an int64 tensor, beside `like`."""
    return tensor(values.astype(np.int64), device="cpu" if like is None else like.device)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Packed sequences padded to one length, in the order they were packed from.

    Args:
        batch_first: give (B, T, *) instead of (T, B, *).
        padding_value: what stands after the end of a sequence.
        total_length: T, if it is not that of the longest.

    Returns: the padded tensor, and the lengths (B,) on the CPU.

    Raises:
        ArgumentError: `total_length` is below the longest.
        DTypeError: `sequence` is no PackedSequence.
    """
    if not isinstance(sequence, PackedSequence):
        raise DTypeError(
            f"pad_packed_sequence: expected a PackedSequence, got {type(sequence).__name__}"
        )
    data, batch_sizes, _, back = sequence
    sizes = np.asarray(batch_sizes.tolist())
    T, B = len(sizes), int(sizes[0])
    if total_length is not None:
        if total_length < T:
            raise ArgumentError(
                "pad_packed_sequence: Expected total_length to be at least the length of the "
                f"longest sequence, {T}, but got {total_length}"
            )
        T = total_length
    counts = (np.arange(B)[:, None] < sizes).sum(1)
    _, steps, ranks = _layout(counts)
    rows = _index(ranks * T + steps if batch_first else steps * B + ranks, data)
    shape = (B, T) if batch_first else (T, B)
    padded = reshape(_placed(data, rows, B * T, padding_value), (*shape, *data.shape[1:]))
    lengths = _index(counts)
    if back is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, back), lengths[back.cpu()]


def _placed(data: Tensor, rows: Tensor, count: int, padding: float) -> Tensor:
    """`count` rows, those of `data` at `rows` and padding elsewhere."""
    blank = full((count, *data.shape[1:]), padding, dtype=data.dtype, device=data.device)
    return index_copy(blank, 0, rows, data)


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences (L, *) of several lengths as one tensor (T, B, *), or (B, T, *) if `batch_first`.

    Args:
        padding_value: fills up to the longest.
        padding_side: ``"right"`` of the sequences, or ``"left"``.
    """
    op = "pad_sequence"
    if not isinstance(sequences, Iterable):
        raise Error(f"{op}: Expected iterable for input sequences, got {type(sequences).__name__}")
    parts = list(sequences)
    if not parts:
        raise Error(f"{op}: received an empty list of sequences")
    if padding_side not in ("right", "left"):
        raise Error(
            f"{op}: Expected padding_side to be one of left or right, but got {padding_side}"
        )
    for x in parts:
        if not isinstance(x, Tensor):
            raise DTypeError(f"{op}: expected Tensors, got {type(x).__name__}")
        if not x.ndim or x.shape[1:] != parts[0].shape[1:]:
            raise ShapeError(
                f"{op}: sequences must be (L, *) and alike but for L, got shapes "
                f"{', '.join([str(p.shape) for p in parts])}"
            )
    lengths = np.array([x.shape[0] for x in parts])
    B, T = len(parts), int(lengths.max())
    ids = np.repeat(np.arange(B), lengths)
    steps = np.concatenate([np.arange(n) + (T - n) * (padding_side == "left") for n in lengths])
    data = cat([cast(x, parts[0].dtype) for x in parts])
    rows = _index(ids * T + steps if batch_first else steps * B + ids, data)
    shape = (B, T) if batch_first else (T, B)
    value = padding_value if dtypes.is_float(data.dtype) else int(padding_value)
    return reshape(_placed(data, rows, B * T, value), (*shape, *data.shape[1:]))


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences (L, *) in a padded tensor (T, B, *), or (B, T, *) if `batch_first`."""
    counts = lengths.tolist() if isinstance(lengths, Tensor) else list(lengths)
    rows = (padded_sequences if batch_first else transpose(padded_sequences, 0, 1)).unbind(0)
    if len(rows) != len(counts):
        raise ArgumentError(f"unpad_sequence: {len(rows)} sequences, but {len(counts)} lengths")
    return [row[: max(int(n), 0)].clone() for row, n in zip(rows, counts, strict=True)]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (L, *) of several lengths, packed; see `pack_padded_sequence`.

    Example:
        >>> pack_sequence([mg.tensor([1, 2, 3]), mg.tensor([4, 5])]).data.tolist()
        [1, 4, 2, 5, 3]
    """
    lengths = [x.shape[0] for x in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences (L, *) of a packed one, in the order they were packed from."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
