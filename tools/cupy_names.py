"""List what a real CuPy offers, for its stand-in: names, and the arguments each function takes.

    python tools/cupy_names.py > minigrad/testing/cupy_names.json

needs CuPy, but neither a GPU nor a driver. In the JSON, each CuPy module or class maps its public
names to: an argument list such as ``"(a axis dtype out keepdims)"`` (keyword-only ones after a
lone ``*``); ``"ufunc"``; ``"numpy"``, the very object NumPy has under that name; ``"class"``;
``"module"``; or ``"value"`` for the rest. The argument lists tell how NumPy's own function may be
called, so defaults are left out.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from typing import Any

import numpy as np

MODULES = ("", "linalg", "fft", "lib", "lib.stride_tricks", "cuda", "cuda.runtime")
SCIPY_MODULES = ("linalg", "special")  # of cupyx.scipy
CLASSES = ("ndarray", "ufunc", "cuda.Device", "cuda.Stream", "cuda.Event", "cuda.MemoryPool")

# What a signature hides: arguments taken from **kwargs, or by a compiled function.
# Read in CuPy 14.2's sources: linalg/_einsum.py, linalg/_product.py, _creation/ranges.py,
# _padding/pad.py, _core/fusion.pyx, _core/_dtype.pyx.
HIDDEN = {
    "einsum": "(*operands * dtype optimize)",
    "matmul": "(x1 x2 * axes axis keepdims casting dtype signature order out)",
    "meshgrid": "(*xi * copy sparse indexing)",
    "min_scalar_type": "(a)",
    "pad": "(array pad_width mode * constant_values end_values stat_length reflect_type)",
    "size": "(a axis)",
}


def collect() -> dict[str, Any]:
    """The whole list, as it is stored."""
    cupy = importlib.import_module("cupy")

    listing: dict[str, Any] = {"version": cupy.__version__}
    for path in MODULES:
        module = importlib.import_module(f"cupy.{path}".rstrip("."))
        listing[module.__name__] = _names(module, _numpy_twin(path))
    for path in SCIPY_MODULES:
        module = importlib.import_module(f"cupyx.scipy.{path}")
        listing[module.__name__] = _names(module, importlib.import_module(f"scipy.{path}"))
    for path in CLASSES:
        owner: Any = cupy
        for name in path.split("."):
            owner = getattr(owner, name)
        listing[f"cupy.{path}"] = _names(owner, None, skip=dir(object))
    return listing


def _numpy_twin(path: str) -> Any:
    twin: Any = np
    for name in path.split(".") if path else ():
        twin = getattr(twin, name, None)
    return twin


def _names(owner: Any, twin: Any, skip: list[str] | tuple[str, ...] = ()) -> dict[str, str]:
    pattern = r"(?!_|annotations$)" if inspect.ismodule(owner) else r"[^_]|__(?!pyx)"
    public = [name for name in dir(owner) if re.match(pattern, name)]
    constants = owner.__name__.endswith("runtime")  # hundreds of CUDA's enumerators
    hidden = HIDDEN if inspect.ismodule(owner) else {}
    return {
        name: hidden.get(name) or _kind(getattr(owner, name), getattr(twin, name, owner))
        for name in public
        if name not in skip and not (constants and isinstance(getattr(owner, name), int))
    }


def _kind(value: Any, twin: Any) -> str:
    cupy = importlib.import_module("cupy")

    if value is twin:
        return "numpy"
    if isinstance(value, cupy.ufunc):
        return "ufunc"
    if inspect.ismodule(value):
        return "module"
    if inspect.isclass(value):
        return "class"
    return _arguments(value) if callable(value) else "value"


def _arguments(function: Any) -> str:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # compiled: Cython put the signature in the docstring
        match = re.match(r"[\w.]+\((.*)\)", (function.__doc__ or "").split("\n")[0])
        if match is None:
            return "value"
        words = [re.sub(r"\s*=.*", "", word).split(" ")[-1] for word in match[1].split(", ")]
    else:
        words = []
        for parameter in parameters:
            bare = not any(word.startswith("*") for word in words)
            if parameter.kind is parameter.KEYWORD_ONLY and bare:
                words.append("*")
            words.append(str(parameter.replace(annotation=parameter.empty)).split("=")[0])
    return f"({' '.join(word for word in words if word != 'self')})"


if __name__ == "__main__":
    print(json.dumps(collect(), indent=0))
