"""Embeddings. Letters: V rows, B bags."""

import numpy as np

from .making import layer

WORDS = np.array([[1, 0], [5, 1]])
TEXT = np.array([1, 0, 1, 4, 5, 2, 2])  # three bags: 1 0 1 | none | 4 5 2 2
STARTS = np.array([0, 3, 3])
ENDS = np.array([0, 3, 3, 7])


def sums(lib, module, factors):
    """The bags of TEXT with factors of their rows."""
    text, starts = [lib.tensor(x).to(factors.device) for x in (TEXT, STARTS)]
    return module(text, starts, factors)


def table(lib):
    return lib.tensor(np.linspace(-2, 2, 18).reshape(6, 3))


ROWS = [
    layer("Embedding", lambda lib: lib.nn.Embedding(6, 3, padding_idx=1), WORDS),
    layer(
        "Embedding short",
        lambda lib: lib.nn.Embedding(6, 3, -1, 0.5, norm_type=1.0, scale_grad_by_freq=True),
        WORDS, twice=False,  # shortened in place, in passing
    ),
    layer("Embedding frozen", lambda lib: lib.nn.Embedding.from_pretrained(table(lib)), WORDS),
    layer(
        "Embedding thawed",
        lambda lib: lib.nn.Embedding.from_pretrained(table(lib), False, 2, scale_grad_by_freq=True),
        WORDS, twice=False,  # a gradient divided by frequency is the slope of nothing
    ),
    layer("EmbeddingBag", lambda lib: lib.nn.EmbeddingBag(6, 3), WORDS),
    layer("EmbeddingBag offsets", lambda lib: lib.nn.EmbeddingBag(6, 3), TEXT, STARTS),
    layer(
        "EmbeddingBag sum", lambda lib: lib.nn.EmbeddingBag(6, 3, mode="sum"), (7,), call=sums
    ),
    layer(
        "EmbeddingBag max",
        lambda lib: lib.nn.EmbeddingBag(6, 3, mode="max", include_last_offset=True, padding_idx=2),
        TEXT, ENDS,
    ),
    layer(
        "EmbeddingBag short",
        lambda lib: lib.nn.EmbeddingBag(6, 3, 0.5, 1, True, padding_idx=1),
        np.array([[1, 0], [3, 3]]), twice=False,
    ),
    layer(
        "EmbeddingBag frozen",
        lambda lib: lib.nn.EmbeddingBag.from_pretrained(table(lib), mode="sum"),
        TEXT, STARTS,
    ),
]  # fmt: skip
