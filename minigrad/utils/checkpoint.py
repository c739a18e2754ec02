"""``from minigrad.utils.checkpoint import checkpoint``, as in PyTorch."""

from ..autograd.checkpoint import checkpoint, checkpoint_sequential

__all__ = ["checkpoint", "checkpoint_sequential"]
