"""Readers of two array files: idx, which MNIST and its kin are published in, and NumPy's npz."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from typing import BinaryIO, Literal

import numpy as np

from ..errors import FileFormatError

_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_CHUNK = 1 << 20

# The third byte of an idx file; all values are stored big-endian.
_IDX_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(
    path: str | os.PathLike[str], *, mmap_mode: Literal["r", "c"] | None = None
) -> np.ndarray:
    """The array in an idx file, gzip-compressed or not, in the machine's byte order.

    The format: two zero bytes, a dtype code, the number of dimensions, each dimension as a
    big-endian uint32, then the values in C order.

    Args:
        path: The file; whether it is compressed is seen from its bytes, not from its name.
        mmap_mode: "r" maps the file into memory, to read what is asked for when it is; "c" lets
            the array be written, and not the file. As in `numpy.load`.

    Returns:
        A writable array with the file's shape and dtype (uint8, int8, int16, int32, float32 or
        float64). A mapped one keeps the file's byte order, big-endian.

    Raises:
        FileFormatError: The file is not idx, is truncated or corrupt, or has trailing bytes; or it
            is compressed, and cannot be mapped.
        OSError: The file cannot be opened.

    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", the IDX file format.

    Example:
        >>> labels = read_idx("train-labels-idx1-ubyte.gz")  # doctest: +SKIP
        >>> labels.shape, labels.dtype                       # doctest: +SKIP
        ((60000,), dtype('uint8'))
    """
    with open(path, "rb") as file:
        compressed = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        try:
            if mmap_mode is not None:
                return _map_idx(file, compressed, mmap_mode)
            return _parse_idx(gzip.GzipFile(fileobj=file) if compressed else file)
        except (ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise FileFormatError(f"{os.fspath(path)}: not a sound idx file: {error}") from error


def _header(stream: BinaryIO | gzip.GzipFile) -> tuple[tuple[int, ...], np.dtype]:
    magic = _read(stream, 4)
    code, ndim = magic[2:]
    if magic[:2] != b"\0\0" or code not in _IDX_DTYPES:
        raise ValueError(f"it starts with the bytes {magic.hex(' ')}, not 00 00, dtype, dimensions")
    shape = tuple(np.frombuffer(_read(stream, 4 * ndim), ">u4").tolist())
    return shape, np.dtype(_IDX_DTYPES[code])


def _parse_idx(stream: BinaryIO | gzip.GzipFile) -> np.ndarray:
    shape, dtype = _header(stream)
    values = _read(stream, math.prod(shape) * dtype.itemsize)
    if stream.read(1):
        raise ValueError(f"bytes follow the {len(values)} bytes of values of shape {shape}")
    return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _map_idx(file: BinaryIO, compressed: bool, mode: Literal["r", "c"]) -> np.ndarray:
    if compressed:
        raise ValueError("it is compressed, and cannot be mapped: unpack it, or read it whole")
    shape, dtype = _header(file)
    start = file.tell()
    size, due = file.seek(0, os.SEEK_END) - start, math.prod(shape) * dtype.itemsize
    if size != due:
        raise ValueError(f"it holds {size} bytes of values, and its header promises {due}")
    if due == 0:  # which cannot be mapped
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, mode, start, shape)


def _read(stream: BinaryIO | gzip.GzipFile, size: int) -> bytearray:
    # In chunks, because a hostile header may promise exabytes that are not there.
    content = bytearray()
    while chunk := stream.read(min(size - len(content), _CHUNK)):
        content += chunk
    if len(content) < size:
        raise ValueError(f"it ends after {len(content)} of {size} bytes that its header promises")
    return content


def read_npz(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """All arrays of an npz file by name. Pickled objects are refused: they could run any code.

    Args:
        path: A file written by `numpy.savez` or `numpy.savez_compressed`.

    Returns:
        The arrays, in the file's order.

    Raises:
        FileFormatError: The file is not npz, is truncated or corrupt, or holds pickled objects.
        OSError: The file cannot be opened.

    Example:
        >>> sorted(read_npz("digits.npz"))  # doctest: +SKIP
        ['images', 'labels']
    """
    with open(path, "rb") as file:
        try:
            if file.read(4) != _ZIP_MAGIC:  # np.load would take it for a pickle, and say so
                raise ValueError("it is not a zip archive")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                return {name: _as_array(name, archive[name]) for name in archive.files}
        except Exception as error:  # a corrupt archive makes zipfile and NumPy raise a dozen types
            raise FileFormatError(f"{os.fspath(path)}: not a sound npz file: {error}") from error


def _as_array(name: str, member: np.ndarray | bytes) -> np.ndarray:
    if not isinstance(member, np.ndarray):
        raise ValueError(f"its member {name!r} is not a .npy file")
    return member
