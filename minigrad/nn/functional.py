"""The functions of layers, under the usual name: ``import minigrad.nn.functional as F``."""

from __future__ import annotations

from ..ops import (
    adaptive_pool,
    avg_pool,
    conv,
    conv_transpose,
    fractional_pool,
    norm,
    piecewise,
    pool,
    running_norm,
    smooth,
    unpool,
)
from ..ops.adaptive_pool import *
from ..ops.avg_pool import *
from ..ops.calling import check_all as _check_all
from ..ops.conv import *
from ..ops.conv_transpose import *
from ..ops.elementwise import sigmoid as sigmoid
from ..ops.elementwise import tanh as tanh
from ..ops.embedding import embedding as embedding
from ..ops.embedding import embedding_bag as embedding_bag
from ..ops.embedding import one_hot as one_hot
from ..ops.fractional_pool import *
from ..ops.loss import binary_cross_entropy as binary_cross_entropy
from ..ops.loss import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from ..ops.loss import cross_entropy as cross_entropy
from ..ops.loss import l1_loss as l1_loss
from ..ops.loss import mse_loss as mse_loss
from ..ops.loss import nll_loss as nll_loss
from ..ops.matmul import linear as linear
from ..ops.norm import *
from ..ops.piecewise import *
from ..ops.pool import *
from ..ops.products import bilinear as bilinear
from ..ops.random import dropout as dropout
from ..ops.running_norm import *
from ..ops.shape import pad as pad
from ..ops.smooth import *
from ..ops.softmax import functional_log_softmax as log_softmax
from ..ops.softmax import functional_softmax as softmax
from ..ops.softmax import gumbel_softmax, softmin
from ..ops.unpool import *

__all__ = [
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "dropout",
    "embedding",
    "embedding_bag",
    "l1_loss",
    "linear",
    "log_softmax",
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
__all__ += adaptive_pool.__all__
__all__ += avg_pool.__all__
__all__ += conv.__all__
__all__ += conv_transpose.__all__
__all__ += fractional_pool.__all__
__all__ += pool.__all__
__all__ += unpool.__all__
__all__ += norm.__all__
__all__ += running_norm.__all__

_check_all(globals())
