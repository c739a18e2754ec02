"""Losses of nn.functional by their formulas; distances."""

import itertools

import numpy as np
import oracles
from numpy import array, inf, nan
from scipy import special

from minigrad.testing import sample

from .making import TWICE, P, X, call, row

SIGNS = array([1, -1, 1, -1])
WORDS = array([[2, 0, -1, 1], [3, -1, -1, -1], [0, 1, 2, 3], [-1, 0, 1, 2]])


def loss(name, formula, *samples, **facts):
    """A loss of elements, in each reduction."""

    def oracle(*args, reduction="mean", **attrs):
        out = formula(*args, **attrs)
        return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](out)

    calls = [*samples, *[sample(*samples[0].args, reduction=r, **samples[0].attrs)
                         for r in ("none", "sum")]]  # fmt: skip
    function = call(f"nn.functional.{name}")
    return row(f"nn.functional.{name}", oracle, *calls, function=function, **TWICE | facts)


def huber(x, t, delta=1.0):
    d = np.abs(x - t)
    return np.where(d < delta, d * d / 2, delta * (d - delta / 2))


def smooth(x, t, beta=1.0):
    return huber(x, t, beta) / beta if beta else np.abs(x - t)


def by_weights(f):
    def oracle(x, t, weight, reduction="mean"):
        out = f(x - t) * weight
        return {"mean": out.sum() / weight.sum(), "sum": out.sum(), "none": out}[reduction]

    return oracle


def weighted(name, **attrs):
    function = call(f"nn.functional.{name}")
    return lambda x, t, w, **more: function(x, t, weight=w, **attrs, **more)


def kl(x, t, log_target=False):
    return np.exp(t) * (t - x) if log_target else special.xlogy(t, t) - t * x


def poisson(x, t, log_input=True, full=False, eps=1e-8):
    out = np.exp(x) - t * x if log_input else x - t * np.log(x + eps)
    with np.errstate(all="ignore"):
        stirling = t * np.log(t) - t + np.log(2 * np.pi * t) / 2
    return out + np.where(t > 1, stirling, 0) * full


def gaussian(x, t, var, full=False, eps=1e-6):
    var = np.asarray(var)
    if var.ndim == x.ndim - 1 > 0:
        var = var[..., None]
    var = np.maximum(var, eps)
    return (np.log(var) + (x - t) ** 2 / var + full * np.log(2 * np.pi)) / 2


def hinge(x, t, margin=1.0):
    return np.where(t == 1, x, np.where(t == -1, np.maximum(margin - x, 0), np.nan))


def ranking(a, b, t, margin=0):
    return np.maximum(-t * (a - b) + margin, 0)


def cosine(a, b):
    return (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))


def cosine_embedding(a, b, t, margin=0):
    c = cosine(a, b)
    return np.where(t == 1, 1 - c, np.maximum(c - margin, 0))


def soft_multilabel(x, t, weight=1):
    return ((t * np.logaddexp(0, -x) + (1 - t) * np.logaddexp(0, x)) * weight).mean(-1)


def multilabel(x, t):
    """A loop over right and wrong classes."""
    out = np.zeros(np.atleast_2d(x).shape[0])
    for n, (scores, labels) in enumerate(zip(np.atleast_2d(x), np.atleast_2d(t))):
        right = []
        for label in labels:
            if label < 0:
                break
            right.append(label)
        wrong = [i for i in range(len(scores)) if i not in right]
        out[n] = sum(max(0, 1 - scores[y] + scores[i]) for y in right for i in wrong) / len(scores)
    return out.reshape(np.shape(x)[:-1])


def multi(x, t, p=1, margin=1.0, weight=None):
    rows = np.atleast_2d(x)
    out = np.zeros(len(rows))
    for n, (scores, y) in enumerate(zip(rows, t.reshape(-1))):
        terms = [max(0, margin - scores[y] + s) ** p for i, s in enumerate(scores) if i != y]
        out[n] = sum(terms) / len(scores) * (1 if weight is None else weight[y])
    return out.reshape(t.shape)


def norm(x, p, axis=-1):
    return np.linalg.norm(x, p, axis)


def triplet(a, b, c, margin=1.0, p=2, eps=1e-6, swap=False):
    near, far = norm(a - b + eps, p), norm(a - c + eps, p)
    return np.maximum(near - (np.minimum(far, norm(b - c + eps, p)) if swap else far) + margin, 0)


def cdist(a, b, p=2.0, compute_mode=None):
    a, b = np.broadcast_arrays(a[..., :, None, :], b[..., None, :, :])
    return norm(a - b, p)


def renorm(x, p, dim, maxnorm):
    rows = np.moveaxis(x, dim, 0)
    flat = norm(rows.reshape(len(rows), -1), p).reshape(-1, *[1] * (x.ndim - 1))
    return np.moveaxis(rows * np.minimum(1, maxnorm / (flat + 1e-7)), 0, dim)


def dist(a, b, p=2):
    return norm((a - b).reshape(-1), p)


def normalize(x, p=2.0, dim=1, eps=1e-12):
    return x / np.maximum(np.linalg.norm(x, p, dim, keepdims=True), eps)


def collapsed(path, blank):
    """Repeats merged, then blanks left out."""
    return [c for i, c in enumerate(path) if c != blank and (i == 0 or c != path[i - 1])]


def ctc(x, labels, steps, sizes, blank=0, reduction="mean"):
    """Every alignment, one by one."""
    p = special.softmax(x, -1)
    if x.ndim == 2:
        return ctc(x[:, None], labels[None], [steps], [sizes], blank, reduction).reshape(())
    ends = np.cumsum(sizes)
    losses = np.zeros(x.shape[1])
    for n, (T, S) in enumerate(zip(steps, sizes)):
        wanted = list(labels[n, :S] if labels.ndim == 2 else labels[ends[n] - S : ends[n]])
        total = 0.0
        for path in itertools.product(range(x.shape[2]), repeat=T):
            if collapsed(path, blank) == wanted:
                total += np.prod([p[t, n, c] for t, c in enumerate(path)])
        losses[n] = -np.log(total)
    over = losses / np.maximum(sizes, 1)
    return {"mean": over.mean(), "sum": losses.sum(), "none": losses}[reduction]


def of_logits(x, *args, **attrs):
    return call("nn.functional.ctc_loss")(x.log_softmax(-1), *args, **attrs)


SEQUENCES = (array([[1, 1, 2], [2, 1, 0], [1, 0, 0]]), array([5, 4, 2]), array([3, 2, 0]))
PAIR = (X(2, 3), X(2, 3))
NORMS = (0.5, 1, 1.5, 2, 3, inf)
ROWS = [
    loss("huber_loss", huber, sample(*PAIR), sample(*PAIR, delta=0.5),
         sample(X(0), X(0), reduction="none")),
    loss("smooth_l1_loss", smooth, sample(*PAIR), sample(*PAIR, beta=0.5), sample(*PAIR, beta=0)),
    row("nn.functional.huber_loss by weights",
        lambda x, t, w, reduction="mean": getattr(
            huber(x, t) * w, {"none": "copy"}.get(reduction, reduction))(),
        *[sample(*PAIR, P(2, 3), reduction=r) for r in ("mean", "sum", "none")],
        function=weighted("huber_loss"), **TWICE),
    *[row(f"nn.functional.{name} by weights", by_weights(f),
          *[sample(*PAIR, P(2, 3), reduction=r) for r in ("mean", "sum", "none")],
          function=weighted(name), **TWICE) for name, f in [("mse_loss", np.square),
                                                            ("l1_loss", np.abs)]],
    loss("kl_div", kl, sample(X(2, 3), P(2, 3)), sample(*PAIR, log_target=True),
         sample(X(3), array([0.5, 1.0, 1.5]))),
    row("nn.functional.kl_div by batch", lambda x, t, reduction: kl(x, t).sum() / len(x),
        sample(X(4, 3), P(4, 3), reduction="batchmean"), function=call("nn.functional.kl_div"),
        **TWICE),
    loss("poisson_nll_loss", poisson, sample(X(2, 3), P(2, 3)), sample(*[P(2, 3)] * 2, False),
         sample(X(2, 3), P(2, 3), full=True), sample(X(2, 3), X(3, low=-1, high=5), full=True)),
    loss("gaussian_nll_loss", gaussian, sample(*PAIR, P(2, 3)), sample(*PAIR, P(2), full=True),
         sample(*PAIR, P(2, 1)), sample(*PAIR, 0.7), sample(X(3), X(3), P(3), eps=0.1)),
    loss("hinge_embedding_loss", hinge, sample(X(4), SIGNS), sample(X(4), SIGNS, margin=0.3)),
    loss("margin_ranking_loss", ranking, sample(X(4), X(4), SIGNS),
         sample(X(4), X(1), SIGNS, margin=0.3)),
    loss("cosine_embedding_loss", cosine_embedding, sample(X(4, 3), X(4, 3), SIGNS),
         sample(X(4, 3), X(4, 3), SIGNS, margin=-0.2), sample(X(3), X(3), array(1))),
    loss("soft_margin_loss", lambda x, t: np.logaddexp(0, -x * t), sample(X(4), SIGNS),
         sample(*PAIR), sample(array([-90.0, 90.0, nan]), array([1, 1, 1]), smooth=False)),
    loss("multilabel_soft_margin_loss", soft_multilabel, sample(X(2, 3), X(2, 3, low=0, high=1)),
         sample(X(2, 3), X(2, 3, low=0, high=1), P(3)), sample(X(3), X(3, low=0, high=1))),
    loss("multilabel_margin_loss", multilabel, sample(X(4, 4), WORDS), sample(X(4), WORDS[0])),
    loss("multi_margin_loss", multi, sample(X(4, 3), array([2, 0, 1, 2])),
         sample(X(4, 3), array([2, 0, 1, 2]), 2, 0.5), sample(X(3), array(1))),
    row("nn.functional.multi_margin_loss by weights",
        lambda x, t, w: multi(x, t, weight=w).mean(), sample(X(4, 3), array([2, 0, 1, 2]), P(3)),
        function=weighted("multi_margin_loss"), **TWICE),
    loss("triplet_margin_loss", triplet, *[sample(*[X(4, 3)] * 3, p=p) for p in (2, 1, 3)],
         sample(X(4, 3), X(4, 3), X(1, 3), swap=True, margin=2.0), sample(X(3), X(3), X(3))),
    row("nn.functional.triplet_margin_with_distance_loss",
        lambda a, b, c: np.maximum(np.abs(a - b).max(-1) - np.abs(a - c).max(-1) + 1, 0).mean(),
        sample(*[X(4, 3)] * 3), **TWICE,
        function=lambda a, b, c: call("nn.functional.triplet_margin_with_distance_loss")(
            a, b, c, distance_function=lambda a, b: (a - b).abs().amax(-1))),
    # Distances.
    row("cosine_similarity", lambda a, b, dim=1: cosine(*[
        np.moveaxis(x, dim, -1) for x in np.broadcast_arrays(a, b)]),
        sample(X(2, 3), X(2, 3)), sample(X(3), X(3), dim=0), sample(X(2, 3), X(3)),
        sample(X(2, 0), X(2, 1), dim=0), **TWICE),
    row("pairwise_distance", lambda a, b, p=2.0, eps=1e-6, keepdim=False: np.linalg.norm(
        a - b + eps, p, -1, keepdims=keepdim), *[sample(X(2, 3), X(2, 3), p) for p in NORMS],
        sample(X(3), X(2, 3), keepdim=True), sample(X(3), X(3), eps=0.1), **TWICE),
    row("cdist", cdist, *[sample(X(4, 3), X(2, 3), p) for p in NORMS[1:]],
        sample(X(2, 4, 3), X(5, 3)), sample(X(2, 3), X(2, 3), 2.0, "use_mm_for_euclid_dist"),
        sample(X(26, 2), X(3, 2)), sample(X(0, 3), X(2, 3)), sample(X(2, 2), X(3, 2), 0),
        **TWICE),
    row("pdist", lambda x, p=2.0: cdist(x, x, p)[np.triu_indices(len(x), 1)],
        *[sample(X(4, 3), p) for p in NORMS], sample(X(1, 3)), **TWICE),
    row("dist", dist, *[sample(X(2, 3), X(3), p) for p in NORMS], sample(X(0), X(0)), **TWICE),
    row("renorm", renorm, *[sample(X(4, 3), p, 0, 1.5) for p in NORMS], sample(X(2, 3, 2), 2, 1, 2),
        **TWICE),
    row("renorm_", renorm, sample(X(4, 3), 2, 0, 1.5), **TWICE,
        function=lambda x, *args: x.clone().renorm_(*args)),
    row("nn.functional.normalize", normalize, *[sample(X(2, 3), p) for p in NORMS],
        sample(X(3), dim=0), sample(array([[0.0, 0.0], [3.0, 4.0]]), eps=0.1, smooth=False),
        **TWICE),
    row("nn.functional.ctc_loss", ctc, sample(X(5, 3, 3), *SEQUENCES),
        sample(X(5, 3, 3), *SEQUENCES, reduction="none"),
        sample(X(5, 3, 3), array([1, 1, 2, 2, 1]), *SEQUENCES[1:], reduction="sum"),
        sample(X(4, 2, 3), array([[0], [1]]), array([4, 3]), array([1, 1]), blank=2),
        sample(X(4, 3), array([2, 1]), array(4), array(2)),
        sample(X(2, 1, 3), array([[1, 1]]), array([2]), array([2]), smooth=False),
        function=of_logits, kinds="d", transfers=True, **TWICE),
    row("nn.functional.linear_cross_entropy",
        lambda x, w, t, b=0: oracles.cross_entropy(
            np.tensordot(x, w, [-1, -1]) + b, t),
        sample(X(4, 3), X(2, 3), array([1, 0, -100, 1])), sample(X(3), X(4, 3), array(2)),
        sample(X(4, 3), X(2, 2, 3), array([[1, 0], [0, 0], [1, 1], [0, 1]])),
        sample(X(4, 3), X(2, 3), array([1, 0, 0, 1]), X(2)),
        function=lambda x, w, t, b=None: call("nn.functional.linear_cross_entropy")(
            x, w, t, linear_bias=b), **TWICE),
]  # fmt: skip
