"""Recurrent layers: one primitive a kind, for all steps of one layer and direction.

Letters: T steps, B sequences, I input features, H hidden units, P = H or the projected ones, G
gates, N rows. Data is packed: the rows of step 0, one for each sequence, then those of step 1, ...
Sequences stand longest first, so step t has the rows of the first ``sizes[t]`` of them. Sequences
of one length are (T, B, I) seen as (T B, I).
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
from .shape import cast, mT

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


def _before(y: Tensor, first: Tensor, sizes: Sizes, reverse: bool) -> Tensor:
    """The state that each step started from, row by row: `y` one step later, `first` at starts."""
    if min(sizes) == max(sizes):  # two pieces instead of T
        B, N = sizes[0], y.shape[0]
        return cat([y[B:], first] if reverse else [first, y[: N - B]])
    order = steps(sizes, reverse)
    rows = {order[0][0]: [first[: order[0][1]]]}
    for (start, n), (earlier, m) in zip(order[1:], order):
        same = y[earlier : earlier + min(n, m)]
        rows[start] = [same] if n <= m else [same, first[m:n]]
    return cat([piece for start in sorted(rows) for piece in rows[start]])


def _given(*gradients: tuple[Tensor | None, Tensor]) -> list[Tensor]:
    """Gradients, zeros in the place of those that are None."""
    return [zeros_like(like) if g is None else g for g, like in gradients]


# Plain ------------------------------------------------------------------------------------------


def _rnn_definition(
    x: Tensor, h: Tensor, w: Tensor, *, sizes: Sizes, reverse: bool, nonlinearity: str
) -> State:
    function = tanh if nonlinearity == "tanh" else relu

    def step(x: Tensor, h: Tensor) -> State:
        new = function(x + matmul(h, mT(w)))
        return new, new

    (y,), (last,) = _run(step, x, (h,), sizes, reverse)
    return y, last


def _rnn_vjp(
    needs: Any, g_y: Any, g_last: Any, y: Tensor, h: Tensor, w: Tensor, sizes: Sizes,
    reverse: bool, nonlinearity: str,
) -> list[Tensor | None]:  # fmt: skip
    g_y, g_last = _given((g_y, y), (g_last, h))
    dx, dh = apply(
        RNN_GRAD, g_y, g_last, y, w, sizes=sizes, reverse=reverse, nonlinearity=nonlinearity
    )
    return [dx, dh, matmul(mT(dx), _before(y, h, sizes, reverse)) if needs[2] else None]


RNN = Primitive(
    "rnn",
    lambda x, h, w, *, sizes, reverse, nonlinearity: (
        Spec(x.shape, x.dtype),
        Spec(h.shape, x.dtype),
    ),
    kernel="recurrent.rnn",
    outputs=("y", "last"),
    vjp=_rnn_vjp,
    definition=_rnn_definition,
    formula="h' = tanh(x + h w^T)",
)
RNN_GRAD = Primitive(
    "rnn_grad",
    lambda g_y, g_last, y, w, *, sizes, reverse, nonlinearity: (
        Spec(y.shape, y.dtype),
        Spec(g_last.shape, y.dtype),
    ),
    kernel="recurrent.rnn_grad",
    outputs=("dx", "dh"),
)


# GRU --------------------------------------------------------------------------------------------


def _gru_definition(
    x: Tensor, h: Tensor, w: Tensor, b: Tensor, *, sizes: Sizes, reverse: bool
) -> State:
    H = h.shape[1]

    def step(x: Tensor, h: Tensor) -> State:
        hidden = linear(h, w, b)
        both = sigmoid(x[:, : 2 * H] + hidden[:, : 2 * H])
        r, z, inner = both[:, :H], both[:, H:], hidden[:, 2 * H :]
        n = tanh(x[:, 2 * H :] + r * inner)
        new = n + z * (h - n)
        return new, new, cat([both, n], 1), inner

    (y, gates, inner), (last,) = _run(step, x, (h,), sizes, reverse)
    return y, last, gates, inner


def _gru_vjp(
    needs: Any, g_y: Any, g_last: Any, g_gates: Any, g_inner: Any, y: Tensor, gates: Tensor,
    inner: Tensor, h: Tensor, w: Tensor, sizes: Sizes, reverse: bool,
) -> list[Tensor | None]:  # fmt: skip
    assert g_gates is None and g_inner is None  # they leave this file as constants
    g_y, g_last = _given((g_y, y), (g_last, h))
    before = _before(y, h, sizes, reverse)
    operands = (g_y, g_last, gates, inner, before, w)
    dx, dz, dh = apply(GRU_GRAD, *operands, sizes=sizes, reverse=reverse)
    return [
        dx, dh, matmul(mT(dz), before) if needs[2] else None, dz.sum(0) if needs[3] else None
    ]  # fmt: skip


GRU = Primitive(
    "gru",
    lambda x, h, w, b, *, sizes, reverse: (
        Spec((x.shape[0], h.shape[1]), x.dtype),
        Spec(h.shape, x.dtype),
        Spec(x.shape, x.dtype),
        Spec((x.shape[0], h.shape[1]), x.dtype),
    ),
    kernel="recurrent.gru",
    outputs=("y", "last", "gates", "inner"),
    vjp=_gru_vjp,
    definition=_gru_definition,
    formula="h' = (1 - z) n + z h",
)
GRU_GRAD = Primitive(
    "gru_grad",
    lambda g_y, g_last, gates, inner, before, w, *, sizes, reverse: (
        Spec(gates.shape, gates.dtype),
        Spec(gates.shape, gates.dtype),
        Spec(g_last.shape, gates.dtype),
    ),
    kernel="recurrent.gru_grad",
    outputs=("dx", "dz", "dh"),
)


# LSTM; its tensors are x, h, c, w and, where h is projected, w_hr -------------------------------


def _lstm_definition(*tensors: Tensor, sizes: Sizes, reverse: bool) -> State:
    x, h, c, w, *projection = tensors
    H = c.shape[1]

    def step(x: Tensor, h: Tensor, c: Tensor) -> State:
        z = x + matmul(h, mT(w))
        both, g, o = sigmoid(z[:, : 2 * H]), tanh(z[:, 2 * H : 3 * H]), sigmoid(z[:, 3 * H :])
        new = both[:, H:] * c + both[:, :H] * g
        out = o * tanh(new)
        for w_hr in projection:
            out = matmul(out, mT(w_hr))
        return out, new, out, cat([both, g, o], 1), new

    (y, gates, cells), (last, cell) = _run(step, x, (h, c), sizes, reverse)
    return y, last, cell, gates, cells


def _lstm_vjp(
    needs: Any, g_y: Any, g_last: Any, g_cell: Any, g_gates: Any, g_cells: Any, y: Tensor,
    gates: Tensor, cells: Tensor, tensors: list[Tensor], sizes: Sizes, reverse: bool,
) -> list[Tensor | None]:  # fmt: skip
    assert g_gates is None and g_cells is None  # they leave this file as constants
    _, h, c, w, *projection = tensors
    g_y, g_last, g_cell = _given((g_y, y), (g_last, h), (g_cell, c))
    operands = (g_y, g_last, g_cell, gates, cells, c, w, *projection)
    dx, dh, dc, totals = apply(LSTM_GRAD, *operands, sizes=sizes, reverse=reverse)
    dw = matmul(mT(dx), _before(y, h, sizes, reverse)) if needs[3] else None
    if not projection:
        return [dx, dh, dc, dw]
    raw = gates[:, 3 * c.shape[1] :] * tanh(cells)
    return [dx, dh, dc, dw, matmul(mT(totals), raw) if needs[4] else None]


def _lstm_spec(*tensors: Any, sizes: Sizes, reverse: bool) -> tuple[Spec, ...]:
    x, h, c = tensors[:3]
    (N, _), (B, P), H = x.shape, h.shape, c.shape[1]
    return tuple([Spec(s, x.dtype) for s in ((N, P), (B, P), (B, H), x.shape, (N, H))])


def _lstm_grad_spec(*tensors: Any, sizes: Sizes, reverse: bool) -> tuple[Spec, ...]:
    g_y, g_last, g_cell, gates = tensors[:4]
    return tuple([Spec(x.shape, gates.dtype) for x in (gates, g_last, g_cell, g_y)])


LSTM = Primitive(
    "lstm",
    _lstm_spec,
    kernel="recurrent.lstm",
    outputs=("y", "last", "cell", "gates", "cells"),
    vjp=_lstm_vjp,
    definition=_lstm_definition,
    formula="c' = f c + i g, h' = o tanh(c')",
)
LSTM_GRAD = Primitive(
    "lstm_grad",
    _lstm_grad_spec,
    kernel="recurrent.lstm_grad",
    outputs=("dx", "dh", "dc", "totals"),
)


# One layer and direction ------------------------------------------------------------------------


def recurrent_layer(
    mode: str, input: Tensor, state: State, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None, w_hr: Tensor | None = None, *, sizes: Sizes, reverse: bool = False,
) -> tuple[Tensor, State, Tensor]:  # fmt: skip
    """All steps of one layer, in one direction. What is given fits; `nn.recurrent` checks.

    Args:
        mode: a key of `GATES`.
        input: (N, I), packed.
        state: h (B, P), for an LSTM also c (B, H).
        w_ih, w_hh, b_ih, b_hh, w_hr: (G H, I), (G H, P), (G H,), (G H,), (P, H).
        sizes: how many sequences run at each step; never more than at the step before.
        reverse: each sequence from its end to its start.

    Returns: outputs (N, P), the last states, and, as a constant, what its gates let through
        (N, G H).
    """
    tensors = [input, *state, w_ih, w_hh, b_ih, b_hh, w_hr]
    narrow = input.dtype if input.dtype in STORAGE_ONLY else None
    if narrow is not None:  # rounded once, not at every step
        tensors = [None if x is None else cast(x, float32) for x in tensors]
    x, *state_, w_ih, w_hh, b_ih, b_hh, w_hr = tensors  # type: ignore[assignment]
    y, news, gates = _layer(mode, x, state_, w_ih, w_hh, b_ih, b_hh, w_hr, sizes, reverse)  # type: ignore[arg-type]
    if narrow is not None:
        y, gates, *news = [cast(t, narrow) for t in (y, gates, *news)]
    return y, tuple(news), gates.detach()


def _layer(
    mode: str, input: Tensor, state: list[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None,
    b_hh: Tensor | None, w_hr: Tensor | None, sizes: Sizes, reverse: bool,
) -> tuple[Tensor, list[Tensor], Tensor]:  # fmt: skip
    facts: dict[str, Any] = {"sizes": sizes, "reverse": reverse}
    if mode == "GRU":  # whose reset gate stands between the second bias and the sum
        if b_hh is None:
            b_hh = zeros(w_hh.shape[:1], dtype=w_hh.dtype, device=w_hh.device)
        y, last, gates, _ = apply(GRU, linear(input, w_ih, b_ih), state[0], w_hh, b_hh, **facts)
        return y, [last], gates
    bias = b_ih if b_hh is None else b_ih + b_hh
    x = linear(input, w_ih, bias)
    if mode == "LSTM":
        weights = (w_hh,) if w_hr is None else (w_hh, w_hr)
        y, last, cell, gates, _ = apply(LSTM, x, *state, *weights, **facts)
        return y, [last, cell], gates
    y, last = apply(RNN, x, state[0], w_hh, **facts, nonlinearity=mode[4:].lower())
    return y, [last], y
