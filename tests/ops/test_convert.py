"""What a tensor is, its dtype changed, and how dtypes mix: as PyTorch says."""

import math

import numpy as np
import pytest

import minigrad as mg

torch = pytest.importorskip("torch")
NAMES = "uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128 bool"
PAIRS = [(getattr(mg, name), getattr(torch, name)) for name in NAMES.split()]


def test_limits():
    for ours, theirs in PAIRS:
        for name in ("finfo", "iinfo"):
            try:
                expected = getattr(torch, name)(theirs)
            except TypeError:
                with pytest.raises(TypeError):
                    getattr(mg, name)(ours)
                continue
            found = getattr(mg, name)(ours)
            for word in "bits dtype max min eps tiny smallest_normal resolution".split():
                if hasattr(expected, word):
                    assert getattr(found, word) == getattr(expected, word), (ours, word)
            assert str(found) == str(expected) or name == "iinfo"
            assert found == getattr(mg, name)(ours)
    assert mg.finfo() == mg.finfo(mg.float32) != mg.finfo(mg.float64)


def test_how_dtypes_mix():
    for a, x in PAIRS:
        for b, y in PAIRS:
            assert mg.can_cast(a, b) == torch.can_cast(x, y), (a, b)
            pairs = [(mg.zeros((), dtype=a), mg.zeros(2, dtype=b)), (mg.zeros(1, dtype=a), 1.5)]
            other = [(torch.zeros((), dtype=x), torch.zeros(2, dtype=y)),
                     (torch.zeros(1, dtype=x), 1.5)]  # fmt: skip
            for mine, theirs in zip(pairs, other):
                expected = str(torch.result_type(*theirs)).replace("complex32", "complex64")
                assert str(mg.result_type(*mine)) in expected, mine
    assert mg.result_type(1, 2.0) == mg.float32 and mg.result_type(1, 2j) == mg.complex64
    with pytest.raises(TypeError):
        mg.result_type([1], 2)


def test_what_a_tensor_is():
    x = mg.arange(12.0).reshape(3, 4)[1:, ::2]
    y = torch.arange(12.0).reshape(3, 4)[1:, ::2]
    words = "dim ndimension nelement numel element_size storage_offset stride size type"
    for name in words.split():
        assert getattr(x, name)() == getattr(y, name)(), name
    assert x.stride(-1) == 2 and x.size(0) == 2 and x.data_ptr() - x[:, 1:].data_ptr() == -8
    for wrong in (x.stride, x.size):
        with pytest.raises(IndexError):
            wrong(2)
    for ours, theirs in PAIRS:
        a, b = mg.ones(2, dtype=ours), torch.ones(2, dtype=theirs)
        for name in "is_signed is_floating_point is_complex".split():
            assert getattr(mg, name)(a) == getattr(a, name)() == getattr(torch, name)(b), ours
        assert a.type() == b.type() and a.type(b.type()).dtype == ours
    assert x.layout is mg.strided and x.is_cpu and not x.is_cuda and x.get_device() == -1
    assert mg.is_nonzero(mg.tensor([2])) and not mg.is_nonzero(mg.tensor(0.0))
    with pytest.raises(RuntimeError):
        mg.is_nonzero(x)
    assert mg.numel(x) == 4 and mg.is_same_size(x, x) and mg.is_tensor(x)
    assert x.cuda().get_device() == 0 and x.cuda().cpu().device.type == "cpu"


def test_to():
    x = mg.ones(2)
    assert x.to(mg.float32) is x and x.to(x) is x and x.to("cpu") is x
    copied = x.to(mg.float32, copy=True)
    assert copied is not x and not np.shares_memory(copied.array, x.array)
    assert x.to(mg.float32, False, True) is not x
    assert x.to("cpu", mg.float64).dtype == x.to(mg.ones(1).double()).dtype == mg.float64
    # Python's types are the wide ones, as in PyTorch.
    assert x.to(float).dtype == mg.float64 and x.to(int).dtype == mg.int64
    assert mg.zeros(1, dtype=float).dtype == mg.float64
    assert mg.zeros(1, dtype=complex).dtype == mg.complex128
    casts = "byte char short int long half bfloat16 float double cfloat cdouble bool"
    for name in casts.split():
        theirs = getattr(torch.tensor([1.5]), name)()
        assert str(getattr(mg.tensor([1.5]), name)().dtype) in str(theirs.dtype)
    assert mg.ones(1).type(mg.int8).dtype == mg.ones(1).type_as(mg.ones(1).char()).dtype == mg.int8
    x = mg.tensor([1.5], requires_grad=True)
    (x.double() * 2).sum().backward()
    assert x.grad.dtype == mg.float32 and x.grad.item() == 2


def test_memory_formats():
    x = mg.arange(120.0).reshape(2, 3, 4, 5).requires_grad_()
    y = x.contiguous(memory_format=mg.channels_last)
    assert y.stride() == (60, 1, 15, 3) and y.is_contiguous(memory_format=mg.channels_last)
    assert not y.is_contiguous() and y.contiguous(memory_format=mg.channels_last) is y
    assert (y == x).all() and y.clone().stride() == y.stride()
    assert y.clone(memory_format=mg.contiguous_format).is_contiguous()
    assert x.to(memory_format=mg.channels_last).stride() == y.stride()
    assert mg.empty_like(y).stride() == mg.zeros_like(y).stride() == y.stride()
    assert mg.zeros_like(y, memory_format=mg.contiguous_format).is_contiguous()
    assert mg.empty(2, 3, 4, 5, memory_format=mg.channels_last).stride() == y.stride()
    (y * x).sum().backward()
    assert (x.grad == 2 * x).all()
    z = mg.zeros(1, 2, 3, 4, 5).contiguous(memory_format=mg.channels_last_3d)
    assert z.is_contiguous(memory_format=mg.channels_last_3d)
    for wrong in (
        lambda: mg.ones(2).contiguous(memory_format=mg.channels_last),
        lambda: x.contiguous(memory_format=mg.preserve_format),
        lambda: mg.empty(2, memory_format=mg.channels_last),
        lambda: x.clone(memory_format="channels_last"),
    ):
        with pytest.raises(RuntimeError):
            wrong()


def test_view_as_another_dtype():
    x = mg.arange(6.0).reshape(2, 3)
    assert x.view(mg.int32).view(mg.float32).equal(x) if hasattr(x, "equal") else True
    y = torch.arange(6.0).reshape(2, 3)
    assert x.view(mg.uint8).tolist() == y.view(torch.uint8).tolist()
    assert x.view(mg.int16).shape == (2, 6) and x.double().view(mg.float32).shape == (2, 6)
    x.view(mg.int32)[0, 0] = 1
    assert x[0, 0] == math.ldexp(1, -149)
    for wrong in (
        lambda: x.view(mg.float64),
        lambda: x.t().view(mg.int16),
        lambda: mg.tensor(1.0).view(mg.int16),
        lambda: mg.ones(2, 3)[:, 1:].view(mg.float64),
    ):
        with pytest.raises(RuntimeError):
            wrong()
    leaf = mg.ones(2, requires_grad=True)
    seen = (leaf * 1).view(mg.int32)
    assert not seen.requires_grad
    with pytest.raises(mg.GradientError):
        seen.add_(1)
