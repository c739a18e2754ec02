"""Layers and losses. ``from minigrad import nn``.

A file of this package lists what it offers in its `__all__`; a new file is one more line here.
"""

from . import functional as functional
from . import init as init
from . import utils as utils
from .activation import *
from .adaptive import *
from .adaptive_pooling import *
from .attention import *
from .batch_norm import *
from .causal_attention import *
from .class_loss import *
from .containers import *
from .conv import *
from .conv_transpose import *
from .distance import *
from .dropout import *
from .embedding import *
from .flatten import *
from .instance_norm import *
from .linear import *
from .margin_loss import *
from .module import *
from .normalization import *
from .padding import *
from .parameter import *
from .parameter_containers import *
from .pooling import *
from .positions import *
from .rearranging import *
from .recurrent import *
from .recurrent_base import *
from .recurrent_cells import *
from .regression import *
from .regression_loss import *
from .smooth_activation import *
from .softmax import *
from .summary import *
from .transformer import *
from .upsampling import *

from . import modules as modules  # isort: skip  # the last: it repeats what is above
