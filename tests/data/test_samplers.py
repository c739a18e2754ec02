"""Samplers: PyTorch's lengths, batches and errors; the distribution of what is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from minigrad.errors import ArgumentError, DTypeError


@given(st.integers(0, 20), st.integers(1, 7), st.booleans())
def test_batches_are_pytorch_s(size, batch_size, drop_last):
    torch_data = pytest.importorskip("torch.utils.data")
    ours = BatchSampler(SequentialSampler(range(size)), batch_size, drop_last)
    theirs = torch_data.BatchSampler(range(size), batch_size, drop_last)
    assert list(ours) == list(theirs) and len(ours) == len(theirs)


@given(st.integers(1, 9), st.integers(1, 30))
def test_without_replacement_each_round_has_all(size, count):
    drawn = list(RandomSampler(range(size), num_samples=count))
    assert len(drawn) == count
    for start in range(0, count, size):
        part = drawn[start : start + size]
        assert len(set(part)) == len(part) and set(part) <= set(range(size))


def test_a_generator_decides_and_goes_on():
    generator = mg.Generator().manual_seed(1)
    sampler = RandomSampler(range(50), generator=generator)
    first, second = list(sampler), list(sampler)
    assert first != second
    generator.manual_seed(1)
    assert list(sampler) == first
    generator.manual_seed(1)
    assert list(SubsetRandomSampler(range(100, 150), generator)) == [100 + i for i in first]
    mg.manual_seed(2)
    default = list(RandomSampler(range(50)))
    mg.manual_seed(2)
    assert list(RandomSampler(range(50))) == default != list(RandomSampler(range(50)))


def test_samplers_without_a_generator_draw_from_the_loader_s_epoch():
    def epochs(sampler, **options):
        loader = DataLoader(range(40), 40, sampler=sampler, **options)
        return [next(iter(loader)).tolist() for _ in range(2)]

    weights = np.ones(40)
    for make in [
        lambda: RandomSampler(range(40)),
        lambda: SubsetRandomSampler(range(40)),
        lambda: WeightedRandomSampler(weights, 40),
    ]:
        first = epochs(make(), seed=1)
        assert first[0] != first[1]
        assert epochs(make(), seed=1) == first != epochs(make(), seed=2)
    shuffled = DataLoader(range(40), 40, shuffle=True, seed=1)
    assert [next(iter(shuffled)).tolist() for _ in range(2)] == epochs(
        RandomSampler(range(40)), seed=1
    )


def test_the_loader_s_generator_seeds_each_epoch():
    generator = mg.Generator().manual_seed(1)
    loader = DataLoader(range(40), 40, shuffle=True, generator=generator)
    first, second = (next(iter(loader)).tolist() for _ in range(2))
    assert first != second
    generator.manual_seed(1)
    loader.set_epoch(0)
    assert next(iter(loader)).tolist() == first


@pytest.mark.parametrize("replacement", [True, False])
def test_weights_are_probabilities(replacement):
    weights = [0.0, 1.0, 2.0, 5.0, 0.0]
    mg.manual_seed(0)
    if replacement:
        drawn = list(WeightedRandomSampler(weights, 8000))
        expected = np.array(weights) / 8
        assert np.bincount(drawn, minlength=5) / 8000 == pytest.approx(expected, abs=0.02)
    else:
        draws = [list(WeightedRandomSampler(weights, 3, False)) for _ in range(1500)]
        assert all([sorted(draw) == [1, 2, 3] for draw in draws])
        first = np.mean([draw[0] == 3 for draw in draws])
        last = np.mean([draw[2] == 3 for draw in draws])
        assert first == pytest.approx(5 / 8, abs=0.05)
        # 3 is last after (1, 2) or (2, 1)
        assert last == pytest.approx(1 / 8 * 2 / 7 + 2 / 8 * 1 / 6, abs=0.03)


def test_large_draws_are_uniform():
    mg.manual_seed(0)
    counts = np.bincount(list(RandomSampler(range(7), True, 20000)), minlength=7)
    assert np.abs(counts / 20000 - 1 / 7).max() < 0.012


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: RandomSampler([]), ArgumentError, "num_samples must be .* not 0"),
        (lambda: RandomSampler([1], num_samples=2.0), ArgumentError, "2.0"),
        (lambda: RandomSampler([1], replacement=1), DTypeError, "bool"),
        (lambda: BatchSampler([1], 0, False), ArgumentError, "batch_size"),
        (lambda: BatchSampler([1], True, False), ArgumentError, "batch_size"),
        (lambda: BatchSampler([1], 1, None), ArgumentError, "drop_last"),
        (lambda: WeightedRandomSampler([1], 0), ArgumentError, "num_samples"),
        (lambda: WeightedRandomSampler([1], 1, 1), ArgumentError, "bool"),
        (lambda: WeightedRandomSampler([[1.0]], 1), ArgumentError, r"not \(1, 1\)"),
        (lambda: WeightedRandomSampler([1, -1], 1), ArgumentError, "at least 0"),
        (lambda: WeightedRandomSampler([np.nan], 1), ArgumentError, "finite"),
        (lambda: WeightedRandomSampler([1, 0], 2, False), ArgumentError, "from 1 items"),
        (lambda: iter(Sampler()), NotImplementedError, "__iter__"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
