"""Reads PyTorch's `.pt` and `.pth` files, without PyTorch and without running what they say.

Both formats are a pickle of the saved object beside the bytes of its storages, which it refers to
by persistent ids. Since PyTorch 1.6 a file is a zip archive: ``NAME/data.pkl``, the pickle;
``NAME/data/KEY``, a storage; ``NAME/byteorder``. Before, it was five pickles in a row (a magic
number, a version, facts about the machine, the object, the keys of its storages) and then the
storages, each led by its size. The format is that of torch/serialization.py and torch/_utils.py.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from .. import dtypes
from ..device import Array, as_strided, device, to_device
from ..storage import Storage
from ..tensor import Tensor
from .archives import Archive
from .pickled_arrays import NUMPY, check_finished, set_state
from .pickles import PLAIN, Function, unpickle

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001


def read_zip(archive: Archive, place: device) -> Any:
    """The object of an archive that has a `NAME/data.pkl`."""
    (pickled,) = [name for name in archive.entries if name.endswith("/data.pkl")]
    root = pickled.removesuffix("data.pkl")
    order = "little"
    if f"{root}byteorder" in archive.entries:
        order = archive.bytes(f"{root}byteorder").decode("ascii")
    if order not in ("little", "big"):
        raise ValueError(f"its byte order is {order!r:.50}")

    def fetch(key: str, dtype: np.dtype, count: int) -> Array:
        memory = archive.read(f"{root}data/{key}")
        if memory.size != count * dtype.itemsize:
            raise ValueError(f"its storage {key!r:.50} has {memory.size} bytes, not {count} values")
        return _native(memory, dtype, order)

    return _Reader(fetch, place).read(io.BytesIO(archive.bytes(pickled)))


def read_legacy(file: BinaryIO, place: device) -> Any:
    """The object of a file in the format from before PyTorch 1.6.

    The storages stand behind the pickle that says what they are, so that it is read twice: first
    with empty ones.
    """
    file.seek(0)
    heads = [unpickle(file) for _ in range(3)]
    if heads[:2] != [_MAGIC, _VERSION]:
        raise ValueError("it is a pickle, but not PyTorch's")
    start, size = file.tell(), file.seek(0, 2)
    wanted: dict[Any, tuple[np.dtype, int]] = {}

    def note(key: str, dtype: np.dtype, count: int) -> Array:
        wanted[key] = (dtype, count)
        if sum([dtype.itemsize * count for dtype, count in wanted.values()]) > size:
            raise ValueError("its storages are larger than the file")
        return np.zeros(count, dtype)

    file.seek(start)
    _Reader(note, device("cpu")).read(file)
    keys = unpickle(file)
    if type(keys) is not list or [*map(type, keys)] != [str] * len(wanted) or {*keys} != {*wanted}:
        raise ValueError("its list of storages is not of those it uses")
    found: dict[Any, Array] = {}
    for key in keys:
        dtype, count = wanted[key]
        if file.read(8) != count.to_bytes(8, "little"):
            raise ValueError(f"its storage {key!r:.50} is of another size than its pickle says")
        memory = np.empty(count * dtype.itemsize, np.uint8)
        if file.readinto(memory.data) < memory.size:  # type: ignore[attr-defined]
            raise ValueError("it ends too early")
        found[key] = _native(memory, dtype, "little")  # on any machine
    file.seek(start)
    return _Reader(lambda key, dtype, count: found[key], place).read(file)


def _native(memory: np.ndarray, dtype: np.dtype, order: str) -> np.ndarray:
    """Bytes as numbers, turned around if their machine's order was not this one's."""
    if order == sys.byteorder:
        return memory.view(dtype)
    unit = dtype.itemsize // (2 if dtype in dtypes.COMPLEXES else 1)
    return np.ascontiguousarray(memory.reshape(-1, unit)[:, ::-1]).reshape(-1).view(dtype)


class _StorageType(NamedTuple):
    dtype: np.dtype


class _Memory:
    """A storage: its values in a row, and the identity that views of it share."""

    def __init__(self, array: Array) -> None:
        self.array = array
        self.identity = Storage()
        self.resolved: dict[tuple[bool, bool], _Memory] = {}

    def part(self, start: int, length: int) -> _Memory:
        part = _Memory(self.array[start : start + length])
        part.identity = self.identity
        return part

    def marked(self, conj: bool, neg: bool) -> _Memory:
        """PyTorch conjugates and negates views by a mark; here they are values of their own."""
        if not conj and not neg:
            return self
        if (conj, neg) not in self.resolved:
            array = self.array.conj() if conj else self.array
            self.resolved[conj, neg] = _Memory(-array if neg else array)
        return self.resolved[conj, neg]


class _Reader:
    """Reads the pickle of the object: `fetch(key, dtype, count)` gives its storages."""

    def __init__(self, fetch: Callable[[str, np.dtype, int], Array], place: device) -> None:
        self.fetch = fetch
        self.place = place
        self.memories: dict[Any, tuple[np.dtype, int, _Memory]] = {}

    def read(self, file: BinaryIO) -> Any:
        state = unpickle(file, KNOWN, self.storage, set_state)
        check_finished(state)
        return state

    def storage(self, identifier: Any) -> _Memory:
        """Persistent load: ``("storage", type, key, location, count[, view])``."""
        match identifier:
            case ("storage", _StorageType(dtype), str(key), str(), int(count), *views):
                pass
            case _:
                raise ValueError("its pickle has a persistent id that is no storage of numbers")
        if count < 0 or len(views) > 1:
            raise ValueError(f"its storage {key!r:.50} is malformed")
        if key not in self.memories:
            array = to_device(self.fetch(key, dtype, count), self.place)
            self.memories[key] = (dtype, count, _Memory(array))
        held, size, memory = self.memories[key]
        if (held, size) != (dtype, count):
            raise ValueError(f"its storage {key!r:.50} is described in two ways")
        match views:
            case [] | [None]:
                return memory
            case [(_, int(start), int(length))] if 0 <= start <= start + length <= count:
                return memory.part(start, length)  # the legacy format knew storages in storages
        raise ValueError(f"its storage {key!r:.50} has a part outside of it")


def _tensor(
    memory: _Memory,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool = False,
    hooks: Any = None,  # never saved: an empty dict
    marks: Any = None,
) -> Tensor:
    """A view of a storage; offset and stride count elements."""
    if type(memory) is not _Memory or type(size) is not tuple or type(stride) is not tuple:
        raise ValueError("its pickle makes a tensor of something else than a storage")
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or not all([type(n) is int and n >= 0 for n in numbers]):
        raise ValueError("it has a tensor whose shape or strides are no whole numbers")
    if marks:
        if type(marks) is not dict or not {*marks} <= {"conj", "neg"}:
            raise ValueError("it has a tensor with unknown marks")
        memory = memory.marked(marks.get("conj") is True, marks.get("neg") is True)
    array = memory.array
    if 0 in size:
        array = array[:0].reshape(size)
    elif offset + sum([(n - 1) * step for n, step in zip(size, stride)]) >= array.size:
        raise ValueError(f"it has a tensor of shape {size} that reaches beyond its storage")
    else:
        array = as_strided(array[offset:], size, tuple([s * array.itemsize for s in stride]))
    out = Tensor(array)
    out.storage = memory.identity
    return out.requires_grad_(requires_grad is True)


def _parameter(data: Tensor, requires_grad: bool, hooks: Any, attributes: Any = None) -> Tensor:
    """A leaf; the attributes that a program had put on it are left behind."""
    if type(data) is not Tensor:
        raise ValueError("its pickle makes a parameter of something else than a tensor")
    return data.detach().requires_grad_(requires_grad is True)


def _with_attributes(function: Any, kind: Any, arguments: Any, attributes: Any) -> Tensor:
    """A tensor; the attributes that a program had put on it are left behind."""
    if function is not KNOWN["torch._utils._rebuild_tensor_v2"] or kind is not _TENSOR:
        raise ValueError("it has a tensor of a class of its own")
    return _tensor(*arguments)


def _size(sizes: tuple[int, ...]) -> tuple[int, ...]:
    if type(sizes) is not tuple:
        raise ValueError("its pickle has a torch.Size that is no tuple")
    return sizes


def _device(kind: str, index: int | None = None) -> device:
    if type(kind) is not str:
        raise ValueError("its pickle has a torch.device without a name")
    return device(kind, index)


_TENSOR = Function("torch.Tensor", Tensor)
_TYPES = {
    "Double": dtypes.float64, "Float": dtypes.float32, "Half": dtypes.float16,
    "BFloat16": dtypes.bfloat16, "Long": dtypes.int64, "Int": dtypes.int32,
    "Short": dtypes.int16, "Char": dtypes.int8, "Byte": dtypes.uint8, "Bool": dtypes.bool_,
    "ComplexFloat": dtypes.complex64, "ComplexDouble": dtypes.complex128,
}  # fmt: skip
_CALLS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._tensor._rebuild_from_type_v2": _with_attributes,
    "torch.Size": _size,
    "torch.device": _device,
}
KNOWN: dict[str, Any] = {
    **PLAIN,
    **NUMPY,
    **{name: Function(name, call) for name, call in _CALLS.items()},
    "torch.Tensor": _TENSOR,
    **{f"torch.{dtype.name}": dtype for dtype in dtypes.CATEGORY},
    **{
        f"torch.{place}{name}Storage": _StorageType(dtype)
        for name, dtype in _TYPES.items()
        for place in ("", "cuda.", "storage.")
    },
}
