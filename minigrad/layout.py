"""Layouts in memory, under PyTorch's names. Every tensor is strided: shape, strides, memory."""

from __future__ import annotations

from .errors import ArgumentError


class layout:
    """How a tensor is stored: `strided` is the only layout there is."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"minigrad.{self.name}"


class memory_format:
    """The order of a tensor's dimensions in memory, an argument of `contiguous`, `clone` and `to`.

    `order` lists them from the outermost to the innermost, for tensors of that many dimensions;
    None stands for the order of the dimensions themselves.
    """

    def __init__(self, name: str, order: tuple[int, ...] | None = None) -> None:
        self.name, self.order = name, order

    def __repr__(self) -> str:
        return f"minigrad.{self.name}"

    def order_of(self, ndim: int, op: str) -> tuple[int, ...] | None:
        """The order for a tensor of `ndim` dimensions; an error if the format is not for those."""
        if self.order is not None and len(self.order) != ndim:
            raise ArgumentError(
                f"{op}: {self} is for tensors of {len(self.order)} dimensions, this one has {ndim}"
            )
        return self.order


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last", (0, 2, 3, 1))
channels_last_3d = memory_format("channels_last_3d", (0, 2, 3, 4, 1))


def check_strided(chosen: object, op: str) -> None:
    """ArgumentError for a layout that is not `strided`."""
    if chosen not in (None, strided):
        raise ArgumentError(f"{op}: layout {chosen!r} is not available, only minigrad.strided")


def as_memory_format(chosen: object, op: str) -> memory_format:
    """`chosen`, which must be a memory format."""
    if not isinstance(chosen, memory_format):
        raise ArgumentError(f"{op}: {chosen!r} is no memory format; minigrad.channels_last is one")
    return chosen
