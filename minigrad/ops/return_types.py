"""What functions with several results return: named tuples, with PyTorch's names of the fields."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..tensor import Tensor


def _named(name: str, fields: str) -> Any:
    return NamedTuple(name, [(field, Tensor) for field in fields.split()])


aminmax = _named("aminmax", "min max")
histogram = _named("histogram", "hist bin_edges")
histogramdd = _named("histogramdd", "hist bin_edges")
max, min, median, nanmedian, mode, sort, topk, kthvalue, cummax, cummin = [
    _named(name, "values indices")
    for name in "max min median nanmedian mode sort topk kthvalue cummax cummin".split()
]
