"""Order, cumulative and statistical functions where no row of the table reaches."""

import math

import numpy as np
import pytest

import minigrad as mg

nan, inf = math.nan, math.inf


def test_results_are_named():
    x = mg.tensor([[1.0, 3.0, 2.0]])
    assert x.max(1).values.tolist() == [3] and x.sort().indices.tolist() == [[0, 2, 1]]
    assert isinstance(mg.max(x, 1), mg.return_types.max)
    assert mg.aminmax(x).min.item() == 1 and mg.histogram(x, 2).bin_edges.shape == (3,)


def test_equal_elements_keep_their_order():
    x = mg.tensor([1.0, 2.0, 2.0, 1.0])
    assert x.sort(descending=True).indices.tolist() == [1, 2, 0, 3]
    assert x.topk(2).indices.tolist() == [1, 2] and x.kthvalue(1).indices.item() == 0
    assert x.median(0).indices.item() == 3 and x.mode().indices.item() == 3
    assert mg.tensor([2, 7, 2]).mode().indices.item() == 2


def test_nan_is_the_largest():
    x = mg.tensor([nan, 1.0, nan, inf])
    assert x.argsort().tolist() == [1, 3, 0, 2]
    assert x.argsort(descending=True).tolist() == [0, 2, 3, 1]
    assert x.cummax(0).indices.tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.max(0),
        lambda x: x.amin(0),
        lambda x: x.argmax(),
        lambda x: x.median(0),
        lambda x: x.mode(0),
        lambda x: x.kthvalue(1, 0),
        lambda x: x.topk(1, 0),
        lambda x: x.quantile(0.5, 0),
        lambda x: mg.aminmax(x, dim=0),
    ],
)
def test_nothing_to_choose_from(call):
    with pytest.raises(mg.RangeError):
        call(mg.ones(0, 2))


def test_empty_results():
    x = mg.ones(2, 0)
    assert x.sort().values.shape == x.cummax(1).indices.shape == (2, 0)
    assert x.topk(0).values.shape == (2, 0) and mg.ones(0).unique().shape == (0,)
    assert math.isnan(mg.ones(0).median().item()) and math.isnan(mg.ones(0).var().item())
    assert mg.tensor([], dtype=mg.int64).bincount(minlength=2).tolist() == [0, 0]


def test_arguments_that_make_no_sense():
    x = mg.tensor([1.0, 2.0])
    with pytest.raises(mg.DTypeError, match="bools"):
        mg.tensor([True]).argmax()
    with pytest.raises(mg.DTypeError, match="not both"):
        x.var(unbiased=True, correction=1)
    with pytest.raises(mg.ArgumentError, match="within 0 and 1"):
        x.quantile(2.0)
    with pytest.raises(mg.RangeError, match="k=3"):
        x.topk(3)
    with pytest.raises(mg.ArgumentError, match="opposites"):
        mg.searchsorted(x, x, side="left", right=True)
    with pytest.raises(mg.RangeError, match="-1 is negative"):
        mg.bincount(mg.tensor([-1]))
    with pytest.raises(mg.DTypeError, match="expected a Tensor, got list"):
        mg.sum([1.0])
    with pytest.raises(mg.ArgumentError, match="not finite"):
        mg.histc(mg.tensor([nan, 1.0]))


def test_variance_of_few():
    one = mg.tensor([3.0], requires_grad=True)
    assert math.isnan(one.var().item()) and one.var(False).item() == 0
    assert mg.tensor([1.0, 2.0]).var(correction=3).item() == inf
    one.std(correction=0).backward()
    assert one.grad.item() == 0


def test_products_have_gradients_at_zeros():
    x = mg.tensor([2.0, 0.0, 3.0], requires_grad=True)
    x.prod().backward()
    assert x.grad.tolist() == [0, 6, 0]
    (g,) = mg.grad(x.cumprod(0).sum(), x)
    assert g.tolist() == [1, 8, 0]
    two = mg.tensor([0.0, 0.0, 3.0], requires_grad=True)
    (g,) = mg.grad(two.prod(), two, create_graph=True)
    assert mg.grad(g[0], two)[0].tolist() == [0, 3, 0]


def test_cumsum_of_many():
    assert mg.ones(1 << 25).cumsum(0)[-1].item() == 1 << 25


def test_searchsorted_places_nan_last():
    edges = mg.tensor([0.0, 1.0])
    assert mg.searchsorted(edges, mg.tensor([nan, inf, -inf])).tolist() == [2, 2, 0]
    assert mg.bucketize(0.5, edges).item() == 1
    assert mg.searchsorted(edges, mg.tensor([0.5]), out_int32=True).dtype == mg.int32
    sorter = mg.tensor([1, 0])
    assert mg.searchsorted(mg.tensor([2.0, 1.0]), 1.5, sorter=sorter).item() == 1


def test_weights_of_counts():
    counted = mg.bincount(mg.tensor([0, 2, 2]), mg.tensor([0.5, 1.0, 2.0]))
    assert counted.tolist() == [0.5, 0, 3] and counted.dtype == mg.float32
    assert mg.bincount(mg.tensor([1]), mg.tensor([2])).dtype == mg.float64
    hist, edges = mg.histogram(mg.tensor([0.0, 1.0, 2.0]), mg.tensor([0.0, 1.0, 2.0]))
    assert hist.tolist() == [1, 2] and edges.tolist() == [0, 1, 2]


def test_unique_is_differentiable():
    x = mg.tensor([3.0, 1.0, 3.0], requires_grad=True)
    (x.unique() * mg.tensor([1.0, 5.0])).sum().backward()
    assert x.grad.tolist() == [5, 1, 0]
    values, inverse, counts = mg.tensor([nan, 1.0, nan]).unique(True, True, True)
    assert len(values) == 3 and inverse.tolist() == [1, 0, 2] and counts.tolist() == [1, 1, 1]


def test_trapezoid_at_uneven_places():
    y, x = np.float32([1.0, 2.0, 4.0]), np.float32([0.0, 1.0, 3.0])
    assert mg.trapezoid(mg.tensor(y), mg.tensor(x)).item() == np.trapezoid(y, x)


def test_gradients_beside_infinities():
    x = mg.tensor([-inf, 1.0], requires_grad=True)
    x.logcumsumexp(0)[1].backward()
    assert x.grad.tolist() == [0, 1]
    y = mg.tensor([2.0, nan], requires_grad=True)
    y.cumprod(0).sum().backward()
    assert y.grad[1].item() == 2


def test_gradients_at_large_inputs():
    x = mg.full((3,), 1e4, requires_grad=True)
    x.logcumsumexp(0).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [11 / 6, 5 / 6, 1 / 3], 1e-3)
