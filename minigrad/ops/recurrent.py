"""Recurrent layers: one primitive a kind, for all steps of one layer and direction.

Letters: T steps, B sequences, I input features, H hidden units, P = H or the projected ones, G
gates, N rows. Sequences of one length are (T, B, I), with `batch_first` (B, T, I). Packed, they
are (N, I): the rows of step 0, one for each sequence, then those of step 1, ... Sequences stand
longest first, so step t has the rows of the first ``sizes[t]`` of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dtypes import STORAGE_ONLY, float32
from ..ir import Primitive, Spec
from ..kernels.reference.recurrent import Sizes, steps
from ..tensor import Tensor, apply
from .activations import relu
from .creation import zeros, zeros_like
from .elementwise import sigmoid, tanh
from .join import cat
from .matmul import linear, matmul
from .shape import cast, mT, reshape, transpose

__all__: list[str] = []

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
State = tuple[Tensor, ...]


# What a step means, in simple operations --------------------------------------------------------


def _run(
    step: Callable[..., State], x: Tensor, state: State, sizes: Sizes, reverse: bool
) -> tuple[list[Tensor], State]:
    """``step(x_t, *state)`` along the sequences: what it gave, joined, and the last states.

    A step gives its new states first, then what is to be kept of it.
    """
    count = len(state)
    kept: dict[int, State] = {}
    for start, n in steps(sizes, reverse):
        found = step(x[start : start + n], *[s[:n] for s in state])
        # Sequences that have ended, or are still to begin, stay as they are.
        pairs = [(new, s[n:]) for new, s in zip(found, state)]
        state = tuple([cat([new, rest]) if rest.shape[0] else new for new, rest in pairs])
        kept[start] = found[count:]
    in_order = [kept[start] for start in sorted(kept)]
    return [cat(column) for column in zip(*in_order)], state


def _packed(x: Tensor, batch_first: bool) -> Tensor:
    if x.ndim == 2:
        return x
    x = transpose(x, 0, 1) if batch_first else x
    return reshape(x, (x.shape[0] * x.shape[1], x.shape[2]))


def _in_form_of(x: Tensor, y: Tensor, batch_first: bool) -> Tensor:
    """y (N, P) in the form of x."""
    if x.ndim == 2:
        return y
    if not batch_first:
        return reshape(y, (*x.shape[:2], y.shape[1]))
    return transpose(reshape(y, (x.shape[1], x.shape[0], y.shape[1])), 0, 1)


# Shapes and gradients, which all kinds share ----------------------------------------------------


def _of_form(x: Any, width: int, batch_first: bool) -> Spec:
    """(N, width) in the form of x; in memory, the rows of a step stand together."""
    order = (1, 0, 2) if batch_first and x.ndim == 3 else None
    return Spec((*x.shape[:-1], width), x.dtype, order)


def _rows(x: Any) -> int:
    return x.shape[0] if x.ndim == 2 else x.shape[0] * x.shape[1]


def _grad_spec(like: Any, out_shape: Any, batch_first: bool) -> tuple[Spec, ...]:
    dx, *others = out_shape
    order = (1, 0, 2) if batch_first and len(dx) == 3 else None
    return (Spec(dx, like.dtype, order), *[Spec(shape, like.dtype) for shape in others])


def _gradients(
    prim: Primitive, states: int, needs: Any, gradients: tuple[Any, ...], kept: tuple[Tensor, ...],
    inputs: tuple[Tensor, ...], facts: dict[str, Any],
) -> list[Tensor | None]:  # fmt: skip
    """By `prim`, which has an output for each input; those of x and weights only where needed.

    `gradients` of y and of the last states may be None.
    """
    y, first = kept[0], inputs[1 : 1 + states]
    given = [zeros_like(x) if g is None else g for g, x in zip(gradients, (y, *first))]
    shapes = [
        x.shape if need or 0 < i <= states else (0,)
        for i, (need, x) in enumerate(zip(needs, inputs))
    ]
    biases = 3 + states  # which their gradients do not depend on
    operands = (*given, *kept, *inputs[:biases], *inputs[biases + 2 :])
    found = apply(prim, *operands, out_shape=tuple(shapes), **facts)
    return [g if need else None for g, need in zip(found, needs)]


# Plain ------------------------------------------------------------------------------------------


def _rnn_definition(
    x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor, *, sizes: Sizes,
    reverse: bool, batch_first: bool, nonlinearity: str,
) -> State:  # fmt: skip
    function = tanh if nonlinearity == "tanh" else relu

    def step(x: Tensor, h: Tensor) -> State:
        new = function(x + matmul(h, mT(w_hh)))
        return new, new

    a = linear(_packed(x, batch_first), w_ih, b_ih + b_hh)
    (y,), (last,) = _run(step, a, (h,), sizes, reverse)
    return _in_form_of(x, y, batch_first), last


def _rnn_vjp(
    needs: Any, g_y: Any, g_last: Any, y: Tensor, x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor,
    b_ih: Tensor, b_hh: Tensor, sizes: Sizes, reverse: bool, batch_first: bool, nonlinearity: str,
) -> list[Tensor | None]:  # fmt: skip
    facts = dict(sizes=sizes, reverse=reverse, batch_first=batch_first, nonlinearity=nonlinearity)
    inputs = (x, h, w_ih, w_hh, b_ih, b_hh)
    return _gradients(RNN_GRAD, 1, needs, (g_y, g_last), (y,), inputs, facts)


RNN = Primitive(
    "rnn",
    lambda x, h, w_ih, w_hh, b_ih, b_hh, *, sizes, reverse, batch_first, nonlinearity: (
        _of_form(x, h.shape[1], batch_first),
        Spec(h.shape, x.dtype),
    ),
    kernel="recurrent.rnn",
    outputs=("y", "last"),
    vjp=_rnn_vjp,
    definition=_rnn_definition,
    formula="h' = tanh(W_ih x + b_ih + W_hh h + b_hh)",
)
RNN_GRAD = Primitive(
    "rnn_grad",
    lambda g_y, g_last, y, x, h, w_ih, w_hh, *, sizes, reverse, batch_first,
    nonlinearity, out_shape: _grad_spec(y, out_shape, batch_first),
    kernel="recurrent.rnn_grad",
    outputs=("dx", "dh", "dw_ih", "dw_hh", "db_ih", "db_hh"),
)  # fmt: skip


# GRU --------------------------------------------------------------------------------------------


def _gru_definition(
    x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor, *, sizes: Sizes,
    reverse: bool, batch_first: bool,
) -> State:  # fmt: skip
    H = h.shape[1]

    def step(x: Tensor, h: Tensor) -> State:
        hidden = linear(h, w_hh, b_hh)
        both = sigmoid(x[:, : 2 * H] + hidden[:, : 2 * H])
        r, z, inner = both[:, :H], both[:, H:], hidden[:, 2 * H :]
        n = tanh(x[:, 2 * H :] + r * inner)
        new = n + z * (h - n)
        return new, new, cat([both, n], 1), inner

    a = linear(_packed(x, batch_first), w_ih, b_ih)
    (y, gates, inner), (last,) = _run(step, a, (h,), sizes, reverse)
    return _in_form_of(x, y, batch_first), last, gates, inner


def _gru_vjp(
    needs: Any, g_y: Any, g_last: Any, g_gates: Any, g_inner: Any, y: Tensor, gates: Tensor,
    inner: Tensor, x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor,
    sizes: Sizes, reverse: bool, batch_first: bool,
) -> list[Tensor | None]:  # fmt: skip
    assert g_gates is None and g_inner is None  # they leave this file as constants
    facts = dict(sizes=sizes, reverse=reverse, batch_first=batch_first)
    inputs = (x, h, w_ih, w_hh, b_ih, b_hh)
    return _gradients(GRU_GRAD, 1, needs, (g_y, g_last), (y, gates, inner), inputs, facts)


GRU = Primitive(
    "gru",
    lambda x, h, w_ih, w_hh, b_ih, b_hh, *, sizes, reverse, batch_first: (
        _of_form(x, h.shape[1], batch_first),
        Spec(h.shape, x.dtype),
        Spec((_rows(x), w_hh.shape[0]), x.dtype),
        Spec((_rows(x), h.shape[1]), x.dtype),
    ),
    kernel="recurrent.gru",
    outputs=("y", "last", "gates", "inner"),
    vjp=_gru_vjp,
    definition=_gru_definition,
    formula="h' = (1 - z) n + z h",
)
GRU_GRAD = Primitive(
    "gru_grad",
    lambda g_y, g_last, y, gates, inner, x, h, w_ih, w_hh, *, sizes, reverse,
    batch_first, out_shape: _grad_spec(y, out_shape, batch_first),
    kernel="recurrent.gru_grad",
    outputs=("dx", "dh", "dw_ih", "dw_hh", "db_ih", "db_hh"),
)  # fmt: skip


# LSTM; its w_hr is (0, H) where h is not projected ----------------------------------------------


def _lstm_definition(
    x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor,
    w_hr: Tensor, *, sizes: Sizes, reverse: bool, batch_first: bool,
) -> State:  # fmt: skip
    H = c.shape[1]

    def step(x: Tensor, h: Tensor, c: Tensor) -> State:
        z = x + matmul(h, mT(w_hh))
        both, g, o = sigmoid(z[:, : 2 * H]), tanh(z[:, 2 * H : 3 * H]), sigmoid(z[:, 3 * H :])
        new = both[:, H:] * c + both[:, :H] * g
        out = o * tanh(new)
        out = matmul(out, mT(w_hr)) if w_hr.array.size else out
        return out, new, out, cat([both, g, o], 1), new

    a = linear(_packed(x, batch_first), w_ih, b_ih + b_hh)
    (y, gates, cells), (last, cell) = _run(step, a, (h, c), sizes, reverse)
    return _in_form_of(x, y, batch_first), last, cell, gates, cells


def _lstm_vjp(
    needs: Any, g_y: Any, g_last: Any, g_cell: Any, g_gates: Any, g_cells: Any, y: Tensor,
    gates: Tensor, cells: Tensor, x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor,
    b_ih: Tensor, b_hh: Tensor, w_hr: Tensor, sizes: Sizes, reverse: bool, batch_first: bool,
) -> list[Tensor | None]:  # fmt: skip
    assert g_gates is None and g_cells is None  # they leave this file as constants
    facts = dict(sizes=sizes, reverse=reverse, batch_first=batch_first)
    gradients, kept = (g_y, g_last, g_cell), (y, gates, cells)
    inputs = (x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr)
    return _gradients(LSTM_GRAD, 2, needs, gradients, kept, inputs, facts)


LSTM = Primitive(
    "lstm",
    lambda x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, *, sizes, reverse, batch_first: (
        _of_form(x, h.shape[1], batch_first),
        Spec(h.shape, x.dtype),
        Spec(c.shape, x.dtype),
        Spec((_rows(x), w_hh.shape[0]), x.dtype),
        Spec((_rows(x), c.shape[1]), x.dtype),
    ),
    kernel="recurrent.lstm",
    outputs=("y", "last", "cell", "gates", "cells"),
    vjp=_lstm_vjp,
    definition=_lstm_definition,
    formula="c' = f c + i g, h' = o tanh(c')",
)
LSTM_GRAD = Primitive(
    "lstm_grad",
    lambda g_y, g_last, g_cell, y, gates, cells, x, h, c, w_ih, w_hh, w_hr, *, sizes, reverse,
    batch_first, out_shape: _grad_spec(y, out_shape, batch_first),
    kernel="recurrent.lstm_grad",
    outputs=("dx", "dh", "dc", "dw_ih", "dw_hh", "db_ih", "db_hh", "dw_hr"),
)  # fmt: skip


# One layer and direction ------------------------------------------------------------------------


def recurrent_layer(
    mode: str, input: Tensor, state: State, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None, w_hr: Tensor | None = None, *, sizes: Sizes, reverse: bool = False,
    batch_first: bool = False,
) -> tuple[Tensor, State, Tensor]:  # fmt: skip
    """All steps of one layer, in one direction. What is given fits; `nn.recurrent` checks.

    Args:
        mode: a key of `GATES`.
        input: (T, B, I), with `batch_first` (B, T, I), or (N, I), packed.
        state: h (B, P), for an LSTM also c (B, H).
        w_ih, w_hh, b_ih, b_hh, w_hr: (G H, I), (G H, P), (G H,), (G H,), (P, H).
        sizes: how many sequences run at each step; never more than at the step before.
        reverse: each sequence from its end to its start.

    Returns: outputs, P wide, in the form of the input, the last states, and, of LSTM and GRU, as a
        constant, what the gates let through (N, G H), packed.
    """
    b_ih = _zeros(w_ih.shape[:1], w_ih) if b_ih is None else b_ih
    b_hh = _zeros(w_ih.shape[:1], w_ih) if b_hh is None else b_hh
    tensors = [input, *state, w_ih, w_hh, b_ih, b_hh]
    if mode == "LSTM":
        tensors.append(_zeros((0, state[1].shape[1]), w_hh) if w_hr is None else w_hr)
    narrow = input.dtype if input.dtype in STORAGE_ONLY else None
    if narrow is not None:  # rounded once, not at every step
        tensors = [cast(x, float32) for x in tensors]
    facts: dict[str, Any] = {"sizes": sizes, "reverse": reverse, "batch_first": batch_first}
    if mode == "LSTM":
        y, last, cell, gates, _ = apply(LSTM, *tensors, **facts)
        news = [last, cell]
    elif mode == "GRU":
        y, last, gates, _ = apply(GRU, *tensors, **facts)
        news = [last]
    else:
        y, last = apply(RNN, *tensors, **facts, nonlinearity=mode[4:].lower())
        news, gates = [last], y
    if narrow is not None:
        y, gates, *news = [cast(t, narrow) for t in (y, gates, *news)]
    return y, tuple(news), gates.detach()


def _zeros(shape: tuple[int, ...], like: Tensor) -> Tensor:
    return zeros(shape, dtype=like.dtype, device=like.device)
