"""One layer and direction of recurrent layers, packed. The oracle takes sequence by sequence.

Shapes: two sequences of 3 and 2 steps or both of 2, 2 features, 2 hidden units.
"""

import numpy as np

from minigrad.ops.recurrent import recurrent_layer
from minigrad.testing import sample

from .making import X, row

UNEVEN, EVEN = (2, 2, 1), (2, 2)


def layer(mode):
    count = 2 if mode == "LSTM" else 1

    def function(x, *tensors, **facts):
        y, last, _ = recurrent_layer(mode, x, tensors[:count], *tensors[count:], **facts)
        return [y, *last]

    return function


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn(x, state, w, b):
    h = np.tanh(x + w @ state[0] + b)
    return [h]


def relu_rnn(x, state, w, b):
    h = np.maximum(x + w @ state[0] + b, 0)
    return [h]


def gru(x, state, w, b):
    (h,) = state
    (xr, xz, xn), (hr, hz, hn) = np.split(x, 3), np.split(w @ h + b, 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return [(1 - z) * n + z * h]


def lstm(x, state, w, b, w_hr=None):
    h, c = state
    i, f, g, o = np.split(x + w @ h + b, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    h = o * np.tanh(c)
    return [h if w_hr is None else w_hr @ h, c]


def by_sequence(step, count):
    def oracle(x, *tensors, sizes, reverse=False):
        state, (w_ih, w_hh, *rest) = tensors[:count], tensors[count:]
        b_ih, b_hh, *projection = [*rest, None, None][: max(2, len(rest))]
        x = x @ w_ih.T + (0 if b_ih is None else b_ih)
        b_hh = np.zeros(len(w_hh)) if b_hh is None else b_hh
        starts = np.cumsum([0, *sizes])
        ys = np.zeros((len(x), state[0].shape[1]))
        lasts = [np.array(s) for s in state]
        for b in range(len(state[0])):
            rows = [starts[t] + b for t in range(len(sizes)) if b < sizes[t]]
            for k in rows[::-1] if reverse else rows:
                new = step(x[k], [s[b] for s in lasts], w_hh, b_hh, *projection)
                ys[k] = new[0]
                for last, value in zip(lasts, new):
                    last[b] = value
        return [ys, *lasts]

    return oracle


def layers(mode, step, G, count):
    states, weights = [X(2, 2)] * count, [X(2 * G, 2), X(2 * G, 2)]
    biases = [X(2 * G), X(2 * G)]
    empty = [X(0, 2)] * count
    samples = [
        sample(X(5, 2), *states, *weights, *biases, sizes=UNEVEN),
        sample(X(5, 2), *states, *weights, *biases, sizes=UNEVEN, reverse=True),
        sample(X(4, 2), *states, *weights, sizes=EVEN, reverse=True),
        sample(X(2, 2), *states, *weights, *biases, sizes=(2,)),
        sample(X(0, 2), *empty, *weights, *biases, sizes=(0, 0)),
    ]
    if mode == "LSTM":
        projected = [X(2, 1), X(2, 2), X(8, 2), X(8, 1), *biases, X(1, 2)]
        samples += [sample(X(5, 2), *projected, sizes=UNEVEN, reverse=r) for r in (False, True)]
    return row(
        f"recurrent_layer {mode}", by_sequence(step, count), *samples,
        function=layer(mode), rounds_once=False,
    )  # fmt: skip


ROWS = [
    layers("LSTM", lstm, 4, 2),
    layers("GRU", gru, 3, 1),
    layers("RNN_TANH", rnn, 1, 1),
    layers("RNN_RELU", relu_rnn, 1, 1),
]
