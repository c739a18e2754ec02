"""Making tensors, and random ones."""

import numpy as np
import pytest

import minigrad as mg


def check(x, array, dtype, device):
    np.testing.assert_array_equal(x.numpy(force=True), array)
    assert x.dtype == dtype and x.device.type == device and not x.requires_grad


def test_filled_and_counted(device):
    on = {"device": device}
    check(mg.zeros(2, 3, **on), np.zeros((2, 3)), mg.float32, device)
    check(mg.ones((2,), dtype=mg.int64, **on), [1, 1], mg.int64, device)
    check(mg.full((2,), 7, **on), [7, 7], mg.int64, device)
    check(mg.full((), 0.5, **on), 0.5, mg.float32, device)
    check(mg.full((1,), True, **on), [True], mg.bool, device)
    check(mg.eye(2, 3, **on), np.eye(2, 3), mg.float32, device)
    check(mg.arange(3, **on), [0, 1, 2], mg.int64, device)
    check(mg.arange(1, 0, -0.25, **on), [1, 0.75, 0.5, 0.25], mg.float32, device)
    check(mg.arange(5, 5, **on), [], mg.int64, device)
    check(mg.linspace(0, 1, 5, **on), np.linspace(0, 1, 5), mg.float32, device)
    assert mg.empty(2, 0, **on).shape == (2, 0) and mg.ones(1, requires_grad=True).requires_grad


def test_like(device):
    x = mg.ones(2, 3, dtype=mg.float16, device=device)
    check(mg.zeros_like(x), np.zeros((2, 3)), mg.float16, device)
    check(mg.full_like(x, 3, dtype=mg.int8), np.full((2, 3), 3), mg.int8, device)
    check(x.new_tensor([1.5]), [1.5], mg.float16, device)
    check(x.new_zeros(2), [0, 0], mg.float16, device)
    assert mg.empty_like(x).shape == mg.rand_like(x).shape == mg.randn_like(x).shape == (2, 3)


def test_from_data():
    check(mg.tensor([[1, 2], [3, 4]]), [[1, 2], [3, 4]], mg.int64, "cpu")
    check(mg.tensor([1.5, 2]), [1.5, 2], mg.float32, "cpu")
    check(mg.tensor([True]), [True], mg.bool, "cpu")
    check(mg.tensor(np.float64(2)), 2, mg.float64, "cpu")
    check(mg.tensor([mg.tensor(1.0), 2.0]), [1, 2], mg.float32, "cpu")
    check(mg.tensor(np.arange(3, dtype=">i4")), [0, 1, 2], mg.int32, "cpu")
    source = np.zeros(2)
    copy, shared = mg.tensor(source), mg.from_numpy(source)
    source[0] = 5
    assert copy.tolist() == [0, 0] and shared.tolist() == [5, 0]
    assert mg.as_tensor(copy) is copy and mg.as_tensor(source).array is source
    for wrong, error in (
        ([[1], [1, 2]], mg.ShapeError), (["a"], mg.DTypeError), ([None], mg.DTypeError),
        (np.zeros(2, np.uint16), mg.DTypeError),
    ):  # fmt: skip
        with pytest.raises(error):
            mg.tensor(wrong)


def test_the_default_dtype():
    mg.set_default_dtype(mg.float64)
    try:
        assert mg.ones(1).dtype == mg.tensor([1.0]).dtype == mg.float64
        assert (mg.tensor([1]) / 2).dtype == mg.float64
    finally:
        mg.set_default_dtype(mg.float32)
    assert (mg.tensor([1]) / 2).dtype == mg.get_default_dtype() == mg.float32


def test_random_numbers_have_their_distribution(device):
    mg.manual_seed(3)
    u, n = mg.rand(40_000, device=device), mg.randn(40_000, device=device)
    dice = mg.randint(1, 7, (60_000,), device=device)
    for found, expected, within in (
        (u.mean(), 0.5, 0.01), (u.var(), 1 / 12, 0.003), (u.amin(), 0, 1e-3), (u.amax(), 1, 1e-3),
        (n.mean(), 0, 0.02), (n.std(), 1, 0.02), ((n.abs() < 1).float().mean(), 0.6827, 0.01),
        (mg.bernoulli(u * 0 + 0.2).mean(), 0.2, 0.01),
    ):  # fmt: skip
        assert abs(found.item() - expected) < within
    counts = [int((dice == face).sum()) for face in range(1, 7)]
    assert sum(counts) == 60_000 and all(abs(c - 10_000) < 500 for c in counts)
    assert sorted(mg.randperm(50, device=device).tolist()) == list(range(50))
    assert not (mg.rand(50) == mg.rand(50)).any()


def test_generators_are_streams():
    mg.manual_seed(5)
    first = mg.rand(3).tolist()
    state = mg.get_rng_state()
    second = mg.rand(3).tolist()
    for wrong in (3, {}, {"seed": 1}, {"seed": 1, "offset": -1}, {"seed": "a", "offset": 0}):
        with pytest.raises(mg.ArgumentError, match="set_state"):
            mg.set_rng_state(wrong)
    mg.set_rng_state(state)
    assert mg.rand(3).tolist() == second
    generator = mg.Generator(5)
    assert mg.rand(3, generator=generator).tolist() == first and mg.initial_seed() == 5
    x = mg.empty(1000)
    assert abs(x.uniform_(2, 4, generator=generator).mean().item() - 3) < 0.1
    assert abs(x.normal_(1, 0.5, generator=generator).std().item() - 0.5) < 0.05


def test_aliases():
    pairs = "absolute abs, clip clamp, negative neg, multiply mul, subtract sub"
    for alias, name in [p.split() for p in (pairs + ", concat cat, concatenate cat").split(", ")]:
        assert getattr(mg, alias) is getattr(mg, name)


def test_the_default_device():
    with mg.device("cuda") as place:
        assert mg.get_default_device() == place
        made = [mg.zeros(2), mg.tensor([1.0]), mg.rand(2), mg.arange(3), mg.as_tensor([1])]
        assert {x.device.type for x in [*made, mg.as_tensor(np.ones(2)), mg.eye(2)]} == {"cuda"}
        assert mg.from_numpy(np.ones(2)).device.type == "cpu"
        assert mg.zeros(2, device="cpu").device.type == "cpu"
    assert mg.zeros(2).device.type == "cpu"
    mg.set_default_device("cuda")
    try:
        assert mg.ones(1).device.type == mg.nn.Linear(2, 3).weight.device.type == "cuda"
    finally:
        mg.set_default_device(None)
    assert mg.get_default_device() == mg.device("cpu")


def test_from_memory():
    buffer = bytearray(np.arange(4, dtype=np.float32).tobytes())
    x = mg.frombuffer(buffer, dtype=mg.float32, count=2, offset=4)
    assert x.tolist() == [1, 2]
    x[0] = 9
    assert np.frombuffer(buffer, np.float32)[1] == 9
    assert mg.frombuffer(bytes(8), dtype=mg.int32).tolist() == [0, 0]
    array = np.ones(2, np.float32)
    assert mg.asarray(array).array is array
    assert mg.asarray(array, copy=True).array is not array
    t = mg.ones(2, requires_grad=True)
    assert mg.asarray(t).requires_grad and not mg.asarray(t, requires_grad=False).requires_grad
    for wrong in (
        lambda: mg.frombuffer(buffer, dtype=mg.float32, offset=2),
        lambda: mg.frombuffer(buffer, dtype=mg.float32, count=5),
        lambda: mg.frombuffer(bytearray(), dtype=mg.float32),
        lambda: mg.frombuffer(buffer, dtype=mg.float32, offset=16),
        lambda: mg.asarray([1.0], copy=False),
        lambda: mg.asarray(array, dtype=mg.int64, copy=False),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_options_of_makers():
    with pytest.raises(RuntimeError):
        mg.zeros(2, pin_memory=True)
    with pytest.raises(RuntimeError):
        mg.zeros(2, layout="sparse")
    assert mg.zeros(2, layout=mg.strided).shape == (2,)
    out = mg.empty(2, dtype=mg.int64)
    assert mg.ones(2, out=out) is out and out.tolist() == [1, 1]
    with pytest.raises(RuntimeError):
        mg.ones(2, dtype=mg.float32, out=out)
    x = mg.empty_strided((2, 3), (0, 1))
    with pytest.raises(mg.ShapeError):
        x.zero_()


def test_overlapping_views_cannot_be_written():
    x = mg.arange(6.0)
    for view in (x.unfold(0, 3, 1), x.as_strided((3, 2), (1, 1)), x.as_strided((2, 2), (0, 1))):
        with pytest.raises(mg.ShapeError):
            view.add_(1)
    x.unfold(0, 3, 3).add_(10)
    x.as_strided((2,), (2,), 1).zero_()
    assert x.tolist() == [10, 0, 12, 0, 14, 15]
    for wrong in (((7,), (1,)), ((2, 2), (1, 5)), ((2,), (1,), 5), ((2,), (-1,)), ((2,), (1, 1)),
                  ((2,), (1,), -1), ((-1,), (1,))):  # fmt: skip
        with pytest.raises(mg.ArgumentError):
            x.as_strided(*wrong)
    y = mg.ones(4, requires_grad=True) * 2
    with pytest.raises(mg.GradientError):
        y.as_strided((2,), (2,)).mul_(3)


def test_mapped_files_and_other_kinds_of_arrays(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(4, dtype=np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r+")
    read_only = np.load(tmp_path / "x.npy", mmap_mode="r")
    for make in (mg.tensor, mg.as_tensor, mg.from_numpy, mg.asarray):
        for array in (mapped, read_only, np.arange(4, dtype=np.float32).view(np.recarray)):
            x = make(array)
            assert type(x.array) is np.ndarray
            assert (x * array + array).tolist() == [0, 2, 6, 12]
    weight = mg.nn.Parameter(mg.asarray(mapped, copy=False))  # lives in the file
    optimizer = mg.optim.SGD([weight], lr=0.5)
    for _ in range(2):
        (weight * 2).sum().backward()
        optimizer.step()
    assert np.load(tmp_path / "x.npy").tolist() == [-3, -2, -1, 0]
    assert not np.shares_memory(mg.asarray(mapped, copy=True).array, mapped)
    assert mg.from_numpy(read_only).add_(1)[0] == -2 and read_only[0] == -3


def test_constructors_named_by_type():
    made = mg.LongTensor(np.array([[1, 2]], np.int32))
    assert made.dtype == mg.int64 and made.tolist() == [[1, 2]]
    assert mg.FloatTensor([1, 2]).dtype == mg.float32 and mg.DoubleTensor(2, 3).shape == (2, 3)
    assert mg.ByteTensor().shape == (0,) and mg.BoolTensor(range(3)).tolist() == [False, True, True]
    for data in ([2.5], [[1], [2]], [mg.zeros(2)]):
        with pytest.raises(TypeError, match="LongTensor: "):
            mg.LongTensor(*data)
