"""Random tensors, from counters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..device import CPU, namespace_of
from ..device import device as Device
from ..dtypes import CATEGORY, FLOAT, as_dtype, float32, float64, get_default_dtype, int64
from ..errors import ArgumentError, DTypeError
from ..ir import Primitive, Shape, Spec
from ..kernels.reference.random import counters
from ..random import Generator, default_generator
from ..tensor import Tensor, apply
from .operands import shape_of

__all__ = ["bernoulli", "rand", "rand_like", "randint", "randn", "randn_like", "randperm"]


def _filled(name: str) -> Primitive:
    return Primitive(
        name,
        lambda *, out_shape, out_dtype, device, **settings: Spec(out_shape, out_dtype),
        kernel=f"random.{name}",
    )


UNIFORM, NORMAL, INTEGERS = _filled("uniform"), _filled("normal"), _filled("integers")


def _draw(
    prim: Primitive, shape: Shape, dtype: np.dtype, device: Any, generator: Generator | None,
    bits: int, **settings: Any,
) -> Tensor:  # fmt: skip
    place = CPU if device is None else Device(device)
    draw = (generator or default_generator).draw(counters(math.prod(shape), bits))
    return apply(
        prim, out_shape=shape, out_dtype=dtype, device=place,
        seed=draw.seed, offset=draw.offset, **settings,
    )  # fmt: skip


def _float_of(dtype: Any, op: str) -> np.dtype:
    found = get_default_dtype() if dtype is None else as_dtype(dtype)
    if CATEGORY[found] != FLOAT:
        raise DTypeError(f"{op}: dtype must be floating-point, got {found}")
    return found


def rand(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Uniform random numbers in [0, 1)."""
    found = _float_of(dtype, "rand")
    bits = 64 if found == float64 else 32
    out = _draw(UNIFORM, shape_of(size), found, device, generator, bits)
    return out.requires_grad_(requires_grad)


def randn(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Random numbers of the normal distribution with mean 0 and variance 1."""
    found = _float_of(dtype, "randn")
    out = _draw(NORMAL, shape_of(size), found, device, generator, 64)
    return out.requires_grad_(requires_grad)


def randint(
    low: int, high: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Random integers from `low` (0 if left out) up to but without `high`."""
    if size is None:
        low, high, size = 0, low, high
    if not low < high:
        raise ArgumentError(f"randint: there are no integers from {low} up to {high}")
    shape = shape_of((size,))
    out = _draw(INTEGERS, shape, int64, device, generator, 64, low=int(low), high=int(high))
    return out if dtype is None else out.to(dtype=as_dtype(dtype))


def randperm(n: int, *, device: Any = None, generator: Generator | None = None) -> Tensor:
    """The integers from 0 to n - 1 in random order."""
    keys = _draw(INTEGERS, (n,), int64, device, generator, 64, low=0, high=2**62)
    xp = namespace_of(keys.device)
    return Tensor(xp.argsort(keys.array).astype(int64))


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that `input` holds, else 0."""
    array = input.array
    if isinstance(array, np.ndarray) and not ((array >= 0) & (array <= 1)).all():
        raise ArgumentError("bernoulli: probabilities must lie in [0, 1]")
    u = rand(input.shape, dtype=float32, device=input.device, generator=generator)
    return (u < input).to(dtype=input.dtype)


def rand_like(input: Tensor, **options: Any) -> Tensor:
    """`rand` of `input`'s shape, dtype and device."""
    return rand(input.shape, **{"dtype": input.dtype, "device": input.device, **options})


def randn_like(input: Tensor, **options: Any) -> Tensor:
    """`randn` of `input`'s shape, dtype and device."""
    return randn(input.shape, **{"dtype": input.dtype, "device": input.device, **options})


def fill_from(target: Tensor, source: Tensor) -> Tensor:
    """`target` overwritten by freshly drawn values; returns it."""
    target[...] = source
    return target


def uniform_(
    input: Tensor, low: float = 0.0, high: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with uniform random numbers in [low, high)."""
    if not low <= high:
        raise ArgumentError(f"uniform_: low={low} must not be above high={high}")
    return fill_from(input, rand_like(input, generator=generator) * (high - low) + low)


def normal_(
    input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with random numbers of the normal distribution."""
    if not std >= 0:
        raise ArgumentError(f"normal_: std={std} must not be negative")
    return fill_from(input, randn_like(input, generator=generator) * std + mean)
