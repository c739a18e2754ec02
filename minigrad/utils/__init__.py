"""``minigrad.utils``: names that PyTorch's programs import from ``torch.utils``."""

from . import checkpoint as checkpoint
from . import data as data
from . import dlpack as dlpack
