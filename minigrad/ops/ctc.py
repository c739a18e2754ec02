"""The loss of connectionist temporal classification (Graves et al. 2006).

Letters: T time, N batch, C classes, S labels, L = 2 S + 1 labels with blanks around them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import CATEGORY, INT, float32, float64, int64
from ..errors import ArgumentError, DeviceError, DTypeError, RangeError, ShapeError
from ..ir import Primitive, Spec
from ..tensor import Tensor, apply
from .choice import where
from .creation import arange, full
from .elementwise import exp
from .from_data import tensor
from .gather import gather
from .join import cat, stack
from .loss_reduction import reduced, reduction_of
from .operands import as_tensor_operand
from .shape import cast, reshape, unsqueeze

__all__ = ["ctc_loss"]


def _definition(
    log_p: Tensor, labels: Tensor, steps: Tensor, sizes: Tensor, *, blank: int
) -> tuple[Tensor, Tensor]:
    """Step by step, in logarithms; -inf is a large number here, which has gradients.

    The gradient is PyTorch's, which is the true one after a log_softmax: to that of the loss it
    adds exp(log_p), whose part along the normalisation drops out there.
    """
    T, N, C = log_p.shape
    S = labels.shape[1]
    L = 2 * S + 1
    far = full((N, 2), -1e30, dtype=log_p.dtype, device=log_p.device)
    places = arange(L, device=log_p.device)
    safe = where((labels < 0) | (labels >= C), 0, labels)
    blanks = full((N, S, 1), blank, dtype=int64, device=log_p.device)
    pairs = reshape(cat([blanks, unsqueeze(safe, 2)], 2), N, 2 * S)
    extended = cat([pairs, blanks[:, :1, 0] if S else blanks.new_full((N, 1), blank)], 1)
    before = cat([extended.new_full((N, 2), blank), extended[:, : max(L - 2, 0)]], 1)[:, :L]
    skips = (places % 2 == 1) & (extended != before) & (places > 1)
    loss = where(
        (steps == 0) & (sizes > 0), 1e30, full((N,), 0.0, dtype=log_p.dtype, device=log_p.device)
    )
    row = None
    for t in range(T):
        here = gather(log_p[t], 1, extended)
        if row is None:
            row = where(places < 2, here, -1e30)
        else:
            one, two = [cat([far[:, :n], row[:, : L - n]], 1)[:, :L] for n in (1, 2)]
            row = here + stack([row, one, where(skips, two, -1e30)]).logsumexp(0)
        at_end = (places == 2 * unsqueeze(sizes, 1)) | (places == 2 * unsqueeze(sizes, 1) - 1)
        ends = where(at_end, row, -1e30).logsumexp(1)
        spread = exp(log_p[t]).sum(1)
        loss = loss + where(steps > t, spread - spread.detach(), 0) - where(steps == t + 1, ends, 0)
    return loss, full((T, N, L), 0.0, dtype=log_p.dtype, device=log_p.device)


def _vjp(
    needs: Any, g_loss: Any, g_alpha: Any, loss: Tensor, alpha: Tensor, log_p: Tensor,
    labels: Tensor, steps: Tensor, sizes: Tensor, blank: int,
) -> list[Tensor | None]:  # fmt: skip
    # `alpha` is saved for this formula and never leaves `ctc_loss`: no gradient comes to it.
    assert g_alpha is None
    operands = (g_loss, loss, alpha, log_p, labels, steps, sizes)
    return [apply(CTC_GRAD, *operands, blank=blank), None, None, None]


CTC = Primitive(
    "ctc_loss",
    lambda log_p, labels, steps, sizes, *, blank: (
        Spec(log_p.shape[1:2], log_p.dtype),
        Spec((*log_p.shape[:2], 2 * labels.shape[1] + 1), log_p.dtype),
    ),
    kernel="ctc.ctc_loss",
    outputs=("loss", "alpha"),
    vjp=_vjp,
    definition=_definition,
    formula="-log of the summed probability of all alignments",
)
CTC_GRAD = Primitive(
    "ctc_loss_grad",
    lambda scale, loss, alpha, log_p, labels, steps, sizes, *, blank: Spec(
        log_p.shape, log_p.dtype
    ),
    kernel="ctc.ctc_loss_grad",
)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The negative log-likelihood of label sequences without an alignment (Graves et al. 2006).

    Args:
        log_probs: logarithms of probabilities (T, N, C), from `log_softmax`; or (T, C).
        targets: class numbers (N, S), or all sequences one after the other; for (T, C) (S,).
        input_lengths: how many of the T steps of each sequence count, (N,) numbers or a tensor.
        target_lengths: how many labels each sequence has, (N,).
        blank: the number of the class that means no label.
        reduction: ``"mean"`` divides each loss by its number of labels first; ``"sum"`` and
            ``"none"`` do not.
        zero_infinity: losses of sequences too short for their labels, and their gradients, are 0.
    """
    reduction = reduction_of("ctc_loss", reduction)
    log_p = as_tensor_operand(log_probs, "ctc_loss")
    labels = as_tensor_operand(targets, "ctc_loss: the targets")
    log_p, single = _batched(log_p, blank)
    T, N, C = log_p.shape
    steps = _lengths("input_lengths", input_lengths, N, log_p, T)
    sizes = _lengths("target_lengths", target_lengths, N, log_p, None)
    if CATEGORY[labels.dtype] != INT:
        raise DTypeError(f"ctc_loss: targets must be integers, got {labels.dtype}")
    if labels.device != log_p.device:
        raise DeviceError(
            f"ctc_loss: targets are on {labels.device} and log_probs on {log_p.device}; move the "
            f"targets, targets.to({str(log_p.device)!r})"
        )
    labels = _rows(cast(labels, int64), sizes, N)
    _check_labels(labels, sizes, C)
    loss, _ = apply(CTC, log_p, labels, steps, sizes, blank=blank)
    if zero_infinity:
        loss = where(loss == np.inf, 0.0, loss)
    if reduction == "mean":
        return (loss / where(sizes < 1, 1, sizes)).mean()
    return reduced(reshape(loss, ()) if single and reduction == "none" else loss, reduction)


def _batched(log_p: Tensor, blank: int) -> tuple[Tensor, bool]:
    """(T, N, C), and whether it came without N."""
    if log_p.dtype not in (float32, float64):
        raise DTypeError(f"ctc_loss: log_probs must be float32 or float64, got {log_p.dtype}")
    if log_p.ndim not in (2, 3):
        raise ShapeError(f"ctc_loss: log_probs must be (T, N, C) or (T, C), got {log_p.shape}")
    if not 0 <= blank < log_p.shape[-1]:
        raise ArgumentError(f"ctc_loss: blank={blank} must be one of the {log_p.shape[-1]} classes")
    return (unsqueeze(log_p, 1), True) if log_p.ndim == 2 else (log_p, False)


def _lengths(name: str, lengths: Any, N: int, log_p: Tensor, most: int | None) -> Tensor:
    """Lengths as an int64 tensor (N,) beside `log_p`; checked where that stops no stream."""
    found = lengths if isinstance(lengths, Tensor) else tensor(list(lengths), dtype=int64)
    if CATEGORY[found.dtype] != INT:
        raise DTypeError(f"ctc_loss: {name} must be integers, got {found.dtype}")
    if found.array.size != N or found.ndim > 1:
        raise ShapeError(
            f"ctc_loss: {name} must hold one number a sequence, {N}; got {found.shape}"
        )
    array = found.array
    if isinstance(array, np.ndarray) and array.size:
        low, high = int(array.min()), int(array.max())
        if low < 0 or (most is not None and high > most):
            limit = "" if most is None else f" and at most {most}"
            raise RangeError(
                f"ctc_loss: {name} must be at least 0{limit}; they run from {low} to {high}"
            )
    return cast(reshape(found, N), int64).to(device=log_p.device)


def _rows(labels: Tensor, sizes: Tensor, N: int) -> Tensor:
    """The labels as (N, S); sequences that stand one after the other are cut apart."""
    longest = int(sizes.array.max()) if N else 0
    if labels.ndim == 2:
        if labels.shape[0] != N or labels.shape[1] < longest:
            raise ShapeError(
                f"ctc_loss: targets of shape {labels.shape} do not hold {N} sequences of up to "
                f"{longest} labels"
            )
        return labels[:, :longest]
    if labels.ndim != 1:
        raise ShapeError(f"ctc_loss: targets must be (N, S) or one sequence, got {labels.shape}")
    ends = sizes.cumsum(0)
    total = int(ends.array[-1]) if N else 0
    if total != labels.shape[0]:
        raise ShapeError(
            f"ctc_loss: there are {labels.shape[0]} targets, and target_lengths sum to {total}"
        )
    if not total:
        return reshape(labels, N, 0)
    places = unsqueeze(ends - sizes, 1) + arange(longest, device=labels.device)
    return labels[where(places < total, places, 0)]


def _check_labels(labels: Tensor, sizes: Tensor, C: int) -> None:
    array = labels.array
    if not isinstance(array, np.ndarray):
        return  # a GPU gives NaN
    counted = array[np.arange(array.shape[1]) < sizes.array[:, None]]
    if counted.size and (counted.min() < 0 or counted.max() >= C):
        raise RangeError(
            f"ctc_loss: labels run from {counted.min()} to {counted.max()}; with {C} classes they "
            f"must lie from 0 to {C - 1}"
        )
