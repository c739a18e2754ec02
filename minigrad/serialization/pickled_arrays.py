"""NumPy's arrays and scalars inside a pickle, and the last look at what a pickle became."""

from __future__ import annotations

import math
import re
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..device import device
from ..tensor import Tensor
from .pickles import Function

_LEAVES = (
    *(type(None), bool, int, float, complex, str, bytes, bytearray),
    *(Tensor, np.ndarray, np.generic, np.dtype, device),
)


class _DType:
    """A NumPy dtype, without and then with its byte order."""

    def __init__(self, name: Any, *_: Any) -> None:
        if type(name) is not str or not re.fullmatch(r"[biufc]\d{1,2}", name):
            raise ValueError("it has NumPy values that are no numbers")
        self.dtype = np.dtype(name)


def _unpacked(dtype: Any, data: Any, shape: Any) -> np.ndarray:
    if type(dtype) is not _DType or type(data) not in (bytes, bytearray):
        raise ValueError("it has NumPy values that are no numbers")
    if type(shape) is not tuple or not all([type(n) is int and n >= 0 for n in shape]):
        raise ValueError("it has a NumPy array without a shape")
    if len(data) != math.prod(shape) * dtype.dtype.itemsize:
        raise ValueError("it has a NumPy array whose shape is not that of its values")
    return np.frombuffer(data, dtype.dtype)


def _scalar(dtype: _DType, data: bytes) -> np.generic:
    return _unpacked(dtype, data, ())[0]


def _from_buffer(data: Any, dtype: _DType, shape: tuple[int, ...], order: str) -> np.ndarray:
    """How protocol 5 writes arrays."""
    values = _unpacked(dtype, data, shape).astype(dtype.dtype.newbyteorder("="))
    return values.reshape(shape[::-1]).T if order == "F" else values.reshape(shape)


def _unfilled(*_: Any) -> np.ndarray:
    """A NumPy array, to which `set_state` gives shape, dtype and values."""
    return np.empty(0)


def set_state(target: Any, state: Any) -> None:
    """The state of what the names in `NUMPY` and in `pickles.PLAIN` make."""
    kind = type(target)
    match state:
        case {} if kind is OrderedDict and {*state} <= {"_metadata"}:
            vars(target).update(state)  # the versions of a state_dict's modules
        case (3, "<" | ">" | "|" | "=" as order, None, None, None, -1, -1, 0) if kind is _DType:
            target.dtype = target.dtype.newbyteorder(order)
        case (1, tuple(shape), dtype, bool(fortran), data) if kind is np.ndarray:
            _unpacked(dtype, data, shape)
            target.__setstate__((1, shape, dtype.dtype, fortran, data))
        case _:
            raise ValueError(f"its pickle sets the state of a {kind.__name__}")


def check_finished(state: Any) -> None:
    """Refuse what may stand in the middle of a pickle, but is no value."""
    seen, left = set(), [state]
    while left:
        value = left.pop()
        kind = type(value)
        if issubclass(kind, _LEAVES):
            continue
        if kind not in (dict, OrderedDict, Counter, list, tuple, set, frozenset):
            raise ValueError(f"it holds a bare {kind.__name__.strip('_')}, which is no value")
        if id(value) not in seen:
            seen.add(id(value))
            left.extend(value.values() if issubclass(kind, dict) else value)
            left.extend(vars(value).values() if kind is OrderedDict else ())


_CALLS: dict[str, Callable[..., Any]] = {
    "numpy.dtype": _DType,
    "numpy.ndarray": _unfilled,
    "numpy.core.multiarray._reconstruct": _unfilled,  # before NumPy 2
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray._reconstruct": _unfilled,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.numeric._frombuffer": _from_buffer,
}
NUMPY: dict[str, Any] = {name: Function(name, call) for name, call in _CALLS.items()}
