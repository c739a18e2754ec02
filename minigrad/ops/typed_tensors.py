"""PyTorch's first constructors, one a type: ``FloatTensor([1, 2])``, ``LongTensor(2, 3)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import DTypeError
from ..tensor import Tensor
from .creation import empty
from .from_data import tensor

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
]


def _constructor(name: str, dtype: np.dtype) -> Callable[..., Tensor]:
    def make(*data: Any) -> Tensor:
        if all([type(size) is int for size in data]):
            return empty(data or (0,), dtype=dtype)
        (values, *more) = data
        if more or not np.iterable(values):
            raise DTypeError(f"{name}: expected a sequence, an array or sizes, got {data!r:.50}")
        if isinstance(values, Tensor) and values.dtype != dtype:
            raise DTypeError(f"{name}: got a tensor of {values.dtype}; convert it: x.to({dtype})")
        return tensor(values, dtype=dtype)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"""A tensor of {dtype} with given values, or of given sizes and any values.

    `tensor` and `empty` are the newer words for it.
    """
    return make


BFloat16Tensor = _constructor("BFloat16Tensor", dtypes.bfloat16)
BoolTensor = _constructor("BoolTensor", dtypes.bool_)
ByteTensor = _constructor("ByteTensor", dtypes.uint8)
CharTensor = _constructor("CharTensor", dtypes.int8)
DoubleTensor = _constructor("DoubleTensor", dtypes.float64)
FloatTensor = _constructor("FloatTensor", dtypes.float32)
HalfTensor = _constructor("HalfTensor", dtypes.float16)
IntTensor = _constructor("IntTensor", dtypes.int32)
LongTensor = _constructor("LongTensor", dtypes.int64)
ShortTensor = _constructor("ShortTensor", dtypes.int16)
