"""``nn.modules``, where PyTorch's layers live, for code that names them in full.

Such code mostly asks for the base of a family, ``isinstance(m, nn.modules.batchnorm._BatchNorm)``.
Each of PyTorch's files is a module here that holds all layers, and its bases by PyTorch's names.
"""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType
from typing import Any

from . import adaptive_pooling, padding, pooling
from .batch_norm import BatchNorm, NormWithStatistics
from .conv import ConvNd
from .conv_transpose import TransposedConvolution
from .dropout import Noise
from .instance_norm import InstanceNorm
from .loss import Loss, WeightedLoss
from .module import Module


def _ntuple(n: int, value: Any) -> tuple[Any, ...]:
    """n times `value`, or what an iterable holds."""
    return tuple(value) if hasattr(value, "__iter__") else (value,) * n


_NAMES: dict[str, dict[str, Any]] = {name: {} for name in (
    "activation adaptive channelshuffle container distance flatten fold linear module normalization"
    " pixelshuffle rnn sparse transformer upsampling".split()
)} | {
    "batchnorm": {"_BatchNorm": BatchNorm, "_NormBase": NormWithStatistics},
    "conv": {"_ConvNd": ConvNd, "_ConvTransposeNd": TransposedConvolution},
    "dropout": {"_DropoutNd": Noise},
    "instancenorm": {"_InstanceNorm": InstanceNorm, "_NormBase": NormWithStatistics},
    "loss": {"_Loss": Loss, "_WeightedLoss": WeightedLoss},
    "padding": {
        "_CircularPadNd": padding.CircularBorder,
        "_ConstantPadNd": padding.ConstantBorder,
        "_ReflectionPadNd": padding.ReflectionBorder,
        "_ReplicationPadNd": padding.ReplicationBorder,
    },
    "pooling": {
        "_AdaptiveAvgPoolNd": adaptive_pooling.AdaptiveAvgPool,
        "_AdaptiveMaxPoolNd": adaptive_pooling.AdaptiveMaxPool,
        "_AvgPoolNd": pooling.AveragePool,
        "_LPPoolNd": pooling.LPPool,
        "_MaxPoolNd": pooling.MaxPool,
        "_MaxUnpoolNd": pooling.MaxUnpool,
    },
    "utils": {
        name: partial(_ntuple, n)
        for n, name in enumerate(("_single", "_pair", "_triple", "_quadruple"), 1)
    },
}  # fmt: skip

_layers = {
    name: value
    for name, value in vars(sys.modules[__package__]).items()
    if isinstance(value, type) and issubclass(value, Module)
}
__all__ = sorted([*_layers, *_NAMES])
globals().update(_layers)
for _name, _bases in _NAMES.items():
    _file = ModuleType(f"{__name__}.{_name}", f"PyTorch's ``nn.modules.{_name}``.")
    vars(_file).update(_layers | _bases)
    globals()[_name] = sys.modules[_file.__name__] = _file
