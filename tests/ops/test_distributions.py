"""Random numbers follow their distributions: a goodness-of-fit test each, with a fixed seed; and
they are the same on every device."""

import numpy as np
import pytest
from scipy import stats

import minigrad as mg

N = 20_000


def fresh(seed=11):
    mg.manual_seed(seed)
    return mg.empty(N, dtype=mg.float64)


CONTINUOUS = {
    "uniform_": (lambda x: x.uniform_(2, 5), stats.uniform(2, 3)),
    "normal_": (lambda x: x.normal_(1, 2), stats.norm(1, 2)),
    "log_normal_": (lambda x: x.log_normal_(0.5, 0.7), stats.lognorm(0.7, scale=np.exp(0.5))),
    "exponential_": (lambda x: x.exponential_(3), stats.expon(scale=1 / 3)),
    "cauchy_": (lambda x: x.cauchy_(1, 2), stats.cauchy(1, 2)),
    "rand": (lambda x: mg.rand(N), stats.uniform()),
    "randn": (lambda x: mg.randn(N), stats.norm()),
    "normal of tensors": (lambda x: mg.normal(mg.full((N,), 2.0), mg.full((N,), 3.0)),
                          stats.norm(2, 3)),
    "normal of a size": (lambda x: mg.normal(-1, 0.5, (N,)), stats.norm(-1, 0.5)),
}  # fmt: skip
DISCRETE = {
    "poisson, small": (lambda x: mg.poisson(x.fill_(0.7)), stats.poisson(0.7)),
    "poisson, large": (lambda x: mg.poisson(x.fill_(400.0)), stats.poisson(400)),
    "binomial": (lambda x: mg.binomial(x.fill_(20.0), mg.full_like(x, 0.3)), stats.binom(20, 0.3)),
    "binomial, large": (lambda x: mg.binomial(x.fill_(5000.0), mg.full_like(x, 0.9)),
                        stats.binom(5000, 0.9)),
    "geometric_": (lambda x: x.geometric_(0.3), stats.geom(0.3)),
    "bernoulli_": (lambda x: x.bernoulli_(0.2), stats.bernoulli(0.2)),
    "bernoulli": (lambda x: mg.bernoulli(x.fill_(0.7)), stats.bernoulli(0.7)),
    "random_": (lambda x: x.random_(3, 10), stats.randint(3, 10)),
    "randint": (lambda x: mg.randint(-2, 5, (N,)), stats.randint(-2, 5)),
    "multinomial": (lambda x: mg.multinomial(mg.tensor([1.0, 0, 3, 6]), N, True),
                    stats.rv_discrete(values=([0, 2, 3], [0.1, 0.3, 0.6]))),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous(name):
    draw, law = CONTINUOUS[name]
    assert stats.kstest(draw(fresh()).numpy().astype(float), law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete(name):
    """Bins of 200 expected counts or more, by the law's own quantiles."""
    draw, law = DISCRETE[name]
    drawn = draw(fresh()).numpy().astype(float)
    edges = np.unique(law.ppf(np.linspace(0, 1, 30)[1:-1]))
    shares = np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]]))
    counts = np.diff(np.concatenate([[0], [np.sum(drawn <= e) for e in edges], [N]]))
    kept = shares * N > 5
    assert counts[~kept].sum() <= 20
    expected = shares[kept] / shares[kept].sum() * counts[kept].sum()
    assert stats.chisquare(counts[kept], expected).pvalue > 1e-3


def test_multinomial_without_replacement():
    mg.manual_seed(4)
    weights = mg.tensor([0.0, 1.0, 2.0, 3.0]).expand(6000, 4)
    drawn = mg.multinomial(weights, 2).numpy()
    assert (drawn[:, 0] != drawn[:, 1]).all() and (drawn > 0).all()
    first = np.bincount(drawn[:, 0], minlength=4)[1:] / 6000
    np.testing.assert_allclose(first, [1 / 6, 2 / 6, 3 / 6], atol=0.02)
    # P(3 then 2) = 1/2 * 2/3
    assert abs((drawn == [3, 2]).all(1).mean() - 1 / 3) < 0.02
    rows = mg.multinomial(mg.eye(5) + 0, 3, replacement=True)
    assert (rows == mg.arange(5).unsqueeze(1)).all()


DEVICE_DRAWS = {
    **{name: draw for name, (draw, _) in (CONTINUOUS | DISCRETE).items() if name[-1] == "_"},
    "poisson": lambda x: mg.poisson(x.fill_(3.5)),
    "binomial": lambda x: mg.binomial(x.fill_(9.0), x * 0 + 0.3),
    "multinomial": lambda x: mg.multinomial(x.uniform_(), 5),
    "with replacement": lambda x: mg.multinomial(x.uniform_(), 50, True),
    "randperm": lambda x: mg.randperm(100, device=x.device),
    "randint_like": lambda x: mg.randint_like(x, 3, 9),
    "bfloat16": lambda x: mg.rand(500, dtype=mg.bfloat16, device=x.device).float(),
}


@pytest.mark.parametrize("name", DEVICE_DRAWS)
def test_devices_agree(name):
    found = []
    for device in ("cpu", "cuda"):
        mg.manual_seed(9)
        out = DEVICE_DRAWS[name](mg.empty(1000, dtype=mg.float64, device=device))
        assert out.device.type == device
        found.append(out.numpy(force=True))
    np.testing.assert_allclose(*found, rtol=1e-12)


def test_ranges_are_half_open():
    mg.manual_seed(0)
    for dtype in (mg.float16, mg.bfloat16):
        x = mg.rand(100_000, dtype=dtype)
        assert x.max() < 1 and x.min() >= 0
        assert abs(x.double().mean().item() - 0.5) < 0.01
    x = mg.empty(100_000).uniform_(1e8, 1e8 + 16)
    assert x.max() < 1e8 + 16
    assert set(mg.empty(500, dtype=mg.int8).random_().tolist()) <= set(range(128))
    assert set(mg.empty(50, dtype=mg.bool).random_().tolist()) == {True, False}
    assert (
        mg.empty(500).random_().max() <= 2**24 and mg.randint(3, (50,), dtype=mg.float32).max() == 2
    )


def test_complex_numbers_have_variance_1():
    mg.manual_seed(0)
    z = mg.randn(20_000, dtype=mg.complex64)
    assert (
        abs((z.abs() ** 2).mean().item() - 1) < 0.03 and abs(z.real.std().item() - 0.5**0.5) < 0.02
    )
    assert mg.rand(3, dtype=mg.complex128).imag.max() < 1


def test_like_and_options():
    x = mg.empty(4, 3).t()
    for made in (mg.rand_like(x), mg.randn_like(x), mg.randint_like(x, 5)):
        assert made.shape == (3, 4) and made.stride() == x.stride() and made.dtype == x.dtype
    assert mg.rand(2, requires_grad=True).requires_grad
    out = mg.empty(0)
    assert mg.rand(2, 3, out=out) is out and out.shape == (2, 3)
    assert mg.randint(5, size=(2,)).dtype == mg.int64 and mg.randint(high=5, size=[2]).shape == (2,)
    assert mg.randperm(300, dtype=mg.int16).dtype == mg.int16
    assert mg.rand(size=(2, 1)).shape == mg.rand([2, 1]).shape == (2, 1)


def test_fills_enter_the_graph():
    w = mg.ones(3, requires_grad=True)
    x = w * 2
    x[1:].bernoulli_(0.5)
    x.sum().backward()
    assert w.grad.tolist() == [2, 0, 0]
    with pytest.raises(mg.GradientError):
        w.normal_()


def test_generators():
    generator = mg.Generator("cpu")
    assert generator.device == mg.device("cpu") and generator.manual_seed(3) is generator
    a = mg.poisson(mg.ones(5), generator)
    assert mg.poisson(mg.ones(5), mg.Generator().manual_seed(3)).tolist() == a.tolist()
    assert generator.seed() == generator.initial_seed()
    mg.manual_seed(1)
    first = mg.rand(2).tolist()
    with mg.random.fork_rng():
        mg.manual_seed(7)
        mg.rand(100)
    second = mg.rand(2).tolist()
    mg.manual_seed(1)
    assert [mg.rand(2).tolist(), mg.rand(2).tolist()] == [first, second]
    assert mg.random.seed() == mg.initial_seed()
    state = mg.random.get_rng_state()
    x = mg.rand(2).tolist()
    mg.random.set_rng_state(state)
    assert mg.rand(2).tolist() == x


P = mg.tensor([0.5, 0.0, 0.5])
WRONG = [
    lambda: mg.multinomial(P, 3), lambda: mg.multinomial(P, 4), lambda: mg.multinomial(P, 0),
    lambda: mg.multinomial(P * 0, 1), lambda: mg.multinomial(-P, 1),
    lambda: mg.multinomial(P.long(), 1), lambda: mg.multinomial(P[None, None], 1),
    lambda: mg.multinomial(P / 0, 1), lambda: mg.multinomial(mg.empty(2, 0), 1, True),
    lambda: mg.poisson(-P - 1), lambda: mg.poisson(P.long()), lambda: mg.poisson(P / 0),
    lambda: mg.binomial(P, P), lambda: mg.binomial(P * 2, P * 3),
    lambda: mg.binomial(P.double(), P), lambda: mg.normal(0.0, 1.0), lambda: mg.normal(P, -1),
    lambda: mg.normal(P, P - 1), lambda: mg.normal(P.long(), 1.0),
    lambda: mg.normal(P, mg.ones(2)), lambda: mg.normal(P, 1.0, (3,)),
    lambda: mg.bernoulli(P, 1.5), lambda: mg.bernoulli(P + 1), lambda: mg.bernoulli(P.long()),
    lambda: P.clone().bernoulli_(2), lambda: P.clone().bernoulli_(mg.ones(2)),
    lambda: P.clone().exponential_(0), lambda: P.long().exponential_(),
    lambda: P.clone().geometric_(0), lambda: P.clone().geometric_(1),
    lambda: P.clone().cauchy_(0, 0), lambda: P.clone().log_normal_(1, 0),
    lambda: P.clone().uniform_(1, 0), lambda: P.long().uniform_(),
    lambda: P.clone().normal_(0, -1), lambda: P.long().normal_(), lambda: P.clone().random_(5, 2),
    lambda: P.byte().random_(300), lambda: P.byte().random_(-1, 5), lambda: P.clone().random_(2.5),
    lambda: mg.randint(0, (2,)), lambda: mg.randint(5, 3, (2,)), lambda: mg.randint(2.5, (2,)),
    lambda: mg.randint(300, (2,), dtype=mg.uint8), lambda: mg.randint(3, 2),
    lambda: mg.randperm(-1), lambda: mg.randperm(300, dtype=mg.uint8),
    lambda: mg.rand(2, dtype=mg.int64), lambda: mg.rand(-1), lambda: mg.rand(),
    lambda: mg.rand_like(P.long()), lambda: mg.manual_seed(2**70),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(WRONG)))
def test_wrong_arguments(case):
    with pytest.raises((RuntimeError, TypeError)):
        WRONG[case]()


def test_empty_and_0d():
    assert mg.poisson(mg.ones(0)).shape == (0,) and mg.poisson(mg.tensor(0.0)).item() == 0
    assert mg.binomial(mg.tensor(4.0), mg.tensor([0.0, 1.0])).tolist() == [0, 4]
    assert mg.rand(()).shape == () and mg.randperm(0).shape == (0,)
    assert mg.bernoulli(mg.tensor([0.0, 1.0])).tolist() == [0, 1]
