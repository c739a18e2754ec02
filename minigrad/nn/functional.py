"""The functions of layers, under the usual name: ``import minigrad.nn.functional as F``."""

from __future__ import annotations

from ..ops import (
    adaptive_pool,
    attention,
    avg_pool,
    binary_loss,
    conv,
    conv_transpose,
    dropouts,
    fractional_pool,
    loss,
    margin_loss,
    multi_head,
    norm,
    piecewise,
    pool,
    regression_loss,
    running_norm,
    smooth,
    unpool,
)
from ..ops.adaptive_pool import *
from ..ops.attention import *
from ..ops.avg_pool import *
from ..ops.binary_loss import *
from ..ops.calling import check_all as _check_all
from ..ops.conv import *
from ..ops.conv_transpose import *
from ..ops.distance import cosine_similarity, normalize, pairwise_distance, pdist
from ..ops.dropouts import *
from ..ops.elementwise import sigmoid as sigmoid
from ..ops.elementwise import tanh as tanh
from ..ops.embedding import embedding as embedding
from ..ops.embedding import embedding_bag as embedding_bag
from ..ops.embedding import one_hot as one_hot
from ..ops.fractional_pool import *
from ..ops.loss import *
from ..ops.margin_loss import *
from ..ops.matmul import linear as linear
from ..ops.multi_head import *
from ..ops.norm import *
from ..ops.piecewise import *
from ..ops.pool import *
from ..ops.products import bilinear as bilinear
from ..ops.regression_loss import *
from ..ops.running_norm import *
from ..ops.shape import pad as pad
from ..ops.smooth import *
from ..ops.softmax import functional_log_softmax as log_softmax
from ..ops.softmax import functional_softmax as softmax
from ..ops.softmax import gumbel_softmax, softmin
from ..ops.unpool import *

__all__ = [
    "bilinear",
    "embedding",
    "embedding_bag",
    "linear",
    "log_softmax",
    "one_hot",
    "pad",
    "sigmoid",
    "softmax",
    "tanh",
]
__all__ += ["cosine_similarity", "gumbel_softmax", "normalize", "pairwise_distance", "pdist"]
__all__ += ["softmin"]
__all__ += piecewise.__all__
__all__ += smooth.__all__
__all__ += adaptive_pool.__all__
__all__ += avg_pool.__all__
__all__ += binary_loss.__all__
__all__ += loss.__all__
__all__ += margin_loss.__all__
__all__ += regression_loss.__all__
__all__ += conv.__all__
__all__ += conv_transpose.__all__
__all__ += fractional_pool.__all__
__all__ += pool.__all__
__all__ += unpool.__all__
__all__ += norm.__all__
__all__ += attention.__all__
__all__ += multi_head.__all__
__all__ += dropouts.__all__
__all__ += running_norm.__all__

_check_all(globals())
