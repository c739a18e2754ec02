"""Losses of classes. Letters: N batch, C classes, T time, S labels."""

import numpy as np

from .making import layer

LABELS = np.array([0, 2, 1, -100, 2])
PIXELS = np.array([[[0, 2], [1, 1]], [[2, 7], [0, 1]]])  # (N, H, W), of which 7 is to be ignored
WEIGHT = [0.5, 1.0, 2.0]
PROBABILITIES = np.linspace(0.05, 0.95, 12).reshape(4, 3)
SPREAD = PROBABILITIES[:, ::-1] / PROBABILITIES.sum(1, keepdims=True)  # (N, C), rows sum to 1
BITS = np.array([[1.0, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]])
SPEECH = np.array([[1, 2, 2], [3, 1, 0]])  # (N, S); the second has two labels


def ctc(lib, module, x):
    """Of logits (T, N, C): sequences of 6 and 5 steps."""
    labels = lib.tensor(SPEECH).to(x.device)
    return module(x.log_softmax(-1), labels, lib.tensor([6, 5]), lib.tensor([3, 2]))


def ctc_too_short(lib, module, x):
    """Labels one after the other, and lengths as lists; (2, 2) takes three steps, not two."""
    return module(x.log_softmax(-1), lib.tensor([2, 2, 3]).to(x.device), (2, 4), (2, 1))


def ctc_alone(lib, module, x):
    labels = lib.tensor([2, 2, 1]).to(x.device)
    return module(x.log_softmax(-1), labels, lib.tensor(6), lib.tensor(3))


ROWS = [
    layer("CrossEntropyLoss", lambda lib: lib.nn.CrossEntropyLoss(), (5, 3), LABELS),
    layer(
        "CrossEntropyLoss smoothed",
        lambda lib: lib.nn.CrossEntropyLoss(lib.tensor(WEIGHT), label_smoothing=0.1),
        (5, 3), LABELS,
    ),
    layer(
        "CrossEntropyLoss pixels",
        lambda lib: lib.nn.CrossEntropyLoss(ignore_index=7, reduction="none"),
        (2, 3, 2, 2), PIXELS,
    ),
    layer(
        "CrossEntropyLoss probabilities",
        lambda lib: lib.nn.CrossEntropyLoss(reduction="sum", label_smoothing=0.2),
        (4, 3), SPREAD,
    ),
    layer(
        "NLLLoss",
        lambda lib: lib.nn.NLLLoss(lib.tensor(WEIGHT), reduction="sum"),
        (5, 3), LABELS,
    ),
    layer("NLLLoss one", lambda lib: lib.nn.NLLLoss(), (3,), np.array(2)),
    layer("NLLLoss pixels", lambda lib: lib.nn.NLLLoss(ignore_index=7), (2, 3, 2, 2), PIXELS),
    layer(
        "LinearCrossEntropyLoss", lambda lib: lib.nn.LinearCrossEntropyLoss(4, 3), (5, 4), LABELS
    ),
    layer(
        "LinearCrossEntropyLoss pixels",
        lambda lib: lib.nn.LinearCrossEntropyLoss(
            4, 3, out_features=(2, 2), bias=True, weight=lib.tensor(WEIGHT), ignore_index=7,
            reduction="sum", label_smoothing=0.1,
        ),
        (2, 4), PIXELS,
    ),
    layer("BCELoss", lambda lib: lib.nn.BCELoss(), PROBABILITIES, PROBABILITIES[::-1] * 0.9),
    layer(
        "BCELoss weighted",
        lambda lib: lib.nn.BCELoss(lib.tensor(WEIGHT), reduction="none"),
        PROBABILITIES, BITS,
    ),
    layer("BCEWithLogitsLoss", lambda lib: lib.nn.BCEWithLogitsLoss(), (4, 3), BITS),
    layer(
        "BCEWithLogitsLoss weighted",
        lambda lib: lib.nn.BCEWithLogitsLoss(
            lib.tensor([0.5, 1, 3]), pos_weight=lib.tensor(WEIGHT)
        ),
        (4, 3), PROBABILITIES,
    ),
    layer(
        "MultiLabelSoftMarginLoss", lambda lib: lib.nn.MultiLabelSoftMarginLoss(), (4, 3), BITS
    ),
    layer(
        "MultiLabelSoftMarginLoss weighted",
        lambda lib: lib.nn.MultiLabelSoftMarginLoss(lib.tensor(WEIGHT), reduction="none"),
        (4, 3), BITS,
    ),
    layer(
        "AdaptiveLogSoftmaxWithLoss",
        lambda lib: lib.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 5, 9], div_value=2),
        (5, 8), np.array([1, 10, 4, 3, 2]),  # none of the third cluster
    ),
    layer(
        "AdaptiveLogSoftmaxWithLoss alone",
        lambda lib: lib.nn.AdaptiveLogSoftmaxWithLoss(6, 9, (2,), head_bias=True),
        (6,), np.array(7),
    ),
    layer(
        "AdaptiveLogSoftmaxWithLoss all",
        lambda lib: lib.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 5], 1.5),
        (5, 8), call=lambda lib, module, x: (module.log_prob(x), module.predict(x)),
    ),
    layer("CTCLoss", lambda lib: lib.nn.CTCLoss(), (6, 2, 4), call=ctc),
    layer("CTCLoss blank", lambda lib: lib.nn.CTCLoss(3, "sum"), (6, 4), call=ctc_alone),
    layer(
        "CTCLoss too short",
        lambda lib: lib.nn.CTCLoss(reduction="none", zero_infinity=True),
        (4, 2, 4), call=ctc_too_short, twice=False,
    ),
]  # fmt: skip
