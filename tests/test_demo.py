"""The demo learns, repeats itself, and leaves its files."""

import subprocess
import sys

import pytest

import minigrad as mg
from minigrad import demo
from minigrad.datasets import mnist5k


def test_net_is_the_articles():
    assert sum(p.numel() for p in demo.Net().parameters()) == 121930


def test_main(tmp_path, capfd, monkeypatch):
    few = slice(1600)
    monkeypatch.setattr(demo, "mnist5k", lambda train: [part[few] for part in mnist5k(train)])
    accuracy = demo.main(["--epochs", "1", "--out", str(tmp_path)])
    assert accuracy > 0.7
    printed = capfd.readouterr().out
    assert f"test accuracy {accuracy:.4f}" in printed.splitlines()[-1]
    assert str(tmp_path) in printed.splitlines()[-1]

    net = demo.Net()
    state = mg.load(tmp_path / "checkpoint.safetensors")
    net.load_state_dict(state["model"])
    assert demo.evaluate(net, *mnist5k(train=False))[1] == accuracy
    mg.optim.Adam(net.parameters()).load_state_dict(state["optimizer"])

    pytest.importorskip("matplotlib")
    for name in ("learning_curve.png", "digits.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def weights_after(seed, images, labels):
    mg.manual_seed(seed)
    net = demo.Net()
    batches = mg.data.DataLoader(mg.data.TensorDataset(images, labels), 32, shuffle=True)
    losses = demo.train(net, mg.optim.Adam(net.parameters()), batches, epochs=1)
    return losses, [p.detach().numpy().tobytes() for p in net.parameters()]


def test_a_seed_gives_the_same_bits():
    images, labels = mnist5k()
    first, again, other = [weights_after(seed, images[:128], labels[:128]) for seed in (1, 1, 2)]
    assert first == again
    assert first != other


def test_without_matplotlib_it_says_what_to_install(tmp_path, capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    images, labels = mnist5k()
    monkeypatch.setattr(demo, "mnist5k", lambda train: (images[:64], labels[:64]))
    demo.main(["--epochs", "1", "--out", str(tmp_path)])
    assert "pip install 'minigrad-dl[plot]'" in capfd.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.safetensors"]


@pytest.mark.parametrize(("option", "text"), [("--epochs=0", "positive"), ("--device=tpu", "tpu")])
def test_wrong_options(option, text, tmp_path):
    command = [sys.executable, "-m", "minigrad.demo", option, "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert text in done.stderr
    assert "Traceback" not in done.stderr
