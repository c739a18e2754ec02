"""Functions for kernels, and for the expressions of elementwise operations.

`functions` computes them; `docs/design.md` lists their errors over the whole range, in units in the
last place, and `tests/kernels/test_math.py` holds them. Infinities, NaN, denormal numbers and the
sign of zero are right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import functions
from .jit import Helper, inlined
from .scalar import Value, callable_by_kernels

FUSED = frozenset({"contract"})  # a product is added in one rounding

exp: Any = callable_by_kernels(functions.exp, 1)
expm1: Any = callable_by_kernels(functions.expm1, 1)
log: Any = callable_by_kernels(functions.log, 1)
log1p: Any = callable_by_kernels(functions.log1p, 1)
sigmoid: Any = callable_by_kernels(functions.sigmoid, 1)
tanh: Any = callable_by_kernels(functions.tanh, 1)
erf: Any = callable_by_kernels(functions.erf, 1)
erfc: Any = callable_by_kernels(functions.erfc, 1)
ndtr: Any = callable_by_kernels(functions.ndtr, 1)


class Function(NamedTuple):
    """A function of expressions."""

    scalar: Callable[..., Value]
    nanoseconds: float  # an element, in float32
    dtypes: str = "fd"  # for which it is better than NumPy's
    anywhere: Callable[..., Value] | None = None  # that calls libm for `functions.is_far` ones


FUNCTIONS = {
    "exp": Function(functions.exp, 0.2),
    "expm1": Function(functions.expm1, 0.4),
    "log": Function(functions.log, 0.3),
    "log1p": Function(functions.log1p, 0.5),
    "tanh": Function(functions.tanh, 0.5),
    "erf": Function(functions.erf, 0.5),
    "erfc": Function(functions.erfc, 0.5),
    "ndtr": Function(functions.ndtr, 0.5),
    "sin": Function(functions.sin, 0.5, anywhere=functions.sin_anywhere),
    "cos": Function(functions.cos, 0.5, anywhere=functions.cos_anywhere),
    "pow": Function(functions.pow, 2.0, "f"),
}


def _largest(dtype: np.dtype) -> Any:
    """The largest of a contiguous row; -inf only if there is nothing else.

    Floats are compared as integers of the same bits, those of negative numbers turned around:
    LLVM vectorises a maximum of floats only where it may take it that there is no NaN. One with a
    positive sign is above all numbers, one with a negative sign below -inf.
    """
    T, I = dtype.type, np.int32 if dtype.itemsize == 4 else np.int64
    sign, rest = I(8 * dtype.itemsize - 1), I(np.iinfo(I).max)

    def turned(k):  # type: ignore[no-untyped-def]
        return I(k ^ ((k >> sign) & rest))

    turn, nothing = inlined(turned), turned(T(-np.inf).view(I))

    def largest(row):  # type: ignore[no-untyped-def]
        top = nothing
        for i in range(row.size):
            top = max(top, turn(T(row[i]).view(I)))
        if top == nothing:
            for i in range(row.size):
                if row[i] != row[i]:
                    return row[i]
        return I(turn(top)).view(T)

    largest.__qualname__ = f"largest_{dtype.name}"
    return inlined(largest)


largest: Any = Helper(_largest)
