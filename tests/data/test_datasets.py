"""Datasets made of datasets, against PyTorch's where they are deterministic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import data
from minigrad.data import (
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    TokenWindows,
    random_split,
)
from minigrad.errors import ArgumentError, DTypeError, RangeError, ShapeError


class Stream(IterableDataset):
    def __init__(self, *items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)


def outcome(call):
    """What a call gives; of an error, whether PyTorch would call it an IndexError or ValueError."""
    try:
        return call()
    except (IndexError, ValueError) as error:
        return IndexError if isinstance(error, IndexError) else ValueError


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(-20, 20))
def test_concat_is_pytorch_s(sizes, index):
    torch_data = pytest.importorskip("torch.utils.data")
    parts = [[(i, j) for j in range(size)] for i, size in enumerate(sizes)]
    ours, theirs = ConcatDataset(parts), torch_data.ConcatDataset(parts)
    assert len(ours) == len(theirs)
    assert outcome(lambda: ours[index]) == outcome(lambda: theirs[index])
    assert list(ours) == [item for part in parts for item in part]


@given(
    st.integers(1, 40),
    st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(sum),
    st.integers(0, 2**32),
)
@pytest.mark.filterwarnings("ignore:random_split")
def test_a_random_split_shares_nothing_and_loses_nothing(size, parts, seed):
    generator = mg.Generator().manual_seed(seed)
    fractions = [part / sum(parts) for part in parts]
    if sum(fractions) > 1:  # by rounding; PyTorch refuses it
        fractions = [1.0]
    split = random_split(range(size), fractions, generator)
    assert sorted([i for part in split for i in part]) == list(range(size))
    for part, fraction in zip(split, fractions, strict=True):
        assert abs(len(part) - size * fraction) < len(fractions) + 1
    lengths = [len(part) for part in split]
    generator.manual_seed(seed)
    again = random_split(range(size), lengths, generator)
    if lengths != [1]:  # which is a fraction
        assert [list(part) for part in again] == [list(part) for part in split]


def test_lengths_of_a_random_split_are_pytorch_s():
    torch_data = pytest.importorskip("torch.utils.data")
    for size, fractions in [(10, [0.3, 0.3, 0.4]), (11, [0.5, 0.5]), (70, [0.9, 0.04, 0.06])]:
        ours = [len(part) for part in random_split(range(size), fractions)]
        assert ours == [len(part) for part in torch_data.random_split(range(size), fractions)]
    with pytest.warns(UserWarning, match="part 1 of .* is empty"):
        random_split(range(4), [0.5, 0.0, 0.5])
    for lengths in ([3, 6], [0.5, 0.6], [5.5, 4.5], [-1, 11]):
        with pytest.raises(ArgumentError, match="sum to 10"):
            random_split(range(10), lengths)
    with pytest.raises(ArgumentError, match=r"not all in \[0, 1\]"):
        random_split(range(10), [1.5, -0.5])


def test_sums_stacks_and_chains():
    pair = TensorDataset(np.arange(3)) + TensorDataset(np.arange(3, 5))
    assert isinstance(pair, ConcatDataset) and [int(x) for (x,) in pair] == [0, 1, 2, 3, 4]
    chain = Stream(1, 2) + Stream(3)
    assert isinstance(chain, ChainDataset) and list(chain) == [1, 2, 3] and len(chain) == 3
    assert StackDataset("ab", [1, 2])[1] == ("b", 2)
    assert StackDataset(x="ab", y=[1, 2])[0] == {"x": "a", "y": 1}
    assert Subset("abcdef", [4, 0])[-1] == "a"
    assert Subset(np.arange(9), [5, 3, 1])[[0, 2]].tolist() == [5, 1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ConcatDataset([]), ArgumentError, "at least one"),
        (lambda: ConcatDataset([Stream()]), ArgumentError, "ChainDataset"),
        (lambda: ChainDataset([[1]]), ArgumentError, "a list is no IterableDataset"),
        (lambda: StackDataset(), ArgumentError, "needs datasets"),
        (lambda: StackDataset("ab", y="ab"), ArgumentError, "all positional"),
        (lambda: StackDataset("ab", "abc"), ShapeError, r"\[2, 3\]"),
        (lambda: Dataset()[0], NotImplementedError, "__getitem__"),
        (lambda: iter(IterableDataset()), NotImplementedError, "__iter__"),
        (lambda: len(Dataset()), TypeError, "len"),
        (lambda: TokenWindows(np.arange(4), 4), ShapeError, "at least 5"),
        (lambda: TokenWindows(np.zeros((4, 4)), 2), ShapeError, r"got shape \(4, 4\)"),
        (lambda: TokenWindows(np.arange(9), 0), ArgumentError, "at least 1"),
        (lambda: TokenWindows(np.arange(9), 4)[2], RangeError, "2 windows"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_subset_of_tensors_is_gathered_and_one_of_items_is_not_bypassed():
    whole = TensorDataset(np.arange(10.0), np.arange(10))
    subset = Subset(Subset(whole, [9, 8, 7, 6]), [3, 0])
    whole.gather = None  # no fast way: the slow one must give the same
    ((x, y),) = DataLoader(Subset(TensorDataset(*whole.tensors), subset.indices), 2)

    class Negated(Subset):
        def __getitem__(self, index):
            return -super().__getitem__(index)[1]

    assert y.tolist() == [3, 0] and x.tolist() == [3.0, 0.0]
    (batch,) = DataLoader(Negated(TensorDataset(*whole.tensors), [4, 5]), 2)
    assert batch.tolist() == [-4, -5]


class Reader(Dataset):
    """Reads many items at once."""

    def __init__(self):
        self.calls = []

    def __len__(self):
        return 6

    def __getitem__(self, index):
        raise AssertionError("item by item")

    def __getitems__(self, indices):
        self.calls.append(indices)
        if 5 in indices:
            raise KeyError("gone")
        return [10 * index for index in indices]


def test_getitems_reads_a_batch_at_once_also_of_a_subset():
    dataset = Reader()
    assert next(iter(DataLoader(dataset, 3))).tolist() == [0, 10, 20]
    assert next(iter(DataLoader(Subset(dataset, [4, 2]), 2))).tolist() == [40, 20]
    assert dataset.calls == [[0, 1, 2], [4, 2]]
    with pytest.raises(KeyError) as caught:
        list(DataLoader(dataset, 3))
    assert caught.value.__notes__ == ["while loading the items [3, 4, 5] of Reader, epoch 0"]


def test_memory_mapped_arrays_are_read_by_rows(tmp_path):
    path = tmp_path / "x.npy"
    expected = np.arange(60, dtype=np.float32).reshape(20, 3)
    np.save(path, expected)
    mapped = np.load(path, mmap_mode="r")
    other_order = np.memmap(tmp_path / "y", ">i2", "w+", shape=(20,))
    other_order[:] = np.arange(20)
    dataset = TensorDataset(mapped, other_order)
    assert dataset.tensors[0] is mapped
    for source in (dataset, Subset(dataset, range(20)), ConcatDataset([dataset])):
        x, y = next(iter(DataLoader(source, 4, sampler=[7, 3, 0, 19])))
        assert type(x.array) is type(y.array) is np.ndarray and y.dtype == mg.int16
        assert np.array_equal(x.numpy(), expected[[7, 3, 0, 19]]) and y.tolist() == [7, 3, 0, 19]
        x += 1  # the file is as it was
    assert np.array_equal(np.load(path), expected)


@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 30))
def test_token_windows(length, stride, extra):
    tokens = np.arange(length + 1 + extra, dtype=np.uint16)
    windows = TokenWindows(tokens, length, stride)
    assert len(windows) == len(range(0, len(tokens) - length, stride))
    for i, (x, y) in enumerate(windows):
        assert x.dtype == mg.int64 and x.tolist() == list(range(i * stride, i * stride + length))
        assert (y - x).tolist() == [1] * length
    x, y = windows.gather([0, -1])
    assert x[1].tolist() == windows[len(windows) - 1][0].tolist() and y.shape == (2, length)


def test_token_windows_of_a_file_in_a_loader(tmp_path):
    np.save(tmp_path / "tokens.npy", np.arange(1000, dtype=np.uint16))
    windows = TokenWindows(np.load(tmp_path / "tokens.npy", mmap_mode="r"), 16)
    loader = DataLoader(windows, 8, shuffle=True, num_workers=2, seed=0)
    starts = sorted([int(s) for x, _ in loader for s in x[:, 0].numpy()])
    assert starts == list(range(0, 984, 16))
    assert TokenWindows(mg.arange(9), 4)[1][1].tolist() == [5, 6, 7, 8]
    with pytest.raises(DTypeError):
        next(iter(DataLoader(TensorDataset(windows.tokens))))  # uint16 is no tensor's


def test_utils_data_has_the_names_of_pytorch():
    from minigrad.utils.data import DataLoader as again
    from minigrad.utils.data.dataloader import default_collate
    from minigrad.utils.data.dataset import Subset as subset
    from minigrad.utils.data.sampler import BatchSampler

    assert (again, default_collate, subset, BatchSampler) == (
        DataLoader, data.default_collate, Subset, data.BatchSampler,
    )  # fmt: skip
    torch_data = pytest.importorskip("torch.utils.data")
    later = {"DistributedSampler", "DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe"}
    theirs = {name for name in torch_data.__all__ if name[0].isupper()} - later
    assert theirs <= set(dir(mg.utils.data))
