"""Tensors among Python numbers, NumPy arrays, printing and copying."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg


def test_numbers():
    x = mg.tensor(2.5)
    assert f"{x:.2f}" == "2.50" and float(x) == 2.5 and int(x) == 2 and x.item() == 2.5
    assert bool(mg.tensor(0.0)) is False and [10, 20, 30][mg.tensor(1)] == 20
    assert list(range(mg.tensor(2))) == [0, 1]
    for refused in (bool, float, lambda x: x.item()):
        with pytest.raises(mg.ShapeError):
            refused(mg.ones(2))
    with pytest.raises(TypeError):
        [1, 2][mg.tensor(1.0)]


def test_sequences():
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2 and [row.tolist() for row in x] == [[1, 2], [3, 4]]
    _, b = x
    assert b.tolist() == [3, 4] and 4.0 in x and 5.0 not in x
    with pytest.raises(TypeError):
        len(mg.tensor(1.0))
    with pytest.raises(TypeError):
        iter(mg.tensor(1.0))


def test_operators_with_numbers_and_arrays_on_either_side():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    array = np.array([10.0, 20.0], np.float32)
    for y in (x + array, array + x, x + 10, 10 + x, np.float64(10) + x, x + np.int64(10)):
        assert isinstance(y, mg.Tensor) and y.requires_grad and y.dtype == mg.float32
    assert (array - x).tolist() == [9, 18] and (2**x).tolist() == [2, 4]
    assert (1 / x).tolist() == [1, 0.5] and (3 - x).tolist() == [2, 1]
    assert (array @ x).item() == 50 and (x > array).tolist() == [False, False]
    assert (x == None) is False and (x != "a") is True  # noqa: E711
    with pytest.raises(TypeError):
        x + "a"


def test_promotion_of_numpy_scalars_is_that_of_python_numbers():
    assert (mg.ones(1) * np.float64(2)).dtype == mg.float32
    assert (mg.tensor([1]) * 2.5).dtype == mg.float32
    assert (mg.ones(2) * mg.tensor(2.0, dtype=mg.float64)).dtype == mg.float32
    assert (mg.ones(2) * mg.ones(2, dtype=mg.float64)).dtype == mg.float64


def test_arrays():
    x = mg.tensor([1.0, 2.0])
    assert np.asarray(x) is x.array or np.shares_memory(np.asarray(x), x.array)
    assert np.array(x, dtype=np.float64).dtype == np.float64
    w = mg.ones(2, requires_grad=True)
    with pytest.raises(mg.GradientError, match="detach"):
        w.numpy()
    assert w.numpy(force=True).tolist() == [1, 1]
    with pytest.raises(mg.DeviceError, match=r"cpu\(\)"):
        x.cuda().numpy()


def test_copies():
    x = mg.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    twin = copy.deepcopy(x)
    twin.data.zero_()
    assert x.tolist() == [1, 1] and twin.requires_grad and twin.grad.tolist() == [3, 3]
    assert twin.grad is not x.grad
    with pytest.raises(mg.GradientError, match=r"detach\(\)\.clone\(\)"):
        copy.deepcopy(x * 2)


def test_creation_follows_pytorchs_dtypes():
    assert mg.tensor(1.0).dtype == mg.float32 and mg.tensor(1).dtype == mg.int64
    assert mg.tensor([True]).dtype == mg.bool and mg.tensor([1, 2.0]).dtype == mg.float32
    assert (
        mg.tensor(np.ones(1)).dtype == mg.float64 and mg.tensor(np.float64(1)).dtype == mg.float64
    )
    assert mg.tensor([]).dtype == mg.float32 and mg.tensor([]).shape == (0,)
    assert mg.arange(3).dtype == mg.int64 and mg.arange(0, 1, 0.25).tolist() == [0, 0.25, 0.5, 0.75]
    assert mg.full((2,), 1).dtype == mg.int64 and mg.zeros(2, 3).shape == mg.zeros((2, 3)).shape
    assert mg.tensor([mg.tensor(1.0), mg.tensor(2.0)]).tolist() == [1, 2]
    assert mg.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1] and mg.eye(2).tolist() == [
        [1, 0],
        [0, 1],
    ]
    with pytest.raises(mg.ShapeError, match="unequal"):
        mg.tensor([[1, 2], [3]])
    with pytest.raises(mg.DTypeError):
        mg.tensor(["a"])
    with pytest.raises(mg.ShapeError, match="negative"):
        mg.zeros(-1)


def test_tensor_copies_and_from_numpy_shares():
    array = np.zeros(2)
    copied, shared = mg.tensor(array), mg.from_numpy(array)
    array[:] = 1
    assert copied.tolist() == [0, 0] and shared.tolist() == [1, 1]
    array.flags.writeable = False
    assert not np.shares_memory(mg.from_numpy(array).array, array)


def test_repr():
    assert repr(mg.tensor([1.0, 2.0])) == "tensor([1., 2.])"
    assert repr(mg.tensor([1.5, 2.0])) == "tensor([1.5000, 2.0000])"
    assert repr(mg.tensor([1, 2])) == "tensor([1, 2])"
    assert repr(mg.tensor(3.0, requires_grad=True)) == "tensor(3., requires_grad=True)"
    assert repr(mg.ones(1, dtype=mg.float64)) == "tensor([1.], dtype=minigrad.float64)"
    assert "grad_fn=<mul>" in repr(mg.ones(1, requires_grad=True) * 2)
    assert "device='cuda:0'" in repr(mg.ones(1, device="cuda"))
    assert "..." in repr(mg.zeros(2000)) and "size=(0, 3)" in repr(mg.zeros(0, 3))
    assert "[[1., 1.],\n        [1., 1.]]" in repr(mg.ones(2, 2))
    try:
        mg.set_printoptions(precision=2, sci_mode=True)
        assert repr(mg.tensor([1.5])) == "tensor([1.50e+00])"
    finally:
        mg.set_printoptions(profile="default")
    assert repr(mg.tensor([1.5])) == "tensor([1.5000])"


def test_device_and_dtype_names():
    x = mg.ones(2)
    assert x.device == mg.device("cpu") and str(mg.device("cuda")) == "cuda:0"
    assert x.to("cuda").device.type == "cuda" and mg.cuda.is_available()
    assert x.to(mg.float64).dtype == x.double().dtype == mg.float64 and x.half().dtype == mg.float16
    assert x.bfloat16().float().tolist() == [1, 1] and x.to(x) is x
    with pytest.raises(mg.DeviceError, match="tpu"):
        x.to(device="tpu")
    with pytest.raises(mg.DeviceError, match="different devices.*cuda"):
        x + mg.ones(2, device="cuda")
    assert (mg.tensor(2.0) * mg.ones(2, device="cuda")).device.type == "cuda"


def test_moving_between_devices_carries_gradients():
    x = mg.ones(2, requires_grad=True)
    (x.to("cuda") * 3).cpu().sum().backward()
    assert x.grad.tolist() == [3, 3] and x.grad.device.type == "cpu"


# Pickles and DLPack ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [mg.float32, mg.bfloat16, mg.int64, mg.bool, mg.complex64])
def test_pickles(dtype):
    x = mg.ones(2, 3, dtype=dtype).T
    again = pickle.loads(pickle.dumps(x))
    assert again.dtype == dtype and again.tolist() == x.tolist() and not again.requires_grad
    layer = pickle.loads(pickle.dumps(mg.nn.Linear(2, 3)))
    assert isinstance(layer.weight, mg.nn.Parameter) and layer.weight.requires_grad
    assert pickle.loads(pickle.dumps(mg.ones(2, device="cuda"))).device.type == "cuda"


def test_dlpack_shares_memory_with_numpy():
    x = mg.zeros(2, 3)
    seen = np.from_dlpack(x)
    x[0] = 1
    assert seen[0].tolist() == [1, 1, 1] and x.__dlpack_device__() == (1, 0)
    array = np.zeros(3)
    y = mg.from_dlpack(array)
    y[1] = 5
    assert array.tolist() == [0, 5, 0]
    assert mg.from_dlpack(array, copy=True).add_(1) is not None and array[0] == 0
    with pytest.raises(BufferError, match="requires grad"):
        np.from_dlpack(mg.ones(1, requires_grad=True))
    with pytest.raises(BufferError, match="bfloat16"):
        np.from_dlpack(mg.ones(1, dtype=mg.bfloat16))
    with pytest.raises(mg.DTypeError, match="__dlpack__"):
        mg.from_dlpack([1.0])


def test_what_backward_needs_of_exported_memory_is_copied():
    x = mg.ones(2)
    seen = np.from_dlpack(x)
    w = mg.ones(2, requires_grad=True)
    loss = (w * x).sum()
    x.numpy()[:] = 7
    assert seen.tolist() == [7, 7]
    loss.backward()
    assert w.grad.tolist() == [1, 1]


def test_dlpack_with_torch():
    torch = pytest.importorskip("torch")
    x = mg.zeros(3)
    torch.from_dlpack(x)[1] = 2
    assert x.tolist() == [0, 2, 0]
    theirs = torch.zeros(3)
    mg.from_dlpack(theirs)[2] = 4
    assert theirs.tolist() == [0, 0, 4]
