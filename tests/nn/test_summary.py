"""A summary counts parameters and arithmetic as by hand, and leaves the model as it was."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ShapeError
from minigrad.ir import REGISTRY
from minigrad.nn.summary import _FLOPS


def flops(module, *inputs, **kwargs):
    return module.summary(*inputs, **kwargs).flops


@pytest.mark.parametrize(
    ("module", "shapes", "expected"),
    [
        # Twice, for each output, the numbers that are summed into it.
        (nn.Linear(5, 3), [(2, 4, 5)], 2 * (2 * 4 * 3) * 5),
        (nn.Bilinear(3, 4, 5), [(2, 3), (2, 4)], 2 * (2 * 5) * (3 * 4)),
        (nn.Conv1d(2, 6, 3), [(2, 2, 10)], 2 * (2 * 6 * 8) * (2 * 3)),
        (nn.Conv2d(4, 6, 3, groups=2, stride=2), [(1, 4, 9, 7)], 2 * (6 * 4 * 3) * (2 * 9)),
        (nn.Conv3d(2, 3, 2), [(1, 2, 4, 4, 4)], 2 * (3 * 27) * (2 * 8)),
        (nn.ConvTranspose1d(3, 4, 2, stride=2), [(1, 3, 5)], 2 * (3 * 5) * (4 * 2)),
        (nn.ConvTranspose2d(2, 3, 3), [(1, 2, 4, 4)], 2 * (2 * 16) * (3 * 9)),
        # T 4, B 3, I 5, H 6: each step and sequence multiplies by both weights.
        (nn.RNN(5, 6), [(4, 3, 5)], 2 * (4 * 3) * 6 * (5 + 6)),
        (nn.GRU(5, 6, bidirectional=True), [(4, 3, 5)], 2 * 2 * (4 * 3) * (3 * 6) * (5 + 6)),
        (nn.LSTM(5, 6, 2), [(4, 3, 5)], 2 * (4 * 3) * (4 * 6) * ((5 + 6) + (6 + 6))),
        (nn.LSTM(5, 6, proj_size=2), [(4, 3, 5)], 2 * (4 * 3) * (4 * 6 * (5 + 2) + 2 * 6)),
        # L = S 4, N 3, E 8: four projections; scores and their sum of values.
        (nn.MultiheadAttention(8, 2), [(4, 3, 8)] * 3, 2 * 3 * (4 * 4 * 8 * 8 + 2 * 4 * 4 * 8)),
        (nn.Sequential(nn.ReLU(), nn.LayerNorm(3), nn.Dropout()), [(2, 3)], 0),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, nn.Module) else "",
)
def test_flops_by_hand(module, shapes, expected):
    assert flops(module, *shapes) == expected


def test_every_primitive_that_multiplies_is_counted():
    rooms = ("matmul", "conv", "recurrent", "attention")
    there = {name for name, p in REGISTRY.items() if (p.kernel or "").split(".")[0] in rooms}
    forward = {name for name in there if not name.endswith("_grad")} - {"thirds"}  # which cuts
    assert forward == forward & _FLOPS.keys()


def test_fused_attention_counts_as_its_products_do():
    attention, inputs = nn.MultiheadAttention(8, 2), [(4, 3, 8), (5, 3, 8), (5, 3, 8)]
    fused = attention.summary(*inputs, need_weights=False)
    assert fused.flops == attention.summary(*inputs).flops
    assert fused.rows[0].output == [(4, 3, 8)]  # no weights


def test_flops_are_pytorchs():
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    def build(nn):
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, groups=8), nn.ConvTranspose2d(8, 4, 2, stride=2), nn.Flatten(),
            nn.Linear(144, 10),
        )  # fmt: skip

    with FlopCounterMode(display=False) as counter:
        build(torch.nn).eval()(torch.ones(2, 3, 16, 16)[..., :10, :10])
    assert flops(build(nn), (2, 3, 10, 10)) == counter.get_total_flops()


class Net(nn.Module):
    """Two layers that share a weight, one frozen, one run twice, one not at all."""

    def __init__(self):
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
        self.tied = nn.Linear(4, 4, bias=False)
        self.tied.weight = self.body[0].weight
        self.head = nn.Linear(4, 2).requires_grad_(False)
        self.idle = nn.Linear(1, 1)
        self.register_buffer("runs", mg.zeros(1))

    def forward(self, x, *, scale):
        self.runs.add_(1)
        x = self.tied(self.tied(self.body(x)))
        return {"y": self.head(x * scale), "both": (x, mg.rand(2) @ mg.ones(2))}


def test_rows_and_totals():
    found = nn.summary(Net(), (3, 4), scale=2.0)
    rows = {row.path: row for row in found.rows}
    assert list(rows) == ["", "body", "body.0", "body.1", "tied", "head", "idle"]
    assert rows[""].output == {"y": (3, 2), "both": [(3, 4), ()]}
    assert rows["body.1"].output == (3, 4) and rows["idle"].output is None
    assert [rows[p].parameters for p in rows] == [0, 0, 20, 8, 0, 10, 2]
    assert [rows[p].trainable for p in rows] == [0, 0, 20, 8, 0, 0, 2]
    assert [rows[p].flops for p in rows] == [4, 0, 96, 0, 192, 48, 0]  # the model's own product
    assert (found.parameters, found.trainable, found.flops) == (40, 30, 340)
    assert (found.parameter_bytes, found.buffer_bytes) == (160, 2 * 16 + 8 + 4)
    text = repr(found)
    assert "tied    Linear       (3, 4)" in text and "not run" in text
    assert text.endswith(
        "parameters: 40 (30 trainable), 160 B; buffers: 44 B\n"
        "FLOPs: 340 (of products alone; a multiply-accumulate is 2)"
    )
    assert "<td style='text-align:left'>body.0</td>" in found._repr_html_()


def test_no_traces_are_left(device):
    net = Net().to(device)
    net.body.eval()
    mg.manual_seed(3)
    state = {name: t.cpu().numpy().copy() for name, t in net.state_dict().items()}
    generator = mg.get_rng_state()
    x = mg.ones(3, 4, device=device)
    net.summary(x, scale=1.0)
    with pytest.raises(ShapeError, match=r"^Net\.body\.0: Linear"):
        net.summary((3, 5), scale=1.0)
    assert mg.get_rng_state() == generator and mg.is_grad_enabled()
    for name, t in net.state_dict().items():
        assert (t.cpu().numpy() == state[name]).all(), name
    assert net.training and not net.body.training and net.tied.training
    assert not any(m._hooks for m in net.modules())
    assert all(p.grad is None for p in net.parameters())


def test_frozen_eval_and_packed_outputs():
    class Frozen(nn.Dropout):
        def train(self, mode=True):
            return super().train(False)

    net = nn.Sequential(nn.GRU(2, 3), Frozen())
    net[1].training = True
    lengths = nn.utils.rnn.pack_padded_sequence(mg.ones(4, 2, 2), [4, 1])
    assert net[0].summary(lengths).flops == 2 * 5 * (9 * 2 + 9 * 3)
    with pytest.raises(Exception):  # noqa: B017 (a Dropout takes no tuple)
        net.summary((4, 1, 2))
    assert net[1].training


def test_every_product_is_counted():
    """A new record in a family of products must say its arithmetic, or it would count as none."""
    families = {"matmul", "conv", "conv3d", "attention", "recurrent"}
    products = {
        name
        for name, prim in REGISTRY.items()
        if prim.kernel and prim.kernel.split(".")[0] in families and "grad" not in name
    }
    assert products - {"thirds"} <= set(_FLOPS)  # which only copies
