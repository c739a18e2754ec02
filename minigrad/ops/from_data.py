"""Tensors of data that is there: numbers, nested sequences, arrays, buffers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..context import state
from ..device import CPU, device_of, get_default_device, to_device
from ..device import device as Device
from ..dtypes import CATEGORY, INT, as_dtype, complex_of, get_default_dtype, int64
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .operands import shared

__all__ = ["as_tensor", "asarray", "from_numpy", "frombuffer", "tensor"]


def check_not_pinned(pin_memory: bool, op: str) -> None:
    """ArgumentError if pinned memory is asked for: there is none."""
    if pin_memory:
        raise ArgumentError(f"{op}: pin_memory=True is not available; leave it away")


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new tensor holding a copy of `data`: numbers, nested sequences, arrays or tensors.

    Python floats become the default dtype (float32), integers int64; arrays keep their dtype.
    """
    if isinstance(data, Tensor):
        source, device = data.array, device if device is not None else data.device
    else:
        source = _array_of(data, dtype)
    check_not_pinned(pin_memory, "tensor")
    if device is None and not isinstance(data, Tensor) and device_of(source) == CPU:
        device = get_default_device()
    place = Device(device) if device is not None else device_of(source)
    dtype = source.dtype.newbyteorder("=") if dtype is None else as_dtype(dtype)
    if dtype not in CATEGORY:
        raise DTypeError(f"tensor: dtype {dtype} is not supported; pass dtype= to convert")
    _check_range(data, source, dtype)
    if source.dtype.kind == "c" and dtype.kind != "c":
        if not isinstance(data, (Tensor, np.ndarray)):
            raise DTypeError(f"tensor: complex numbers do not fit {dtype}")
        source = source.real
    moved = to_device(source, place)
    kept = moved.dtype == dtype and moved is not source
    array = moved if kept else state.run_quietly(moved.astype, dtype)
    return Tensor(array).requires_grad_(requires_grad)


def _check_range(data: Any, source: Any, dtype: np.dtype) -> None:
    """Python integers must fit the dtype; arrays and tensors are cast as they are elsewhere."""
    if isinstance(data, (int, list, tuple)) and CATEGORY[dtype] == INT and source.size:
        limits, low, high = np.iinfo(dtype), source.min(), source.max()
        if source.dtype.kind in "iu" and (low < limits.min or high > limits.max):
            raise ArgumentError(
                f"tensor: values from {low} to {high} do not fit {dtype}, which holds {limits.min} "
                f"to {limits.max}; pass a wider dtype"
            )


def _array_of(data: Any, dtype: Any) -> Any:
    """Nested Python data as an array, in the dtype PyTorch would choose."""
    if isinstance(data, np.ndarray):
        return np.asarray(data)  # plain, where it was a memmap or a matrix
    if hasattr(data, "dtype") and hasattr(data, "shape"):
        return data if hasattr(data, "strides") and data.shape != () else np.asarray(data)
    if _holds_tensors(data):
        data = _plain(data)
    try:
        array = np.array(data)
    except ValueError as error:
        raise ShapeError(f"tensor: nested sequences of unequal lengths: {error}") from error
    if array.dtype == object or array.dtype.kind in "USM":
        raise DTypeError(f"tensor: cannot make a tensor of {type(data).__name__} holding {data!r}")
    if dtype is None and not _holds_arrays(data):
        if array.dtype.kind == "f":
            return state.run_quietly(array.astype, get_default_dtype())
        if array.dtype.kind == "c":
            return state.run_quietly(array.astype, complex_of(get_default_dtype()))
        if array.dtype.kind in "iu":
            return array.astype(int64)
    return array


def _holds_tensors(data: Any) -> bool:
    return isinstance(data, (list, tuple)) and any(
        [isinstance(x, Tensor) or _holds_tensors(x) for x in data]
    )


def _holds_arrays(data: Any) -> bool:
    return isinstance(data, (list, tuple)) and any(
        [isinstance(x, (np.ndarray, np.generic)) or _holds_arrays(x) for x in data]
    )


def _plain(data: Any) -> Any:
    if isinstance(data, Tensor):
        return data.tolist()
    return [_plain(x) for x in data] if isinstance(data, (list, tuple)) else data


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where dtype and device allow."""
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype)
    place = get_default_device() if device is None else Device(device)
    if isinstance(data, np.ndarray) and place == CPU:
        found = from_numpy(data)
        return found if dtype is None else found.to(dtype=dtype)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor on the memory of `array`: writes to one show in the other.

    What backward needs of such memory is copied, since code outside can change it.
    """
    if not isinstance(array, np.ndarray):
        raise DTypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}")
    if not array.dtype.isnative:
        raise DTypeError("from_numpy: the array is not in the machine's byte order")
    if not array.flags.writeable:
        array = np.array(array)  # a tensor is writable; the read-only original stays as it is
    return shared(np.asarray(array))  # plain, where it was a memmap or a matrix


def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """`obj` as a tensor, without a copy where dtype and device allow.

    ``copy=True`` always copies; ``copy=False`` raises where a copy would be needed. A tensor keeps
    its gradient unless ``requires_grad=False``.
    """
    obj = np.asarray(obj) if isinstance(obj, np.ndarray) else obj
    out = as_tensor(obj, dtype, device)
    source = obj.array if isinstance(obj, Tensor) else obj
    same = out.array is source
    if copy is False and not same:
        raise ArgumentError(
            f"asarray: {type(obj).__name__} cannot be seen as this tensor without a copy; leave "
            "copy=False away"
        )
    if copy and same:
        out = out.clone()
    if requires_grad:
        return out.requires_grad_()
    return out.detach() if requires_grad is False else out


def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """The bytes of `buffer`, from `offset` on, as a vector of `count` numbers (-1: all).

    It shares memory with a buffer that may be written; of one that may not, it is a copy.
    """
    found = as_dtype(dtype)
    size = memoryview(buffer).nbytes
    left = size - offset
    if size == 0 or count == 0:
        raise ArgumentError(f"frombuffer: neither the buffer ({size} bytes) nor count may be 0")
    if not 0 <= offset < size:
        raise ArgumentError(f"frombuffer: offset {offset} is not within the buffer of {size} bytes")
    if (count < 0 and left % found.itemsize) or (count > 0 and count * found.itemsize > left):
        raise ArgumentError(
            f"frombuffer: {left} bytes after offset {offset} do not hold "
            f"{'whole elements' if count < 0 else f'{count} elements'} of {found}"
        )
    array = np.frombuffer(buffer, found, count, offset)
    return from_numpy(array).requires_grad_(requires_grad)
