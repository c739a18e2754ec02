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


def test_sequentials_join_and_repeat():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert [*(net + net)] == [*(2 * net)] == [*net, *net]  # the same modules, not copies
    assert isinstance(net.pop(1), nn.ReLU) and len(net) == 1
    net *= 3
    net += nn.Sequential(nn.Tanh())
    assert len(net) == 4 and net[0] is net[2] and len(list(net.parameters())) == 2
    assert isinstance(net.pop(slice(1, 4)), nn.Sequential) and len(net) == 1
    for wrong in ([nn.Tanh()], nn.Tanh()):
        with pytest.raises(ArgumentError, match=r"net\.append\(module\)"):
            net + wrong
    with pytest.raises(ArgumentError, match="at least once"):
        net * 0
    with pytest.raises(DTypeError, match="by an integer"):
        1.5 * net


def test_what_containers_refuse():
    net = nn.Sequential(OrderedDict(a=nn.Tanh(), b=nn.ReLU()))
    with pytest.raises(ArgumentError, match="have names, not numbers"):
        net.insert(0, nn.Tanh())
    assert len(net.insert(2, nn.Tanh())) == 3 and [*net.state_dict()] == []
    with pytest.raises(RangeError, match="index 5 is out of range for 3 modules"):
        net.insert(5, nn.Tanh())
    with pytest.raises(TypeError, match="not callable"):
        nn.Sequential(None)(1)
    with pytest.raises(DTypeError, match=r"ModuleList\.extend: expected an iterable"):
        nn.ModuleList(3)
    with pytest.raises(ArgumentError, match=r"element 0 must be a pair, got \[1\]"):
        nn.ModuleDict([[1]])
    with pytest.raises(DTypeError, match="element 1, a int, is no pair"):
        nn.ModuleDict([("a", nn.Tanh()), 2])
    hole = nn.ModuleDict({"a": None})
    assert len(hole) == 1 and repr(hole) == "ModuleDict(\n  (a): None\n)"
    more_names = nn.Sequential({"a": nn.Tanh()})
    assert more_names.a is more_names[0]


def test_module_list_inserts_as_a_list_does():
    a, b, c = nn.Tanh(), nn.ReLU(), nn.ELU()
    layers = nn.ModuleList([a, b])
    layers.insert(-1, c)
    assert (
        [*layers] == [a, c, b]
        and layers.pop(-1) is b
        and [*(layers + nn.ModuleList([b]))] == [a, c, b]
    )
    heads = nn.ModuleDict([("a", a), ["b", b]])
    heads.clear()
    assert len(heads) == 0 and [*nn.ModuleDict(nn.ModuleDict({"z": a, "b": b}))] == ["z", "b"]


class Polynomial(nn.Module):
    def __init__(self):
        super().__init__()
        self.powers = nn.ParameterList([mg.ones(2), nn.Parameter(mg.zeros(1)), "text"])

    def forward(self, x):
        return self.powers[0].sum() * x


def test_parameter_list():
    net = Polynomial()
    assert list(net.state_dict()) == ["powers.0", "powers.1"] and len(net.powers) == 3
    net(mg.tensor(2.0)).backward()
    assert net.powers[0].grad.tolist() == [2, 2] and net.powers[-1] == "text"
    net.powers += [mg.ones(1)]
    assert isinstance(net.powers[3], nn.Parameter) and len(net.powers[1::2]) == 2
    net.powers[0] = mg.zeros(4)
    assert net.powers[0].shape == (4,) and "(2): Object of type: str" in repr(net.powers)
    with pytest.raises(RangeError, match="index 4 is out of range for 4 values"):
        net.powers[4]
    with pytest.raises(DTypeError, match="got Tensor"):
        net.powers.extend(mg.ones(2))
    with pytest.raises(RuntimeError, match="ParameterList should not be called"):
        net.powers(1)


def test_parameter_dict():
    held = nn.ParameterDict({"z": mg.ones(1), "b": 3})
    assert [*held] == ["b", "z"] and [*reversed(held)] == ["z", "b"]  # sorted, as in PyTorch
    held |= OrderedDict(y=mg.ones(1), x=mg.ones(1))
    assert [*held.keys()] == ["b", "z", "y", "x"] and [*held.state_dict()] == ["z", "y", "x"]
    assert held.copy()["z"] is held["z"] and held.get("q") is None and "b" in held
    assert held.setdefault("c", 5) == 5 and held.popitem() == ("c", 5) and held.pop("b") == 3
    assert [*(held | {"a": 1})] == ["z", "y", "x", "a"] and [*held.fromkeys("pq", 1)] == ["p", "q"]
    with pytest.raises(ArgumentError, match="'keys' cannot be a key"):
        held["keys"] = mg.ones(1)
    with pytest.raises(KeyError):
        held["absent"]
    with pytest.raises(DTypeError, match="a key must be a string, got 3"):
        held[3] = 1
    held.clear()
    assert len(held) == 0 and not list(held.parameters())
