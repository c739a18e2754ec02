"""Helpers of layers: gradients clipped, weights written otherwise, packed sequences (`rnn`)."""

from . import parametrizations as parametrizations
from . import parametrize as parametrize
from . import rnn as rnn
from .clip_grad import *
from .fusion import *
from .skip_init import *
from .spectral_norm import *
from .vectors import *
from .weight_norm import *
