"""Names and values out of a module and back in: everything, or nothing."""

from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import Error


def net():
    return nn.Sequential(OrderedDict(a=nn.Linear(3, 2), b=nn.Linear(2, 2, bias=False)))


def test_the_state_is_detached_and_shares_memory():
    model = net()
    state = model.state_dict()
    assert not any(t.requires_grad for t in state.values())
    with mg.no_grad():
        model.a.bias.fill_(7.0)
    assert state["a.bias"].tolist() == [7.0, 7.0]


def test_values_come_back_bit_for_bit_and_are_copied():
    model, twin = net(), net()
    state = model.state_dict()
    loaded = twin.load_state_dict(state)
    assert repr(loaded) == "<All keys matched successfully>" and loaded.missing_keys == []
    for name, value in twin.state_dict().items():
        assert (value == state[name]).all() and value.array is not state[name].array


def test_one_message_lists_all_that_is_wrong_and_nothing_is_written():
    model = net()
    before = {name: t.numpy().copy() for name, t in model.state_dict().items()}
    state = {
        "a.weight": np.zeros((2, 3), np.float32),
        "a.bias": mg.zeros(3),
        "c.weight": mg.ones(1),
    }
    with pytest.raises(Error) as error:
        model.load_state_dict(state)
    for part in ("missing: b.weight", "unexpected: c.weight", "a.bias is (2,) here, (3,) in the"):
        assert part in str(error.value)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])
    with pytest.raises(Error, match="wrong shape"):  # also where names may differ
        model.load_state_dict(state, strict=False)
    del state["a.bias"]
    loaded = model.load_state_dict(state, strict=False)
    assert loaded == (["a.bias", "b.weight"], ["c.weight"])
    assert float(model.a.weight.sum()) == 0


def test_assign_takes_the_tensors_and_keeps_the_parameters():
    model, source = net(), net().double()
    weight = model.a.weight
    model.load_state_dict(source.state_dict(), assign=True)
    assert model.a.weight is weight and weight.dtype == mg.float64 and weight.requires_grad
    with mg.no_grad():
        source.a.weight.fill_(2.0)
    assert float(weight.sum()) == 12.0
    integers = {name: mg.zeros(t.shape, dtype=mg.int64) for name, t in model.state_dict().items()}
    with pytest.raises(Error, match="wrong dtype"):
        model.load_state_dict(integers, assign=True)


def test_tied_weights_are_saved_once_and_tied_again(tmp_path):
    def tied():
        model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
        model[1].weight = model[0].weight
        return model

    model, path = tied(), tmp_path / "tied.safetensors"
    mg.save(model.state_dict(), path)
    state = mg.load(path)
    assert list(state) == ["0.weight", "1.weight"] and state["0.weight"] is state["1.weight"]
    for assign in (False, True):
        twin = tied()
        twin.load_state_dict(state, assign=assign)
        assert twin[0].weight is twin[1].weight
        assert (twin[1].weight == model[0].weight).all()


def test_moving_between_devices(tmp_path, device):
    model, twin = net().to(device), net()
    mg.save(model.state_dict(), tmp_path / "m.safetensors")
    twin.load_state_dict(mg.load(tmp_path / "m.safetensors", map_location=device))
    assert twin.a.weight.device.type == "cpu"
    x = mg.rand(4, 3)
    np.testing.assert_array_equal(
        twin(x).detach().numpy(), twin.to(device)(x.to(device)).detach().cpu().numpy()
    )
