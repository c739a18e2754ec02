"""``minigrad.utils.data``: datasets, samplers, the loader, where PyTorch's programs find them."""

from .dataloader import *
from .dataset import *
from .sampler import *
