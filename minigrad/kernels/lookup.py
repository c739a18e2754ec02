"""Finding the kernel of an operation for an array type, by name.

``kernels/cpu/conv.py: conv2d`` serves the operation whose record says ``kernel="conv.conv2d"``;
where a device has no such function, ``kernels/reference/conv.py`` serves, and that is counted:
`fallbacks` shows which operations run on plain array code.
"""

from __future__ import annotations

import functools
import importlib
from collections import Counter
from collections.abc import Callable
from typing import Any

from ..device import ARRAY_TYPES, namespace_of
from ..device import device as Device
from ..expr import array_function
from ..ir import Elementwise, Primitive
from .cpu.elementwise import faster
from .cpu.jit import available

# (device, operation) -> how many times its kernel was looked up and only the reference was found.
fallbacks: Counter[tuple[str, str]] = Counter()


def find_kernel(prim: Primitive, array_type: type) -> Callable[..., Any]:
    """The kernel of `prim` for arrays of `array_type`, remembered on the record."""
    place = ARRAY_TYPES[array_type]
    if isinstance(prim, Elementwise):
        xp = namespace_of(Device(place))
        kernel = array_function(prim.expr, prim.inputs, xp)
        if place == "cpu" and _fast_kernels_work(place):
            kernel = faster(prim.expr, prim.inputs, kernel)
    else:
        kernel = _named_kernel(prim, place)
    prim.kernels[array_type] = kernel
    return kernel


def _named_kernel(prim: Primitive, place: str) -> Callable[..., Any]:
    assert prim.kernel is not None, f"{prim} names no kernel"
    found = fast_kernel(prim.kernel, place)
    if found is None:
        fallbacks[place, prim.name] += 1
        family, _, function = prim.kernel.partition(".")
        found = getattr(importlib.import_module(f"{__package__}.reference.{family}"), function)
    return found


@functools.cache
def fast_kernel(name: str, place: str) -> Callable[..., Any] | None:
    """The function ``kernels/<place>/<family>.py: <function>``, if there is one that works here."""
    family, _, function = name.partition(".")
    fast = _module(f"{__package__}.{place}.{family}") if _fast_kernels_work(place) else None
    return getattr(fast, function, None)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None


def _fast_kernels_work(place: str) -> bool:
    # NUMBA_DISABLE_JIT=1 leaves the reference: kernels as plain Python loops would take minutes.
    return place != "cpu" or available()
