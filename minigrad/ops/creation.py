"""Tensors made from nothing: filled, uninitialised, counted, spaced."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ..device import as_strided, get_default_device, namespace_of
from ..device import device as Device
from ..device import empty as empty_array
from ..dtypes import BOOL, CATEGORY, INT, as_dtype, bool_, complex_of, get_default_dtype, int64
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Shape
from ..kernels.launch import memory_order
from ..layout import as_memory_format, check_strided, contiguous_format, preserve_format, strided
from ..tensor import Tensor
from .calling import store
from .from_data import as_tensor as as_tensor
from .from_data import check_not_pinned
from .from_data import from_numpy as from_numpy
from .from_data import tensor as tensor
from .operands import integer, overflows, shape_of, sizes_of

__all__ = [
    "arange", "empty", "empty_like", "empty_permuted", "empty_strided", "eye", "full",
    "full_like", "linspace", "logspace", "ones", "ones_like", "scalar_tensor", "zeros",
    "zeros_like",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = {"out": None, "layout": strided, "pin_memory": False, "requires_grad": False}


def factory(function: F) -> F:
    """`function`, of `dtype` and `device`, with the other options that makers of tensors have:
    `out`, `layout`, `pin_memory` and `requires_grad`."""

    @functools.wraps(function)
    def make(
        *args: Any,
        out: Any = None,
        layout: Any = strided,
        pin_memory: bool = False,
        requires_grad: bool = False,
        **options: Any,
    ) -> Tensor:
        name = function.__name__
        check_strided(layout, name)
        check_not_pinned(pin_memory, name)
        if out is not None:
            if options.setdefault("dtype", out.dtype) not in (None, out.dtype):
                raise DTypeError(
                    f"{name}: dtype {options['dtype']} is not that of out, {out.dtype}"
                )
            options["dtype"] = out.dtype
            return store(function(*args, **options), out, name)
        made = function(*args, **options)
        return made.requires_grad_() if requires_grad else made

    signature = inspect.signature(function)
    extra = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in _OPTIONS.items()
    ]
    parameters = [*signature.parameters.values(), *extra]
    parameters.sort(key=lambda p: p.kind)
    make.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return make  # type: ignore[return-value]


def place_of(device: Any) -> Device:
    """The device that was asked for; the default one if none was."""
    return get_default_device() if device is None else Device(device)


def _dtype_or_default(dtype: Any) -> np.dtype:
    return get_default_dtype() if dtype is None else as_dtype(dtype)


def _checked(shape: Shape, op: str) -> Shape:
    if any([n < 0 for n in shape]):
        raise ShapeError(f"{op}: a tensor cannot have negative sizes: {shape}")
    return shape


# Filled --------------------------------------------------------------------------------------


def number(value: Any, op: str) -> Any:
    """A plain number, given as one or as a 0-d tensor."""
    if isinstance(value, Tensor) and value.requires_grad:
        raise DTypeError(f"{op}: the gradient of this number would be lost; use .item()")
    if isinstance(value, (Tensor, np.generic)) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, (bool, int, float, complex)):
        raise DTypeError(f"{op}: expected a number, got {type(value).__name__}")
    return value


def fill_value_for(value: Any, dtype: np.dtype, op: str) -> Any:
    """`value` as `dtype` holds it; ArgumentError if it does not fit. -1 wraps in uint8."""
    value = number(value, op)
    category = CATEGORY[dtype]
    if isinstance(value, complex) and dtype.kind != "c":
        if value.imag:
            raise ArgumentError(f"{op}: {value} does not fit {dtype}, which is real")
        value = value.real
    if category == BOOL:
        return bool(value)
    if category == INT:
        limits = np.iinfo(dtype)
        if not math.isfinite(value) or not limits.min - limits.max <= int(value) <= limits.max:
            raise ArgumentError(
                f"{op}: {value} does not fit {dtype}, which holds {limits.min} to {limits.max}"
            )
        return int(value) % (limits.max + 1) if limits.min == 0 else int(value)
    if overflows(value, dtype):
        raise ArgumentError(f"{op}: {value} is out of the range of {dtype}")
    return value


def _filled(shape: Shape, value: Any, dtype: np.dtype, device: Any, op: str) -> Tensor:
    value = fill_value_for(value, dtype, op)
    return Tensor(namespace_of(place_of(device)).full(_checked(shape, op), value, dtype))


@factory
def full(size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of shape `size` filled with one value."""
    if not isinstance(size, (list, tuple)):
        raise DTypeError(f"full: size must be a list of integers, got {size!r}")
    value = number(fill_value, "full")
    if dtype is None:
        default = get_default_dtype()
        kinds = {bool: bool_, int: int64, complex: complex_of(default)}
        found = kinds.get(type(value), default)
    else:
        found = as_dtype(dtype)
    return _filled(shape_of((size,)), value, found, device, "full")


@factory
def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A 0-d tensor of one number, in the default dtype unless another is given."""
    default = complex_of(get_default_dtype()) if isinstance(s, complex) else get_default_dtype()
    found = default if dtype is None else as_dtype(dtype)
    return _filled((), s, found, device, "scalar_tensor")


@factory
def zeros(*args: Any, size: Any = None, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of zeros, ``zeros(2, 3)`` or ``zeros((2, 3))``."""
    shape = sizes_of(args, size, "zeros(size=...)")
    return _filled(shape, 0, _dtype_or_default(dtype), device, "zeros")


@factory
def ones(*args: Any, size: Any = None, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of ones."""
    shape = sizes_of(args, size, "ones(size=...)")
    return _filled(shape, 1, _dtype_or_default(dtype), device, "ones")


@factory
def empty(
    *args: Any,
    size: Any = None,
    dtype: Any = None,
    device: Any = None,
    memory_format: Any = contiguous_format,
) -> Tensor:
    """A tensor whose values are whatever was in memory; write before reading."""
    shape = _checked(sizes_of(args, size, "empty(size=...)"), "empty")
    order = as_memory_format(memory_format, "empty").order_of(len(shape), "empty")
    return Tensor(empty_array(shape, _dtype_or_default(dtype), place_of(device), order))


@factory
def empty_strided(
    size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, device: Any = None
) -> Tensor:
    """An uninitialised tensor with these strides, counted in elements."""
    shape, steps = _checked(shape_of((size,)), "empty_strided"), shape_of((stride,))
    if len(shape) != len(steps) or any([s < 0 for s in steps]):
        raise ArgumentError(
            f"empty_strided: size {shape} and stride {steps} must be as long, and not negative"
        )
    found = _dtype_or_default(dtype)
    span = 1 + sum([(n - 1) * s for n, s in zip(shape, steps)])
    memory = namespace_of(place_of(device)).empty(0 if 0 in shape else span, found)
    return Tensor(as_strided(memory, shape, tuple([s * found.itemsize for s in steps])))


@factory
def empty_permuted(
    size: Sequence[int], physical_layout: Sequence[int], *, dtype: Any = None, device: Any = None
) -> Tensor:
    """An uninitialised tensor, dense, its dimensions in memory in the order given."""
    shape, order = _checked(shape_of((size,)), "empty_permuted"), shape_of((physical_layout,))
    if sorted(order) != list(range(len(shape))):
        raise ArgumentError(f"empty_permuted: {order} does not order {len(shape)} dimensions")
    return Tensor(empty_array(shape, _dtype_or_default(dtype), place_of(device), order))


# Like another tensor -------------------------------------------------------------------------


@factory
def empty_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, memory_format: Any = preserve_format
) -> Tensor:
    """An uninitialised tensor of `input`'s shape, dtype, device and layout."""
    return _empty_like(input, dtype, device, memory_format, "empty_like")


def _empty_like(input: Tensor, dtype: Any, device: Any, memory_format: Any, op: str) -> Tensor:
    if not isinstance(input, Tensor):
        raise DTypeError(f"{op}: expected a Tensor, got {type(input).__name__}")
    chosen = as_memory_format(memory_format, op)
    if chosen is preserve_format:
        dense = 0 not in input.array.strides
        order = memory_order(input.array) if dense else None
    else:
        order = chosen.order_of(input.ndim, op)
    found = input.dtype if dtype is None else as_dtype(dtype)
    place = input.device if device is None else Device(device)
    return Tensor(empty_array(input.shape, found, place, order))


def _full_like(name: str, value: Any) -> Any:
    def function(
        input: Tensor,
        *,
        dtype: Any = None,
        device: Any = None,
        memory_format: Any = preserve_format,
    ) -> Tensor:
        out = _empty_like(input, dtype, device, memory_format, name)
        out.array.fill(value)
        return out

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"A tensor of {value}s of `input`'s shape, dtype, device and layout."
    return factory(function)


zeros_like, ones_like = _full_like("zeros_like", 0), _full_like("ones_like", 1)


@factory
def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    memory_format: Any = preserve_format,
) -> Tensor:
    """A tensor of `input`'s shape, dtype, device and layout filled with one value."""
    out = _empty_like(input, dtype, device, memory_format, "full_like")
    out.array.fill(fill_value_for(fill_value, out.dtype, "full_like"))
    return out


def _new(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``x.new_<function>(...)``: in the dtype and on the device of `x` where none is given."""

    def method(
        self: Tensor, *args: Any, dtype: Any = None, device: Any = None, **options: Any
    ) -> Tensor:
        return function(
            *args,
            dtype=self.dtype if dtype is None else dtype,
            device=self.device if device is None else device,
            **options,
        )  # fmt: skip

    method.__name__ = method.__qualname__ = f"new_{function.__name__}"
    method.__doc__ = f"`{function.__name__}` in this tensor's dtype and on its device."
    return method


new_zeros, new_ones, new_full, new_tensor = _new(zeros), _new(ones), _new(full), _new(tensor)
new_empty, new_empty_strided = _new(empty), _new(empty_strided)

# Counted and spaced --------------------------------------------------------------------------


@factory
def arange(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """``start, start + step, ...`` up to but without `end`; int64 if all three are integers."""
    if end is None:
        start, end = 0, start
    start, end, step = [number(n, "arange") for n in (start, end, step)]
    whole = all([isinstance(n, int) for n in (start, end, step)])
    found = as_dtype(dtype) if dtype is not None else int64 if whole else get_default_dtype()
    if CATEGORY[found] == BOOL or found.kind == "c":
        raise DTypeError(f"arange: dtype {found} cannot be counted in")
    if not all([math.isfinite(n) for n in (start, end, step)]):
        raise ArgumentError(f"arange: cannot count from {start} to {end} in steps of {step}")
    if found == int64:
        start, end, step, whole = int(start), int(end), int(step), True
    if step == 0 or (end - start) * step < 0:
        raise ArgumentError(f"arange: cannot count from {start} to {end} in steps of {step}")
    count = -((start - end) // step) if whole else math.ceil((end - start) / step)
    if count >= 2**60:
        raise ArgumentError(f"arange: from {start} to {end} in steps of {step} is too many numbers")
    if CATEGORY[found] == INT and not whole:
        start, step = int(start), int(step)
    xp = namespace_of(place_of(device))
    steps = xp.arange(count, dtype=int64 if CATEGORY[found] == INT else np.dtype(np.float64))
    return Tensor((steps * step + start).astype(found))


def _spaced(start: Any, end: Any, steps: int, dtype: np.dtype, device: Any, op: str) -> Any:
    """Even steps in float64, computed from both ends, so that both are met; of whole numbers the
    ends are cut first, as in PyTorch."""
    start, end = number(start, op), number(end, op)
    if CATEGORY[dtype] == INT:
        start, end = int(start), int(end)
    count = integer(steps, f"{op}: steps")
    if count < 0:
        raise ArgumentError(f"{op}: steps={count} must not be negative")
    xp = namespace_of(place_of(device))
    i = xp.arange(count, dtype=np.float64)
    step = (end - start) / (count - 1) if count > 1 else 0.0
    return (
        xp.where(i < count / 2, start + step * i, end - step * (count - 1 - i))
        if count > 1
        else (start + step * i)
    )


def _spaced_dtype(dtype: Any, start: Any, end: Any, op: str) -> np.dtype:
    default = get_default_dtype()
    if any(
        [isinstance(n, complex) or getattr(n, "dtype", default).kind == "c" for n in (start, end)]
    ):
        default = complex_of(default)
    found = default if dtype is None else as_dtype(dtype)
    if CATEGORY[found] == BOOL or default.kind == "c" != found.kind:
        raise DTypeError(f"{op}: dtype {found} cannot hold the numbers from {start} to {end}")
    return found


@factory
def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`steps` evenly spaced values from `start` to `end`, both included."""
    found = _spaced_dtype(dtype, start, end, "linspace")
    return Tensor(_spaced(start, end, steps, found, device, "linspace").astype(found))


@factory
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """`base` to the power of `steps` evenly spaced exponents from `start` to `end`."""
    found = _spaced_dtype(dtype, start, end, "logspace")
    exponents = _spaced(start, end, steps, found, device, "logspace")
    with np.errstate(all="ignore"):  # a negative base has NaNs
        powers = namespace_of(place_of(device)).power(float(base), exponents)
        return Tensor(powers.astype(found))


@factory
def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The n x m identity matrix; m is n if left out."""
    rows = integer(n, "eye: n")
    columns = rows if m is None else integer(m, "eye: m")
    if rows < 0 or columns < 0:
        raise ArgumentError(f"eye: sizes {rows} and {columns} must not be negative")
    return Tensor(namespace_of(place_of(device)).eye(rows, columns, dtype=_dtype_or_default(dtype)))
