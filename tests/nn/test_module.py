"""Modules find their members, run, move, copy and name themselves in errors."""

import copy
import gc
import weakref

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, DTypeError, Error, ShapeError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 3)
        self.scale = nn.Parameter(mg.ones(3))
        self.register_buffer("count", mg.zeros(1, dtype=mg.int64))
        self.register_buffer("scratch", mg.zeros(2), persistent=False)
        self.fc2 = nn.Linear(3, 2, bias=False)

    def forward(self, x):
        return self.fc2(self.fc1(x) * self.scale)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3)
        self.b = nn.Linear(3, 3)
        self.b.weight = self.a.weight


def names(pairs):
    return [name for name, _ in pairs]


def test_members_come_in_pytorchs_order():
    net = Net()
    assert names(net.named_parameters()) == ["scale", "fc1.weight", "fc1.bias", "fc2.weight"]
    assert names(net.named_parameters("net")) == [f"net.{n}" for n in names(net.named_parameters())]
    assert names(net.named_parameters(recurse=False)) == ["scale"]
    assert names(net.named_buffers()) == ["count", "scratch"]
    assert names(net.named_modules()) == ["", "fc1", "fc2"]
    assert names(net.named_children()) == ["fc1", "fc2"]
    assert list(net.state_dict()) == ["scale", "count", "fc1.weight", "fc1.bias", "fc2.weight"]
    assert net.get_submodule("fc1") is net.fc1 and net.get_submodule("") is net
    assert net.get_parameter("fc1.bias") is net.fc1.bias
    with pytest.raises(AttributeError, match=r"fc1\.oops"):
        net.get_parameter("fc1.oops")


def test_a_module_works_without_super_init():
    class Bare(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(2, 2)

    assert len(list(Bare().parameters())) == 2


def test_assigning_and_deleting():
    net = Net()
    net.fc1 = None
    assert names(net.named_parameters()) == ["scale", "fc2.weight"]
    del net.scale
    assert names(net.named_parameters()) == ["fc2.weight"] and not hasattr(net, "scale")
    with pytest.raises(DTypeError, match=r"Linear\.weight holds a Parameter"):
        net.fc2.weight = mg.zeros(2, 3)
    with pytest.raises(DTypeError, match=r"Linear\.bias holds a Parameter"):
        net.fc2.bias = mg.zeros(2)  # there is none, but it would be one
    with pytest.raises(DTypeError, match="holds a Tensor"):
        net.count = 3
    net.count = nn.Parameter(mg.zeros(1))  # changes its kind
    assert names(net.named_parameters()) == ["count", "fc2.weight"]
    assert names(net.named_buffers()) == ["scratch"]


@pytest.mark.parametrize("name", ["", "a.b", "forward", "training"])
def test_names_that_cannot_be(name):
    with pytest.raises(ArgumentError, match="cannot register"):
        nn.Module().register_buffer(name, mg.zeros(1))


def test_shared_parameters_come_once():
    tied = Tied()
    assert names(tied.named_parameters()) == ["a.weight", "a.bias", "b.bias"]
    assert "b.weight" in names(tied.named_parameters(remove_duplicate=False))
    twin = copy.deepcopy(tied)
    assert twin.b.weight is twin.a.weight and twin.a.weight is not tied.a.weight
    assert isinstance(twin.a.weight, nn.Parameter) and twin.a.weight.requires_grad


def test_training_mode_and_freezing():
    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout()))
    assert not net.eval()[1][0].training and net.train()[1][0].training
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())


def test_zero_grad():
    net = Net()
    net(mg.ones(1, 4)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(float(p.grad.abs().sum()) == 0 for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_moving_keeps_parameters_the_same_objects(device):
    net = Net()
    before = list(net.parameters())
    net(mg.ones(1, 4)).sum().backward()
    assert net.to(device).to(mg.float64) is net
    assert all(p is q for p, q in zip(before, net.parameters(), strict=True))
    for p in net.parameters():
        assert p.device.type == p.grad.device.type == device
        assert p.dtype == p.grad.dtype == mg.float64 and p.requires_grad and p.is_leaf
    assert net.count.dtype == mg.int64 and net.scratch.dtype == mg.float64
    out = net(mg.ones(1, 4, dtype=mg.float64, device=device))
    assert out.device.type == device and net.float().cpu().scale.dtype == mg.float32
    with pytest.raises(DTypeError, match="int64"):
        net.to(mg.int64)


def test_moving_keeps_ties():
    tied = Tied().double()
    assert tied.a.weight is tied.b.weight and tied.a.weight.dtype == mg.float64


def test_apply_visits_children_first():
    seen = []
    Net().apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["Linear", "Linear", "Net"]


def test_hooks_replace_inputs_and_outputs():
    layer, seen = nn.Identity(), []
    with layer.register_forward_pre_hook(lambda module, args: args[0] + 1):
        handle = layer.register_forward_hook(lambda module, args, out: seen.append(args) or out * 2)
        assert layer(mg.tensor([1.0])).item() == 4 and seen[0][0].item() == 2
    handle.remove()
    assert layer(mg.tensor([1.0])).item() == 1


def test_repr_is_pytorchs():
    torch = pytest.importorskip("torch")

    def build(nn):
        return nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2, bias=False), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3, dilation=2, groups=2, padding="same"), nn.AvgPool2d(3), nn.Flatten(),
            nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1), nn.Dropout(0.1)),
            nn.Embedding(5, 2, padding_idx=-1), nn.Identity(), nn.LogSoftmax(1), nn.MSELoss(),
        )  # fmt: skip

    assert repr(build(nn)) == repr(build(torch.nn))
    assert repr(nn.Parameter(mg.tensor([1.5]))) == repr(torch.nn.Parameter(torch.tensor([1.5])))


def test_moving_to_whatever_pytorch_takes(device):
    net = Net()
    assert net.half().scale.dtype == mg.float16 and net.bfloat16().scratch.dtype == mg.bfloat16
    net.to(mg.zeros(1, dtype=mg.float64, device=device), True)
    assert net.scale.dtype == mg.float64 and net.scale.device.type == device
    assert net.to(device, mg.float32, non_blocking=True).fc1.bias.dtype == mg.float32
    assert net.count.dtype == mg.int64
    with pytest.raises(DTypeError, match="requires grad cannot be int64"):
        net.type(mg.int64)
    conv = nn.Conv2d(3, 4, 2).to(memory_format=mg.channels_last)
    assert conv.weight.is_contiguous(memory_format=mg.channels_last)
    before = net.scale
    assert net.type(mg.float64).count.dtype == mg.float64
    net.to_empty(device="cpu")
    assert net.scale is before and net.fc1.weight.shape == (3, 4)
    assert net.scratch.device.type == "cpu"


def test_overridden_train_and_apply_are_heard_below():
    class Frozen(nn.Linear):
        extra = mg.zeros(1)

        def train(self, mode=True):
            return super().train(False)

        def _apply(self, fn, recurse=True):
            self.extra = fn(self.extra)
            return super()._apply(fn, recurse)

    net = nn.Sequential(nn.Sequential(Frozen(1, 1)), nn.Dropout()).train().double()
    assert net[1].training and not net[0][0].training and net[0][0].extra.dtype == mg.float64
    with pytest.raises(ArgumentError, match="True or False"):
        net.train("eval")


def test_buffers_by_assignment():
    net = nn.Module()
    net.mean = nn.Buffer(mg.ones(2))
    net.scratch = nn.Buffer(mg.ones(2), persistent=False)
    assert names(net.named_buffers()) == ["mean", "scratch"] and list(net.state_dict()) == ["mean"]
    assert net.get_buffer("mean") is net.mean and isinstance(net.mean, nn.Buffer)
    assert not copy.deepcopy(net).scratch.persistent
    net.mean = mg.zeros(2)  # still the buffer
    assert net.state_dict()["mean"].tolist() == [0, 0]
    assert nn.Buffer().shape == nn.Parameter().shape == (0,)
    with pytest.raises(AttributeError, match="no buffer 'oops'"):
        net.get_buffer("oops")
    with pytest.raises(DTypeError, match="wrap the values"):
        nn.Buffer([1.0])


def test_replacing_submodules():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Tanh())
    net.set_submodule("0.0", nn.Linear(2, 3))
    assert net(mg.ones(1, 2)).shape == (1, 3) and "0" not in dir(net) and "forward" in dir(net)
    net.set_submodule("0.new", nn.Identity())
    for target, strict in (("0.other", True), ("nowhere.0", False), ("0.0.weight", False)):
        with pytest.raises(AttributeError):
            net.set_submodule(target, nn.Identity(), strict)
    net.register_module("end", nn.Identity())
    assert names(net.named_children()) == ["0", "1", "end"] and net.compile() is None


def test_errors_carry_the_path():
    net = Net()
    with pytest.raises(ShapeError, match=r"^Net\.fc1: Linear\(in_features=4, out_features=3\) got"):
        net(mg.ones(2, 5))
    outer = nn.Sequential(nn.ModuleList([net])[0])
    with pytest.raises(ShapeError, match=r"^Sequential\.0\.fc1: "):
        outer(mg.ones(2, 5))
    assert not str(Error("plain")).startswith("Net")  # the path is left again
    y = net(mg.ones(2, 4))
    assert "in Net.fc2" in repr(y.grad_fn)


def test_the_graph_does_not_keep_the_module():
    gc.disable()
    try:
        net = Net()
        y, dead = net(mg.ones(2, 4)), weakref.ref(net)
        del net
        assert dead() is None and y.requires_grad
    finally:
        gc.enable()


def test_forward_is_asked_for():
    with pytest.raises(NotImplementedError, match="ModuleList has no forward"):
        nn.ModuleList()(1)
