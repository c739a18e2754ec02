"""Tensors cut into parts along a dimension. All of them are views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..device import to_numpy
from ..dtypes import CATEGORY, INT
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..tensor import Tensor
from .operands import axis_of, integer
from .shape import clone

__all__ = [
    "chunk", "dsplit", "hsplit", "narrow", "narrow_copy", "select", "split", "split_with_sizes",
    "tensor_split", "unbind", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "vsplit",
]  # fmt: skip


def _axis(input: Tensor, dim: int, op: str) -> int:
    if input.ndim == 0:
        raise ShapeError(f"{op}: a 0-d tensor has no dimension to cut along")
    return axis_of(dim, input.ndim, op)


def _between(input: Tensor, axis: int, start: int, stop: int) -> Tensor:
    return input[(slice(None),) * axis + (slice(start, stop),)]


def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` entries along `dim` from `start` on, which may count from the end. A view."""
    axis = _axis(input, dim, "narrow")
    size, length = input.shape[axis], integer(length, "narrow: length")
    if isinstance(start, Tensor) and (start.ndim or CATEGORY[start.dtype] != INT):
        raise ArgumentError("narrow: start must be an integer, or a 0-d tensor of one")
    first = integer(start, "narrow: start")
    if length < 0:
        raise ArgumentError(f"narrow: length {length} must not be negative")
    if not -size <= first <= size:
        raise RangeError(f"narrow: start {first} is out of range for dimension {axis} of {size}")
    first += size if first < 0 else 0
    if first + length > size:
        raise ArgumentError(
            f"narrow: {length} entries from {first} on exceed dimension {axis} of size {size}"
        )
    return _between(input, axis, first, first + length)


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`narrow`, as a copy."""
    return clone(narrow(input, dim, start, length))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The entry `index` along `dim`, without that dimension. A view."""
    if input.ndim == 0:
        raise RangeError("select: a 0-d tensor has no dimension to select from")
    axis = axis_of(dim, input.ndim, "select")
    position, size = integer(index, "select: index"), input.shape[axis]
    if not -size <= position < size:
        raise RangeError(
            f"select: index {position} is out of range for dimension {axis} of shape {input.shape}"
        )
    return input[(slice(None),) * axis + (position,)]


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The entries along `dim`, each without that dimension. Views."""
    if input.ndim == 0:
        raise RangeError("unbind: a 0-d tensor has no dimension to take apart")
    axis = axis_of(dim, input.ndim, "unbind")
    return tuple([select(input, axis, i) for i in range(input.shape[axis])])


def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Pieces along `dim` of the size given, the last may be smaller; or of the sizes listed."""
    if isinstance(split_size_or_sections, (list, tuple)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    axis = _axis(tensor, dim, "split")
    step, size = integer(split_size_or_sections, "split: split_size"), tensor.shape[axis]
    if step < 0 or (step == 0 and size > 0):
        raise ArgumentError(f"split: pieces of {step} do not make up dimension {axis} of {size}")
    starts = range(0, size, step) if size else [0]
    return tuple([_between(tensor, axis, i, min(i + step, size)) for i in starts])


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along `dim` of the sizes listed, which make up the whole. Views."""
    axis = _axis(input, dim, "split_with_sizes")
    sizes = [integer(n, "split_with_sizes: sizes") for n in split_sizes]
    if any([n < 0 for n in sizes]) or sum(sizes) != input.shape[axis]:
        raise ArgumentError(
            f"split_with_sizes: sizes {sizes} must not be negative, and sum to "
            f"{input.shape[axis]}, the size of dimension {axis}"
        )
    return _cut_before(input, axis, np.cumsum(sizes, dtype=int)[:-1].tolist() if sizes else None)


def _cut_before(input: Tensor, axis: int, places: list[int] | None) -> tuple[Tensor, ...]:
    """The pieces between `places`, which count as a slice's bounds do; None: no piece at all."""
    if places is None:
        return ()
    bounds = zip([0, *places], [*places, input.shape[axis]], strict=True)
    return tuple([_between(input, axis, start, stop) for start, stop in bounds])


_SPARE = 1 << 16  # more empty pieces are a mistake


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces along `dim`, equal but for the last. Views."""
    if integer(chunks, "chunk: chunks") < 1:
        raise ArgumentError(f"chunk: chunks={chunks} must be at least 1")
    axis = _axis(input, dim, "chunk")
    size = input.shape[axis]
    if size == 0:
        if chunks > _SPARE:
            raise ArgumentError(f"chunk: {chunks} pieces of a dimension of size 0")
        return tuple([_between(input, axis, 0, 0) for _ in range(chunks)])
    return split(input, -(-size // chunks), axis)


# PyTorch's unsafe_ forms are views that may be written without a check; here all may.
unsafe_chunk, unsafe_split_with_sizes = chunk, split_with_sizes
unsafe_split = split


def _where(given: Any, named: dict[str, Any], op: str) -> Any:
    """Where to cut, under any of the names that PyTorch has for it."""
    values = [x for x in (given, *named.values()) if x is not None]
    names = {"indices", "sections", "tensor_indices_or_sections"}
    if len(values) != 1 or not names.issuperset(named):
        raise DTypeError(f"{op}: expected one number of sections or list of indices, got {values}")
    return values[0]


def tensor_split(
    input: Tensor, indices_or_sections: Any = None, dim: int = 0, **named: Any
) -> tuple[Tensor, ...]:
    """That many pieces along `dim`, the first ones larger by 1; or cut before the indices listed.

    The indices count as a slice's bounds do, and may be a tensor on the CPU.
    """
    axis = _axis(input, dim, "tensor_split")
    where = _where(indices_or_sections, named, "tensor_split")
    if isinstance(where, Tensor):
        if where.ndim > 1 or CATEGORY[where.dtype] != INT:
            raise ArgumentError("tensor_split: indices must be integers, a vector or a 0-d tensor")
        where = to_numpy(where.array).tolist()
    if isinstance(where, (list, tuple)):
        return _cut_before(input, axis, [integer(i, "tensor_split: indices") for i in where])
    count = integer(where, "tensor_split: sections")
    if count < 1:
        raise ArgumentError(f"tensor_split: the number of sections must be positive, got {count}")
    if count > input.shape[axis] + _SPARE:
        raise ArgumentError(f"tensor_split: {count} sections of size {input.shape[axis]}")
    small, larger = divmod(input.shape[axis], count)
    return _cut_before(input, axis, [i * small + min(i, larger) for i in range(1, count)])


def _split_along(name: str, axis: int, least: int) -> Any:
    """``hsplit`` and kin: `tensor_split` along `axis` into equal pieces, or before indices."""

    def function(
        input: Tensor, indices_or_sections: Any = None, **named: Any
    ) -> tuple[Tensor, ...]:
        where = _where(indices_or_sections, named, name)
        if input.ndim < least:
            raise ShapeError(f"{name}: expected {least} dimensions or more, got {input.shape}")
        dim = axis if input.ndim > axis else 0
        if isinstance(where, (list, tuple)):
            return tensor_split(input, where, dim)
        if isinstance(where, Tensor):
            raise DTypeError(f"{name}: expected an integer or a list of them, got a Tensor")
        count = integer(where, f"{name}: sections")
        if count < 1 or input.shape[dim] % count:
            raise ArgumentError(
                f"{name}: dimension {dim} of size {input.shape[dim]} does not divide into {count}"
            )
        return tensor_split(input, count, dim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"Equal pieces along dimension {axis}{' (0 of a vector)' if least == 1 else ''}, as many "
        "as given; or cut before the indices listed. Views."
    )
    return function


hsplit = _split_along("hsplit", 1, 1)
vsplit = _split_along("vsplit", 0, 2)
dsplit = _split_along("dsplit", 2, 3)
