"""Real data to learn on, without a download."""

from .files import read_idx as read_idx
from .files import read_npz as read_npz
from .images import digits as digits
from .images import fashion_mnist as fashion_mnist
from .images import mnist5k as mnist5k

__all__ = ["digits", "fashion_mnist", "mnist5k", "read_idx", "read_npz"]
