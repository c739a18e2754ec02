"""PyTorch's files: what `torch.save` was given comes back, without PyTorch."""

import io
import sys
import zipfile

import numpy as np
import pytest
from torch_samples import FORMATS, GRID, RECORDED, expected_state, torch_file

import minigrad as mg


def agree(got, wanted):
    if isinstance(got, mg.Tensor):
        got = got.detach().cpu().array
    if isinstance(wanted, np.ndarray):
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        assert np.array_equal(got, wanted)
        return
    assert type(got) is type(wanted)
    if isinstance(wanted, dict):
        assert list(got) == list(wanted)
        got, wanted = got.values(), wanted.values()
    if isinstance(wanted, list | tuple | type({}.values())):
        assert len(got) == len(wanted)
        for pair in zip(got, wanted):
            agree(*pair)
    else:
        assert got == wanted


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.bin"  # a suffix that says nothing


def check(state, device):
    agree(state, expected_state())
    assert state["parameter"].requires_grad and state["tagged"][1].requires_grad
    assert not state["grid"].requires_grad
    assert state["grid"].device.type == device
    with mg.no_grad():
        state["row"][0, 1] = 9  # views share memory as they did
    assert state["grid"][1, 1].item() == 9 == state["transposed"][1, 1].item()
    assert state["expanded"].stride() == (0, 1)


@pytest.mark.parametrize("name", FORMATS)
def test_recorded_files(name, device):
    check(mg.load(RECORDED / f"{name}.pt", map_location=device), device)


@pytest.mark.parametrize("name", FORMATS)
def test_files_of_the_installed_pytorch(name, path):
    pytest.importorskip("torch")
    path.write_bytes(torch_file(name))
    check(mg.load(path), "cpu")


def test_a_write_to_a_shared_view_is_noticed_by_backward():
    state = mg.load(RECORDED / "zip.pt")
    loss = (state["grid"].clone().requires_grad_() * state["grid"]).sum()
    state["row"].zero_()
    with pytest.raises(mg.GradientError):
        loss.backward()


def rewritten(change):
    """zip.pt with `change(name, content)` in place of each content."""
    source, target = zipfile.ZipFile(RECORDED / "zip.pt"), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, change(name, source.read(name)))
    return target.getvalue()


def test_a_file_of_a_big_endian_machine(path):
    widths = dict(enumerate([8, 4, 2, 2, 8, 4, 2, 1, 1, 1, 4, 8]))  # of "dtypes", one a storage

    def turned(name, content):
        key = name.rpartition("/data/")[2]
        if name.endswith("/byteorder"):
            return "big" if sys.byteorder == "little" else "little"
        width = widths.get(int(key), 1) if key.isdigit() else 1
        return np.frombuffer(content, np.uint8).reshape(-1, width)[:, ::-1].tobytes()

    path.write_bytes(rewritten(turned))
    agree(mg.load(path)["dtypes"], expected_state()["dtypes"])


MODULES = {
    "sequential": lambda nn: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)),
    "norm": lambda nn: nn.Sequential(nn.BatchNorm1d(2), nn.LayerNorm(3), nn.Conv1d(2, 4, 2)),
    "lstm": lambda nn: nn.LSTM(3, 4, 2, bidirectional=True),
    "gru": lambda nn: nn.GRU(3, 4, batch_first=True),
    "transformer": lambda nn: nn.TransformerEncoderLayer(3, 1, 4, batch_first=True),
}


@pytest.mark.parametrize("make", MODULES.values(), ids=MODULES)
@pytest.mark.parametrize("form", [{}, {"_use_new_zipfile_serialization": False}])
def test_a_state_dict_of_pytorch_loads_into_the_module_of_that_name(path, make, form):
    torch = pytest.importorskip("torch")
    theirs, ours = make(torch.nn).eval(), make(mg.nn).eval()
    torch.save(theirs.state_dict(), path, **form)
    assert str(ours.load_state_dict(mg.load(path))) == "<All keys matched successfully>"
    x = np.stack([GRID, -GRID])
    wanted, found = theirs(torch.from_numpy(x)), ours(mg.tensor(x))
    if isinstance(wanted, tuple):
        wanted, found = wanted[0], found[0]
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), atol=1e-6)


def test_a_whole_checkpoint_of_pytorch(path):
    torch = pytest.importorskip("torch")
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 2, 5])
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    parts = {"model": net, "optimizer": optimizer, "scheduler": scheduler}
    torch.save({k: v.state_dict() for k, v in parts.items()} | {"rng": torch.get_rng_state()}, path)
    state = mg.load(path)
    assert state["optimizer"]["state"][0]["exp_avg"].shape == (2, 3)
    assert state["optimizer"]["param_groups"][0]["lr"] == 0.1
    assert state["scheduler"]["milestones"] == {2: 2, 5: 1}
    assert state["rng"].dtype == mg.uint8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda torch: torch.nn.Linear(2, 2), r"torch\.nn\.modules\.linear\.Linear.*state_dict"),
        (lambda torch: torch.zeros(2, dtype=torch.uint16), "_rebuild_tensor_v3"),
        (lambda torch: torch.eye(2).to_sparse(), "_rebuild_sparse_tensor"),
        (lambda torch: torch.zeros(2).untyped_storage(), "UntypedStorage"),
        (lambda torch: {"a": np.array([None])}, "NumPy values that are no numbers"),
        (lambda torch: torch.zeros, "builtins.getattr"),
        (lambda torch: {(1, (2, 3)): 1}, "key of type tuple"),
    ],
)
def test_what_is_no_weight_is_refused_by_name(path, make, message):
    torch = pytest.importorskip("torch")
    torch.save(make(torch), path)
    with pytest.raises(mg.FileFormatError, match=message):
        mg.load(path)


def test_weights_only_is_the_only_way():
    with pytest.raises(mg.ArgumentError, match="never does"):
        mg.load(RECORDED / "zip.pt", "cpu", weights_only=False)
    agree(mg.load(RECORDED / "zip.pt", "cpu", weights_only=True), expected_state())
