"""Datasets, and loaders that make batches of them."""

import importlib
from typing import TYPE_CHECKING, Any

from .collate import default_collate as default_collate
from .collate import default_convert as default_convert
from .dataset import ChainDataset as ChainDataset
from .dataset import ConcatDataset as ConcatDataset
from .dataset import Dataset as Dataset
from .dataset import IterableDataset as IterableDataset
from .dataset import StackDataset as StackDataset
from .dataset import Subset as Subset
from .dataset import TensorDataset as TensorDataset
from .dataset import random_split as random_split
from .loader import DataLoader as DataLoader
from .samplers import BatchSampler as BatchSampler
from .samplers import RandomSampler as RandomSampler
from .samplers import Sampler as Sampler
from .samplers import SequentialSampler as SequentialSampler
from .samplers import SubsetRandomSampler as SubsetRandomSampler
from .samplers import WeightedRandomSampler as WeightedRandomSampler
from .streams import epoch_rng as epoch_rng
from .streams import item_rng as item_rng
from .windows import TokenWindows as TokenWindows
from .workers import WorkerInfo as WorkerInfo
from .workers import get_worker_info as get_worker_info

if TYPE_CHECKING:
    from . import text as text
    from . import transforms as transforms

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset",
    "RandomSampler", "Sampler", "SequentialSampler", "StackDataset", "Subset",
    "SubsetRandomSampler", "TensorDataset", "TokenWindows", "WeightedRandomSampler", "WorkerInfo",
    "default_collate", "default_convert", "epoch_rng", "get_worker_info", "item_rng",
    "random_split", "text", "transforms",
]  # fmt: skip


def __getattr__(name: str) -> Any:  # imported on first use
    if name not in ("text", "transforms"):
        raise AttributeError(f"module 'minigrad.data' has no attribute {name!r}")
    return importlib.import_module(f"minigrad.data.{name}")
