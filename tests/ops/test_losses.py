"""Losses and distances beyond the table: retired arguments, errors, and where PyTorch differs."""

import math
import warnings

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

X = mg.tensor([[1.0, 2.0], [3.0, 5.0]])
CLASSES = mg.tensor([0, 1])


@pytest.mark.parametrize(
    ("old", "reduction"),
    [
        ({"size_average": False}, "sum"),
        ({"reduce": False}, "none"),
        ({"size_average": True}, "mean"),
    ],
)
def test_the_retired_arguments_of_losses(old, reduction):
    with pytest.warns(UserWarning, match=f"use reduction='{reduction}'"):
        found = F.mse_loss(X, X + 1, **old)
    np.testing.assert_array_equal(found.numpy(), F.mse_loss(X, X + 1, reduction=reduction).numpy())


def test_soft_margin_loss_does_not_overflow():
    x = mg.tensor([-1000.0, 1000.0], requires_grad=True)
    loss = F.soft_margin_loss(x, mg.ones(2), reduction="none")
    assert loss.tolist() == [1000.0, 0.0]
    assert mg.grad(loss.sum(), x)[0].tolist() == [-1.0, 0.0]


def test_ties_of_the_largest_difference_share_the_gradient():
    x = mg.tensor([[0.0, 0.0]], requires_grad=True)
    mg.cdist(x, mg.tensor([[1.0, 1.0]]), p=math.inf).sum().backward()
    assert x.grad.tolist() == [[-0.5, -0.5]]


def test_targets_of_zero_add_nothing_to_kl_div():
    x = mg.tensor([-1.0, -2.0], requires_grad=True)
    loss = F.kl_div(x, mg.tensor([0.0, 1.0]), reduction="sum")
    assert (loss.item(), mg.grad(loss, x)[0].tolist()) == (2.0, [0.0, -1.0])


def test_variances_below_eps_are_lifted_and_keep_their_gradient():
    var = mg.tensor([0.0], requires_grad=True)
    loss = F.gaussian_nll_loss(mg.zeros(1), mg.zeros(1), var, eps=0.5)
    assert loss.item() == pytest.approx(math.log(0.5) / 2)
    assert mg.grad(loss, var)[0].tolist() == [1.0]


def test_parallel_vectors_at_zero_have_finite_gradients():
    x = mg.zeros(2, 2, requires_grad=True)
    for out in (F.normalize(x), mg.cosine_similarity(x, mg.ones(2, 2)), mg.cdist(x, x),
                F.pdist(x), mg.dist(x, mg.zeros(2, 2)), mg.renorm(x, 2, 0, 1.0)):  # fmt: skip
        (g,) = mg.grad(out.sum(), x, create_graph=True)
        assert g.isfinite().all()


def test_ignored_rows_count_nothing():
    loss = F.cross_entropy(X, mg.tensor([0, -100]), reduction="none")
    assert loss[1].item() == 0.0


def ctc(labels=((1,),), steps=(2,), sizes=(1,), log_p=None, **settings):
    log_p = mg.zeros(2, 1, 3) if log_p is None else log_p
    return F.ctc_loss(log_p.log_softmax(2), mg.tensor(labels), steps, sizes, **settings)


def test_labels_that_do_not_fit_cost_infinity_or_by_choice_nothing(device):
    x = mg.zeros(2, 1, 3, device=device, requires_grad=True)
    labels = mg.tensor([[1, 1]], device=device)
    losses = [F.ctc_loss(x, labels, [2], [2], zero_infinity=zero) for zero in (False, True)]
    assert [loss.item() for loss in losses] == [math.inf, 0.0]
    assert mg.grad(losses[0], x)[0].isnan().all()
    assert not mg.grad(losses[1], x)[0].any()


WRONG = {
    "a label that is no class": lambda: ctc(labels=[[3]]),
    "more steps than there are": lambda: ctc(steps=[3]),
    "negative lengths": lambda: ctc(sizes=[-1]),
    "too few lengths": lambda: ctc(sizes=[1, 1]),
    "a blank that is no class": lambda: ctc(blank=3),
    "labels that do not add up": lambda: ctc(labels=[1, 2]),
    "labels in too few columns": lambda: ctc(sizes=[2]),
    "log_probs of one dimension": lambda: F.ctc_loss(mg.ones(3), CLASSES, [1], [1]),
    "log_probs of 16 bits": lambda: ctc(log_p=mg.zeros(2, 1, 3).half()),
    "a reduction that is none": lambda: F.mse_loss(X, X, reduction="avg"),
    "delta of 0": lambda: F.huber_loss(X, X, delta=0),
    "negative beta": lambda: F.smooth_l1_loss(X, X, beta=-1.0),
    "negative variance": lambda: F.gaussian_nll_loss(X, X, -X),
    "variance of another shape": lambda: F.gaussian_nll_loss(X, X, mg.ones(3)),
    "one dimension too many": lambda: F.margin_ranking_loss(X, X, mg.ones(2)),
    "targets of no class": lambda: F.multi_margin_loss(X, mg.tensor([0, 2])),
    "classes below the end": lambda: F.multilabel_margin_loss(X, mg.tensor([[0, -2], [1, 0]])),
    "float classes": lambda: F.multi_margin_loss(X, mg.tensor([0.0, 1.0])),
    "p of 3": lambda: F.multi_margin_loss(X, CLASSES, p=3),
    "no margin": lambda: F.triplet_margin_loss(X, X, X, margin=0),
    "targets of two dimensions": lambda: F.cosine_embedding_loss(X, X, X),
    "rows of other widths": lambda: mg.cdist(X, mg.ones(2, 3)),
    "a mode that is none": lambda: mg.cdist(X, X, compute_mode="fast"),
    "distances of a vector": lambda: F.pdist(mg.ones(3)),
    "renorm of a vector": lambda: mg.renorm(mg.ones(3), 2, 0, 1.0),
    "weights of another shape": lambda: F.l1_loss(X, X, weight=mg.ones(2)),
    "odd halves": lambda: F.glu(mg.ones(3)),
    "softmax of integers": lambda: mg.softmax(CLASSES, 0),
    "gelu of another name": lambda: F.gelu(X, approximate="erf"),
    "elu of integers": lambda: F.elu(CLASSES),
    "negative lambd": lambda: F.softshrink(X, -1.0),
    "prelu by too many": lambda: F.prelu(X, mg.ones(3)),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_pytorch_refuses_raises(case):
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError)) as caught:
        WRONG[case]()
    assert isinstance(caught.value, mg.Error)


def test_softmax_without_a_dimension_warns():
    with pytest.warns(UserWarning, match="dim=1"):
        found = F.softmax(X)
    np.testing.assert_array_equal(found.numpy(), F.softmax(X, 1).numpy())


def test_hard_samples_are_one_hot_with_the_soft_gradient():
    x = mg.tensor([[0.1, 2.0, 0.3]], requires_grad=True)
    hard, soft = [F.gumbel_softmax(x, 0.7, h, generator=mg.Generator(1)) for h in (True, False)]
    assert sorted(hard.round().tolist()[0]) == [0.0, 0.0, 1.0]
    gradients = [mg.grad((y * mg.tensor([1.0, 2.0, 4.0])).sum(), x)[0] for y in (hard, soft)]
    np.testing.assert_allclose(gradients[0].numpy(), gradients[1].numpy())


def test_rrelu_draws_slopes():
    x = -mg.ones(1000)
    y = F.rrelu(x, 0.1, 0.3, training=True)
    assert -0.3 <= y.min().item() < -0.29 and -0.11 < y.max().item() <= -0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert F.rrelu_(x, training=True) is x
