"""Making tensors: from data, filled, or counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..device import CPU, device_of, namespace_of, to_device
from ..device import device as Device
from ..dtypes import CATEGORY, INT, as_dtype, complex_of, get_default_dtype, int64
from ..errors import ArgumentError, DTypeError, ShapeError
from ..tensor import Tensor
from .operands import shape_of, shared

__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "from_numpy", "full", "full_like",
    "linspace", "ones", "ones_like", "tensor", "zeros", "zeros_like",
]  # fmt: skip


def _place(device: Any) -> Device:
    return CPU if device is None else Device(device)


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A new tensor holding a copy of `data`: numbers, nested sequences, arrays or tensors.

    Python floats become the default dtype (float32), integers int64; arrays keep their dtype.
    """
    if isinstance(data, Tensor):
        source, device = data.array, device if device is not None else data.device
    else:
        source = _array_of(data, dtype)
    place = _place(device) if device is not None else device_of(source)
    dtype = source.dtype.newbyteorder("=") if dtype is None else as_dtype(dtype)
    if dtype not in CATEGORY:
        raise DTypeError(f"tensor: dtype {dtype} is not supported; pass dtype= to convert")
    _check_range(data, source, dtype)
    moved = to_device(source, place)
    array = moved.astype(dtype) if moved.dtype != dtype or moved is source else moved
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
            return array.astype(get_default_dtype())
        if array.dtype.kind == "c":
            return array.astype(complex_of(get_default_dtype()))
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
    if isinstance(data, np.ndarray) and (device is None or Device(device) == CPU):
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
        array = array.copy()  # a tensor is writable; the read-only original stays as it is
    return shared(array)


def full(
    size: Sequence[int],
    fill_value: float,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of shape `size` filled with one value."""
    if dtype is None:
        kinds = {bool: np.dtype(bool), int: int64, complex: complex_of(get_default_dtype())}
        found = kinds.get(type(fill_value), get_default_dtype())
    else:
        found = as_dtype(dtype)
    shape = shape_of((size,))
    if any([n < 0 for n in shape]):
        raise ShapeError(f"a tensor cannot have negative sizes: {shape}")
    array = namespace_of(_place(device)).full(shape, fill_value, found)
    return Tensor(array).requires_grad_(requires_grad)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros, ``zeros(2, 3)`` or ``zeros((2, 3))``."""
    return full(
        shape_of(size), 0.0, dtype=dtype or get_default_dtype(), device=device,
        requires_grad=requires_grad,
    )  # fmt: skip


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    return full(
        shape_of(size), 1.0, dtype=dtype or get_default_dtype(), device=device,
        requires_grad=requires_grad,
    )  # fmt: skip


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor whose values are whatever was in memory; write before reading."""
    found = get_default_dtype() if dtype is None else as_dtype(dtype)
    array = namespace_of(_place(device)).empty(shape_of(size), found)
    return Tensor(array).requires_grad_(requires_grad)


def full_like(
    input: Tensor,
    fill_value: float,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of `input`'s shape, dtype and device filled with one value."""
    return full(
        input.shape,
        fill_value,
        dtype=input.dtype if dtype is None else dtype,
        device=input.device if device is None else device,
        requires_grad=requires_grad,
    )


def zeros_like(input: Tensor, **options: Any) -> Tensor:
    """Zeros of `input`'s shape, dtype and device."""
    return full_like(input, 0, **options)


def ones_like(input: Tensor, **options: Any) -> Tensor:
    """Ones of `input`'s shape, dtype and device."""
    return full_like(input, 1, **options)


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An uninitialised tensor of `input`'s shape, dtype and device."""
    dtype = input.dtype if dtype is None else dtype
    return empty(input.shape, dtype=dtype, device=input.device if device is None else device)


def new_full(
    self: Tensor, size: Any, fill_value: float, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """A filled tensor of this one's dtype and device."""
    return full(
        size, fill_value,
        dtype=self.dtype if dtype is None else dtype,
        device=self.device if device is None else device,
    )  # fmt: skip


def new_zeros(self: Tensor, *size: Any, **options: Any) -> Tensor:
    """Zeros of this tensor's dtype and device."""
    return new_full(self, shape_of(size), 0, **options)


def new_ones(self: Tensor, *size: Any, **options: Any) -> Tensor:
    """Ones of this tensor's dtype and device."""
    return new_full(self, shape_of(size), 1, **options)


def new_tensor(self: Tensor, data: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` in this tensor's dtype and device."""
    return tensor(
        data,
        dtype=self.dtype if dtype is None else dtype,
        device=self.device if device is None else device,
    )


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``start, start + step, ...`` up to but without `end`; int64 if all three are integers."""
    if end is None:
        start, end = 0, start
    if step == 0 or (end - start) * step < 0:
        raise ArgumentError(f"arange: cannot count from {start} to {end} in steps of {step}")
    whole = all([isinstance(n, int) for n in (start, end, step)])
    found = as_dtype(dtype) if dtype is not None else int64 if whole else get_default_dtype()
    count = math.ceil((end - start) / step)
    xp = namespace_of(_place(device))
    wide = xp.arange(count, dtype=int64 if whole else np.dtype(np.float64))
    return Tensor((wide * step + start).astype(found)).requires_grad_(requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """`steps` evenly spaced values from `start` to `end`, both included."""
    found = get_default_dtype() if dtype is None else as_dtype(dtype)
    return Tensor(namespace_of(_place(device)).linspace(start, end, steps).astype(found))


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The n x m identity matrix."""
    found = get_default_dtype() if dtype is None else as_dtype(dtype)
    return Tensor(namespace_of(_place(device)).eye(n, m, dtype=found))
