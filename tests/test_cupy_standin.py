"""The stand-in for CuPy is as strict as CuPy, and says what it does not know."""

import copy
import importlib.util
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

from minigrad.testing import cupy_standin as cp

device = importlib.import_module("minigrad.device")  # the module, not the class of that name
HOST = np.ones((3, 4), np.float32)


@pytest.fixture
def x():
    return cp.arange(12, dtype=cp.float32).reshape(3, 4)


def test_device_returns_it_when_asked(monkeypatch):
    monkeypatch.setenv("MINIGRAD_CUDA", "standin")
    monkeypatch.setattr(device, "_cupy", None)
    monkeypatch.setattr(device, "ARRAY_TYPES", {np.ndarray: "cpu"})
    assert device.cupy() is cp
    array = device.empty((2, 3), np.dtype("float32"), device.CUDA, order=(1, 0))
    assert type(array) is cp.ndarray and array.strides == (4, 8)
    low, high = device.byte_bounds(array)
    assert low == array.data.ptr and high - low == array.nbytes
    assert device.to_device(array, device.CUDA) is array
    assert type(device.to_numpy(array)) is np.ndarray


REFUSED = {
    "asarray": lambda x: np.asarray(x),
    "array": lambda x: np.array([x]),
    "numpy function": lambda x: np.sum(x),
    "numpy ufunc": lambda x: np.add(x, 1),
    "numpy ufunc out": lambda x: np.add(HOST, 1, out=x),
    "operand": lambda x: x + HOST,
    "reflected operand": lambda x: HOST + x,
    "comparison": lambda x: x == HOST,
    "comparison with text": lambda x: x == "a",
    "in place": lambda x: x.__iadd__(HOST),
    "ufunc argument": lambda x: cp.maximum(x, HOST),
    "ufunc out": lambda x: cp.exp(x, out=np.empty_like(HOST)),
    "ufunc list": lambda x: cp.add(x, [1, 2, 3, 4]),
    "ufunc where": lambda x: cp.add(x, 1, where=x > 1),
    "function argument": lambda x: cp.concatenate([x, HOST]),
    "function of a list": lambda x: cp.sum([1, 2]),
    "unknown keyword": lambda x: cp.sum(x, where=x > 1),
    "unknown method keyword": lambda x: x.sum(initial=0),
    "einsum out": lambda x: cp.einsum("ij->i", x, out=x),
    "too many arguments": lambda x: cp.sum(x, 0, None, None, False, 1),
    "argument given twice": lambda x: cp.sum(x, 0, None, dtype=None),
    "index": lambda x: range(4)[x[0, 0]],
    "hash": lambda x: hash(x),
    "length of a 0-d array": lambda x: len(x.sum()),
    "scatter of int8": lambda x: cp.add.at(x.astype(cp.int8), cp.asarray([0]), 1),
    "float into integers": lambda x: x.astype(cp.int32).__iadd__(x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_type_error(x, name):
    with pytest.raises(TypeError):
        REFUSED[name](x)


def test_values_refused_by_other_errors(x):
    with pytest.raises(ValueError, match="fill"):
        x[...] = HOST
    with pytest.raises(ValueError, match="Unsupported dtype"):
        cp.asarray(np.array([None]))
    with pytest.raises(ValueError, match="kind"):
        cp.argsort(x, kind="quicksort")
    with pytest.raises(ValueError, match="size 1"):
        x.item()
    for kernel in (cp.RawKernel, cp.RawModule, cp.ElementwiseKernel, cp.ReductionKernel):
        with pytest.raises(NotImplementedError):
            kernel("code", "name")


@pytest.mark.parametrize("name", ["errstate", "in_place", "float128", "newaxes"])
def test_a_name_that_cupy_lacks(name):
    with pytest.raises(AttributeError, match="has no attribute"):
        getattr(cp, name)


def test_names_that_exist_elsewhere_only(x):
    with pytest.raises(AttributeError, match="does not exist in CuPy"):
        _ = x.ctypes
    with pytest.raises(AttributeError, match="does not imitate"):
        _ = cp.random
    with pytest.raises(AttributeError, match="has no attribute"):
        _ = cp.linalg.multi_dot
    assert not hasattr(x, "__index__") and not hasattr(x, "__array_interface__")


def test_every_name_of_cupy_is_imitated_or_refused():
    imitated = 0
    for name in cp.NAMES["cupy"]:
        try:
            getattr(cp, name)
            imitated += 1
        except AttributeError:
            pass
    assert imitated > 380


def test_it_offers_nothing_that_cupy_lacks():
    offered = {
        "cupy.ndarray": cp.ndarray,
        "cupy.cuda.Device": cp.cuda.Device,
        "cupy.cuda.Stream": cp.cuda.Stream,
        "cupy.cuda.MemoryPool": cp.cuda.MemoryPool,
        "cupy.cuda": cp.cuda,
        "cupy.cuda.runtime": cp.cuda.runtime,
    }
    for path, owner in offered.items():
        public = {name for name in dir(owner) if name[0] != "_" or path == "cupy.ndarray"}
        private = {"_a", "__weakref__", "__annotations__", "__getattr__"}
        assert public <= {*cp.NAMES[path], *dir(object), *private}


def test_names_match_the_real_cupy():
    real = pytest.importorskip("cupy")
    if real.__version__ != cp.__version__:
        pytest.skip(f"the list is of CuPy {cp.__version__}, here is {real.__version__}")
    tool = Path(__file__).parents[1] / "tools" / "cupy_names.py"
    spec = importlib.util.spec_from_file_location("cupy_names", tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.collect() == cp.NAMES


def test_results_are_arrays_of_its_own(x):
    for result in (
        x.sum(), x[0, 0], x.mean(), cp.max(x), cp.allclose(x, x), cp.count_nonzero(x),
        cp.linalg.norm(x), cp.add(1, 2), x[cp.asarray(1), cp.asarray(1)], cp.float32(2) * x.sum(),
        next(iter(x[0])), -x.sum(), x.sum() + 1, cp.dot(x[0], x[0]), cp.einsum("ij->", x),
    ):  # fmt: skip
        assert type(result) is cp.ndarray and result.shape == ()
    for results in (cp.split(x, 2, axis=1), cp.nonzero(x), cp.modf(x), divmod(x, 2), cp.where(x)):
        assert all(type(result) is cp.ndarray for result in results)
    assert not isinstance(x, np.ndarray)
    assert cp.result_type(x, 1.0) == np.float32 and cp.ndim(x) == 2 and not cp.isscalar(x)
    assert (x * 2.0).dtype == np.float32 and (x * np.float64(2)).dtype == np.float64


def test_out_is_returned_and_views_share_memory(x):
    out = cp.empty_like(x)
    assert cp.add(x, 1, out) is out and cp.add(x, 1, out=out) is out
    assert cp.sum(x, 1, out=out[:, 0]).data.ptr == out.data.ptr
    assert cp.asarray(x) is x and x.astype(cp.float32, copy=False) is x
    before = x
    x += 1
    assert before is x
    for view in (
        x[1], x[0, 0], x[:, 1:3], x[None], x.T, x.reshape(-1), x.ravel(), x.view(cp.int32), x.T.T,
        cp.broadcast_to(x, (2, 3, 4)), cp.expand_dims(x, 0), x.transpose(1, 0), x.squeeze(),
        x.swapaxes(0, 1), cp.lib.stride_tricks.as_strided(x, (2,), (4,)), cp.moveaxis(x, 0, 1),
    ):  # fmt: skip
        assert view.base is not None and cp.shares_memory(view, x)
    x[0, 0][...] = 7.0
    assert float(x[0, 0]) == 7.0
    assert not cp.shares_memory(x[cp.asarray(1)], x) and not cp.shares_memory(x[[1]], x)
    assert x.T.flags.f_contiguous and not x.T.flags.c_contiguous
    assert (x.itemsize, x.nbytes, x.strides) == (4, 48, (16, 4))


@pytest.mark.parametrize("order", ["C", "F"])
def test_empty_is_poisoned(order):
    assert bool(cp.isnan(cp.empty((2, 3), order=order)).all())
    assert bool((cp.empty((2, 3), cp.int16, order) == -1).all())
    permuted = cp.zeros((2, 3, 4), cp.float32).transpose(2, 0, 1)
    like = cp.empty_like(permuted)
    assert like.strides == permuted.strides and bool(cp.isnan(like).all())
    assert bool(cp.isnan(cp.ndarray((), cp.float16))) and cp.empty((0, 3)).size == 0


def test_transfers_are_counted(x):
    with cp.transfers as counts:
        y = cp.asarray(HOST) + cp.array([1.0, 2.0, 3.0, 4.0])
        assert (counts.to_host, counts.to_device) == (0, 2)
        z = cp.matmul(x, y.T).sum() / 3 + cp.where(x > 2, x, 0.0).mean()
        x[1] = z
        x[cp.asarray(0)] = 1.0
        assert (counts.to_host, counts.to_device) == (0, 2)
        for expected, read in enumerate((cp.asnumpy, cp.ndarray.item, float, int, bool, repr), 1):
            read(z)
            assert counts.to_host == expected
        counts.reset()
        shaped_by_values = (cp.nonzero, cp.where, cp.unique, cp.ndarray.nonzero, lambda x: x[x > 0])
        for expected, read in enumerate(shaped_by_values, 1):
            read(x)
            assert counts.to_host == expected
        _ = x[[0, 1]], x[np.array([0, 1])]
        assert counts.to_device == 2


def test_indices_wrap_around(x):
    wrapped = cp.asarray([4, -1])
    rows = x.get()[[1, 2]]
    for taken in (x[wrapped], x.take(wrapped, 0), cp.take(x, wrapped, axis=0), x[..., [4, -1], :]):
        np.testing.assert_array_equal(taken.get(), rows)
    along = cp.take_along_axis(x, cp.asarray([[5], [6], [7]]), 1)
    np.testing.assert_array_equal(along.get(), [[1], [6], [11]])
    cp.add.at(x, (wrapped, slice(None)), 1.0)
    np.testing.assert_array_equal(x.get()[1:], rows + 1)
    with pytest.raises(IndexError):
        x[3]
    cp.put_along_axis(x, cp.argmax(x, 1)[:, None], 0.0, 1)
    x[x > 5] = 0.0
    x[:, None, [0, 1]] = x[0, :2]
    np.testing.assert_array_equal(x.get(), [[0, 1, 2, 0]] + [[0, 1, 0, 0]] * 2)


def test_scatter_counts_every_index():
    bins = cp.zeros(3, cp.float32)
    cp.add.at(bins, cp.asarray([0, 2, 2, 2]), cp.ones(4))
    np.testing.assert_array_equal(bins.get(), [1, 0, 3])
    with pytest.raises(NotImplementedError):
        cp.multiply.at(bins, cp.asarray([0]), 2)


def test_bfloat16_is_taken_where_cupy_takes_it():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    x = cp.ones((2, 2, 2), bfloat16)
    assert (x + x).dtype == (x[0] @ x[0]).dtype == bfloat16
    for multiply in (cp.matmul, lambda a, b: a @ b):
        with pytest.raises(TypeError, match="bfloat16"):
            multiply(x, x)
    with pytest.raises(ValueError, match="Unsupported dtype"):
        cp.zeros(2, "float8_e4m3fn")


def test_no_warning_leaks_from_any_thread(x):
    def divide():
        results.append(float((x / 0)[0, 1]))

    results = [
        float(cp.mean(cp.zeros(0))),
        float(cp.var(x[:1, :1], ddof=1)),
        float(cp.log(-x)[1, 1]),
    ]
    results.append(float(cp.nanmean(cp.full(2, cp.nan))))
    assert np.isnan(results).all()
    thread = threading.Thread(target=divide)
    thread.start()
    thread.join()
    assert results[-1] == np.inf
    assert np.geterr()["divide"] == "warn"


def test_arguments_keep_cupys_order(x):
    assert cp.sum(x, 1, None, None, True).shape == (3, 1)
    assert cp.argmax(x, 1).dtype == np.int64 and x.argmax(1, None).shape == (3,)
    assert x.max(1, None, True).shape == (3, 1)
    np.testing.assert_array_equal(cp.clip(x, None, 3).get(), x.clip(max=3).get())
    keys = np.arange(1000) % 7
    stable = cp.argsort(cp.asarray(keys)).get()
    np.testing.assert_array_equal(stable, np.argsort(keys, kind="stable"))
    assert cp.asarray(np.asfortranarray(HOST)).flags.fnc
    assert cp.asarray(np.ones((4, 6))[:, ::2].T).flags.c_contiguous


def test_copies_and_pickles(x):
    for other in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert type(other) is cp.ndarray and not cp.shares_memory(other, x)
        np.testing.assert_array_equal(other.get(), x.get())


def test_another_class_may_take_over():
    class Tensor:
        __array_priority__ = 1000

        def __radd__(self, other):
            return "taken"

    assert cp.zeros(2) + Tensor() == "taken"
    with pytest.raises(TypeError):
        cp.zeros(2) + object()


def test_the_device_is_idle():
    with cp.cuda.Device(0) as here, cp.cuda.Stream(non_blocking=True):
        here.synchronize()
    cp.cuda.Stream.null.synchronize()
    cp.cuda.get_current_stream().synchronize()
    assert cp.cuda.runtime.getDeviceCount() == 1 and cp.cuda.is_available()
    free, total = cp.cuda.runtime.memGetInfo()
    assert 0 < free <= total
    pool = cp.get_default_memory_pool()
    pool.free_all_blocks()
    assert pool.used_bytes() == pool.total_bytes() == 0
