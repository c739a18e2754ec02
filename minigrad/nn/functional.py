"""The functions of layers, under the usual name: ``import minigrad.nn.functional as F``."""

from ..ops.activations import *
from ..ops.adaptive_pool import *
from ..ops.attention import *
from ..ops.avg_pool import *
from ..ops.batch_norm import *
from ..ops.binary_loss import *
from ..ops.calling import check_all as _check_all
from ..ops.class_loss import *
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
from ..ops.fold import fold as fold  # `minigrad.unfold` is another: not in its __all__
from ..ops.fold import unfold as unfold
from ..ops.fractional_pool import *
from ..ops.grid_sample import affine_grid as affine_grid
from ..ops.grid_sample import grid_sample as grid_sample
from ..ops.interpolate import interpolate as interpolate
from ..ops.interpolate import upsample as upsample
from ..ops.interpolate import upsample_bilinear as upsample_bilinear
from ..ops.interpolate import upsample_nearest as upsample_nearest
from ..ops.margin_loss import *
from ..ops.matmul import linear as linear
from ..ops.max_pool import *
from ..ops.multi_head import *
from ..ops.normalization import *
from ..ops.padding import pad as pad
from ..ops.products import bilinear as bilinear
from ..ops.regression_loss import *
from ..ops.smooth_activations import *
from ..ops.softmax import functional_log_softmax as log_softmax
from ..ops.softmax import functional_softmax as softmax
from ..ops.softmax import gumbel_softmax, softmin
from ..ops.unpool import *

_check_all(globals())
