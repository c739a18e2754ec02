"""The functions of layers, under the usual name: ``import minigrad.nn.functional as F``."""

from __future__ import annotations

from ..ops import adaptive_pool as _adaptive_pool
from ..ops import attention as _attention
from ..ops import avg_pool as _avg_pool
from ..ops import binary_loss as _binary_loss
from ..ops import conv as _conv
from ..ops import conv_transpose as _conv_transpose
from ..ops import dropouts as _dropouts
from ..ops import fold as _fold
from ..ops import fractional_pool as _fractional_pool
from ..ops import loss as _loss
from ..ops import margin_loss as _margin_loss
from ..ops import multi_head as _multi_head
from ..ops import norm as _norm
from ..ops import piecewise as _piecewise
from ..ops import pool as _pool
from ..ops import regression_loss as _regression_loss
from ..ops import running_norm as _running_norm
from ..ops import smooth as _smooth
from ..ops import unpool as _unpool
from ..ops.adaptive_pool import *
from ..ops.attention import *
from ..ops.avg_pool import *
from ..ops.binary_loss import *
from ..ops.calling import check_all as _check_all
from ..ops.conv import *
from ..ops.conv_transpose import *
from ..ops.ctc import *
from ..ops.distance import cosine_similarity, normalize, pairwise_distance, pdist
from ..ops.dropouts import *
from ..ops.elementwise import sigmoid as sigmoid
from ..ops.elementwise import tanh as tanh
from ..ops.embedding import embedding as embedding
from ..ops.embedding import embedding_bag as embedding_bag
from ..ops.embedding import one_hot as one_hot
from ..ops.fold import *
from ..ops.fold import fold as fold
from ..ops.fold import unfold as unfold
from ..ops.fractional_pool import *
from ..ops.grid_sample import affine_grid as affine_grid
from ..ops.grid_sample import grid_sample as grid_sample
from ..ops.interpolate import interpolate as interpolate
from ..ops.interpolate import upsample as upsample
from ..ops.interpolate import upsample_bilinear as upsample_bilinear
from ..ops.interpolate import upsample_nearest as upsample_nearest
from ..ops.loss import *
from ..ops.margin_loss import *
from ..ops.matmul import linear as linear
from ..ops.multi_head import *
from ..ops.norm import *
from ..ops.padding import pad as pad
from ..ops.piecewise import *
from ..ops.pool import *
from ..ops.products import bilinear as bilinear
from ..ops.regression_loss import *
from ..ops.running_norm import *
from ..ops.smooth import *
from ..ops.softmax import functional_log_softmax as log_softmax
from ..ops.softmax import functional_softmax as softmax
from ..ops.softmax import gumbel_softmax, softmin
from ..ops.unpool import *

__all__ = [
    "affine_grid",
    "bilinear",
    "embedding",
    "embedding_bag",
    "fold",
    "grid_sample",
    "interpolate",
    "linear",
    "log_softmax",
    "one_hot",
    "pad",
    "sigmoid",
    "softmax",
    "tanh",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]
__all__ += ["cosine_similarity", "gumbel_softmax", "normalize", "pairwise_distance", "pdist"]
__all__ += ["softmin"]
__all__ += _piecewise.__all__
__all__ += _smooth.__all__
__all__ += _adaptive_pool.__all__
__all__ += _avg_pool.__all__
__all__ += _binary_loss.__all__
__all__ += _loss.__all__
__all__ += _margin_loss.__all__
__all__ += _regression_loss.__all__
__all__ += _conv.__all__
__all__ += _conv_transpose.__all__
__all__ += _fold.__all__
__all__ += _fractional_pool.__all__
__all__ += _pool.__all__
__all__ += _unpool.__all__
__all__ += _norm.__all__
__all__ += _attention.__all__
__all__ += _multi_head.__all__
__all__ += _dropouts.__all__
__all__ += _running_norm.__all__

_check_all(globals())
