"""Datasets, and loaders that make batches of them."""

from . import transforms as transforms
from .collate import default_collate as default_collate
from .dataset import Dataset as Dataset
from .dataset import TensorDataset as TensorDataset
from .loader import DataLoader as DataLoader
from .streams import epoch_rng as epoch_rng
from .streams import item_rng as item_rng

__all__ = [
    "DataLoader", "Dataset", "TensorDataset", "default_collate", "epoch_rng", "item_rng",
    "transforms",
]  # fmt: skip
