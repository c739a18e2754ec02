"""Cross-entropy of yes and no, from logits and from probabilities."""

from __future__ import annotations

import numpy as np

from ..errors import RangeError
from ..ir import Elementwise
from ..tensor import Tensor, apply
from .choice import clamp_min
from .creation import ones_like, zeros_like
from .elementwise import log, log1p, sigmoid, times_slope
from .loss_reduction import floats, one_shape, reduced, reduction_of
from .operands import as_tensor_operand

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits"]

BCE_LOGITS = Elementwise(
    "bce_logits",
    "maximum(a, 0) - a * b + log1p(exp(-abs(a)))",
    "a b",
    result="float",
    vjps=(lambda g, a, b: g * (sigmoid(a) - b), lambda g, a: -(g * a)),
    formula="-(b log sigmoid(a) + (1 - b) log(1 - sigmoid(a)))",
)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The cross-entropy of ``sigmoid(input)`` and targets in [0, 1], exact for large logits.

    `weight` and `pos_weight` (of the positive part alone) broadcast against the input.
    """
    op = "binary_cross_entropy_with_logits"
    input, target = as_tensor_operand(input, op), as_tensor_operand(target, op)
    one_shape(op, input, target)
    reduction = reduction_of(op, reduction, size_average, reduce)
    if pos_weight is None:
        loss = apply(BCE_LOGITS, input, target)
    else:
        # -(p t log s(x) + (1 - t) log(1 - s(x))), with log s(x) = -bce(x, 1)
        yes = apply(BCE_LOGITS, input, ones_like(target))
        no = apply(BCE_LOGITS, input, zeros_like(target))
        loss = pos_weight * target * yes + (1 - target) * no
    if weight is not None:
        loss = loss * weight
    return reduced(loss, reduction)


# The limits are PyTorch's: of the logarithms, and of the slope's denominator.
BCE = Elementwise(
    "bce",
    "b * minimum(-log(a), 100) + (1 - b) * minimum(-log1p(-a), 100)",
    "a b",
    result="float",
    vjps=(
        lambda g, a, b: g * ((a - b) / clamp_min(a * (1 - a), 1e-12)),
        lambda g, a: times_slope(g, log1p(-a) - log(a)),
    ),
    formula="-(b log(a) + (1 - b) log(1 - a)), logarithms at least -100",
)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross-entropy of probabilities in [0, 1]; logarithms are kept above -100 as in PyTorch.

    Probabilities out of range raise, on the CPU; on a GPU, where looking at them stops the stream,
    their loss is NaN.
    """
    op = "binary_cross_entropy"
    input, target = floats(op, input, target)
    one_shape(op, input, target)
    reduction = reduction_of(op, reduction, size_average, reduce)
    array = input.array
    if isinstance(array, np.ndarray) and ((array < 0) | (array > 1)).any():
        raise RangeError(
            f"{op}: probabilities must be in [0, 1], and run from {array.min()} to {array.max()} "
            "here; logits go to binary_cross_entropy_with_logits"
        )
    loss = apply(BCE, input, target)
    return reduced(loss if weight is None else loss * weight, reduction)
