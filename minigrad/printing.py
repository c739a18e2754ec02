"""How tensors print."""

from __future__ import annotations

from typing import Any

import numpy as np

from .device import to_numpy
from .dtypes import STORAGE_ONLY, bool_, complex_of, float32, get_default_dtype, int64
from .tensor import Leaf, Tensor, current_edge

_options: dict[str, Any] = {
    "precision": 4,
    "threshold": 1000,
    "edgeitems": 3,
    "linewidth": 80,
    "sci_mode": None,
}
_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """How many digits, elements (before an ellipsis) and columns tensors print with."""
    if profile is not None:
        _options.update(_PROFILES[profile])
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    _options.update({name: value for name, value in given.items() if value is not None})
    _options["sci_mode"] = sci_mode


def represent(self: Tensor) -> str:
    """``tensor([1., 2.], requires_grad=True)``: values, then what is not the default."""
    array = to_numpy(self.array)
    if self.dtype in STORAGE_ONLY:
        array = array.astype(float32)
    prefix = f"{type(self).__name__.lower()}("
    body = _values(array, prefix) if array.size else "[]"
    notes = []
    if array.size == 0 and self.shape != (0,):
        notes.append(f"size={self.shape}")
    if self.device.type != "cpu":
        notes.append(f"device='{self.device}'")
    default = get_default_dtype()
    if self.dtype not in (default, complex_of(default), int64, bool_) or array.size == 0:
        notes.append(f"dtype=minigrad.{self.dtype}")
    edge = current_edge(self)
    if edge is not None:
        leaf = type(edge[0]) is Leaf
        notes.append("requires_grad=True" if leaf else f"grad_fn={edge[0]!r}")
    return f"{prefix}{', '.join([body, *notes])})"


def _values(array: np.ndarray, prefix: str) -> str:
    threshold = _options["threshold"]
    with np.printoptions(
        precision=_options["precision"],
        threshold=int(min(threshold, np.iinfo(np.int64).max)),
        edgeitems=_options["edgeitems"],
        linewidth=_options["linewidth"],
        suppress=_options["sci_mode"] is False,
        floatmode="fixed" if _has_fraction(array) else "maxprec",
    ):
        formatter: Any = None
        if _options["sci_mode"]:
            formatter = {"float_kind": f"{{:.{_options['precision']}e}}".format}
        return np.array2string(array, separator=", ", prefix=prefix, formatter=formatter)


def _has_fraction(array: np.ndarray) -> bool:
    """Whether digits after the point say anything: whole floats print as ``1.``."""
    if array.dtype.kind == "c":
        return _has_fraction(array.real) or _has_fraction(array.imag)
    if array.dtype.kind != "f":
        return False
    finite = array[np.isfinite(array)]
    return bool((finite != np.trunc(finite)).any())
