"""Recurrent layers. Ordinary, packed, with and without first states. Shapes: T 4, B 3, I 2, H 3."""

import numpy as np

from .making import layer

LENGTHS = np.array([2, 4, 1])


def paired(lib, module, x, h, c):
    return module(x, (h, c))


def packed(lib, module, x, lengths, *states):
    """Sequences of several lengths in any order, packed and padded again."""
    pack = lib.nn.utils.rnn.pack_padded_sequence(
        x, lengths.cpu(), module.batch_first, enforce_sorted=False
    )
    hx = states if len(states) > 1 else states[0] if states else None
    y, last = module(pack, hx)
    return y, lib.nn.utils.rnn.pad_packed_sequence(y, module.batch_first, 0.5, 6), last


def sorted_lengths(lib, module, x, lengths):
    pack = lib.nn.utils.rnn.pack_padded_sequence(x, lengths.cpu())
    return module(pack)


ROWS = [
    layer("RNN", lambda lib: lib.nn.RNN(2, 3), (4, 3, 2), (1, 3, 3)),
    layer(
        "RNN relu",
        lambda lib: lib.nn.RNN(
            2, 3, 2, nonlinearity="relu", bias=False, batch_first=True, bidirectional=True
        ),
        (3, 4, 2), twice=False,
    ),
    layer("RNN packed", lambda lib: lib.nn.RNN(2, 3, bidirectional=True), (4, 3, 2), LENGTHS,
          (2, 3, 3), call=packed),
    layer("RNNBase", lambda lib: lib.nn.RNNBase("LSTM", 2, 3, 2, bidirectional=True),
          call=lambda lib, module: [w.sum() for ws in module.all_weights for w in ws]),
    layer("LSTM", lambda lib: lib.nn.LSTM(2, 3), (4, 3, 2)),
    layer(
        "LSTM layers",
        lambda lib: lib.nn.LSTM(2, 3, 2, batch_first=True, bidirectional=True),
        (3, 4, 2), (4, 3, 3), (4, 3, 3), call=paired,
    ),
    layer(
        "LSTM projected",
        lambda lib: lib.nn.LSTM(2, 4, 2, bias=False, bidirectional=True, proj_size=2),
        (4, 3, 2), (4, 3, 2), (4, 3, 4), call=paired,
    ),
    layer("LSTM one sequence", lambda lib: lib.nn.LSTM(2, 3, batch_first=True), (4, 2), (1, 3),
          (1, 3), call=paired),
    layer(
        "LSTM packed",
        lambda lib: lib.nn.LSTM(2, 3, 2, bidirectional=True, proj_size=2),
        (4, 3, 2), LENGTHS, (4, 3, 2), (4, 3, 3), call=packed,
    ),
    layer("LSTM packed in order", lambda lib: lib.nn.LSTM(2, 3), (4, 3, 2), np.array([4, 2, 2]),
          call=sorted_lengths),
    layer("LSTM dropout", lambda lib: lib.nn.LSTM(2, 3, 2, dropout=0.5), (4, 3, 2), random=True),
    layer("GRU", lambda lib: lib.nn.GRU(2, 3), (4, 3, 2)),
    layer(
        "GRU layers",
        lambda lib: lib.nn.GRU(2, 3, 2, bias=False, batch_first=True, bidirectional=True),
        (3, 4, 2), (4, 3, 3),
    ),
    layer("GRU one sequence", lambda lib: lib.nn.GRU(2, 3), (4, 2), (1, 3)),
    layer(
        "GRU packed",
        lambda lib: lib.nn.GRU(2, 3, 2, batch_first=True, bidirectional=True),
        (3, 4, 2), LENGTHS, (4, 3, 3), call=packed,
    ),
    layer("GRU no batch", lambda lib: lib.nn.GRU(2, 3), (4, 0, 2)),
    layer("RNNCellBase", lambda lib: lib.nn.RNNCellBase(2, 3, False, 2),
          call=lambda lib, module: [w.sum() for w in module.parameters()]),
    layer("RNNCell", lambda lib: lib.nn.RNNCell(2, 3), (4, 2), (4, 3)),
    layer("RNNCell relu", lambda lib: lib.nn.RNNCell(2, 3, False, "relu"), (2,), twice=False),
    layer("LSTMCell", lambda lib: lib.nn.LSTMCell(2, 3), (4, 2), (4, 3), (4, 3), call=paired),
    layer("LSTMCell plain", lambda lib: lib.nn.LSTMCell(2, 3, bias=False), (2,)),
    layer("GRUCell", lambda lib: lib.nn.GRUCell(2, 3), (4, 2), (4, 3)),
    layer("GRUCell one", lambda lib: lib.nn.GRUCell(2, 3, False), (2,), (3,)),
]  # fmt: skip
