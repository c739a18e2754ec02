"""Schedules of the learning rate, for ``scheduler.step()`` after the optimizer's step."""

from __future__ import annotations

from .base import LRScheduler as LRScheduler
from .composed import ChainedScheduler as ChainedScheduler
from .composed import SequentialLR as SequentialLR
from .cosine import CosineAnnealingLR as CosineAnnealingLR
from .cosine import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from .cycles import CyclicLR as CyclicLR
from .cycles import OneCycleLR as OneCycleLR
from .plateau import ReduceLROnPlateau as ReduceLROnPlateau
from .steps import ConstantLR as ConstantLR
from .steps import ExponentialLR as ExponentialLR
from .steps import LambdaLR as LambdaLR
from .steps import LinearLR as LinearLR
from .steps import MultiplicativeLR as MultiplicativeLR
from .steps import MultiStepLR as MultiStepLR
from .steps import PolynomialLR as PolynomialLR
from .steps import StepLR as StepLR

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts",
    "CyclicLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR",
    "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
