"""Chains of cheap elementwise operations in one loop over memory, compiled from their expression.

NumPy passes over memory once for each operation of ``select(b <= 0, 0, a)``; here large arrays are
passed over once. No function is approximated and nothing is regrouped: the bits are NumPy's.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ...device import Array
from ...expr import is_cheap_chain, loop_source
from .jit import Helper, Kernel, launch

# Below this many elements NumPy is done before a compiled loop is set up.
SMALLEST = 1 << 13
_NANOSECONDS = 0.3  # an element, on one core


def faster(expr: str, inputs: tuple[str, ...], plain: Callable[..., Any]) -> Callable[..., Any]:
    """`plain`, the array code of `expr`, or a function that prefers one loop for large arrays."""
    if not is_cheap_chain(expr):
        return plain

    def function(*operands_and_out: Any) -> None:
        *operands, out = operands_and_out
        flat = _flattened(operands, out) if out.size >= SMALLEST else None
        if flat is None:
            plain(*operands, out)
            return
        # Two names for one array would bar vectors: an operand that is `out` is read from it.
        kinds = tuple(["out" if x is out else _kind(x, out.dtype) for x in operands])
        nanoseconds = out.size * _NANOSECONDS
        launch(_loop(expr, inputs, kinds), out.size, *flat, nanoseconds=nanoseconds)

    return function


def _flattened(operands: list[Any], out: Array) -> list[Any] | None:
    """`out` and the operands as vectors in the order of memory; None if they are not alike.

    An operand may be `out` itself, but not overlap it otherwise: the loop writes as it reads.
    """
    if out.dtype.kind != "f":
        return None
    order = sorted(range(out.ndim), key=lambda axis: -out.strides[axis])
    ready = [out]
    for x in operands:
        if not isinstance(x, np.ndarray):
            ready.append(out.dtype.type(x))
        elif (
            x.shape == out.shape
            and _same_layout(x, out)
            and x.dtype.char in (out.dtype.char, "?")
            and (not np.may_share_memory(x, out) or x.ctypes.data == out.ctypes.data)
        ):
            ready.append(x)
        else:
            return None
    seen = [x.transpose(order) if isinstance(x, np.ndarray) else x for x in ready]
    if not all([x.flags.c_contiguous for x in seen if isinstance(x, np.ndarray)]):
        return None
    return [x.reshape(-1) if isinstance(x, np.ndarray) and x.ndim else x for x in seen]


def _same_layout(x: Array, out: Array) -> bool:
    ratio = out.itemsize // x.itemsize  # a condition is bool
    return all([s * ratio == o for s, o in zip(x.strides, out.strides, strict=True)])


def _kind(x: Any, dtype: np.dtype) -> str:
    """An operand in a kernel's signature."""
    if not isinstance(x, np.ndarray) or not x.ndim:
        return "T"
    return "const(boolean[::1])" if x.dtype.char == "?" else "const(T[::1])"


@functools.cache
def _loop(expr: str, inputs: tuple[str, ...], kinds: tuple[str, ...]) -> Kernel:
    """The compiled loop of `expr` for operands of these kinds."""
    where = {"T": None, "out": "out"}
    sources = tuple([where.get(kind, x) for x, kind in zip(inputs, kinds, strict=True)])
    text = loop_source(expr, inputs, sources, "loop") + repr(kinds)
    name = f"elementwise_{hashlib.sha256(text.encode()).hexdigest()[:16]}"  # the disk cache's key
    scope: dict[str, Any] = {"np": np, "T": Helper(lambda dtype: dtype.type), "__name__": __name__}
    exec(compile(loop_source(expr, inputs, sources, name), f"<loop {expr}>", "exec"), scope)
    types = ", ".join(["T[::1]" if kind == "out" else kind for kind in kinds])
    return Kernel(scope[name], f"T[::1], {types}, int64, int64", frozenset())
