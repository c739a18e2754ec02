"""Layers compute what PyTorch's do, on every device, and say what does not fit."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, RangeError, ShapeError

RNG = np.random.default_rng(0)


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def probabilities(*shape):
    return RNG.uniform(0.05, 0.95, shape).astype(np.float32)


LABELS = np.array([0, 2, 1, -100, 2])
WEIGHT = np.array([0.5, 1.0, 2.0], np.float32)

# name, how to build it, inputs
LAYERS = [
    ("linear", lambda nn, w: nn.Linear(4, 3), [floats(2, 5, 4)]),
    ("linear vector", lambda nn, w: nn.Linear(4, 3, bias=False), [floats(4)]),
    ("conv", lambda nn, w: nn.Conv2d(2, 4, 3, stride=2, padding=1), [floats(2, 2, 7, 6)]),
    ("conv groups", lambda nn, w: nn.Conv2d(4, 4, (3, 2), groups=2), [floats(2, 4, 6, 6)]),
    ("conv same", lambda nn, w: nn.Conv2d(1, 2, 4, padding="same", bias=False), [floats(1, 6, 6)]),
    ("max pool", lambda nn, w: nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), [floats(2, 2, 7, 8)]),
    ("avg pool", lambda nn, w: nn.AvgPool2d(2, count_include_pad=False), [floats(2, 2, 6, 5)]),
    ("flatten", lambda nn, w: nn.Flatten(), [floats(2, 3, 4)]),
    ("unflatten", lambda nn, w: nn.Unflatten(1, (3, -1)), [floats(2, 6, 2)]),
    ("identity", lambda nn, w: nn.Identity(54, unused=1), [floats(3)]),
    ("relu", lambda nn, w: nn.ReLU(), [floats(5)]),
    ("tanh", lambda nn, w: nn.Tanh(), [floats(5)]),
    ("sigmoid", lambda nn, w: nn.Sigmoid(), [floats(5)]),
    ("softmax", lambda nn, w: nn.Softmax(dim=0), [floats(3, 4)]),
    ("log softmax", lambda nn, w: nn.LogSoftmax(dim=1), [floats(3, 4)]),
    ("dropout", lambda nn, w: nn.Dropout(0.7).eval(), [floats(9)]),
    ("embedding", lambda nn, w: nn.Embedding(6, 3, padding_idx=1), [np.array([[1, 0], [5, 1]])]),
    ("layer norm", lambda nn, w: nn.LayerNorm((3, 4)), [floats(2, 3, 4)]),
    ("layer norm plain", lambda nn, w: nn.LayerNorm(4, bias=False, eps=0.1), [floats(2, 4)]),
    ("cross entropy", lambda nn, w: nn.CrossEntropyLoss(w, label_smoothing=0.1),
     [floats(5, 3), LABELS]),
    ("nll", lambda nn, w: nn.NLLLoss(w, reduction="sum"), [floats(5, 3), LABELS]),
    ("mse", lambda nn, w: nn.MSELoss(reduction="none"), [floats(4), floats(4)]),
    ("l1", lambda nn, w: nn.L1Loss(), [floats(4), floats(4)]),
    ("bce", lambda nn, w: nn.BCELoss(w), [probabilities(4, 3), probabilities(4, 3)]),
    ("bce logits", lambda nn, w: nn.BCEWithLogitsLoss(pos_weight=w),
     [floats(4, 3), probabilities(4, 3)]),
]  # fmt: skip
IDS = [name for name, _, _ in LAYERS]


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # PyTorch's
@pytest.mark.parametrize(("name", "build", "arrays"), LAYERS, ids=IDS)
def test_layer_equals_pytorchs(name, build, arrays, device):
    torch = pytest.importorskip("torch")
    reference = build(torch.nn, torch.tensor(WEIGHT))
    layer = build(nn, mg.tensor(WEIGHT))
    layer.load_state_dict({n: t.detach().numpy() for n, t in reference.state_dict().items()})
    layer.to(device)
    theirs = [torch.tensor(a) for a in arrays]
    ours = [mg.tensor(a, device=device) for a in arrays]
    if arrays[0].dtype == np.float32:
        theirs[0].requires_grad_()
        ours[0].requires_grad_()
    expected, out = reference(*theirs), layer(*ours)
    assert out.device.type == device and out.shape == tuple(expected.shape)
    np.testing.assert_allclose(
        out.detach().cpu().numpy(), expected.detach().numpy(), rtol=2e-5, atol=1e-5
    )
    if expected.requires_grad:
        expected.square().sum().backward()
        out.square().sum().backward()
    pairs = [(ours[0], theirs[0]), *zip(layer.parameters(), reference.parameters(), strict=True)]
    for mine, other in pairs:
        if other.grad is not None:
            np.testing.assert_allclose(
                mine.grad.cpu().numpy(), other.grad.numpy(), rtol=1e-4, atol=1e-4
            )


@pytest.mark.parametrize(("name", "build", "arrays"), LAYERS, ids=IDS)
def test_layer_on_cuda_equals_the_cpu(name, build, arrays):
    layer = build(nn, mg.tensor(WEIGHT))
    inputs = [mg.tensor(a) for a in arrays]
    expected = layer(*inputs).detach().numpy()
    twin = copy.deepcopy(layer).to("cuda")
    out = twin(*[x.to("cuda") for x in inputs])
    np.testing.assert_allclose(out.detach().cpu().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert all(p.device.type == "cpu" for p in layer.parameters())


def test_the_cnn_of_the_articles_has_121_930_parameters():
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),    # (N, 1, 28, 28) -> (N, 32, 13, 13)
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),   # -> (N, 64, 5, 5)
        nn.Flatten(), nn.Linear(1600, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    assert sum(p.numel() for p in net.parameters()) == 121_930
    loss = nn.CrossEntropyLoss()(net(mg.rand(3, 1, 28, 28)), mg.tensor([1, 2, 3]))
    loss.backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in net.parameters())


def test_dropout_drops_in_training_only(device):
    mg.manual_seed(0)
    layer, x = nn.Dropout(0.25), mg.ones(40, 50, device=device)
    out = layer(x).cpu().numpy()
    assert set(np.unique(out)) == {np.float32(0), np.float32(4 / 3)}
    assert (out == 0).mean() == pytest.approx(0.25, abs=0.04)
    assert layer.eval()(x) is x


def test_relu_in_place_writes_its_input():
    x = mg.tensor([-1.0, 2.0])
    assert nn.ReLU(inplace=True)(x) is x and x.tolist() == [0.0, 2.0]


def test_the_padding_row_of_an_embedding_is_not_learned():
    layer = nn.Embedding(4, 2, padding_idx=-1)
    layer(mg.tensor([0, 3, 3])).sum().backward()
    assert layer.weight.grad.tolist() == [[1, 1], [0, 0], [0, 0], [0, 0]]


# Errors name the layer, the shapes and the remedy.
MISFITS = [
    (nn.Linear(400, 120), (32, 256), r"got 256 features \(input shape \(32, 256\)\): set in_feat"),
    (nn.Linear(400, 120), (32, 16, 5, 5), r"flatten the input first"),
    (nn.Linear(2, 1), (), "got a single number"),
    (nn.Conv2d(3, 8, 3), (2, 1, 9, 9), r"got 1 channels \(input shape .*set in_channels=1"),
    (nn.Conv2d(3, 8, 3), (2, 9, 9, 3), r"x\.permute\(0, 3, 1, 2\)"),
    (nn.Conv2d(1, 8, 3), (32, 28, 28), r"x\.unsqueeze\(1\)"),
    (nn.Conv2d(1, 8, 3), (28, 28), r"takes \(N, C, H, W\)"),
    (nn.Conv2d(1, 8, 5), (2, 1, 4, 4), "does not fit"),
    (nn.LayerNorm((3, 4)), (2, 4), "does not end in"),
    (nn.MaxPool2d(5), (2, 1, 4, 4), "do not fit"),
]


@pytest.mark.parametrize(("layer", "shape", "message"), MISFITS)
def test_misfitting_inputs(layer, shape, message):
    with pytest.raises(ShapeError, match=message) as error:
        nn.Sequential(layer)(mg.zeros(shape))
    assert str(error.value).startswith("Sequential.0: ")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nn.Conv2d(1, 2, 3, padding_mode="reflect"), "only 'zeros'"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "groups=2"),
        (lambda: nn.Conv2d(3, 4, 3, padding="full"), "padding='full'"),
        (lambda: nn.Conv2d(3, 4, 3, stride=2, padding="same"), "stride 1"),
        (lambda: nn.Dropout(1.5), r"p=1\.5"),
        (lambda: nn.Dropout(inplace=True), "inplace"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), "padding_idx=3"),
        (lambda: nn.MSELoss(reduction="avg"), "MSELoss: reduction='avg'"),
    ],
)
def test_settings_out_of_range(build, message):
    with pytest.raises(ArgumentError, match=message):
        build()


def test_embedding_index_out_of_range():
    with pytest.raises(RangeError, match=r"^Embedding: .*7"):
        nn.Embedding(5, 2)(mg.tensor([1, 7]))
