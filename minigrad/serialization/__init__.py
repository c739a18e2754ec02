"""Saving nested state without pickle, and loading it and the weights of other libraries."""

from .loading import load as load
from .state import save as save

__all__ = ["load", "save"]
