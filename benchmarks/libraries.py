"""The libraries that are timed, and what a process needs before one is imported."""

from __future__ import annotations

import os
from typing import NamedTuple


class Library(NamedTuple):
    """What must be installed, and the module here that builds the rows for it."""

    package: str
    builder: str


# minigrad, the measure, comes first.
LIBRARIES = {
    "minigrad": Library("minigrad", "pytorch_api"),
    "torch": Library("torch", "pytorch_api"),
    "torch.compile": Library("torch", "pytorch_api"),
    "jax": Library("jax", "jax_api"),
    "onnxruntime": Library("onnxruntime", "onnx_api"),
    "numpy": Library("numpy", "numpy_api"),
}

# The BLAS below a library reads the number of its threads from one of these, at start.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment(library: str, threads: int) -> dict[str, str]:
    """The variables of a process that runs `library` on `threads` threads."""
    variables = dict(os.environ) | dict.fromkeys(_THREADS, str(threads))
    if library == "jax" and threads == 1:
        variables["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        variables["JAX_PLATFORMS"] = "cpu"
    return variables
