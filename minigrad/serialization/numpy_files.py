"""Reads `.npy` and `.npz` files: numbers only, never pickles."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from .archives import Archive

_LONGEST_HEADER = 20_000  # NumPy parses up to 10,000
Wrap = Callable[[np.ndarray], Any]


def read_npy(file: BinaryIO, wrap: Wrap) -> Any:
    """The one array of a `.npy` file."""
    size = file.seek(0, 2)
    file.seek(0)
    return wrap(_array(file, size))


def read_npz(archive: Archive, wrap: Wrap) -> dict[str, Any]:
    """The arrays of a `.npz` file by name."""
    found = {}
    for name in archive.entries:
        data = archive.bytes(name)
        found[name.removesuffix(".npy")] = wrap(_array(io.BytesIO(data), len(data)))
    return found


def _array(file: BinaryIO, size: int) -> np.ndarray:
    """The array in `file`, which has `size` bytes."""
    head = io.BytesIO(file.read(_LONGEST_HEADER))  # reads no more than there is, unlike a file
    version = np.lib.format.read_magic(head)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
    else:  # 3.0 differs from it in names of fields that are not ASCII
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(head)
    start = file.seek(head.tell())
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are pickles: refused")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != size - start:
        raise ValueError(f"its header says {dtype}{shape}, which is not what follows")
    array = np.empty(math.prod(shape), dtype)
    if file.readinto(array.view(np.uint8).data) < size - start:  # type: ignore[attr-defined]
        raise ValueError("it ends too early")
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)
