"""Transforms of images, with torchvision's names: for tensors, arrays and Pillow's images."""

from . import functional as functional
from .fixed import *
from .geometry import InterpolationMode as InterpolationMode
from .random import *
