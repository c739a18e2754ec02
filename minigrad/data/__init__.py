"""Datasets, and loaders that make batches of them."""

import importlib
from typing import TYPE_CHECKING, Any

from . import transforms as transforms
from .collate import default_collate as default_collate
from .dataset import Dataset as Dataset
from .dataset import TensorDataset as TensorDataset
from .loader import DataLoader as DataLoader
from .streams import epoch_rng as epoch_rng
from .streams import item_rng as item_rng

if TYPE_CHECKING:
    from . import text as text

__all__ = [
    "DataLoader", "Dataset", "TensorDataset", "default_collate", "epoch_rng", "item_rng",
    "text", "transforms",
]  # fmt: skip


def __getattr__(name: str) -> Any:  # imported on first use
    if name != "text":
        raise AttributeError(f"module 'minigrad.data' has no attribute {name!r}")
    return importlib.import_module("minigrad.data.text")
