"""Images and volumes read at real coordinates.

Letters: N batch, C channels, D H W volume, P the places of the output.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from ..dtypes import STORAGE_ONLY, float32, int64, is_float
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Elementwise
from ..tensor import Tensor, apply
from .choice import where
from .creation import arange, ones, zeros
from .gather import GATHER
from .join import stack
from .layer_arguments import layer_function
from .matmul import matmul
from .operands import need_float, operand
from .rounding import floor, round
from .shape import cast, expand, mT, reshape, unsqueeze

# A coordinate folded back between two mirrors, `low` and `low + span`.
_SLOPE = Elementwise(
    "reflect_slope",
    "select(a < low, -1, 1) * select(floor(abs(a - low) / span) % 2 == 0, 1, -1)",
    "a low span",
)
_REFLECT = Elementwise(
    "reflect",
    "select(floor(abs(a - low) / span) % 2 == 0, "
    "fmod(abs(a - low), span) + low, span - fmod(abs(a - low), span) + low)",
    "a low span",
    vjps=(lambda g, a, low, span: g * apply(_SLOPE, a, operand(low, ""), operand(span, "")),
          None, None),
)  # fmt: skip


@layer_function
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """`input` (N, C, H, W) read at the coordinates of `grid` (N, OH, OW, 2), giving
    (N, C, OH, OW); volumes likewise, with (..., 3).

    Coordinates are (x, y[, z]), from -1 to 1 over the whole: from the outer edges of the corner
    elements, or with `align_corners` from their centres.

    Args:
        mode: "bilinear" (in a volume of three axes too), "nearest" or "bicubic" (images).
        padding_mode: what is outside: "zeros", "border" (the nearest element), or "reflection".
    """
    op = "grid_sample"
    _check(op, input, grid, mode, padding_mode)
    align = bool(align_corners)
    N, C, *sizes = input.shape
    places = grid.shape[1:-1]
    flat = reshape(input, (N, C, math.prod(sizes)))
    coordinates = [  # one (N, P) a dimension of the image, in its order
        _unnormalised(reshape(grid[..., i], (N, math.prod(places))), n, align)
        for i, n in zip(reversed(range(len(sizes))), sizes)
    ]
    if mode != "bicubic":
        coordinates = [
            _placed(x, n, padding_mode, align) for x, n in zip(coordinates, sizes, strict=True)
        ]
    taps = _TAPS[mode]
    if mode == "nearest":
        return reshape(_read(flat, sizes, [round(x) for x in coordinates]), (N, C, *places))
    out: Any = 0
    axes = [taps(x) for x in coordinates]  # a list of (place, weight) an axis
    for choice in itertools.product(*axes):
        at = [place for place, _ in choice]
        if mode == "bicubic":
            at = [_placed(x, n, padding_mode, align) for x, n in zip(at, sizes, strict=True)]
        out = out + _read(flat, sizes, at) * unsqueeze(math.prod([w for _, w in choice]), 1)
    return reshape(out, (N, C, *places))


def _check(op: str, input: Tensor, grid: Tensor, mode: str, padding_mode: str) -> None:
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ArgumentError(f"{op}: mode must be 'bilinear', 'nearest' or 'bicubic', got {mode!r}")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ArgumentError(
            f"{op}: padding_mode must be 'zeros', 'border' or 'reflection', got {padding_mode!r}"
        )
    need_float(input, op)
    if input.dtype != grid.dtype:
        raise DTypeError(f"{op}: input is {input.dtype} and grid {grid.dtype}; convert one of them")
    D = input.ndim - 2
    if D not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != D:
        raise ShapeError(
            f"{op}: expected input (N, C, H, W) and grid (N, OH, OW, 2), or (N, C, D, H, W) and "
            f"(N, OD, OH, OW, 3), got {input.shape} and {grid.shape}"
        )
    if input.shape[0] != grid.shape[0] or 0 in input.shape[2:]:
        raise ShapeError(
            f"{op}: input {input.shape} and grid {grid.shape} must have one batch size, and the "
            "input must not be empty"
        )
    if mode == "bicubic" and D == 3:
        raise ArgumentError(f"{op}: mode 'bicubic' is for images, got an input of {input.shape}")


def _unnormalised(x: Tensor, n: int, align: bool) -> Tensor:
    """From -1..1 to the numbers of elements."""
    return (x + 1) / 2 * (n - 1) if align else ((x + 1) * n - 1) / 2


def _placed(x: Tensor, n: int, padding_mode: str, align: bool) -> Tensor:
    """Coordinates brought inside, as `padding_mode` says; their gradient is 0 where clipped."""
    if padding_mode == "zeros":
        return x
    if padding_mode == "reflection":
        low, span = (0.0, float(n - 1)) if align else (-0.5, float(n))
        if span == 0:
            x = x * 0
        else:
            x = apply(_REFLECT, x, operand(low, "reflect"), operand(span, "reflect"))
    # NaN is placed at 0, as PyTorch does.
    return where(x > 0, where(x < n - 1, x, float(n - 1)), 0.0)


def _read(flat: Tensor, sizes: Sequence[int], at: list[Tensor]) -> Tensor:
    """The elements of `flat` (N, C, D·H·W) at whole coordinates (N, P); 0 outside: (N, C, P)."""
    inside: Any = None
    index: Any = 0
    for x, n in zip(at, sizes, strict=True):
        x = x.detach()
        here = (x >= 0) & (x <= n - 1)
        inside = here if inside is None else inside & here
        index = index * n + cast(where(here, x, 0.0), int64)
    N, C, _ = flat.shape
    wide = (N, C, index.shape[1])
    found = apply(GATHER, flat, expand(unsqueeze(index, 1), wide), dim=2)
    return where(unsqueeze(inside, 1), found, 0.0)


def _linear(x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The two neighbours and their weights."""
    base = floor(x.detach())
    t = x - base
    return [(base, 1 - t), (base + 1, t)]


def _cubic(x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The four neighbours and their weights: the cubic kernel with A = -0.75."""
    A = -0.75
    base = floor(x.detach())
    t = x - base

    def near(s: Tensor) -> Tensor:
        return ((A + 2) * s - (A + 3)) * s * s + 1

    def far(s: Tensor) -> Tensor:
        return ((A * s - 5 * A) * s + 8 * A) * s - 4 * A

    weights = (far(t + 1), near(t), near(1 - t), far(2 - t))
    return [(base + (i - 1), w) for i, w in enumerate(weights)]


_TAPS: dict[str, Any] = {"bilinear": _linear, "bicubic": _cubic, "nearest": None}


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid of `grid_sample` for affine maps `theta` (N, 2, 3) of an output of `size`
    (N, C, H, W), giving (N, H, W, 2); or (N, 3, 4) and (N, C, D, H, W), giving (N, D, H, W, 3)."""
    op = "affine_grid"
    if not is_float(theta.dtype):
        raise ArgumentError(f"{op}: theta must hold floats, got {theta.dtype}; use theta.float()")
    sizes = tuple([int(n) for n in size])
    D = len(sizes) - 2
    if D not in (2, 3) or theta.ndim != 3 or theta.shape[1:] != (D, D + 1):
        raise ArgumentError(
            f"{op}: expected theta (N, 2, 3) for a size (N, C, H, W), or (N, 3, 4) for "
            f"(N, C, D, H, W), got {theta.shape} and {sizes}"
        )
    if min(sizes) < 1:
        raise ArgumentError(f"{op}: size must be positive, got {sizes}")
    if theta.shape[0] != sizes[0]:
        raise ShapeError(f"{op}: theta {theta.shape} is not for a batch of {sizes[0]}")
    places = sizes[2:]
    columns = [
        reshape(expand(_axis(n, len(places) - 1 - i, bool(align_corners), theta), places), -1)
        for i, n in enumerate(places)
    ]
    base = stack(
        [*columns[::-1], ones(math.prod(places), dtype=theta.dtype, device=theta.device)], 1
    )
    return reshape(matmul(base, mT(theta)), (sizes[0], *places, D))


def _axis(n: int, after: int, align: bool, theta: Tensor) -> Tensor:
    """The coordinates of `n` elements, followed by `after` dimensions of size 1."""
    if n == 1:
        places = zeros(1, dtype=theta.dtype, device=theta.device)
    else:
        wide = float32 if theta.dtype in STORAGE_ONLY else theta.dtype
        whole = arange(n, dtype=wide, device=theta.device) * (2 / (n - 1)) - 1
        places = cast(whole if align else whole * ((n - 1) / n), theta.dtype)
    return reshape(places, (n, *[1] * after))
