"""Helpers of layers, under PyTorch's names."""

from . import rnn as rnn
