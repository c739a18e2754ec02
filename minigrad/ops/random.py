"""Random tensors, from counters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..device import namespace_of
from ..dtypes import (
    CATEGORY,
    COMPLEX,
    FLOAT,
    INT,
    as_dtype,
    bool_,
    float16,
    float32,
    float64,
    get_default_dtype,
    int64,
    real_of,
)
from ..errors import ArgumentError, DTypeError, ShapeError
from ..ir import Primitive, Shape, Spec
from ..kernels.reference.random import counters
from ..layout import preserve_format
from ..limits import finfo
from ..random import Generator, default_generator
from ..tensor import Tensor, apply
from .complex import view_as_complex
from .creation import empty_like, factory, place_of
from .operands import integer, shape_of, sizes_of
from .rounding import floor
from .shape import cast

__all__ = [
    "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm",
]  # fmt: skip


def _filled(name: str) -> Primitive:
    return Primitive(
        name,
        lambda *, out_shape, out_dtype, device, **settings: Spec(out_shape, out_dtype),
        kernel=f"random.{name}",
    )


UNIFORM, NORMAL, INTEGERS = _filled("uniform"), _filled("normal"), _filled("integers")


def draw(
    prim: Primitive, shape: Shape, dtype: np.dtype, device: Any, generator: Generator | None,
    bits: int, **settings: Any,
) -> Tensor:  # fmt: skip
    """A tensor filled by `prim` from the next counters of the generator; `bits` an element."""
    place = place_of(device)
    if any([n < 0 for n in shape]):
        raise ShapeError(f"{prim.name}: a tensor cannot have negative sizes: {shape}")
    start = (generator or default_generator).draw(counters(math.prod(shape), bits))
    return apply(
        prim, out_shape=shape, out_dtype=dtype, device=place,
        seed=start.seed, offset=start.offset, **settings,
    )  # fmt: skip


def uniform(shape: Shape, dtype: np.dtype, device: Any, generator: Generator | None) -> Tensor:
    """Floats in [0, 1). Those of 16 bits are cut to their precision: rounding could give 1."""
    if dtype == float64:
        return draw(UNIFORM, shape, dtype, device, generator, 64)
    out = draw(UNIFORM, shape, float32, device, generator, 32)
    if dtype == float32:
        return out
    steps = 2.0 ** (11 if dtype == float16 else 8)
    return cast(floor(out * steps) / steps, dtype)


def normal_numbers(
    shape: Shape, dtype: np.dtype, device: Any, generator: Generator | None
) -> Tensor:
    """Numbers of the normal distribution with mean 0 and variance 1; complex ones too."""
    if dtype.kind == "c":
        parts = draw(NORMAL, (*shape, 2), real_of(dtype), device, generator, 64)
        return view_as_complex(parts * math.sqrt(0.5))
    return draw(NORMAL, shape, dtype, device, generator, 64)


def _drawable(dtype: Any, op: str) -> np.dtype:
    found = get_default_dtype() if dtype is None else as_dtype(dtype)
    if CATEGORY[found] not in (FLOAT, COMPLEX):
        raise DTypeError(f"{op}: dtype must be floating-point or complex, got {found}")
    return found


@factory
def rand(
    *args: Any, size: Any = None, dtype: Any = None, device: Any = None,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Uniform random numbers in [0, 1)."""
    found, shape = _drawable(dtype, "rand"), sizes_of(args, size, "rand(size=...)")
    if found.kind == "c":
        return view_as_complex(uniform((*shape, 2), real_of(found), device, generator))
    return uniform(shape, found, device, generator)


@factory
def randn(
    *args: Any, size: Any = None, dtype: Any = None, device: Any = None,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Random numbers of the normal distribution with mean 0 and variance 1."""
    shape = sizes_of(args, size, "randn(size=...)")
    return normal_numbers(shape, _drawable(dtype, "randn"), device, generator)


def integers(
    shape: Shape, low: Any, high: Any, dtype: np.dtype, device: Any,
    generator: Generator | None, op: str,
) -> Tensor:  # fmt: skip
    """Integers from `low` up to but without `high`, which `dtype` must hold."""
    first, end = integer(low, f"{op}: low"), integer(high, f"{op}: high")
    if not first < end:
        raise ArgumentError(f"{op}: there are no integers from {first} up to {end}")
    least, most = bounds_of(dtype)
    if first < least or end - 1 > most:
        raise ArgumentError(f"{op}: {dtype} does not hold the integers from {first} to {end - 1}")
    return cast(draw(INTEGERS, shape, int64, device, generator, 64, low=first, high=end), dtype)


def bounds_of(dtype: np.dtype) -> tuple[int, int]:
    """The least and the largest integer that a tensor of `dtype` may be filled with."""
    if CATEGORY[dtype] == INT:
        limits = np.iinfo(dtype)
        return int(limits.min), int(limits.max)
    if dtype == bool_:
        return 0, 1
    if CATEGORY[dtype] == COMPLEX:
        raise DTypeError(f"random integers cannot be of dtype {dtype}")
    limit = int(finfo(dtype).max)
    return max(-limit, -(2**63)), min(limit, 2**63 - 1)


@factory
def randint(
    low: Any = 0, high: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Random integers from `low` (0 if left out) up to but without `high`.

    ``randint(10, (2, 3))``, ``randint(3, 10, (2, 3))``.
    """
    if isinstance(high, (tuple, list)):
        low, high, size = 0, low, high
    if high is None:
        low, high = 0, low
    if not isinstance(size, (tuple, list)):
        raise DTypeError(f"randint: size must be a list of integers, got {size!r}")
    found = int64 if dtype is None else as_dtype(dtype)
    return integers(shape_of((size,)), low, high, found, device, generator, "randint")


@factory
def randperm(
    n: int, *, dtype: Any = None, device: Any = None, generator: Generator | None = None
) -> Tensor:
    """The integers from 0 to n - 1 in random order."""
    found, count = int64 if dtype is None else as_dtype(dtype), integer(n, "randperm: n")
    if count > 0 and count - 1 > bounds_of(found)[1]:
        raise ArgumentError(f"randperm: {found} does not hold the integers up to {count - 1}")
    keys = draw(INTEGERS, (count,), int64, device, generator, 64, low=0, high=2**62)
    xp = namespace_of(keys.device)
    return Tensor(xp.argsort(keys.array).astype(found))


def _like(function: Any) -> Any:
    name = f"{function.__name__}_like"

    def like(
        input: Tensor, *args: Any, dtype: Any = None, device: Any = None,
        generator: Generator | None = None, memory_format: Any = preserve_format, **named: Any,
    ) -> Tensor:  # fmt: skip
        place = input.device if device is None else device
        drawn = function(
            *args, **named, size=input.shape, dtype=input.dtype if dtype is None else dtype,
            device=place, generator=generator,
        )  # fmt: skip
        out = empty_like(input, dtype=drawn.dtype, device=place, memory_format=memory_format)
        if out.array.strides == drawn.array.strides:
            return drawn
        out.array[...] = drawn.array
        return out

    like.__name__ = like.__qualname__ = name
    like.__doc__ = f"`{function.__name__}` of `input`'s shape, dtype, device and layout."
    return factory(like)


rand_like, randn_like, randint_like = _like(rand), _like(randn), _like(randint)
