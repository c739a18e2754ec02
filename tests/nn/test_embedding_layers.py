"""Embeddings: what their rows cannot say. Sharing, errors, frequencies."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, RangeError, ShapeError


@pytest.mark.parametrize("build", [nn.Embedding, nn.EmbeddingBag])
def test_a_pretrained_table_is_shared_and_frozen(build):
    table = mg.arange(8.0).reshape(4, 2)
    layer = build.from_pretrained(table)
    assert not layer.weight.requires_grad and isinstance(layer.weight, nn.Parameter)
    table[1, 0] = 7.0
    assert layer.weight[1, 0] == 7 and layer(mg.tensor([[1]])).shape[-1] == 2
    assert build.from_pretrained(table, freeze=False, padding_idx=-1).padding_idx == 3
    assert (table[3] != 0).all()  # what was trained stays, at the padding too


def test_a_bag_divides_by_how_often_its_rows_are_used(device):
    """Where row 1 is used twice, PyTorch's CPU kernel halves the gradients of rows 2 and 3 too."""
    bag = nn.EmbeddingBag(4, 1, mode="sum", scale_grad_by_freq=True, device=device)
    bag(mg.tensor([[1, 1, 2, 3]], device=device)).sum().backward()
    np.testing.assert_array_equal(bag.weight.grad.cpu().numpy(), [[0], [1], [1], [1]])


def test_empty_bags_and_the_padding_are_zero():
    bag = nn.EmbeddingBag(4, 2, padding_idx=0)
    out = bag(mg.tensor([0, 0, 1, 2]), mg.tensor([0, 2, 2]))
    assert not out[:2].any() and (out[2] == bag.weight[1:3].mean(0)).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Embedding(3, 2, padding_idx=3), ArgumentError, "Embedding: padding_idx=3"),
        (lambda: nn.EmbeddingBag(3, 2, padding_idx=-4), ArgumentError, "EmbeddingBag: padding"),
        (lambda: nn.Embedding(3, 2, _weight=mg.ones(2, 3)), ShapeError, r"must be \(3, 2\), got"),
        (lambda: nn.Embedding.from_pretrained(mg.ones(3)), ShapeError, r"needs a table \(V, D\)"),
        (lambda: nn.EmbeddingBag(3, 2, mode="min")(mg.tensor([[1]])), ArgumentError, "'sum'"),
        (lambda: nn.EmbeddingBag(3, 2)(mg.tensor([1])), ArgumentError, "needs 1-d offsets"),
        (lambda: nn.EmbeddingBag(3, 2)(mg.tensor([[3]])), RangeError, "EmbeddingBag: .*3"),
        (
            lambda: nn.EmbeddingBag(3, 2)(mg.tensor([[1]]), None, mg.ones(1, 1)),
            ArgumentError, "per_sample_weights are for mode 'sum'",
        ),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
