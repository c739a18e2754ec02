"""The functions of layers, under the usual name: ``import minigrad.nn.functional as F``."""

from __future__ import annotations

from ..ops import piecewise, smooth
from ..ops.conv import conv1d as conv1d
from ..ops.conv import conv2d as conv2d
from ..ops.conv import conv3d as conv3d
from ..ops.conv_transpose import conv_transpose1d as conv_transpose1d
from ..ops.conv_transpose import conv_transpose2d as conv_transpose2d
from ..ops.conv_transpose import conv_transpose3d as conv_transpose3d
from ..ops.elementwise import sigmoid as sigmoid
from ..ops.elementwise import tanh as tanh
from ..ops.index import embedding as embedding
from ..ops.index import one_hot as one_hot
from ..ops.loss import binary_cross_entropy as binary_cross_entropy
from ..ops.loss import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from ..ops.loss import cross_entropy as cross_entropy
from ..ops.loss import l1_loss as l1_loss
from ..ops.loss import mse_loss as mse_loss
from ..ops.loss import nll_loss as nll_loss
from ..ops.matmul import linear as linear
from ..ops.norm import layer_norm as layer_norm
from ..ops.piecewise import *
from ..ops.pool import avg_pool2d as avg_pool2d
from ..ops.pool import max_pool2d as max_pool2d
from ..ops.products import bilinear as bilinear
from ..ops.random import dropout as dropout
from ..ops.shape import pad as pad
from ..ops.smooth import *
from ..ops.softmax import functional_log_softmax as log_softmax
from ..ops.softmax import functional_softmax as softmax
from ..ops.softmax import gumbel_softmax, softmin

__all__ = [
    "avg_pool2d",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cross_entropy",
    "dropout",
    "embedding",
    "l1_loss",
    "layer_norm",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "sigmoid",
    "softmax",
    "tanh",
]
__all__ += ["gumbel_softmax", "softmin"]
__all__ += piecewise.__all__
__all__ += smooth.__all__
