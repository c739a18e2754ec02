"""Saving and loading nested state as safetensors files: no pickle, never half a file.

A file is an ordinary safetensors file. Its tensors are those of the state, under the dotted path
where each was found (`model.fc1.weight`), so the names of a flat state dict are its keys. The
structure around them stands in the header's metadata under the key ``minigrad``, as JSON::

    {"version": 1, "tree": node}

where a node is null, true, false, a finite number or a string for itself, an array for a list, or
an object with one key that says what it is:

    {"dict": [[key, node], ...]}    in order; a key is a string or an integer
    {"tuple": [node, ...]}
    {"float": "nan" | "inf" | "-inf"}
    {"tensor": name}                a Tensor; every node of one name is one Tensor
    {"array": name}                 a NumPy array
    {"scalar": name}                a NumPy scalar, stored as a 0-d array
    {"complex": node}               one of the three above, its numbers stored as (..., 2) reals
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..device import Array, byte_bounds, device, device_of, to_device, to_numpy
from ..dtypes import CATEGORY, COMPLEXES, complex_of, real_of
from ..errors import ArgumentError, DTypeError
from ..tensor import Tensor

_KEY = "minigrad"
_VERSION = 1
_MAX_DEPTH = 100
_STORABLE = {*CATEGORY, *map(np.dtype, ("uint16", "uint32", "uint64"))}  # more than tensors have


def save(state: Any, path: str | os.PathLike[str] | BinaryIO) -> None:
    """Write `state` to a safetensors file, whole or not at all.

    The file is written under another name beside `path`, flushed to disk, and renamed: whoever
    reads `path`, even after a kill or a power cut, finds the old file or the new one.

    Tensors and arrays that are the same memory in the same layout are stored once, under the name
    of the first, and are one again when loaded. Arrays that only overlap are stored apart.

    Args:
        state: A Tensor, NumPy array, number, string or None, or dicts, lists and tuples of them,
            nested; such as ``{"model": model.state_dict(), "optimizer": optimizer.state_dict()}``.
            Keys of dicts are strings or integers. Gradients are not saved.
        path: The file to make or replace. If it is a symbolic link, the file it points to. Or an
            open binary file, such as an `io.BytesIO`, that is written to where it stands.

    Raises:
        DTypeError: An object or dtype that cannot be stored; the message names its place.
        ArgumentError: A key that is no string or integer, or nesting deeper than 100.
        OSError: The file cannot be written; nothing is left of it.

    Source: the format is https://github.com/huggingface/safetensors.

    Example:
        >>> save({"step": 3, "weight": tensor([1.0, 2.0])}, "a.safetensors")  # doctest: +SKIP
        >>> load("a.safetensors")["weight"]                                  # doctest: +SKIP
        tensor([1., 2.])
    """
    if hasattr(path, "write"):
        with tempfile.TemporaryDirectory() as folder:
            write(state, file := Path(folder, "state"))
            path.write(file.read_bytes())
        return
    write(state, Path(os.path.realpath(path_of("save", path))))


def write(state: Any, target: Path, just_before: Callable[[], None] = lambda: None) -> None:
    """`save`; calls `just_before()` when the new file is whole, and only its name is left to do."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    encoder = _Encoder()
    tree = encoder.encode(state, "state", "", 0)
    metadata = {_KEY: json.dumps({"version": _VERSION, "tree": tree}, separators=(",", ":"))}
    try:
        _replace(target, lambda file: save_file(encoder.arrays, file, metadata), just_before)
    except SafetensorError as error:  # in which the library hides, say, a full disk
        raise OSError(f"cannot write {target}: {error}") from error


def path_of(function: str, path: Any) -> str:
    """The path as a string. (Python's functions would take a number for an open file.)"""
    if not isinstance(path, str | bytes | os.PathLike):
        raise DTypeError(
            f"{function}: path must be a string or a Path, got a {type(path).__name__}"
        )
    return os.fsdecode(path)


def read(path: str, place: device) -> Any:
    """The state in a safetensors file; a dict of tensors by name if another program wrote it."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata() or {}
        decoder = _Decoder({name: file.get_tensor(name) for name in file.keys()}, place)  # noqa: SIM118
    return decoder.state(metadata.get(_KEY))


class _Encoder:
    """Takes a state apart into a JSON tree and arrays by name."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._names: dict[Any, str] = {}  # by address and layout
        self._kept: list[Array] = []  # so that no address is used twice

    def encode(self, value: Any, place: str, name: str, depth: int) -> Any:
        """The tree of `value`, found at `place`, say ``state['model']``; its name is `model`."""
        if depth > _MAX_DEPTH:
            raise ArgumentError(f"{place}: nested deeper than {_MAX_DEPTH}; does it hold itself?")
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, Tensor):
            return self._store("tensor", value.array, place, name)
        if kind in (np.ndarray, np.memmap):
            return self._store("array", value, place, name)
        if isinstance(value, np.generic):
            return self._store("scalar", np.asarray(value), place, name)
        prefix = f"{name}." if name else ""
        if kind in (dict, OrderedDict):
            return {"dict": [self._entry(k, v, place, prefix, depth) for k, v in value.items()]}
        if kind in (list, tuple):
            entries = [
                self.encode(entry, f"{place}[{i}]", f"{prefix}{i}", depth + 1)
                for i, entry in enumerate(value)
            ]
            return entries if kind is list else {"tuple": entries}
        raise DTypeError(
            f"{place} is a {kind.__module__}.{kind.__qualname__}, which cannot be saved: expected "
            "tensors, NumPy arrays, numbers, strings, None, or dicts, lists and tuples of them"
        )

    def _entry(self, key: Any, value: Any, place: str, prefix: str, depth: int) -> list[Any]:
        if type(key) not in (str, int):
            raise ArgumentError(f"{place} has the key {key!r}: keys must be strings or integers")
        return [key, self.encode(value, f"{place}[{key!r}]", f"{prefix}{key}", depth + 1)]

    def _store(self, kind: str, array: Array, place: str, name: str) -> dict[str, Any]:
        if array.dtype not in _STORABLE:
            raise DTypeError(f"{place} has dtype {array.dtype}, which cannot be saved: convert it")
        layout = (byte_bounds(array)[0], array.shape, array.strides, array.dtype)
        memory = (device_of(array), *layout)
        is_complex = array.dtype in COMPLEXES
        if memory not in self._names:
            self._names[memory] = self._free_name(name)
            self._kept.append(array)
            plain = np.asarray(to_numpy(array), order="C")
            if is_complex:  # the format has one of the two complex dtypes
                plain = plain[..., None].view(real_of(plain.dtype))
            self.arrays[self._names[memory]] = plain
        node = {kind: self._names[memory]}
        return {"complex": node} if is_complex else node

    def _free_name(self, name: str) -> str:
        name = name.encode("utf-8", "backslashreplace").decode()  # lone surrogates
        free, count = name, 1
        while free in self.arrays or free == "__metadata__":  # which the format reserves
            count += 1
            free = f"{name}#{count}"
        return free


class _Decoder:
    """Puts a state together again. Any exception says that the file is not sound."""

    def __init__(self, arrays: dict[str, np.ndarray], place: device) -> None:
        self.arrays = arrays
        self.place = place
        self.tensors: dict[str, Tensor] = {}

    def state(self, text: str | None) -> Any:
        """The state that the metadata `text` describes; all tensors by name if there is none."""
        if text is None:
            return {name: self._tensor(name) for name in self.arrays}
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise ValueError(
                f"it has version {document['version']!r} of minigrad's format, and this minigrad "
                f"reads version {_VERSION}: use the minigrad that wrote it, or a later one"
            )
        return self._decode(document["tree"], 0)

    def _decode(self, node: Any, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise ValueError(f"its structure is nested deeper than {_MAX_DEPTH}")
        match node:
            case None | bool() | int() | float() | str():
                return node
            case list():
                return [self._decode(entry, depth + 1) for entry in node]
            case {"tuple": list(entries)}:
                return tuple([self._decode(entry, depth + 1) for entry in entries])
            case {"dict": list(entries)}:
                return {_key(key): self._decode(entry, depth + 1) for key, entry in entries}
            case {"float": "nan" | "inf" | "-inf" as text}:
                return float(text)
            case {"complex": {} as stored}:
                self._make_complex(next(iter(stored.values())))
                return self._decode(stored, depth)
            case {"tensor": str(name)}:
                return self._tensor(name)
            case {"array": str(name)}:
                return self._array(name)
            case {"scalar": str(name)}:
                return self._array(name)[()]
        raise ValueError(f"its structure holds an unknown node, {str(node)[:80]}")

    def _make_complex(self, name: Any) -> None:
        array = self._array(name)
        if array.dtype not in COMPLEXES:  # another node of that name came first
            if array.dtype not in (np.float32, np.float64) or array.shape[-1:] != (2,):
                raise ValueError(f"its array {name!r} does not hold complex numbers")
            self.arrays[name] = array.view(complex_of(array.dtype))[..., 0]

    def _array(self, name: str) -> np.ndarray:
        if name not in self.arrays:
            raise ValueError(f"its structure names a tensor {name!r} that it does not hold")
        return self.arrays[name]

    def _tensor(self, name: str) -> Tensor:
        if name not in self.tensors:
            array = self._array(name)
            if array.dtype not in CATEGORY:
                raise ValueError(f"its tensor {name!r} has dtype {array.dtype}")
            self.tensors[name] = Tensor(to_device(array, self.place))
        return self.tensors[name]


def _key(key: Any) -> str | int:
    if isinstance(key, str | int) and key is not True and key is not False:
        return key
    raise ValueError(f"its structure has the key {key!r}")


def _replace(path: Path, write: Callable[[str], None], just_before: Callable[[], None]) -> None:
    """Make or replace the file `path` by what `write(name)` puts into a file of that name."""
    # In a folder of its own, for the library makes files beside it, which a kill would leave.
    folder = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    folder.mkdir()  # which raises Python's own errors where no file can be made
    try:
        temporary = folder / path.name
        write(str(temporary))
        with open(temporary, "r+b") as file:
            os.fsync(file.fileno())
        like = path if path.exists() else folder / "new"  # which has the rights of any new file
        if like is not path:
            like.touch()
        temporary.chmod(like.stat().st_mode & 0o7777)
        just_before()
        os.replace(temporary, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if os.name == "posix":  # the new name itself must reach the disk; Windows cannot open folders
        parent = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
