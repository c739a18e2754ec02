"""CUDA devices, under PyTorch's names."""

from __future__ import annotations

from .device import cuda_is_available, cupy


def is_available() -> bool:
    """Whether ``device="cuda"`` can be used here: CuPy, a driver and a GPU are present."""
    return cuda_is_available()


def device_count() -> int:
    """How many CUDA devices minigrad uses: one if there is one."""
    return int(is_available())


def synchronize() -> None:
    """Wait until the GPU has done all that was asked of it."""
    cupy().cuda.Stream.null.synchronize()
