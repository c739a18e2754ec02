"""Making one batch of a list of samples."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ..device import Array, namespace
from ..dtypes import as_dtype
from ..errors import ArgumentError, DTypeError, GradientError, ShapeError
from ..ops.from_data import as_tensor
from ..tensor import Tensor

_NUMBERS = {bool: np.bool_, int: np.int64, float: np.float64}


def default_collate(samples: Sequence[Any]) -> Any:
    """A batch of samples, stacked along a new first dimension, as PyTorch's function does it.

    Tensors, arrays and NumPy scalars of one shape become a tensor; Python floats a float64 tensor,
    integers int64, booleans bool; strings and bytes stay a list. Mappings, named tuples and
    sequences are collated field by field (a tuple's batch is a list).

    Args:
        samples: The B samples, all of one structure.

    Returns:
        The structure of one sample, with tensors (B, ...) in place of its leaves.

    Raises:
        ShapeError: Shapes or lengths differ between samples.
        DTypeError: Types differ between samples, or are none of the above.
        GradientError: A sample requires grad.

    Example:
        >>> batch = default_collate([{"x": 1.0, "name": "a"}, {"x": 2.0, "name": "b"}])
        >>> batch["x"].shape, batch["name"]
        ((2,), ['a', 'b'])
    """
    if len(samples) == 0:
        raise ArgumentError("default_collate needs at least one sample")
    return _collate(list(samples), "")


def _collate(samples: list[Any], field: str) -> Any:
    first = samples[0]
    for position, sample in enumerate(samples):
        if type(sample) is not type(first):
            raise DTypeError(
                f"cannot collate{field}: sample {position} is a {type(sample).__name__}, sample 0 "
                f"a {type(first).__name__}. Return one type from the dataset"
            )
    if isinstance(first, str | bytes):
        return samples
    if type(first) in _NUMBERS:
        return tensor_of(np.array(samples, _NUMBERS[type(first)]))
    if isinstance(first, Tensor | np.ndarray | np.generic):
        return _stack([array_of(sample) for sample in samples], field)
    if isinstance(first, Mapping):
        return _collate_mappings(samples, field)
    if isinstance(first, Sequence):
        return _collate_sequences(samples, field)
    raise DTypeError(
        f"cannot collate{field} a {type(first).__name__}: expected tensors, arrays, numbers, "
        "strings, or mappings and sequences of them. Pass a collate_fn for other types"
    )


def _collate_mappings(samples: list[Any], field: str) -> Any:
    keys = samples[0].keys()
    for position, sample in enumerate(samples):
        if sample.keys() != keys:
            raise ShapeError(
                f"cannot collate{field}: sample {position} has the keys {list(sample)}, "
                f"sample 0 {list(keys)}"
            )
    batch = {key: _collate([s[key] for s in samples], _inside(field, key)) for key in keys}
    return _like(samples[0], batch)


def _collate_sequences(samples: list[Any], field: str) -> Any:
    for position, sample in enumerate(samples):
        if len(sample) != len(samples[0]):
            raise ShapeError(
                f"cannot collate{field}: sample {position} has {len(sample)} entries, "
                f"sample 0 {len(samples[0])}. Pad them in the dataset, or pass a collate_fn"
            )
    columns = zip(*samples, strict=True)
    batch = [_collate(list(c), _inside(field, i)) for i, c in enumerate(columns)]
    return _sequence(samples[0], batch)


def _inside(field: str, key: Any) -> str:
    return f"{field or ' field '}[{key!r}]"


def _stack(arrays: list[Array], field: str) -> Tensor:
    """Arrays (...) as one tensor (B, ...)."""
    first = arrays[0]
    for position, array in enumerate(arrays):
        if array.shape != first.shape:
            raise ShapeError(
                f"cannot collate{field}: sample {position} has shape {array.shape}, sample 0 "
                f"{first.shape}. Pad or crop them in the dataset, or pass a collate_fn"
            )
        if array.dtype != first.dtype:
            raise DTypeError(
                f"cannot collate{field}: sample {position} is {array.dtype}, sample 0 "
                f"{first.dtype}. Return one dtype from the dataset"
            )
    return tensor_of(namespace(first).stack(arrays))


def default_convert(data: Any) -> Any:
    """One sample with tensors for its arrays: what a loader without batches does.

    Arrays and NumPy scalars become tensors, on the array's own memory where it is writable;
    mappings, named tuples and sequences are converted entry by entry (a tuple gives a list); all
    else stays as it is.

    Example:
        >>> default_convert({"x": np.ones(2, np.float32), "name": "a"})
        {'x': tensor([1., 1.]), 'name': 'a'}
    """
    if isinstance(data, np.ndarray) and data.dtype.kind not in "SUOa":
        return as_tensor(_native(np.asarray(data)))
    if isinstance(data, np.generic) and not isinstance(data, str | bytes):
        return as_tensor(np.array(data))
    if isinstance(data, Mapping):
        return _like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _sequence(data, [default_convert(entry) for entry in data])
    return data


def _sequence(like: Any, entries: list[Any]) -> Any:
    """The entries in a container of the kind of `like`; a list for a tuple, as in PyTorch."""
    if isinstance(like, tuple):
        return type(like)(*entries) if hasattr(like, "_fields") else entries
    return entries if type(like) is list else _like(like, entries)


def _like(container: Any, entries: Any) -> Any:
    """A container of the same kind with these entries, if it can be had; else `entries`."""
    if type(container) is type(entries):
        return entries
    try:
        if isinstance(container, MutableMapping):  # a copy keeps what else the container knows
            found = copy.copy(container)
            found.update(entries)
            return found
        if isinstance(container, MutableSequence):
            filled = copy.copy(container)
            filled[:] = entries
            return filled
        return type(container)(entries)
    except TypeError:
        return entries


def _native(array: Array) -> Array:
    """The array in the machine's byte order; files may have the other one."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def array_of(values: Tensor | np.ndarray | np.generic) -> Array:
    """The array of a tensor that needs no gradient; other values as they are."""
    if not isinstance(values, Tensor):
        return np.asarray(values)
    if values.requires_grad:
        raise GradientError("a dataset's tensor requires grad: return tensor.detach() instead")
    return values.array


def tensor_of(array: Array) -> Tensor:
    """A fresh array as a tensor, without a copy; `DTypeError` if no tensor has its dtype."""
    array = _native(array)
    as_dtype(array.dtype)
    return Tensor(array)
