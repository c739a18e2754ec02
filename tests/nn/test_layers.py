"""What a row of the table of modules cannot say: noise, errors, whole networks."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, RangeError, ShapeError


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
    (nn.Conv1d(2, 8, 3), (4, 9, 2), r"x\.permute\(0, 2, 1\)"),
    (nn.Conv3d(2, 8, 3), (2, 4, 4), r"takes \(N, C, D, H, W\) or \(C, D, H, W\)"),
    (nn.ConvTranspose2d(3, 8, 3), (2, 1, 9, 9), r"set in_channels=1"),
    (nn.LayerNorm((3, 4)), (2, 4), "does not end in"),
    (nn.RMSNorm(4), (2, 3), "does not end in"),
    (nn.GroupNorm(2, 4), (2, 3, 4), "set num_channels"),
    (nn.BatchNorm1d(3), (2, 4), r"got 4 channels .*set num_features=4"),
    (nn.BatchNorm2d(3), (2, 4, 4, 3), r"x\.permute\(0, 3, 1, 2\)"),
    (nn.BatchNorm2d(3), (3, 4, 4), r"x\.unsqueeze\(0\)"),
    (nn.BatchNorm2d(3), (2, 3), "BatchNorm1d is for such inputs"),
    (nn.InstanceNorm1d(3, affine=True), (4, 5), "got 4 channels"),
    (nn.InstanceNorm2d(3, track_running_stats=True), (2, 4, 5, 5), "set num_features=4"),
    (nn.CrossMapLRN2d(3), (4, 5, 6), r"takes \(N, C, H, W\)"),
    (nn.MaxPool2d(5), (2, 1, 4, 4), "do not fit"),
    (nn.CircularPad2d((1, 1)), (2, 3), "3 or 4 dimensions"),
    (nn.ReflectionPad1d(4), (2, 3), "narrower than 3"),
    (nn.ZeroPad2d(-2), (1, 3, 3), "pad"),
    (nn.PixelShuffle(2), (3, 4, 4), "upscale_factor=2"),
    (nn.ChannelShuffle(2), (1, 3, 4), "groups=2"),
    (nn.Fold(3, 2), (4, 5), "4 blocks"),
    (nn.Unfold(4), (1, 1, 3, 3), "no block"),
    (nn.Dropout1d(), (2,), "dropout1d: expected"),
    (nn.Upsample(2, mode="bilinear"), (1, 2, 3), "4 dimensions"),
]


@pytest.mark.parametrize(("layer", "shape", "message"), MISFITS)
def test_misfitting_inputs(layer, shape, message):
    with pytest.raises((ShapeError, ArgumentError), match=message) as error:
        nn.Sequential(layer)(mg.zeros(shape))
    assert str(error.value).startswith("Sequential.0: ")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nn.Conv2d(1, 2, 3, padding_mode="wrap"), "zeros, reflect, replicate, circular"),
        (lambda: nn.ConvTranspose2d(1, 2, 3, padding_mode="reflect"), "must be 'zeros'"),
        (lambda: nn.GroupNorm(2, 3), "num_channels=3"),
        (lambda: nn.Conv1d(1, 2, (3, 3)), r"Conv1d: kernel_size=\(3, 3\)"),
        (lambda: nn.Conv2d(1, 2, (3,)), r"Conv2d: kernel_size=\(3,\)"),
        (lambda: nn.Conv2d(1, 0, 3), "out_channels=0"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "groups=2"),
        (lambda: nn.Conv2d(3, 4, 3, padding="full"), "padding='full'"),
        (lambda: nn.Conv2d(3, 4, 3, stride=2, padding="same"), "stride 1"),
        (lambda: nn.Dropout(1.5), r"p=1\.5"),
        (lambda: nn.AlphaDropout(-0.1), r"AlphaDropout: p=-0\.1"),
        (lambda: nn.FractionalMaxPool2d(0, 3), r"kernel_size=\(0, 0\)"),
        (lambda: nn.FractionalMaxPool2d(2), "one of output_size and output_ratio"),
        (lambda: nn.FractionalMaxPool3d(2, 3, 0.5), "one of output_size and output_ratio"),
        (lambda: nn.FractionalMaxPool2d(2, output_ratio=(0.5, 1)), r"output_ratio=\(0\.5, 1\)"),
        (lambda: nn.MSELoss(reduction="avg"), "MSELoss: reduction='avg'"),
    ],
)
def test_settings_out_of_range(build, message):
    with pytest.raises(ArgumentError, match=message):
        build()


def test_embedding_index_out_of_range():
    with pytest.raises(RangeError, match=r"^Embedding: .*7"):
        nn.Embedding(5, 2)(mg.tensor([1, 7]))
