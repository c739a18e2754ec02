"""Sums in plain array code."""

from __future__ import annotations

import numpy as np

from ...device import Array, namespace


def sum(out: Array, x: Array, *, axes: tuple[int, ...]) -> None:
    """out = x summed over `axes`. Floats are summed in float64, integers and bools in int64."""
    wide = {"f": np.float64, "c": np.complex128}.get(x.dtype.kind, np.int64)
    out[...] = namespace(out).sum(x, axis=axes, dtype=wide)
