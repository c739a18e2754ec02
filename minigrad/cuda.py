"""CUDA devices, under PyTorch's names."""

from __future__ import annotations

from . import random
from .device import cuda_is_available, cupy


def is_available() -> bool:
    """Whether ``device="cuda"`` can be used here: CuPy, a driver and a GPU are present."""
    return cuda_is_available()


def device_count() -> int:
    """How many CUDA devices minigrad uses: one if there is one."""
    return int(is_available())


def manual_seed(seed: int) -> None:
    """`minigrad.manual_seed`: one generator serves every device. Does not need a GPU."""
    random.manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """`manual_seed`, as there is one GPU."""
    random.manual_seed(seed)


def synchronize() -> None:
    """Wait until the GPU has done all that was asked of it."""
    cupy().cuda.Stream.null.synchronize()
