"""Where arrays live: allocation, copies and array types, for the CPU and for CUDA.

The only module that imports CuPy, and only when a CUDA tensor is first asked for. Everything
above works on *arrays* (``numpy.ndarray`` or ``cupy.ndarray``) and asks here for the rest.
"""

from __future__ import annotations

import importlib
import os
import re
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from . import memory
from .errors import DeviceError

Array: TypeAlias = Any  # numpy.ndarray or cupy.ndarray

_INSTALL = "pip install 'cupy-cuda13x>=14.2' (or 'cupy-cuda12x>=14.2' for CUDA 12)"

# The array type of each device kind: what kernels are looked up by.
ARRAY_TYPES: dict[type, str] = {np.ndarray: "cpu"}

_cupy: ModuleType | None = None


class device:
    """A place where tensors live: ``device("cpu")``, ``device("cuda")``, ``device("cuda:0")``."""

    __slots__ = ("index", "type")

    def __init__(self, type: str | device, index: int | None = None) -> None:
        match = re.fullmatch(r"(cpu|cuda)(?::(\d+))?", str(type))
        if match is None:
            raise DeviceError(f"unknown device {type!r}: expected 'cpu', 'cuda' or 'cuda:0'")
        self.type: str = match[1]
        self.index: int | None = int(match[2]) if match[2] else index
        if self.index is None and self.type == "cuda":
            self.index = 0
        if self.index not in (None, 0):
            raise DeviceError(f"device {type!r}: minigrad uses one device of a kind, index 0")

    def __repr__(self) -> str:
        return f"device(type={self.type!r}{'' if self.index is None else f', index={self.index}'})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.type == other.type

    def __hash__(self) -> int:
        return hash(self.type)

    def __enter__(self) -> device:
        _default.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _default.pop()


Device = device  # inside functions that have a parameter of that name
CPU = device("cpu")
CUDA = device("cuda")
_default: list[device] = [CPU]  # the last counts; those before are to return to


def get_default_device() -> device:
    """Where new tensors are made: the CPU unless set otherwise."""
    return _default[-1]


def set_default_device(device: str | device | None) -> None:
    """Make new tensors on `device` where none is given; None returns to the CPU.

    ``with minigrad.device("cuda"):`` does so for a while.
    """
    _default[-1] = CPU if device is None else Device(device)


def cupy() -> ModuleType:
    """CuPy, imported on first use; `DeviceError` says what to install when it cannot serve.

    ``MINIGRAD_CUDA=standin`` puts a NumPy-backed stand-in in its place (for tests without a GPU).
    """
    global _cupy
    if _cupy is None:
        _cupy = _import_cupy()
        ARRAY_TYPES[_cupy.ndarray] = "cuda"
    return _cupy


def _import_cupy() -> ModuleType:
    if os.environ.get("MINIGRAD_CUDA") == "standin":
        return importlib.import_module("minigrad.testing.cupy_standin")
    try:
        module = importlib.import_module("cupy")
    except ImportError as error:
        raise DeviceError(
            f"device 'cuda' needs CuPy, which is not installed: {_INSTALL}"
        ) from error
    try:
        count = module.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy raises its own CUDARuntimeError, absent without CuPy
        raise DeviceError(
            f"device 'cuda': CuPy is installed, but no NVIDIA driver was found ({error}). "
            "Install the driver, or use device='cpu'."
        ) from error
    if count == 0:
        raise DeviceError("device 'cuda': the NVIDIA driver reports no GPU; use device='cpu'")
    return module


def cuda_is_available() -> bool:
    """Whether ``device="cuda"`` can be used here."""
    try:
        cupy()
    except DeviceError:
        return False
    return True


def device_of(array: Array) -> device:
    """The device that holds `array`."""
    return CPU if type(array) is np.ndarray else CUDA


def namespace(array: Array) -> Any:
    """The array library `array` belongs to: ``numpy`` or ``cupy``, for code that runs on both."""
    return np if isinstance(array, np.ndarray) else cupy()


def namespace_of(place: device) -> Any:
    """The array library of a device."""
    return np if place.type == "cpu" else cupy()


def special_functions(xp: Any) -> ModuleType:
    """The special functions (erf, digamma, ...) of an array library; imported on first use."""
    if xp is np:
        return importlib.import_module("scipy.special")
    return getattr(xp, "special", None) or importlib.import_module("cupyx.scipy.special")


def matrix_functions(xp: Any) -> ModuleType:
    """The matrix functions that NumPy lacks, from SciPy or its CuPy twin; imported on first use."""
    if xp is np:
        return importlib.import_module("scipy.linalg")
    return getattr(xp, "scipy_linalg", None) or importlib.import_module("cupyx.scipy.linalg")


def to_device(array: Array, place: device) -> Array:
    """`array` itself if it lives on `place`, else a copy there."""
    if ARRAY_TYPES.get(type(array)) == place.type:
        return array
    return cupy().asarray(array) if place.type == "cuda" else cupy().asnumpy(array)


def to_numpy(array: Array) -> np.ndarray:
    """A NumPy array of the same values: `array` itself on the CPU, a copy from a GPU."""
    return array if isinstance(array, np.ndarray) else cupy().asnumpy(array)


def empty(shape: tuple[int, ...], dtype: np.dtype, place: device, order: Any = None) -> Array:
    """An uninitialised array; `order` lists the axes from outermost to innermost in memory."""
    make = memory.empty if place.type == "cpu" else cupy().empty
    if order is None:
        return make(shape, dtype)
    physical = make(tuple([shape[axis] for axis in order]), dtype)
    inverse = [0] * len(order)
    for position, axis in enumerate(order):
        inverse[axis] = position
    return physical.transpose(inverse)


def byte_bounds(array: Array) -> tuple[int, int]:
    """First byte and one past the last byte that `array` can touch, as addresses."""
    low = array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr
    high = low + array.itemsize
    for size, stride in zip(array.shape, array.strides, strict=True):
        if size == 0:
            return low, low
        if stride < 0:
            low += (size - 1) * stride
        else:
            high += (size - 1) * stride
    return low, high


def overlaps(shape: tuple[int, ...], strides: tuple[int, ...], unit: int) -> bool:
    """Whether elements of `unit` bytes, so spaced, may share memory. (Exact where strides nest.)"""
    if 0 in shape:
        return False
    reach = unit  # each stride in turn must step over all that the smaller ones reach
    for stride, size in sorted([(abs(s), n) for s, n in zip(strides, shape) if n > 1]):
        if stride < reach:
            return True
        reach += stride * (size - 1)
    return False


def memory_of(array: Array) -> Array:
    """The array that `array` is a view of, at the end of all views: the whole of its memory."""
    while isinstance(array.base, type(array)):
        array = array.base
    return array


def as_strided(array: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """A view from the first element on, its strides in bytes. The caller checks bounds."""
    return namespace(array).lib.stride_tricks.as_strided(array, shape, strides)
