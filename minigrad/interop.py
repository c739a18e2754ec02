"""Tensors among Python numbers, NumPy arrays and the copy module."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .device import device as Device
from .device import namespace_of, to_device, to_numpy
from .dtypes import CATEGORY, FLOAT, bfloat16
from .errors import ArgumentError, DeviceError, DTypeError, Error, GradientError, ShapeError
from .ops.operands import as_operand, shared
from .tensor import Tensor, storage_of


def item(self: Tensor) -> Any:
    """The only element, as a Python number."""
    if self.array.size != 1:
        raise ShapeError(f"item: only one element becomes a number, this has shape {self.shape}")
    return to_numpy(self.array).item()


def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers; a 0-d tensor as a number."""
    return to_numpy(self.array).tolist()


def numpy(self: Tensor, *, force: bool = False) -> np.ndarray:
    """The values as a NumPy array, sharing memory on the CPU.

    A tensor that requires grad or lives on a GPU raises unless ``force=True`` (a copy, detached).
    """
    if not force and self.requires_grad:
        raise GradientError(
            "numpy(): the tensor requires grad, and what NumPy computes is not recorded. Use "
            "x.detach().numpy()"
        )
    if not force and self.device.type != "cpu":
        raise DeviceError("numpy(): the tensor is on a GPU; use x.cpu().numpy()")
    if isinstance(self.array, np.ndarray):
        storage_of(self).foreign = True  # NumPy code may now write to this memory unseen
    return to_numpy(self.array)


def as_array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """``numpy.asarray(tensor)``."""
    array = numpy(self)
    if dtype is not None and array.dtype != dtype:
        if copy is False:
            raise ValueError(f"a {array.dtype} tensor cannot be seen as {dtype} without a copy")
        return array.astype(dtype)
    return array.copy() if copy else array


def pickled(self: Tensor, protocol: Any) -> Any:
    """What `pickle` stores: values, device, and whether the tensor requires grad; no graph."""
    values = np.ascontiguousarray(to_numpy(self.array)).reshape(self.shape)
    extra = dict(getattr(self, "__dict__", {}))
    return unpickled, (type(self), values, str(self.device), self.requires_grad, extra)


def unpickled(cls: Any, values: np.ndarray, place: str, requires_grad: bool, extra: Any) -> Tensor:
    """The tensor that `pickled` took apart."""
    out = cls.__new__(cls)
    Tensor.__init__(out, to_device(values, Device(place)))
    if extra:
        out.__dict__.update(extra)
    return out.requires_grad_() if requires_grad else out


# DLPack: memory shared with other array libraries ------------------------------------------------


def to_dlpack(
    self: Tensor,
    *,
    stream: Any = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[Any, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """The tensor's memory as a DLPack capsule, for ``other.from_dlpack(tensor)``.

    minigrad does not see what is written through it: what backward needs is copied from then on.
    """
    if self.requires_grad:
        raise BufferError(
            "__dlpack__: the tensor requires grad, and what others compute is not recorded. Use "
            "x.detach()"
        )
    if isinstance(self.array, np.ndarray) and self.dtype == bfloat16:
        raise BufferError("__dlpack__: NumPy exports no bfloat16; use x.float()")
    storage_of(self).foreign = True
    if isinstance(self.array, np.ndarray):
        if max_version is dl_device is copy is None:  # the arguments that NumPy 2.0 lacks
            return self.array.__dlpack__()
        return self.array.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)
    return self.array.__dlpack__(stream=stream, max_version=max_version)


def dlpack_device(self: Tensor) -> tuple[int, int]:
    """(kind of device, its number) as DLPack counts them: (1, 0) is the CPU, (2, 0) CUDA."""
    return (1, 0) if self.device.type == "cpu" else (2, 0)


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor on the memory of another library's array: writes to one show in the other.

    `copy` True makes a copy; False raises where one would be needed.
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        raise DTypeError(f"from_dlpack: {type(ext_tensor).__name__} has no __dlpack__ method")
    kind = int(ext_tensor.__dlpack_device__()[0])
    if kind not in (1, 2):
        raise DeviceError(f"from_dlpack: the array is on a device of DLPack's kind {kind}")
    xp = np if kind == 1 else namespace_of(Device("cuda"))
    array = xp.from_dlpack(ext_tensor)
    if isinstance(array, np.ndarray) and not array.flags.writeable:
        if copy is False:
            raise BufferError("from_dlpack: the memory is read-only, and a tensor is writable")
        array = array.copy()
    out = shared(array.copy() if copy else array)
    return out if device is None else out.to(Device(device))


def deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """A copy with its own memory, for leaves: a computed tensor has a history that cannot copy."""
    if not self.is_leaf:
        raise GradientError(
            "only leaf tensors can be deep-copied: this one was computed, and the copy would lose "
            "its history. Use x.detach().clone()"
        )
    out = type(self).__new__(type(self))
    Tensor.__init__(out, self.array.copy(order="K"))
    memo[id(self)] = out
    if self.requires_grad:
        out.requires_grad_()
    if self.grad is not None:
        out.grad = self.grad.detach().clone()
    if hasattr(self, "__dict__"):
        out.__dict__.update(self.__dict__)
    return out


def truth(self: Tensor) -> bool:
    """``bool(x)``, of a single element."""
    if self.array.size != 1:
        raise ShapeError(
            f"the truth of a tensor of shape {self.shape} is ambiguous; use x.any() or x.all()"
        )
    return bool(item(self))


def as_float(self: Tensor) -> float:
    """``float(x)``, of a single element."""
    return float(item(self))


def as_complex(self: Tensor) -> complex:
    """``complex(x)``, of a single element."""
    return complex(item(self))


def as_int(self: Tensor) -> int:
    """``int(x)``, of a single element."""
    return int(item(self))


def as_index(self: Tensor) -> int:
    """A single integer, for ``range(x)`` and ``list[x]``."""
    if CATEGORY[self.dtype] == FLOAT or self.array.size != 1:
        raise DTypeError(f"only a single integer is an index, not {self.dtype}{self.shape}")
    return int(item(self))


def length(self: Tensor) -> int:
    """``len(x)``: the size of the first dimension."""
    if self.ndim == 0:
        raise DTypeError("len() of a 0-d tensor: it has no first dimension")
    return self.shape[0]


def iterate(self: Tensor) -> Iterator[Tensor]:
    """The entries along the first dimension."""
    if self.ndim == 0:
        raise DTypeError("iteration over a 0-d tensor: it is a single number, use x.item()")
    return iter([self[i] for i in range(self.shape[0])])


def contains(self: Tensor, value: Any) -> bool:
    """``value in x``: whether any element equals it."""
    if as_operand(value) is None:
        raise Error(f"`in` looks for a number or a tensor, not for a {type(value).__name__}")
    return bool((self == value).any())


def formatted(self: Tensor, spec: str) -> str:
    """``f"{loss:.4f}"``, of a single element."""
    if self.array.size == 1 and self.ndim == 0:
        return format(item(self), spec)
    if spec:
        raise ArgumentError(
            f"the format {spec!r} fits a single number, not a tensor of shape {self.shape}"
        )
    return repr(self)


# NumPy's functions on tensors, and arrays on the left of an operator. -----------------------------

# (ufunc, method) and function -> what it does with tensors; filled by `numpy_functions`.
UFUNCS: dict[tuple[Any, str], Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """``np.exp(x)`` and ``array * x`` give Tensors and are recorded, where minigrad has the ufunc.

    With ``out=`` (``array += x`` is one) and for NumPy's other ufuncs, NumPy computes with the
    values: the array is written, the result is an array, and a tensor that requires grad raises.
    """
    ours = UFUNCS.get((ufunc, method))
    if ours is None or "out" in kwargs or not _takes(ours, inputs, kwargs):
        return _in_numpy(getattr(ufunc, method), inputs, kwargs)
    return ours(*inputs, **kwargs)


def array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """``np.concatenate([x, y])``, ``np.mean(x)``: as `array_ufunc`, of NumPy's functions."""
    ours = FUNCTIONS.get(func)
    if ours is None or "out" in kwargs or not _takes(ours, args, kwargs):
        return _in_numpy(func, args, kwargs)
    return ours(*args, **kwargs)


def _takes(function: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    """Whether `function` has these arguments; what NumPy has beyond them, NumPy computes."""
    if not kwargs:
        return True
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _in_numpy(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """NumPy's own function of the tensors' values; see `numpy` for what raises."""
    return function(*_valued(args), **{name: _valued(x) for name, x in kwargs.items()})


def _valued(x: Any) -> Any:
    if isinstance(x, Tensor):
        return numpy(x)
    if isinstance(x, (tuple, list)):
        return type(x)([_valued(item) for item in x])
    return x
