"""The loader against PyTorch's semantics, and its promise: order is a function of (seed, epoch)."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.random
from minigrad.data import DataLoader, Dataset, Subset, TensorDataset, item_rng
from minigrad.errors import ArgumentError, Error, ShapeError
from minigrad.tensor import Tensor

X = np.arange(60, dtype=np.float32).reshape(10, 2, 3)
Y = np.arange(10)


class Items(Dataset):
    """The same items as TensorDataset(X, Y), one by one."""

    def __len__(self):
        return 10

    def __getitem__(self, index):
        return X[index], Y[index]


def epoch_order(loader):
    return [int(y) for batch in loader for y in batch[1].array]


@pytest.mark.parametrize("num_workers", [0, 3])
@pytest.mark.parametrize("dataset", [TensorDataset(X, Tensor(Y)), Items()], ids=["gather", "items"])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_are_those_of_pytorch(dataset, num_workers, drop_last):
    torch_data = pytest.importorskip("torch.utils.data")
    options = {"batch_size": 4, "drop_last": drop_last}
    expected = list(torch_data.DataLoader(Items(), **options))
    loader = DataLoader(dataset, num_workers=num_workers, **options)
    batches = list(loader)
    assert len(batches) == len(loader) == len(expected)
    for batch, torch_batch in zip(batches, expected, strict=True):
        assert type(batch) is type(torch_batch) is list
        for ours, theirs in zip(batch, torch_batch, strict=True):
            assert isinstance(ours, Tensor)
            assert ours.array.dtype == theirs.numpy().dtype
            assert np.array_equal(ours.array, theirs.numpy())


def test_the_order_is_a_function_of_seed_and_epoch():
    dataset = TensorDataset(X, Y)
    first = DataLoader(dataset, 4, shuffle=True, seed=7)
    orders = [epoch_order(first) for _ in range(3)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    resumed = DataLoader(Items(), 3, shuffle=True, seed=7, num_workers=2)
    resumed.set_epoch(2)
    assert epoch_order(resumed) == orders[2]
    assert resumed.epoch == 3
    assert epoch_order(DataLoader(dataset, 4, shuffle=True, seed=8)) != orders[0]


def test_the_order_never_changes_between_versions():
    assert epoch_order(DataLoader(Items(), shuffle=True, seed=7)) == [8, 4, 1, 6, 3, 2, 7, 5, 9, 0]


def test_the_default_seed_is_the_library_s_at_construction(monkeypatch):
    monkeypatch.setattr(minigrad.random, "initial_seed", lambda: 7)
    loader = DataLoader(Items(), shuffle=True)
    monkeypatch.setattr(minigrad.random, "initial_seed", lambda: 8)
    assert epoch_order(loader) == epoch_order(DataLoader(Items(), shuffle=True, seed=7))


def test_two_iterations_at_once_are_two_epochs():
    loader = DataLoader(Items(), shuffle=True, seed=1)
    one, two = iter(loader), iter(loader)
    next(two)
    assert loader.epoch == 2
    loader.set_epoch(0)
    assert [int(y.array[0]) for _, y in one] == epoch_order(loader)


class Noisy(Items):
    def __getitem__(self, index):
        return item_rng().normal(), Y[index]


def test_item_randomness_does_not_depend_on_workers_or_batches():
    def noise(**options):
        loader = DataLoader(Noisy(), seed=3, **options)
        loader.set_epoch(5)
        pairs = [zip(y.array.tolist(), x.array.tolist(), strict=True) for x, y in loader]
        return dict(pair for batch in pairs for pair in batch)

    expected = noise()
    assert len(set(expected.values())) == 10
    assert noise(batch_size=4, num_workers=3, shuffle=True) == expected
    with pytest.raises(Error, match="loads an item"):
        item_rng()


def test_a_batch_does_not_share_memory_with_the_dataset():
    (x, _), *_ = DataLoader(TensorDataset(X, Y), 10)
    assert not np.shares_memory(x.array, X)


def test_tensors_stay_on_their_device(device):
    x, y = (mg.tensor(values, device=device) for values in (X, Y))
    for dataset in (
        TensorDataset(x, y),
        Subset(TensorDataset(x, y), range(10)),
        [(x[3], y[3])] * 4,
    ):
        batch = next(iter(DataLoader(dataset, 4, shuffle=True, num_workers=1)))
        assert [part.device.type for part in batch] == [device, device]
        assert batch[0].cpu().numpy()[:, 0, 0].tolist() == (6 * batch[1]).cpu().tolist()


def test_a_transforming_subclass_is_not_bypassed():
    class Negated(TensorDataset):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return -x, y

    ((x, _),) = DataLoader(Negated(X, Y), 10)
    assert np.array_equal(x.array, -X)


def test_sampler_and_collate_fn_have_the_last_word():
    dataset = {"a": 1, "b": 2, "c": 3}
    loader = DataLoader(dataset, 2, sampler=["c", "a", "b"], collate_fn=tuple)
    assert list(loader) == [(3, 1), (2,)]
    assert len(loader) == 2


@pytest.mark.parametrize("dataset", [TensorDataset(X, Y), Items()], ids=["gather", "items"])
def test_a_sampler_s_index_out_of_range_raises(dataset):
    with pytest.raises(IndexError, match="10"):
        list(DataLoader(dataset, 2, sampler=[0, 10]))


def test_an_empty_dataset_has_no_batches():
    loader = DataLoader([], 4)
    assert list(loader) == [] and len(loader) == 0
    with pytest.raises(ArgumentError, match="num_samples"):  # as in PyTorch
        DataLoader([], 4, shuffle=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be an integer of at least 1, not 0"),
        ({"batch_size": 2.0}, "batch_size"),
        ({"batch_size": True}, "batch_size"),
        ({"num_workers": -1}, "num_workers"),
        ({"prefetch_factor": 0}, "prefetch_factor"),
        ({"shuffle": True, "sampler": [0]}, "not both"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ArgumentError, match=message):
        DataLoader(Items(), **options)


def test_what_is_no_dataset_is_refused():
    with pytest.raises(ArgumentError, match="generator, has no __getitem__"):
        DataLoader(x for x in "abc")
    with pytest.raises(ArgumentError, match="epoch"):
        DataLoader(Items()).set_epoch(-1)


def test_tensor_dataset_wants_one_length():
    assert len(TensorDataset(X, Tensor(Y))) == 10
    with pytest.raises(ShapeError, match=r"one common length, got shapes \[\(10, 2, 3\), \(9,\)\]"):
        TensorDataset(X, Y[:9])
    with pytest.raises(ShapeError, match=r"\(\)"):
        TensorDataset(np.float32(1))
    with pytest.raises(ArgumentError, match="argument 1 is a list"):
        TensorDataset(X, [1, 2])
    with pytest.raises(ArgumentError, match="at least one"):
        TensorDataset()
