"""What programs written for PyTorch reach for inside modules: nn.modules, _modules, helpers."""

import copy
import importlib
import pickle

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import NameTakenError


def test_layers_are_found_in_pytorchs_files():
    from minigrad.nn.modules.batchnorm import _BatchNorm
    from minigrad.nn.modules.module import Module
    from minigrad.nn.modules.utils import _pair, _triple

    assert issubclass(nn.BatchNorm2d, _BatchNorm) and not issubclass(nn.InstanceNorm2d, _BatchNorm)
    assert Module is nn.Module is nn.modules.Module and nn.modules.conv.Conv2d is nn.Conv2d
    assert issubclass(nn.ConvTranspose1d, nn.modules.conv._ConvNd)
    assert issubclass(nn.NLLLoss, nn.modules.loss._WeightedLoss)
    assert issubclass(nn.Dropout2d, nn.modules.dropout._DropoutNd)
    assert _pair(3) == (3, 3) and _triple([1, 2, 3]) == (1, 2, 3)
    assert pickle.loads(pickle.dumps(nn.modules.linear.Linear(1, 2))).out_features == 2


def test_nn_modules_is_complete():
    torch = pytest.importorskip("torch")
    families = {}
    for name in dir(nn.modules):
        try:
            families[name] = importlib.import_module(f"torch.nn.modules.{name}")
        except ImportError:
            continue
    assert len(families) > 20
    for name, theirs in families.items():
        ours = getattr(nn.modules, name)
        classes = [n for n, c in vars(theirs).items()
                   if isinstance(c, type) and issubclass(c, torch.nn.Module)
                   and c.__module__ == theirs.__name__ and "Lazy" not in n]  # fmt: skip
        public = {n for n in classes if n.startswith("_") or hasattr(nn, n)}
        assert {n for n in public if not hasattr(ours, n)} <= {"_ConvTransposeMixin"}


def test_members_as_dicts():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3, affine=False))
    assert list(net._modules) == ["0", "1", "2"] and len(net._parameters) == 0
    assert dict(net[0]._parameters)["weight"] is net[0].weight
    assert list(net[2]._buffers) == ["running_mean", "running_var", "num_batches_tracked"]
    assert list(net[2]._parameters.values()) == [None, None]
    for name, module in net._modules.items():
        if isinstance(module, nn.ReLU):
            net._modules[name] = nn.Tanh()
    assert repr(net[1]) == "Tanh()"
    assert net._modules.pop("2").num_features == 3 and len(net) == 2
    net[0]._parameters["bias"] = None
    assert list(net.state_dict()) == ["0.weight"] and "bias" in net[0]._parameters
    assert repr(net._modules) == f"{{'0': {net[0]!r}, '1': Tanh()}}"
    with pytest.raises(KeyError, match="weight"):
        net[0]._buffers["weight"]
    with pytest.raises(KeyError):
        del net._modules["7"]
    assert list(copy.deepcopy(net)._modules) == ["0", "1"]


def test_names_that_are_taken_are_key_errors():
    layer, buffer = nn.Linear(2, 2), mg.zeros(2)
    with pytest.raises(KeyError, match="^Linear: cannot register 'weight': the name is taken$"):
        layer.register_buffer("weight", buffer)
    for name in ("a.b", "", "forward"):
        with pytest.raises(NameTakenError):
            layer.register_parameter(name, nn.Parameter(buffer))
    with pytest.raises(KeyError):
        layer.add_module("bias", nn.ReLU())
    with pytest.raises(TypeError, match="string"):
        layer.register_buffer(3, buffer)
    with pytest.raises(TypeError, match="holds a Parameter"):
        layer.weight = nn.Buffer(buffer)
    layer.register_parameter("weight", nn.Parameter(buffer))  # of the same kind: replaced
    layer.weight = nn.ReLU()  # and an assignment may change the kind, as in PyTorch
    assert list(layer.state_dict()) == ["bias"]


def test_layers_made_of_layers():
    """By the two methods that PyTorch's programs write anew or call."""

    class AnyNorm(nn.modules.batchnorm._BatchNorm):
        def _check_input_dim(self, input):
            pass

    class Standardised(nn.Conv2d):
        def forward(self, x):
            return self._conv_forward(x, self.weight - self.weight.mean(), None)

    x = mg.randn(4, 3, 2, 2, 2, 2)
    assert abs(AnyNorm(3)(x).mean((0, 2, 3, 4, 5))).max() < 1e-6
    layer = Standardised(1, 1, 3, padding=1, padding_mode="circular")
    assert abs(layer(mg.ones(1, 1, 4, 4))).max() < 1e-6


def test_seeds_of_cuda_are_those_of_the_one_generator():
    drawn = []
    for seed in (mg.manual_seed, mg.cuda.manual_seed, mg.cuda.manual_seed_all):
        seed(5)
        drawn.append(nn.Linear(2, 1).weight.tolist())
    assert drawn[0] == drawn[1] == drawn[2]
    assert nn.Linear(2, 1)._get_name() == "Linear"


def test_fans():
    w = mg.empty(4, 3, 2, 2)
    assert nn.init._calculate_fan_in_and_fan_out(w) == (12, 16)
    assert nn.init._calculate_correct_fan(w, "fan_out") == 16
    with pytest.raises(ValueError):
        nn.init._calculate_fan_in_and_fan_out(mg.empty(4))
