"""Borders of one value, and cuts: what other operations are made of. `padding` has all modes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, DTypeError
from ..ir import Primitive, Shape, Spec
from ..kernels.launch import memory_order
from ..tensor import Tensor, apply


def _pad_spec(x: Any, *, widths: tuple[tuple[int, int], ...], value: float) -> Spec:
    shape = tuple([n + low + high for n, (low, high) in zip(x.shape, widths, strict=True)])
    return Spec(shape, x.dtype, memory_order(x))


def _pad_vjp(g: Tensor, widths: Any, x_shape: Shape) -> Tensor:
    inner = [slice(low, low + n) for n, (low, _) in zip(x_shape, widths, strict=True)]
    return g[tuple(inner)]


PAD: Primitive = Primitive("pad", _pad_spec, kernel="shape.pad", vjps=(_pad_vjp,), complex=True)


def pad(input: Tensor, pad: Sequence[int], value: float = 0.0) -> Tensor:
    """`input` with a constant border. `pad` is (before, after) of the last dimension, then of the
    one before it, and so on; negative widths cut."""
    widths = pad_widths(input, pad, "pad")
    cuts = tuple(
        [slice(max(0, -low), n - max(0, -high)) for n, (low, high) in zip(input.shape, widths)]
    )
    grown = tuple([(max(0, low), max(0, high)) for low, high in widths])
    cut = input[cuts] if any([low < 0 or high < 0 for low, high in widths]) else input
    return apply(PAD, cut, widths=grown, value=value)


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """`input` with a constant border: ``nn.functional.pad`` in its first mode."""
    return _padded(input, pad, value)


_padded = pad


def pad_widths(input: Tensor, pad: Sequence[int], op: str) -> list[tuple[int, int]]:
    """(before, after) of every dimension, the first one first; ArgumentError if they do not fit."""
    if not isinstance(pad, (tuple, list)) or not all([hasattr(n, "__index__") for n in pad]):
        raise DTypeError(f"{op}: pad must be a sequence of integers, got {pad!r}")
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ArgumentError(
            f"{op}: {list(pad)} must be a pair for each of up to {input.ndim} dimensions of "
            f"shape {input.shape}"
        )
    numbers = [operator.index(n) for n in pad]
    pairs = [(numbers[i], numbers[i + 1]) for i in range(0, len(pad), 2)][::-1]
    widths = [(0, 0)] * (input.ndim - len(pairs)) + pairs
    if any([n + low + high < 0 for n, (low, high) in zip(input.shape, widths)]):
        raise ArgumentError(f"{op}: {list(pad)} cuts more than shape {input.shape} has")
    return widths
