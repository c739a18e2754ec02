"""Embeddings: a vector for each integer, alone or a bag at a time.

V rows in the table, D numbers a row, B bags, n integers.
"""

from __future__ import annotations

from typing import Any, Self

from ..context import set_grad
from ..errors import ArgumentError, ShapeError
from ..ops.creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """What both share: the table `weight` (V, D) and how its rows are used."""

    def _make_table(
        self, rows: int, columns: int, padding_idx: int | None, given: Tensor | None,
        freeze: bool, device: Any, dtype: Any,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        if padding_idx is not None and not -rows <= padding_idx < rows:
            raise ArgumentError(f"{name}: padding_idx={padding_idx} is none of {rows} rows")
        self.num_embeddings, self.embedding_dim = rows, columns
        self.padding_idx = None if padding_idx is None else padding_idx % rows
        if given is not None and given.shape != (rows, columns):
            raise ShapeError(f"{name}: the weight must be ({rows}, {columns}), got {given.shape}")
        weight = empty(rows, columns, device=device, dtype=dtype) if given is None else given
        self.weight = Parameter(weight, requires_grad=not freeze)
        if given is None:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with set_grad(False):
                self.weight[self.padding_idx] = 0.0


def _pretrained(embeddings: Tensor, name: str) -> tuple[int, int]:
    if embeddings.ndim != 2:
        raise ShapeError(f"{name}.from_pretrained: needs a table (V, D), got {embeddings.shape}")
    return embeddings.shape[0], embeddings.shape[1]


class Embedding(_Table):
    """Looks up rows of `weight` (V, D), which start as N(0, 1).

    Args:
        num_embeddings, embedding_dim: V and D.
        padding_idx: a row that starts as zeros and gets no gradient.
        max_norm, norm_type: rows that are used and longer than `max_norm`, by the p-norm of
            `norm_type`, are scaled down to it first, in `weight` itself.
        scale_grad_by_freq: a row's gradient is divided by how often it is used in the batch.
        sparse: taken for PyTorch's sake; gradients are dense.

    Shapes: input (...) of integers in [0, V), output (..., D).

    Raises:
        RangeError: an integer outside [0, V).
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self._make_table(
            num_embeddings, embedding_dim, padding_idx, _weight, _freeze, device, dtype
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """An Embedding of a table (V, D), whose memory it shares; learned only without `freeze`."""
        rows, columns = _pretrained(embeddings, cls.__name__)
        return cls(
            rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse,
            _weight=embeddings, _freeze=freeze,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        """(...) integers -> (..., embedding_dim)."""
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
            self.scale_grad_by_freq, self.sparse,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return ", ".join([
            f"{self.num_embeddings}, {self.embedding_dim}",
            *[f"padding_idx={self.padding_idx}"] * (self.padding_idx is not None),
            *[f"max_norm={self.max_norm}"] * (self.max_norm is not None),
            *[f"norm_type={self.norm_type}"] * (self.norm_type != 2),
            *["scale_grad_by_freq=True"] * self.scale_grad_by_freq,
            *["sparse=True"] * self.sparse,
        ])  # fmt: skip


class EmbeddingBag(_Table):
    """The sum, mean or maximum of bags of rows of `weight` (V, D), without the rows themselves.

    Args:
        num_embeddings, embedding_dim: V and D.
        max_norm, norm_type, scale_grad_by_freq, sparse: as in `Embedding`.
        mode: ``"sum"``, ``"mean"`` or ``"max"``; an empty bag gives 0.
        include_last_offset: whether a last offset says where the last bag ends.
        padding_idx: a row that starts as zeros, counts in no bag and gets no gradient.

    It is called with (input, offsets=None, per_sample_weights=None): input (B, N), bags of N
    integers; or (n,) with offsets (B,), where each bag starts. The weights, like `input`, are
    factors of the rows, for mode "sum". Output (B, D).

    Raises:
        RangeError: an integer outside [0, V).
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.mode, self.sparse = scale_grad_by_freq, mode, sparse
        self.include_last_offset = include_last_offset
        self._make_table(num_embeddings, embedding_dim, padding_idx, _weight, False, device, dtype)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """An EmbeddingBag of a table (V, D), whose memory it shares; learned without `freeze`."""
        rows, columns = _pretrained(embeddings, cls.__name__)
        bag = cls(
            rows, columns, max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings,
            include_last_offset, padding_idx,
        )  # fmt: skip
        bag.weight.requires_grad = not freeze
        return bag

    def forward(
        self,
        input: Tensor,
        offsets: Tensor | None = None,
        per_sample_weights: Tensor | None = None,
    ) -> Tensor:
        """(B, N) integers, or (n,) with offsets (B,) -> (B, embedding_dim)."""
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
            self.mode, self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return ", ".join([
            f"{self.num_embeddings}, {self.embedding_dim}",
            *[f"max_norm={self.max_norm}"] * (self.max_norm is not None),
            *[f"norm_type={self.norm_type}"] * (self.norm_type != 2),
            *["scale_grad_by_freq=True"] * self.scale_grad_by_freq,
            f"mode={self.mode!r}",
            *[f"padding_idx={self.padding_idx}"] * (self.padding_idx is not None),
        ])  # fmt: skip
