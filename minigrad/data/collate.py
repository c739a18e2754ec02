"""Making one batch of a list of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..device import Array, namespace
from ..dtypes import as_dtype
from ..errors import ArgumentError, DTypeError, GradientError, ShapeError
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


def _collate_mappings(samples: list[Any], field: str) -> dict[Any, Any]:
    keys = samples[0].keys()
    for position, sample in enumerate(samples):
        if sample.keys() != keys:
            raise ShapeError(
                f"cannot collate{field}: sample {position} has the keys {list(sample)}, "
                f"sample 0 {list(keys)}"
            )
    return {key: _collate([s[key] for s in samples], _inside(field, key)) for key in keys}


def _collate_sequences(samples: list[Any], field: str) -> Any:
    for position, sample in enumerate(samples):
        if len(sample) != len(samples[0]):
            raise ShapeError(
                f"cannot collate{field}: sample {position} has {len(sample)} entries, "
                f"sample 0 {len(samples[0])}. Pad them in the dataset, or pass a collate_fn"
            )
    columns = zip(*samples, strict=True)
    batch = [_collate(list(c), _inside(field, i)) for i, c in enumerate(columns)]
    is_named_tuple = hasattr(samples[0], "_fields")
    return type(samples[0])(*batch) if is_named_tuple else batch


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


def array_of(values: Tensor | np.ndarray | np.generic) -> Array:
    """The array of a tensor that needs no gradient; other values as they are."""
    if not isinstance(values, Tensor):
        return np.asarray(values)
    if values.requires_grad:
        raise GradientError("a dataset's tensor requires grad: return tensor.detach() instead")
    return values.array


def tensor_of(array: Array) -> Tensor:
    """A fresh array as a tensor, without a copy; `DTypeError` if no tensor has its dtype."""
    as_dtype(array.dtype)
    return Tensor(array)
