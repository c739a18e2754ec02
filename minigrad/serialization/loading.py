"""`load`: a file of weights in any of the formats read here, told apart by what is in it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..device import device, namespace_of, to_device
from ..dtypes import CATEGORY
from ..errors import ArgumentError, FileFormatError
from ..tensor import Tensor
from . import state

# What a file may be instead, by how it begins.
_OTHERS = {
    b"version https://git-lfs": "a pointer of Git LFS; git lfs pull fetches the file itself",
    b"\x89HDF": "HDF5, as of Keras",
    b"\x1f\x8b": "compressed by gzip; unpack it first",
    b"<": "HTML, perhaps of a download that failed",
    b"{": "JSON",
}


def load(
    path: str | os.PathLike[str] | BinaryIO, map_location: Any = None, *, weights_only: bool = True
) -> Any:
    """The state in a file: of `save`, PyTorch, safetensors or NumPy. Nothing in it is run.

    What the file is, is told by what is in it, not by its name:

    - safetensors: what `save` wrote; or a dict of tensors by name, if another program wrote it.
    - PyTorch's ``.pt`` and ``.pth``, of `torch.save` and PyTorch's format before 1.6: what was
      saved, if that is tensors, NumPy arrays, numbers, strings, dtypes and plain containers of
      them, such as a `state_dict`. A parameter becomes a Tensor that requires grad. Tensors that
      were views of one memory are again. Any other class is refused, and no code is run.
    - NumPy's ``.npz`` (a dict by name) and ``.npy``: tensors; or NumPy arrays, where no tensor has
      the dtype.

    Args:
        path: The file; or one open for binary reading, of which all is read from where it stands.
        map_location: The device to put tensors on, the CPU if None. NumPy arrays stay NumPy arrays.
        weights_only: As PyTorch's argument, and True: nothing else is ever loaded.

    Returns:
        The state, bit for bit. Tensors are fresh.

    Raises:
        FileFormatError: The file is corrupt, truncated, hostile, of another format, or written by
            a later version of this format.
        OSError: The file cannot be read.
        DeviceError: `map_location` names a device that cannot serve.
        ArgumentError: `weights_only` is not True.
    """
    if not weights_only:
        raise ArgumentError(
            "load: weights_only=False would run what a pickle says, which minigrad never does; "
            "load the file with PyTorch and save the state_dict()"
        )
    place = device("cpu" if map_location is None else map_location)
    namespace_of(place)
    if hasattr(path, "read"):
        with tempfile.TemporaryDirectory() as folder:  # for safetensors' reader takes paths only
            copy = Path(folder, "state")
            copy.write_bytes(path.read())
            return _open(str(copy), place, f"the {type(path).__name__}")
    path = state.path_of("load", path)
    return _open(path, place, path)


def _open(path: str, place: device, shown: str) -> Any:
    with open(path, "rb") as file:  # missing files, folders and rights give Python's own errors
        try:
            return _read(path, file, place)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # the libraries raise a dozen types on a hostile file
            raise FileFormatError(f"{shown}: not a sound state file: {error}") from error


def _read(path: str, file: BinaryIO, place: device) -> Any:
    start = file.read(32)

    def wrap(array: np.ndarray) -> Any:
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        return Tensor(to_device(native, place)) if native.dtype in CATEGORY else array

    if start.startswith(b"\x93NUMPY"):
        from .numpy_files import read_npy

        return read_npy(file, wrap)
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _read_zip(file, place, wrap)
    if start[:1] == b"\x80" and start[8:9] != b"{":  # which a safetensors header has there
        from .torch_files import read_legacy

        return read_legacy(file, place)
    if start[8:9] != b"{":
        raise ValueError(_stranger(start))
    return state.read(path, place)


def _stranger(start: bytes) -> str:
    """What to say of a file of no known format that begins so."""
    if not start:
        return "it is empty"
    found = [what for mark, what in _OTHERS.items() if start.lstrip().startswith(mark)]
    other = f", but looks like {found[0]}" if found else ""
    return f"it is none of safetensors, PyTorch's or NumPy's{other}"


def _read_zip(file: BinaryIO, place: device, wrap: Any) -> Any:
    from .archives import Archive
    from .numpy_files import read_npz
    from .torch_files import read_zip

    archive = Archive(file)
    if any([name.endswith("/data.pkl") for name in archive.entries]):
        return read_zip(archive, place)
    if all([name.endswith(".npy") for name in archive.entries]):
        return read_npz(archive, wrap)
    raise ValueError("it is a zip file, but neither PyTorch's nor NumPy's")
