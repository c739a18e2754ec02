"""What can be done to one image, with the names of ``torchvision.transforms.functional``.

An image is a tensor or array (..., H, W), of which the leading dimensions may be channels or a
batch, or a Pillow image. What comes out is of the kind that went in, but for the conversions.
Pillow itself does the work on its images.
"""

from .conversions import *
from .geometry import *
from .images import get_dimensions as get_dimensions
