"""What the functions of `nn.functional` share: checked tensors, sizes, one rounding.

D counts the spatial dimensions: 1 for sequences, 2 for images, 3 for volumes.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable
from typing import Any, TypeVar

from ..dtypes import CATEGORY, FLOAT, STORAGE_ONLY, float32, int64, is_float
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Shape
from ..tensor import Tensor
from .operands import need_float as need_float
from .shape import cast, reshape, unsqueeze

F = TypeVar("F", bound=Callable[..., Any])


def takes_tensors(function: F) -> F:
    """`function`, which refuses what is no Tensor for the arguments annotated as one."""
    parameters = list(inspect.signature(function).parameters.values())
    kinds = {"Tensor": True, "Tensor | None": False}
    needed = {p.name: kinds[p.annotation] for p in parameters if p.annotation in kinds}
    names = [p.name for p in parameters]

    def check(name: str, x: Any) -> None:
        if not isinstance(x, Tensor) and (x is not None or needed[name]):
            raise DTypeError(
                f"{function.__name__}: {name} must be a Tensor, got {type(x).__name__}"
            )

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for name, x in zip(names, args):
            if name in needed:
                check(name, x)
        for name, x in kwargs.items():
            if name in needed:
                check(name, x)
        return function(*args, **kwargs)

    return call  # type: ignore[return-value]


def layer_function(function: F) -> F:
    """`function` with its Tensor arguments checked, and 16-bit floats computed in float32.

    A function of several operations would else round after each of them. The result has the dtype
    of the arguments; where they have several, that is left for `function` to refuse.
    """
    inner = takes_tensors(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if args and getattr(args[0], "dtype", None) not in STORAGE_ONLY:
            return inner(*args, **kwargs)
        values = (*args, *kwargs.values())
        dtypes = {x.dtype for x in values if isinstance(x, Tensor) and is_float(x.dtype)}
        if len(dtypes) != 1 or not dtypes <= STORAGE_ONLY:
            return inner(*args, **kwargs)
        (narrow,) = dtypes
        wide = {name: _cast_from(x, narrow, float32) for name, x in kwargs.items()}
        result = inner(*[_cast_from(x, narrow, float32) for x in args], **wide)
        if isinstance(result, tuple):
            return tuple([_cast_from(x, float32, narrow) for x in result])
        return _cast_from(result, float32, narrow)

    return call  # type: ignore[return-value]


def _cast_from(x: Any, source: Any, target: Any) -> Any:
    return cast(x, target) if isinstance(x, Tensor) and x.dtype == source else x


def numbers(value: Any, count: int, name: str, op: str, *, spread: bool = True) -> tuple[int, ...]:
    """`count` integers: of one number, of that many, or with `spread` of a sequence of one."""
    found = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if not all([hasattr(n, "__index__") for n in found]):
        raise DTypeError(f"{op}: {name}={value!r} must be an integer, or {count} of them")
    alone = not isinstance(value, (tuple, list)) or (spread and len(found) == 1)
    if not alone and len(found) != count:
        raise ArgumentError(f"{op}: {name}={value!r} must be one integer or {count}")
    found = tuple([operator.index(n) for n in found])
    return found * count if alone else found


def batched(x: Tensor, spatial: int, op: str) -> tuple[Tensor, bool]:
    """`x` as (N, C, ...) with D = `spatial`, and whether the batch was added to a lone sample."""
    if x.ndim not in (spatial + 1, spatial + 2):
        sizes = ", ".join(["D", "H", "W"][3 - spatial :]) if spatial > 1 else "L"
        raise ShapeError(
            f"{op}: expected an input (N, C, {sizes}) or (C, {sizes}), got the shape {x.shape}"
        )
    single = x.ndim == spatial + 1
    return (unsqueeze(x, 0) if single else x), single


def unbatched(x: Tensor, single: bool) -> Tensor:
    """`x` without the batch that `batched` added."""
    return reshape(x, x.shape[1:]) if single else x


def channels_last(ndim: int) -> tuple[int, ...]:
    """The layout in which channels are innermost: (0, 2, 3, 1) for images."""
    return (0, *range(2, ndim), 1)


def per_channel(x: Tensor, ndim: int) -> Tensor:
    """`x` (C,) as (1, C, 1, ...), which broadcasts against (N, C, ...)."""
    return reshape(x, (1, -1, *[1] * (ndim - 2)))


def need_float_or_int64(x: Tensor, op: str) -> None:
    """DTypeError unless `x` holds floats or int64."""
    if CATEGORY[x.dtype] != FLOAT and x.dtype != int64:
        raise DTypeError(f"{op}: not for {x.dtype}: needs floats or int64; use x.float()")


def same_dtype(op: str, **tensors: Tensor | None) -> None:
    """DTypeError unless those that are given have one dtype."""
    given = {name: x for name, x in tensors.items() if x is not None}
    if len({x.dtype for x in given.values()}) > 1:
        shown = ", ".join([f"{name} {x.dtype}" for name, x in given.items()])
        raise DTypeError(f"{op}: dtypes must be equal, got {shown}; convert with .to(dtype)")


def span(kernel: int, dilation: int) -> int:
    """How many elements a kernel reaches over."""
    return dilation * (kernel - 1) + 1


def positive(op: str, **settings: Shape) -> None:
    """ArgumentError unless all settings are at least 1."""
    for name, values in settings.items():
        if min(values) < 1:
            raise ArgumentError(f"{op}: {name}={values} must be at least 1")
