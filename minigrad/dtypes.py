"""Data types, and PyTorch's rules for mixing them. A dtype is a NumPy dtype."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from .errors import DTypeError

float16 = half = np.dtype(np.float16)
bfloat16 = np.dtype(ml_dtypes.bfloat16)
float32 = np.dtype(np.float32)
float64 = double = np.dtype(np.float64)
uint8 = np.dtype(np.uint8)
int8 = np.dtype(np.int8)
int16 = short = np.dtype(np.int16)
int32 = np.dtype(np.int32)
int64 = long = np.dtype(np.int64)
complex64 = cfloat = np.dtype(np.complex64)
complex128 = cdouble = np.dtype(np.complex128)
# `float`, `int` and `bool` are dtypes to the user (`mg.float`), builtins in this file.
bool_ = np.dtype(np.bool_)

BOOL, INT, FLOAT, COMPLEX = 0, 1, 2, 3

# Every dtype a tensor may have, with its category: a higher one wins in promotion.
CATEGORY: dict[np.dtype, int] = {
    bool_: BOOL,
    **dict.fromkeys((uint8, int8, int16, int32, int64), INT),
    **dict.fromkeys((float16, bfloat16, float32, float64), FLOAT),
    **dict.fromkeys((complex64, complex128), COMPLEX),
}
FLOATS = frozenset((float16, bfloat16, float32, float64))
COMPLEXES = frozenset((complex64, complex128))
# What gradients flow through.
DIFFERENTIABLE = FLOATS | COMPLEXES
# 16-bit floats are storage: loaded to float32, computed, rounded once.
STORAGE_ONLY = frozenset((float16, bfloat16))

# The Python numbers that may be operands beside tensors.
NUMBERS = frozenset((bool, int, float, complex))
_default = float32


def get_default_dtype() -> np.dtype:
    """The dtype of new tensors of floats: float32 unless set otherwise."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Make `dtype` (a floating-point type) the dtype of new tensors of floats."""
    global _default
    dtype = as_dtype(dtype)
    if CATEGORY[dtype] != FLOAT:
        raise DTypeError(f"set_default_dtype: {dtype} is not a floating-point dtype")
    _default = dtype
    result_dtype_cache.clear()


def as_dtype(dtype: Any) -> np.dtype:
    """The dtype that `dtype` names: ``mg.float32``, ``"float32"``, ``np.float32``, ``float``."""
    if hasattr(dtype, "dtype") and not isinstance(dtype, type):  # which NumPy would ask for it
        raise DTypeError(f"dtype expected, got {type(dtype).__name__}")
    if isinstance(dtype, str) and dtype[:1] == "a":  # a string type, of which NumPy warns
        raise DTypeError(f"dtype expected, got {dtype!r}")
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        raise DTypeError(f"dtype expected, got {dtype!r}") from None
    if found not in CATEGORY:
        names = ", ".join(str(known) for known in CATEGORY)
        raise DTypeError(f"dtype {found} is not supported: minigrad has {names}")
    return found


def is_float(dtype: np.dtype) -> bool:
    """Whether `dtype` is a floating-point type (complex is not)."""
    return CATEGORY[dtype] == FLOAT


def is_complex(dtype: np.dtype) -> bool:
    """Whether `dtype` is a complex type."""
    return CATEGORY[dtype] == COMPLEX


def is_differentiable(dtype: np.dtype) -> bool:
    """Whether tensors of `dtype` may require grad: floats and complex numbers."""
    return CATEGORY[dtype] >= FLOAT


def complex_of(dtype: np.dtype) -> np.dtype:
    """The complex dtype with parts of the float `dtype`, 16-bit floats having float32's; a complex
    dtype itself."""
    return complex128 if dtype in (float64, complex128) else complex64


def real_of(dtype: np.dtype) -> np.dtype:
    """The dtype of a complex dtype's parts; another dtype itself."""
    return dtype if CATEGORY[dtype] != COMPLEX else float64 if dtype == complex128 else float32


def promote_types(type1: Any, type2: Any) -> np.dtype:
    """The smallest dtype that holds both as PyTorch promotes: int64 with float32 is float32."""
    a, b = as_dtype(type1), as_dtype(type2)
    if a == b:
        return a
    if CATEGORY[a] != CATEGORY[b]:
        low, high = sorted((a, b), key=CATEGORY.__getitem__)
        wide = CATEGORY[high] == COMPLEX and low == float64
        return complex128 if wide else high
    if {a, b} == STORAGE_ONLY:
        return float32
    return np.promote_types(a, b)


result_dtype_cache: dict[Any, np.dtype] = {}


def result_dtype(*operands: Any) -> np.dtype:
    """The dtype of an operation on arrays and Python numbers, by PyTorch's rule.

    A tensor with dimensions outranks a 0-d one, which outranks a Python number: a lower rank
    matters only if its category (bool < int < float < complex) is higher; a complex one then takes
    the width of the floats above it.
    """
    key = tuple([type(x) if type(x) in NUMBERS else (x.dtype, x.ndim > 0) for x in operands])
    found = result_dtype_cache.get(key)
    if found is None:
        found = result_dtype_cache[key] = _result_dtype(key)
    return found


def _result_dtype(key: tuple[Any, ...]) -> np.dtype:
    ranks: list[np.dtype | None] = [None, None, None]  # with dimensions, 0-d, Python numbers
    scalar_dtypes = {bool: bool_, int: int64, float: _default, complex: complex_of(_default)}
    for part in key:
        dtype, rank = (scalar_dtypes[part], 2) if part in scalar_dtypes else (part[0], 1 - part[1])
        held = ranks[rank]
        ranks[rank] = dtype if held is None else promote_types(held, dtype)
    result: np.dtype | None = None
    for dtype in ranks:
        if result is None or (dtype is not None and CATEGORY[dtype] > CATEGORY[result]):
            floats = result is not None and dtype is not None and CATEGORY[result] == FLOAT
            result = complex_of(result) if floats else dtype  # type: ignore[arg-type]
    assert result is not None
    return result
