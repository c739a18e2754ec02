"""Losses as modules: what their rows cannot say. Retired arguments, errors, devices."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, DeviceError, DTypeError, RangeError, ShapeError

# In PyTorch's positions: size_average and reduce, which came before `reduction`.
RETIRED = [
    (lambda: nn.MSELoss(False), "sum"),
    (lambda: nn.L1Loss(None, False), "none"),
    (lambda: nn.CrossEntropyLoss(None, True), "mean"),
    (lambda: nn.NLLLoss(mg.ones(3), None, -1, False), "none"),
    (lambda: nn.BCEWithLogitsLoss(None, False, True), "sum"),
    (lambda: nn.KLDivLoss(False, False), "none"),
    (lambda: nn.PoissonNLLLoss(True, False, False), "sum"),
    (lambda: nn.TripletMarginLoss(1.0, 2, 1e-6, False, False), "sum"),
    (lambda: nn.MultiMarginLoss(1, 1.0, None, False), "sum"),
    (lambda: nn.CosineEmbeddingLoss(0.5, None, False), "none"),
]


@pytest.mark.parametrize(("build", "reduction"), RETIRED)
def test_retired_arguments_choose_the_reduction(build, reduction):
    with pytest.warns(UserWarning, match=f"Loss: size_average .* use reduction='{reduction}'"):
        assert build().reduction == reduction


def test_weights_are_buffers(device):
    loss = nn.BCEWithLogitsLoss(mg.ones(3), pos_weight=mg.ones(3))
    assert list(loss.state_dict()) == ["weight", "pos_weight"]
    assert nn.CrossEntropyLoss().weight is None and not nn.CrossEntropyLoss().state_dict()
    loss.to(device)
    assert loss(mg.zeros(3, device=device), mg.ones(3, device=device)).device.type == device


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: nn.MSELoss(reduction="batchmean"), ArgumentError, "MSELoss: reduction='batch"),
        (lambda: nn.KLDivLoss(reduction="avg"), ArgumentError, "'batchmean'"),
        (lambda: nn.HuberLoss(delta="1"), DTypeError, "delta must be a number, got str"),
        (lambda: nn.MultiMarginLoss(3), ArgumentError, "p=3 must be 1 or 2"),
        (lambda: nn.MultiMarginLoss(weight=mg.ones(1, 1)), ShapeError, r"weight must be \(C,\)"),
        (lambda: nn.TripletMarginLoss(0), ArgumentError, "TripletMarginLoss: margin=0"),
        (lambda: nn.TripletMarginWithDistanceLoss(margin=-1), ArgumentError, "margin=-1"),
        (lambda: nn.LinearCrossEntropyLoss(2, 3, weight=mg.ones(2)), ShapeError, r"be \(3,\)"),
        (lambda: nn.LinearCrossEntropyLoss(2, 3, label_smoothing=2), ArgumentError, "in \\[0, 1"),
        (lambda: nn.LinearCrossEntropyLoss(2, 3, options=1), ArgumentError, "options must be"),
        (lambda: nn.CTCLoss()(mg.zeros(4, 1, 3), mg.tensor([[1]]), [9], [1]), RangeError, "most 4"),
    ],
)  # fmt: skip
def test_errors(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_labels_of_ctc_belong_beside_the_probabilities():
    with pytest.raises(DeviceError, match=r"targets are on cpu and log_probs on cuda:0"):
        nn.CTCLoss()(mg.zeros(4, 1, 3, device="cuda"), mg.tensor([[1]]), [4], [1])


def test_a_distance_that_is_a_module_is_part_of_the_loss():
    loss = nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(p=1))
    assert [name for name, _ in loss.named_children()] == ["distance_function"]
    plain = nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().sum(-1))
    triplet = [mg.randn(4, 3) for _ in range(3)]
    assert float(plain(*triplet)) == pytest.approx(float(loss(*triplet)), rel=1e-4)
