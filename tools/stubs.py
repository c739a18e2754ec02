"""Writes minigrad/tensor.pyi: what type checkers and editors see of `tensor.py` and its methods.

Run ``python tools/stubs.py`` after changing `minigrad/methods.py`; a test compares.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minigrad import methods
from minigrad.tensor import Tensor

HEADER = """# Written by tools/stubs.py from tensor.py and methods.py; do not edit.
import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from .device import Array, device
from .graph import Edge as Edge
from .graph import Leaf as Leaf
from .graph import Node as Node
from .graph import Scalar as Scalar
from .graph import ViewOf as ViewOf
from .hooks import RemovableHandle
from .ir import Elementwise, Primitive, Shape
from .random import Generator
from .storage import Storage

def apply(prim: Primitive, *inputs: Any, **attrs: Any) -> Any: ...
def apply_(prim: Elementwise, target: Tensor, *others: Any) -> Tensor: ...
def save(x: Tensor | Scalar) -> tuple[Any, Storage | None, int]: ...
def storage_of(x: Tensor) -> Storage: ...
def current_edge(x: Tensor) -> Any: ...
def reshape_(target: Tensor, function: Callable[..., Any], *args: Any, **attrs: Any) -> Tensor: ...
def check_writable(prim: Elementwise, target: Tensor, *others: Any) -> tuple[Any, ...]: ...
def is_expanded(x: Tensor) -> bool: ...
def records_write(target: Tensor, sources: tuple[Any, ...], op: str) -> bool: ...
def write_(target: Tensor, value: Tensor) -> Tensor: ...
def rebind_(target: Tensor, value: Any) -> Tensor: ...
def log_write(x: Tensor) -> None: ...

class Tensor:
    array: Array
    edge: Any
    grad: Tensor | None
    storage: Storage | None
    view_of: ViewOf | None
    def __init__(self, array: Array, edge: Edge | None = None) -> None: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def ndim(self) -> builtins.int: ...
    @property
    def device(self) -> device: ...
    @property
    def is_leaf(self) -> builtins.bool: ...
    @property
    def grad_fn(self) -> Node | None: ...
    @property
    def requires_grad(self) -> builtins.bool: ...
    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None: ...
    def requires_grad_(self, requires_grad: builtins.bool = True) -> Tensor: ...
    def detach(self) -> Tensor: ...
    @property
    def data(self) -> Tensor: ...
    @data.setter
    def data(self, value: Tensor) -> None: ...
"""

# Results that are no Tensor.
RESULTS = {
    "__len__": "builtins.int",
    "__reduce_ex__": "tuple[Any, ...]",
    "__dlpack_device__": "tuple[builtins.int, builtins.int]",
    "__dlpack__": "Any",
    "__iter__": "Iterator[Tensor]",
    "__contains__": "builtins.bool",
    "__bool__": "builtins.bool",
    "__float__": "builtins.float",
    "__int__": "builtins.int",
    "__index__": "builtins.int",
    "__format__": "builtins.str",
    "__repr__": "builtins.str",
    "__array__": "np.ndarray",
    "__array_ufunc__": "Any",
    "__array_function__": "Any",
    "__hash__": "builtins.int",
    "__setitem__": "None",
    "backward": "None",
    "register_hook": "RemovableHandle",
    "retain_grad": "None",
    "item": "Any",
    **dict.fromkeys(
        "chunk dsplit hsplit split split_with_sizes tensor_split unbind unsafe_chunk unsafe_split "
        "unsafe_split_with_sizes vsplit".split(),
        "tuple[Tensor, ...]",
    ),
    "tolist": "Any",
    "numpy": "np.ndarray",
    "size": "Any",
    "dim": "builtins.int",
    "numel": "builtins.int",
    "element_size": "builtins.int",
    "stride": "Any",
    "is_contiguous": "builtins.bool",
    "is_floating_point": "builtins.bool",
    "is_nonzero": "builtins.bool",
    "is_same_size": "builtins.bool",
    "is_signed": "builtins.bool",
    "is_cpu": "builtins.bool",
    "layout": "Any",
    "type": "Any",
    "data_ptr": "builtins.int",
    "storage_offset": "builtins.int",
    "get_device": "builtins.int",
    "nelement": "builtins.int",
    "ndimension": "builtins.int",
    "max": "Any",
    "min": "Any",
    "nonzero": "Any",
    "is_cuda": "builtins.bool",
    "nbytes": "builtins.int",
    "itemsize": "builtins.int",
}


def render() -> str:
    """The text of the stub."""
    lines = [HEADER.rstrip()]
    for name, function in (methods.OPERATORS | methods.METHODS).items():
        lines.append(f"    def {name}({_parameters(name, function)}) -> {_result(name)}: ...")
        if name in ("__eq__", "__ne__"):
            lines[-1] += "  # type: ignore[override]"
    for name in methods.PROPERTIES:
        lines += ["    @property", f"    def {name}(self) -> {_result(name)}: ..."]
    return "\n".join(lines) + "\n"


def _result(name: str) -> str:
    return RESULTS.get(name, "Tensor")


def _parameters(name: str, function: Callable[..., Any]) -> str:
    if name == "__hash__":
        return "self"
    parts = ["self"]
    seen_star = False
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        text = parameter.name
        if parameter.kind is parameter.VAR_POSITIONAL:
            text, seen_star = f"*{text}", True
        elif parameter.kind is parameter.VAR_KEYWORD:
            text = f"**{text}"
        elif parameter.kind is parameter.KEYWORD_ONLY and not seen_star:
            parts.append("*")
            seen_star = True
        # A default's value says little in a stub, and its type is checked where it is defined.
        default = "" if parameter.default is parameter.empty else " = ..."
        annotation = "object" if name in ("__eq__", "__ne__", "__contains__") else "Any"
        parts.append(f"{text}: {annotation}{default}")
    return ", ".join(parts)


if __name__ == "__main__":
    path = Path(inspect.getfile(Tensor)).with_suffix(".pyi")
    path.write_text(render())
    print(f"wrote {path}")
