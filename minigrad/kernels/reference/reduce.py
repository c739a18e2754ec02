"""Sums in plain array code."""

from __future__ import annotations

import numpy as np

from ...device import Array, namespace


def sum(out: Array, x: Array, *, axes: tuple[int, ...]) -> None:
    """out = x summed over `axes`. Floats are summed in float64, integers and bools in int64."""
    kind = x.dtype.kind
    wide = np.float64 if kind == "f" else x.dtype if kind == "c" else np.int64
    out[...] = namespace(out).sum(x, axis=axes, dtype=wide)
