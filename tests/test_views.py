"""docs/views.md, rule by rule: a test for each, in its order."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg


def numbers(*shape: int, requires_grad: bool = False) -> mg.Tensor:
    values = np.arange(1.0, np.prod(shape) + 1).reshape(shape)
    return mg.tensor(values, requires_grad=requires_grad)


def shares(a: mg.Tensor, b: mg.Tensor) -> bool:
    return np.shares_memory(a.array, b.array)


def test_01_what_is_a_view():
    x = numbers(2, 3, 4)
    views = [x[0], x[:, 1:], x[None], x[..., 0], x[0, 1, 2], x.view(6, 4), x.permute(2, 0, 1), x.T]
    views += [x.transpose(0, 1), x.mT, x[:1].squeeze(0), x.unsqueeze(1), x.expand(5, 2, 3, 4)]
    views += [x.detach(), x.data, x.reshape(-1), x.flatten()]
    assert all(shares(v, x) for v in views)
    copies = [x[[0, 1]], x[x > 0], x[mg.tensor([1])], x.T.reshape(-1), x.clone(), x.T.contiguous()]
    assert not any(shares(c, x) for c in copies)
    x[0, 0, 0] = 50.0
    assert views[0][0, 0].item() == 50.0


def test_02_view_never_copies():
    x = numbers(2, 3)
    with pytest.raises(mg.ShapeError, match="use reshape"):
        x.t().view(6)
    assert x.t().reshape(6).tolist() == [1, 4, 2, 5, 3, 6]


def test_03_slices_may_step_backwards():
    x = numbers(5, requires_grad=True)
    assert shares(x[::-1], x) and x[::-1].tolist() == [5, 4, 3, 2, 1]
    (x[::-2] * mg.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [3, 0, 2, 0, 1]


def test_04_a_leaf_that_requires_grad_cannot_be_written_while_recording():
    w = numbers(3, requires_grad=True)
    for write in (lambda: w.add_(1), lambda: w[0].zero_(), lambda: w.__setitem__(0, 1.0)):
        with pytest.raises(mg.GradientError, match="no_grad"):
            write()
    assert w.tolist() == [1, 2, 3]  # nothing half-written
    with mg.no_grad():
        w -= 1
    assert w.tolist() == [0, 1, 2] and w.is_leaf and w.requires_grad


def test_05_a_write_to_a_computed_tensor_enters_the_graph():
    x = numbers(3, requires_grad=True)
    y = x * 2
    before = y + 0
    y.mul_(3).exp_()
    (y.sum() + before.sum()).backward()
    assert np.allclose(x.grad.numpy(), 6 * np.exp([6.0, 12.0, 18.0]) + 2)


def test_06_a_write_through_a_view_reaches_the_base_and_other_views():
    v, x = numbers(3, requires_grad=True), numbers(2, 3, requires_grad=True)
    h = x * 1
    row, column = h[0], h[:, 1]
    h[0] = v * v
    (row.sum() + 10 * column.sum()).backward()
    assert v.grad.tolist() == [2, 4 + 40, 6]
    assert x.grad.tolist() == [[0, 0, 0], [0, 10, 0]]


def test_07_a_write_to_a_tensor_outside_the_graph_brings_it_in():
    w = numbers(3, requires_grad=True)
    h = mg.zeros(2, 3, dtype=mg.float64)
    row = h[1]
    row.copy_(w * 3)
    assert h.requires_grad and row.requires_grad
    h.sum().backward()
    assert w.grad.tolist() == [3, 3, 3]


def test_08_backward_never_uses_an_overwritten_value():
    x = numbers(3, requires_grad=True)
    y = x * 1
    z = y * y
    y.add_(1)
    with pytest.raises(mg.GradientError, match=r"<mul>.*changed in place"):
        z.sum().backward()


def test_08_the_module_is_named():
    class Net(mg.nn.Module):
        def forward(self, x):
            y = x.exp()
            with mg.no_grad():
                y.zero_()
            return y

    net = Net()
    out = net(numbers(3, requires_grad=True))
    with pytest.raises(mg.GradientError, match="<exp in Net>"):
        out.sum().backward()


def test_09_only_overlapping_writes_count():
    w = numbers(4, 4, requires_grad=True)
    rows = mg.zeros(5, 4, dtype=mg.float64)
    rows[0] = 1.0
    columns = mg.zeros(4, 5, dtype=mg.float64)
    columns[:, 0] = 1.0
    for t in range(1, 5):
        rows[t] = (rows[t - 1] @ w).tanh()
        columns[:, t] = (columns[:, t - 1] @ w).tanh()  # interleaved bytes, still disjoint
    (rows.sum() - columns.sum()).backward()
    assert np.allclose(w.grad.numpy(), 0)
    h = mg.zeros(2, 4, dtype=mg.float64)
    h[0] = w.detach()[0]
    y = h[0] @ w
    h[0] = y
    with pytest.raises(mg.GradientError, match="changed in place"):
        h.sum().backward()


@pytest.mark.parametrize("alias", ["data", "detach"])
def test_10_data_and_detach_share_the_write_log(alias):
    x = numbers(3, requires_grad=True)
    y = x * x
    shared = x.data if alias == "data" else x.detach()
    shared.zero_()
    with pytest.raises(mg.GradientError, match="changed in place"):
        y.sum().backward()


def test_11_an_in_place_operation_cannot_change_shape_or_kind():
    with pytest.raises(mg.ShapeError, match="cannot grow"):
        numbers(3).add_(numbers(2, 3))
    with pytest.raises(mg.DTypeError, match=r"x\.to"):
        mg.tensor([1, 2]).mul_(0.5)
    x = mg.tensor([1.0, 2.0])
    x.add_(mg.tensor([1, 1]))
    assert x.dtype == mg.float32


def test_12_an_expanded_tensor_cannot_be_written():
    x = numbers(1, 3)
    for write in (lambda v: v.add_(1), lambda v: v.__setitem__(0, 0.0), lambda v: v.zero_()):
        with pytest.raises(mg.ShapeError, match="clone"):
            write(x.expand(4, 3))
    assert x.tolist() == [[1, 2, 3]]


def test_13_a_view_made_under_no_grad_takes_no_recorded_write():
    w = numbers(3, requires_grad=True)
    h = mg.zeros(2, 3, dtype=mg.float64)
    with mg.no_grad():
        row = h[0]
    with pytest.raises(mg.GradientError, match="no_grad"):
        row.copy_(w)
    row.copy_(w.detach())
    assert h[0].tolist() == [1, 2, 3]


def test_14_setting_a_row_costs_a_row():
    h = mg.zeros(64, 8)
    v = mg.ones(8, requires_grad=True)
    for t in range(64):
        h[t] = v
    node, kept = h.grad_fn, 0
    while node is not None:
        kept += len(node.saved)
        node = node.edges[0] and node.edges[0][0]
    assert kept == 0
    h.sum().backward()
    assert v.grad.tolist() == [64] * 8


def test_15_memory_shared_with_numpy_is_copied_where_backward_needs_it():
    array = np.array([1.0, 2.0, 3.0])
    x = mg.from_numpy(array)
    w = numbers(3, requires_grad=True)
    y = (x * w).sum()
    array[:] = 100.0
    assert x.tolist() == [100, 100, 100]  # shared
    y.backward()
    assert w.grad.tolist() == [1, 2, 3]  # but what backward needs was copied
    z = numbers(3)
    z.numpy()[0] = 9.0
    assert z[0].item() == 9.0


def test_12_overlapping_windows_cannot_be_written():
    x = numbers(6)
    for view in (x.unfold(0, 3, 1), x.as_strided((3, 2), (1, 1)), x.as_strided((2, 2), (0, 1))):
        with pytest.raises(mg.ShapeError, match="one place in memory"):
            view.add_(1)
    x.unfold(0, 3, 3).zero_()
    assert not x.any()


def test_16_shapes_change_in_place():
    x = mg.zeros(3, 1)
    row = x[0]
    assert x.t_() is x and x.shape == (1, 3) and row.shape == (1,)
    w = mg.tensor([2.0], requires_grad=True)
    row.copy_(w)
    assert x.requires_grad and x.tolist() == [[2, 0, 0]]
    x.mul_(3)
    assert row.tolist() == [6]
    (x.squeeze_().sum() + row.sum()).backward()
    assert x.shape == (3,) and w.grad.tolist() == [6]
    y = mg.ones(2, 3, requires_grad=True) * 2
    first = y[0]
    (y.transpose_(0, 1)[:, 0].sum() + first.sum()).backward()
    leaf = mg.ones(1, 2, requires_grad=True)
    for target in (leaf, leaf[0]):
        with pytest.raises(mg.GradientError, match="leaf"):
            target.unsqueeze_(0)
    with mg.no_grad():
        leaf.squeeze_()
    (leaf * 3).sum().backward()
    assert leaf.grad.tolist() == [3, 3]


def test_17_views_through_strides_and_of_other_dtypes():
    x = numbers(4, requires_grad=True)
    y = x * 2
    windows = y.as_strided((3, 2), (1, 1))
    (windows * windows).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [8, 32, 48, 32]
    part = windows[1:].unsqueeze(0)  # a view of such a view is as good
    assert mg.autograd.grad((part * part).sum(), x)[0].tolist() == [0, 16, 48, 32]
    for view in (y.as_strided((2,), (2,)), y.view(mg.int64)):
        with pytest.raises(mg.GradientError):
            view.mul_(3)
    with pytest.raises(mg.ArgumentError, match="memory of 4"):
        y.as_strided((3,), (2,))
    y.mul_(2)
    for view in (windows, part):
        with pytest.raises(mg.GradientError, match="as_strided"):
            view.sum()
    plain = numbers(2)
    plain.view(mg.int64)[0] = 0
    assert plain.tolist() == [0, 2]
