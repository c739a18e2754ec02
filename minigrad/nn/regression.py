"""The two regressions of every statistics course, as modules. Letters: N rows, F features.

They are `Linear` layers, with its parameters' names and shapes, that also know their loss and how
to predict: train them as any module, ``model.loss(x, y).backward()``.
"""

from __future__ import annotations

from typing import Any

from ..context import set_grad
from ..dtypes import is_float
from ..errors import ArgumentError, ShapeError
from ..ops.creation import ones
from ..ops.join import cat
from ..ops.least_squares import lstsq
from ..tensor import Tensor
from . import functional as F
from .linear import Linear

__all__ = ["LinearRegression", "LogisticRegression"]


class LinearRegression(Linear):
    """``y = x W^T + b``, to be fitted by least squares.

    Args:
        in_features: F.
        out_features: how many numbers are predicted for each row, O.
        bias: whether there is a `b`.

    Shapes: x (N, F); predictions (N, O); targets (N, O), or (N,) if O is 1.

    Example:
        >>> x = mg.tensor([[0.0], [1.0], [2.0]])
        >>> model = LinearRegression(1).fit_exactly(x, mg.tensor([1.0, 3.0, 5.0]))
        >>> model.predict(mg.tensor([[10.0]]))
        tensor([[21.]])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int = 1,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_features, out_features, bias, device, dtype)

    def predict(self, x: Tensor) -> Tensor:
        """The predictions (N, O), without a graph."""
        with set_grad(False):
            return self(x)

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """The mean squared error of the predictions."""
        return F.mse_loss(self(x), _columns(y, self.out_features, self))

    def fit_exactly(self, x: Tensor, y: Tensor) -> LinearRegression:
        """Set the parameters to those of the smallest loss, the least squares solution.

        It solves ``[x 1] [W^T; b] = y`` (of several solutions, the smallest); returns itself.
        """
        with set_grad(False):
            y = _columns(y, self.out_features, self)
            if self.bias is None:
                self.weight.copy_(lstsq(x, y).solution.T)
                return self
            column = ones(x.shape[0], 1, dtype=x.dtype, device=x.device)
            solution = lstsq(cat([x, column], 1), y).solution  # (F + 1, O)
            self.weight.copy_(solution[:-1].T)
            self.bias.copy_(solution[-1])
        return self


class LogisticRegression(Linear):
    """The probability of each class, from logits ``x W^T + b``.

    Two classes need one logit, of class 1: ``P(1) = sigmoid(logit)`` (binary). More, or
    `num_classes` given, have a logit each: ``P = softmax(logits)``.

    Args:
        in_features: F.
        num_classes: C, how many logits softmax takes; None for the binary model.
        bias: whether there is a `b`.

    Shapes: x (N, F); logits (N, 1), or (N, C); targets (N,) of class numbers, in the binary model
        also probabilities of class 1.

    Example:
        >>> model = LogisticRegression(4, num_classes=3)
        >>> model.loss(mg.zeros(2, 4), mg.tensor([0, 2])).backward()
        >>> model.predict_proba(mg.zeros(2, 4)).shape
        (2, 3)
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int | None = None,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if num_classes is not None and num_classes < 2:
            raise ArgumentError(
                f"LogisticRegression: num_classes={num_classes} must be at least 2, or None for "
                "the binary model of one logit"
            )
        self.num_classes = num_classes
        super().__init__(in_features, num_classes or 1, bias, device, dtype)

    def predict_proba(self, x: Tensor) -> Tensor:
        """The probability of each class, (N, C), without a graph; (N, 2) in the binary model."""
        with set_grad(False):
            logits = self(x)
            if self.num_classes is None:
                logits = cat([-logits, logits], -1)
                return logits.sigmoid()
            return logits.softmax(-1)

    def predict(self, x: Tensor) -> Tensor:
        """The number of the most probable class, (N,)."""
        with set_grad(False):
            logits = self(x)
            if self.num_classes is None:
                return (logits[..., 0] > 0).long()
            return logits.argmax(-1)

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """The mean cross-entropy of the predictions, of which no probability is computed."""
        logits = self(x)
        if self.num_classes is not None:
            return F.cross_entropy(logits, y)
        y = y if is_float(y.dtype) else y.to(logits.dtype)
        return F.binary_cross_entropy_with_logits(logits, _columns(y, 1, self))

    def extra_repr(self) -> str:
        bias = self.bias is not None
        return f"in_features={self.in_features}, num_classes={self.num_classes}, bias={bias}"


def _columns(y: Tensor, columns: int, model: Linear) -> Tensor:
    """Targets as (N, columns); a single column may come as (N,)."""
    if y.ndim == 1 and columns == 1:
        return y.unsqueeze(1)
    if y.ndim < 2 or y.shape[-1] != columns:
        raise ShapeError(
            f"{type(model).__name__}: targets of shape {y.shape}, expected (N, {columns})"
            + (" or (N,)" if columns == 1 else "")
        )
    return y
