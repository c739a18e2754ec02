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


def test_prefix_destination_and_the_tensors_themselves():
    model = net()
    found = OrderedDict(other=1)
    assert model.state_dict(found, prefix="net.", keep_vars=True) is found
    assert list(found) == ["other", "net.a.weight", "net.a.bias", "net.b.weight"]
    assert found["net.a.bias"] is model.a.bias
    assert model.state_dict()._metadata == {p: {"version": 1} for p in ("", "a", "b")}


class Counting(nn.Module):
    """A module with something in its state that is no tensor."""

    def __init__(self):
        self.names = ["a"]

    def get_extra_state(self):
        return {"names": self.names}

    def set_extra_state(self, state):
        self.names = state["names"]


def test_extra_state():
    model, twin = nn.Sequential(Counting()), nn.Sequential(Counting())
    model[0].names = ["b", "c"]
    state = model.state_dict()
    assert list(state) == ["0._extra_state"]
    twin.load_state_dict(state)
    assert twin[0].names == ["b", "c"]
    with pytest.raises(Error, match=r"missing: 0\._extra_state"):
        twin.load_state_dict({})
    with pytest.raises(Error, match=r"unexpected: 0\._extra_state"):
        nn.Sequential(nn.Identity()).load_state_dict(state)


def test_hooks_rename_what_is_loaded_and_saved():
    model = net()
    old = {name.replace("a.", "first."): t for name, t in net().state_dict().items()}

    def rename(module, state, prefix, metadata, strict, missing, unexpected, messages):
        assert prefix == "a." and strict
        for name in ("weight", "bias"):
            state[prefix + name] = state.pop("first." + name)

    model.a.register_load_state_dict_pre_hook(rename)
    model.load_state_dict(old)
    assert (model.a.weight == old["first.weight"]).all() and "first.weight" in old

    seen = []
    model.a.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append((prefix, keep)))
    returning = model.register_state_dict_post_hook(lambda m, state, *about: state.pop("b.weight"))
    with returning, pytest.raises(Error, match="returned a value"):
        model.state_dict()
    model.register_state_dict_post_hook(lambda m, state, *about: state.update(note=1))
    assert model.state_dict()["note"] == 1 and seen == [("a.", False)] * 2


def test_a_hook_may_forgive_names_and_otherwise_nothing_is_loaded():
    model, state = net(), net().state_dict()
    before = model.a.weight.detach().clone()
    del state["b.weight"]
    handle = model.b.register_load_state_dict_post_hook(lambda m, keys: None)
    with pytest.raises(Error, match=r"nothing was loaded.\n  missing: b\.weight"):
        model.load_state_dict(state)
    assert (model.a.weight == before).all()
    handle.remove()
    model.b.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    assert repr(model.load_state_dict(state)) == "<All keys matched successfully>"
    assert (model.a.weight == state["a.weight"]).all()

    def complain(module, state, prefix, metadata, strict, missing, unexpected, messages):
        messages.append("too old")

    model.register_load_state_dict_pre_hook(complain)
    with pytest.raises(Error, match="refused: too old"):
        model.load_state_dict(state, strict=False)
