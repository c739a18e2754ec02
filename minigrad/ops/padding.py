"""Borders: constant, mirrored, repeated, or wrapped around.

All but the constant ones are slices of the input joined along one dimension after the other, which
gives their gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..dtypes import bool_
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .constant_pad import pad as constant_pad
from .constant_pad import pad_widths
from .join import cat
from .operands import number_like
from .shape import expand


def _cut(x: Tensor, axis: int, start: int, stop: int, step: int = 1) -> Tensor:
    """Entries along `axis`; with step -1 from stop - 1 down to start."""
    if step < 0:
        start, stop = stop - 1, start - 1 if start > 0 else -x.shape[axis] - 1
    return x[(slice(None),) * axis + (slice(start, stop, step),)]


def _reflected(x: Tensor, axis: int, low: int, high: int, op: str) -> list[Tensor]:
    n = x.shape[axis]
    if max(low, high) >= n:
        raise ArgumentError(f"{op}: a reflected border must be narrower than {n}, got {low, high}")
    before = [_cut(x, axis, 1, low + 1, -1)] if low > 0 else []
    after = [_cut(x, axis, n - 1 - high, n - 1, -1)] if high > 0 else []
    return [*before, _cut(x, axis, max(0, -low), n - max(0, -high)), *after]


def _replicated(x: Tensor, axis: int, low: int, high: int, op: str) -> list[Tensor]:
    n = x.shape[axis]

    def repeated(place: int, count: int) -> list[Tensor]:
        one = _cut(x, axis, place, place + 1)
        shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
        return [expand(one, shape)] if count > 0 else []

    # Where more is cut than there is, the other border has what is left.
    before = repeated(0, min(low, n + low + high))
    after = repeated(n - 1, min(high, n + low + high))
    middle = _cut(x, axis, min(max(0, -low), n), max(n - max(0, -high), 0))
    return [*before, *([middle] if middle.shape[axis] else []), *after]


def _wrapped(x: Tensor, axis: int, low: int, high: int, op: str) -> list[Tensor]:
    middle = _cut(x, axis, max(0, -low), x.shape[axis] - max(0, -high))
    n = middle.shape[axis]
    if max(low, high) > n:
        raise ArgumentError(
            f"{op}: a circular border may be as wide as the {n} entries it wraps, got {low, high}"
        )
    before = [_cut(middle, axis, n - low, n)] if low > 0 else []
    after = [_cut(middle, axis, 0, high)] if high > 0 else []
    return [*before, middle, *after]


_MODES = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """`input` with a border. `pad` is (before, after) of the last dimension, then of the one before
    it, and so on; negative widths cut.

    Args:
        mode: "constant" (of `value`, 0 if None), "reflect" (mirrored, without the edge itself),
            "replicate" (the edge repeated) or "circular". All but "constant" are for the last D
            dimensions of (N, C, ...) or (C, ...): 2 D widths.

    Raises:
        ArgumentError: widths that do not fit the shape.
    """
    op = "pad"
    if mode == "constant":
        number: Any = 0 if value is None else number_like(value, input, op)
        return constant_pad(input, pad, number)
    if mode not in _MODES:
        known = ", ".join(["constant", *_MODES])
        raise ArgumentError(f"{op}: mode must be one of {known}, got {mode!r}")
    if value:
        raise ArgumentError(f"{op}: mode {mode!r} takes no value, got {value}")
    widths = pad_widths(input, pad, op)
    spatial = len(pad) // 2
    if spatial not in (1, 2, 3) or input.ndim not in (spatial + 1, spatial + 2):
        raise ShapeError(
            f"{op}: {len(pad)} widths in mode {mode!r} are for (N, C, ...) or (C, ...) with "
            f"{spatial} more dimensions, not for shape {input.shape}"
        )
    if 0 in input.shape[1 if input.ndim == spatial + 2 else 0 :]:
        raise ShapeError(f"{op}: only the batch may be empty, got shape {input.shape}")
    if input.dtype == bool_ and mode != "circular":
        raise DTypeError(f"{op}: mode {mode!r} is not for bools; convert them first")
    for axis in range(input.ndim - spatial, input.ndim):
        low, high = widths[axis]
        if low or high:
            input = cat(_MODES[mode](input, axis, low, high, op), axis)
    return input if any([any(w) for w in widths]) else input.clone()
