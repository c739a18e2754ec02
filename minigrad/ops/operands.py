"""What a user hands to an operation, made ready for `apply`."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..device import ARRAY_TYPES, empty
from ..dtypes import CATEGORY, COMPLEX, FLOAT, INT, real_of
from ..errors import ArgumentError, DTypeError, RangeError, ShapeError
from ..ir import Shape
from ..storage import Storage
from ..tensor import Scalar, Tensor

_NUMBERS = (bool, int, float, complex)


def as_operand(x: Any) -> Tensor | Scalar | None:
    """`x` as an operand: Tensors as they are, numbers as scalars, arrays shared; or None."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, np.generic):
        x = x.item()
    if isinstance(x, _NUMBERS):
        # bool and float subclasses (np.float64) become plain, so that their type is the category.
        if type(x) not in _NUMBERS:
            x = complex(x) if isinstance(x, complex) else float(x)
        return Scalar(x)
    if type(x) in ARRAY_TYPES:
        return shared(x)
    if isinstance(x, np.ndarray):  # a memmap or a matrix
        return shared(np.asarray(x))
    return None


def operand(x: Any, op: str) -> Tensor | Scalar:
    """`as_operand`, or an error that names the operation."""
    found = as_operand(x)
    if found is None:
        raise DTypeError(f"{op}: expected a Tensor, a number or an array, got {type(x).__name__}")
    return found


def as_tensor_operand(x: Any, op: str) -> Tensor:
    """`x` as a Tensor operand; a bare number is refused."""
    found = as_operand(x)
    if not isinstance(found, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(x).__name__}")
    return found


def tensors_of(tensors: Any, op: str) -> list[Tensor]:
    """The tensors of a sequence that must have at least one."""
    if not isinstance(tensors, (list, tuple, Tensor)):
        raise DTypeError(f"{op}: expected a list of Tensors, got {type(tensors).__name__}")
    parts = list(tensors)
    if not parts:
        raise ArgumentError(f"{op}: expected at least one tensor")
    for x in parts:
        if not isinstance(x, Tensor):
            raise DTypeError(f"{op}: expected Tensors only, got {type(x).__name__}")
    return parts


def shared(array: Any) -> Tensor:
    """A Tensor on the array's own memory; what backward needs of it is copied."""
    if array.dtype not in CATEGORY:
        raise DTypeError(
            f"an array of dtype {array.dtype} cannot be a tensor; convert it, for example with "
            ".astype('float32')"
        )
    out = Tensor(array)
    out.storage = Storage(foreign=True)
    return out


def need_float(input: Tensor, op: str, complex: bool = False) -> None:
    """DTypeError unless `input` holds floats, or complex numbers where they serve too."""
    if CATEGORY[input.dtype] != FLOAT and not (complex and CATEGORY[input.dtype] > FLOAT):
        raise DTypeError(f"{op}: needs a floating-point tensor, got {input.dtype}; use x.float()")


def integer(x: Any, what: str) -> int:
    """`x` as a plain integer; `what` names the argument in the error."""
    if isinstance(x, bool) or not hasattr(x, "__index__"):
        raise DTypeError(f"{what} must be an integer, got {x!r}")
    return operator.index(x)


def axis_of(dim: Any, ndim: int, op: str) -> int:
    """`dim` counted from the front; RangeError if the tensor has no such dimension."""
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise DTypeError(f"{op}: dim must be an integer, got {dim!r}")
    dim = operator.index(dim)
    span = max(ndim, 1)
    if not -span <= dim < span:
        raise RangeError(f"{op}: dim {dim} is out of range for {ndim} dimensions")
    return dim % span


def axes_of(dim: Any, ndim: int, op: str) -> tuple[int, ...]:
    """Dimensions to work over, counted from the front and sorted; None or () means all."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    axes = tuple(sorted([axis_of(d, ndim, op) for d in dims]))
    if len(set(axes)) != len(axes):
        raise ArgumentError(f"{op}: dim {dims} names a dimension twice")
    return axes if ndim else ()


def sizes_of(args: tuple[Any, ...], named: Any, call: str) -> Shape:
    """Integers given as ``f(2, 3)``, ``f((2, 3))`` or by name, ``f(size=(2, 3))``.

    `call` shows the last form in errors.
    """
    if named is None:
        if not args:
            raise DTypeError(f"{call}: the argument is missing")
        return shape_of(args)
    if args:
        raise DTypeError(f"{call}: the argument is given twice")
    return shape_of((named,))


def shape_of(sizes: tuple[Any, ...]) -> Shape:
    """A shape given as separate numbers or as one sequence: ``f(2, 3)`` or ``f((2, 3))``."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = tuple(sizes[0])
    try:
        return tuple([operator.index(size) for size in sizes])
    except TypeError:
        raise DTypeError(f"expected sizes, which are integers, got {sizes!r}") from None


def need_tensor(x: Any, op: str, what: str) -> None:
    """DTypeError unless `x`, the argument `what`, is a Tensor."""
    if not isinstance(x, Tensor):
        raise DTypeError(f"{op}: {what} must be a Tensor, got {type(x).__name__}")


def scalar_like(value: Any, like: Tensor, op: str) -> Tensor:
    """`value`, a number or a 0-d tensor, as a 0-d tensor of the dtype and device of `like`.

    As in PyTorch a float loses its fraction in an integer dtype, and a number out of the range of
    the dtype is an error.
    """
    if isinstance(value, Tensor):
        if value.ndim > 0:
            raise ShapeError(f"{op}: value must be a number or 0-d, got shape {value.shape}")
        if CATEGORY[value.dtype] == COMPLEX and CATEGORY[like.dtype] != COMPLEX:
            raise ArgumentError(f"{op}: a complex value does not fit {like.dtype}")
        return value.to(device=like.device, dtype=like.dtype)
    array = empty((), like.dtype, like.device)
    array[...] = number_like(value, like, op)
    return Tensor(array)


def number_like(value: Any, like: Tensor, op: str) -> Any:
    """A number as one of the dtype of `like`, by the rule of `scalar_like`."""
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, _NUMBERS):
        raise DTypeError(f"{op}: expected a number or a Tensor, got {type(value).__name__}")
    number = _fitting(value, like.dtype)
    if number is None:
        raise ArgumentError(f"{op}: {value} is out of the range of {like.dtype}")
    return number


def _fitting(value: Any, dtype: np.dtype) -> Any:
    """`value` as a number of `dtype`; None if it is out of range."""
    if CATEGORY[dtype] == COMPLEX:
        return None if overflows(value, dtype) else value
    if isinstance(value, complex):
        return None
    if CATEGORY[dtype] == FLOAT:
        return None if overflows(value, dtype) else value
    if dtype == np.bool_:
        return bool(value)
    if isinstance(value, float) and not np.isfinite(value):
        return None
    limits, number = np.iinfo(dtype), int(value)
    if limits.min == 0 and -limits.max <= number < 0:  # unsigned: as PyTorch wraps
        return number % (limits.max + 1)
    return number if limits.min <= number <= limits.max else None


def overflows(value: Any, dtype: np.dtype) -> bool:
    """Whether a finite number would be infinite in a float or complex `dtype`."""
    if isinstance(value, complex):
        return overflows(value.real, dtype) or overflows(value.imag, dtype)
    try:
        value = float(value)
    except OverflowError:
        return True
    if not math.isfinite(value) or abs(value) < 1e4:
        return False
    with np.errstate(over="ignore"):
        return bool(np.isinf(np.asarray(value).astype(real_of(dtype))))


def need_fitting(number: Any, dtype: np.dtype, op: str) -> None:
    """ArgumentError if `number` is an integer out of the range of integers of `dtype`."""
    if type(number) is int and CATEGORY[dtype] == INT:
        info = np.iinfo(dtype)
        low = int(info.min) or -int(info.max)  # PyTorch lets -1 wrap around in unsigned integers
        if not low <= number <= info.max:
            raise ArgumentError(
                f"{op}: {number} does not fit {dtype}, which holds {info.min} to {info.max}: "
                "convert the tensor first, for example x.long()"
            )
