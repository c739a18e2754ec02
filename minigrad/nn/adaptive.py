"""Softmax over very many classes, of which few are frequent."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import ArgumentError, RangeError, ShapeError
from ..ops.choice import where
from ..ops.creation import zeros_like
from ..ops.join import cat
from ..tensor import Tensor
from .containers import ModuleList, Sequential
from .linear import Linear
from .module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class AdaptiveLoss(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` gives."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log-probability of a class among many, in two steps (Grave et al. 2017).

    Classes are sorted by frequency. The `head` gives log-probabilities of the frequent ones, below
    ``cutoffs[0]``, and of K clusters of the others; a member of cluster k has
    ``log P(cluster k) + log P(class | cluster k)``, the latter from ``tail[k]``, whose inner layer
    is `div_value` times narrower than the one before.

    Args:
        in_features: F.
        n_classes: C.
        cutoffs: where the clusters begin, in increasing order, each from 1 to C - 1.
        div_value: by how much clusters' layers narrow.
        head_bias: whether the head has a bias.

    Shapes: it is called with input (N, F) and target (N,), or (F,) and (), and returns
        (output, loss): the targets' log-probabilities, of the target's shape, and minus their mean.

    Raises:
        RangeError: a target outside [0, C).
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        starts = list(cutoffs)
        rising = all([a < b for a, b in itertools.pairwise(starts)])
        if not starts or not rising or starts[0] <= 0 or starts[-1] > n_classes - 1 or any(
            [int(c) != c for c in starts]
        ):  # fmt: skip
            raise ArgumentError(
                f"AdaptiveLogSoftmaxWithLoss: cutoffs={starts} must be integers in increasing "
                f"order, each from 1 to n_classes - 1 = {n_classes - 1}"
            )
        self.in_features, self.n_classes = in_features, n_classes
        self.cutoffs = [*starts, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = starts[0], len(starts)
        self.head_size = self.shortlist_size + self.n_clusters
        place = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **place)
        self.tail = ModuleList()
        for k, (first, end) in enumerate(itertools.pairwise(self.cutoffs)):
            inner = int(in_features // div_value ** (k + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, inner, bias=False, **place),
                    Linear(inner, end - first, bias=False, **place),
                )
            )

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        for layer in (self.head, *itertools.chain(*self.tail)):
            layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> AdaptiveLoss:
        """(N, F) and (N,) -> the targets' log-probabilities (N,), and the loss ()."""
        self._check(input_, target_)
        alone = target_.ndim == 0
        x, target = (input_.unsqueeze(0), target_.unsqueeze(0)) if alone else (input_, target_)
        cluster = zeros_like(target)  # (N,), 0 for the shortlist
        for start in self.cutoffs[:-1]:
            cluster = cluster + (target >= start)
        place = where(cluster == 0, target, self.shortlist_size - 1 + cluster)
        output = self.head(x).log_softmax(1).gather(1, place.unsqueeze(1)).squeeze(1)
        for k, module in enumerate(self.tail):
            rows = (cluster == k + 1).nonzero()[:, 0]
            if rows.numel():
                inside = (target[rows] - self.cutoffs[k]).unsqueeze(1)
                log_p = module(x[rows]).log_softmax(1).gather(1, inside).squeeze(1)
                output = output.index_add(0, rows, log_p)
        return AdaptiveLoss(output.squeeze(0) if alone else output, -output.mean())

    def _check(self, x: Tensor, target: Tensor) -> None:
        if target.ndim > 1 or x.ndim != target.ndim + 1 or x.shape[:-1] != target.shape:
            raise ShapeError(
                "AdaptiveLogSoftmaxWithLoss: needs (N, F) and (N,), or (F,) and (); got "
                f"{x.shape} and {target.shape}"
            )
        if bool(((target < 0) | (target >= self.n_classes)).any()):
            raise RangeError(
                f"AdaptiveLogSoftmaxWithLoss: targets run from {int(target.min())} to "
                f"{int(target.max())}; they must lie from 0 to {self.n_classes - 1}"
            )

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: (N, F) -> (N, C)."""
        head = self.head(input).log_softmax(1)
        short = self.shortlist_size
        parts = [head[:, :short]]
        for k, module in enumerate(self.tail):
            parts.append(module(input).log_softmax(1) + head[:, short + k : short + k + 1])
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class, (N, F) -> (N,): clusters are looked into where they lead."""
        found = self.head(input).argmax(1)
        rows = (found >= self.shortlist_size).nonzero()[:, 0]
        if rows.numel():
            found[rows] = self.log_prob(input[rows]).argmax(1)
        return found
