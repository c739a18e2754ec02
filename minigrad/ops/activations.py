"""The activations that are ``minigrad.<name>`` too, where they take no ``inplace``."""

from __future__ import annotations

from . import piecewise
from .calling import without

__all__ = ["celu", "celu_", "hardshrink", "prelu", "relu_", "rrelu", "rrelu_", "selu", "selu_",
           "threshold", "threshold_"]  # fmt: skip

celu = without("inplace", piecewise.celu)
rrelu = without("inplace", piecewise.rrelu)
selu = without("inplace", piecewise.selu)
threshold = without("inplace", piecewise.threshold)
hardshrink, prelu = piecewise.hardshrink, piecewise.prelu
celu_, relu_, rrelu_ = piecewise.celu_, piecewise.relu_, piecewise.rrelu_
selu_, threshold_ = piecewise.selu_, piecewise.threshold_
