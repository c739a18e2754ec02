"""The limits of number types: `finfo` and `iinfo`, with PyTorch's attributes."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from .dtypes import CATEGORY, COMPLEX, FLOAT, INT, as_dtype, get_default_dtype, real_of
from .errors import DTypeError


class finfo:
    """Limits of a floating-point dtype (the default one if left out; a complex one's parts).

    `bits`, `eps` (1 and the next number differ by it), `max`, `min`, `tiny` and `smallest_normal`
    (the smallest number of full precision), `resolution` (10 to the digits that are kept), `dtype`.
    """

    def __init__(self, type: Any = None) -> None:
        found = get_default_dtype() if type is None else as_dtype(type)
        if CATEGORY[found] not in (FLOAT, COMPLEX):
            raise DTypeError(f"finfo: {found} is no floating-point dtype; use iinfo")
        found = real_of(found)
        limits = ml_dtypes.finfo(found)
        self.bits = found.itemsize * 8
        self.dtype = str(found)
        self.eps, self.max, self.min = float(limits.eps), float(limits.max), float(limits.min)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = float(f"{float(limits.resolution):.0e}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        names = "resolution", "min", "max", "eps", "smallest_normal", "tiny"
        shown = ", ".join([f"{name}={getattr(self, name):.6g}" for name in names])
        return f"finfo({shown}, dtype={self.dtype})"


class iinfo:
    """Limits of an integer dtype: `bits`, `max`, `min`, `dtype`."""

    def __init__(self, type: Any) -> None:
        found = as_dtype(type)
        if CATEGORY[found] != INT:
            raise DTypeError(f"iinfo: {found} is no integer dtype; use finfo for floats")
        limits = np.iinfo(found)
        self.bits, self.max, self.min = limits.bits, int(limits.max), int(limits.min)
        self.dtype = str(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
