"""Sequential, ModuleList and ModuleDict."""

from collections import OrderedDict

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, DTypeError, RangeError


def test_sequential_is_a_list_that_runs():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert net(mg.zeros(5, 2)).shape == (5, 1)
    assert len(net) == 3 and list(net)[1] is net[1] is net[-2]
    assert isinstance(net[:2], nn.Sequential) and net[:2][0] is net[0]
    assert net.append(nn.Sigmoid()) is net and len(net) == 4
    net[1] = nn.Tanh()
    del net[0]
    net.insert(1, nn.Identity())
    shown = [f"{name}:{type(m).__name__}" for name, m in net.named_children()]
    assert shown == ["0:Tanh", "1:Identity", "2:Linear", "3:Sigmoid"]
    with pytest.raises(RangeError, match="index 4 is out of range for 4 modules"):
        net[4]


def test_sequential_with_names():
    net = nn.Sequential(OrderedDict(fc=nn.Linear(2, 3), act=nn.ReLU()))
    assert net.fc is net[0] and list(net.state_dict()) == ["fc.weight", "fc.bias"]
    assert list(net[1:].named_children()) == [("act", net.act)]


def test_a_module_may_stand_in_several_places():
    act, layer = nn.ReLU(), nn.Linear(2, 2)
    net = nn.Sequential(layer, act, layer, act)
    assert len(net) == 4 and len(list(net.parameters())) == 2
    assert len(net.state_dict()) == 4  # under both names, as in PyTorch


def test_module_list():
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    layers += [nn.ReLU()]
    layers.extend([nn.Tanh()])
    assert [name for name, _ in layers.named_parameters()][:2] == ["0.weight", "0.bias"]
    assert isinstance(layers[1:3], nn.ModuleList) and layers[1:3][0] is layers[1]
    del layers[3:]
    assert len(layers) == 3
    with pytest.raises(DTypeError, match="expected a Module"):
        layers.append(3)


def test_module_dict():
    heads = nn.ModuleDict({"a": nn.Linear(2, 1), "b": nn.Linear(2, 2)})
    heads["c"] = nn.Identity()
    heads.update({"a": nn.Tanh()})
    assert list(heads) == list(heads.keys()) == ["a", "b", "c"] and "b" in heads
    assert isinstance(heads["a"], nn.Tanh) and len(heads.values()) == 3
    assert isinstance(heads.pop("c"), nn.Identity) and len(heads.items()) == 2
    del heads["a"]
    assert list(heads.state_dict()) == ["b.weight", "b.bias"]
    with pytest.raises(ArgumentError, match="the name is taken"):
        heads["keys"] = nn.Identity()
    with pytest.raises(KeyError):
        heads["z"]
