"""A run that resumes is the run that never stopped, and a kill loses nothing that was saved."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.data import DataLoader, TensorDataset
from minigrad.errors import ArgumentError, DTypeError, Error, FileFormatError
from minigrad.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class Run:
    """A training run with all that a checkpoint may hold."""

    def __init__(self, seed):
        mg.manual_seed(seed)
        self.model = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1)
        )
        self.optimizer = mg.optim.Adam(self.model.parameters(), lr=0.05, amsgrad=True)
        self.scheduler = mg.optim.lr_scheduler.OneCycleLR(self.optimizer, 0.1, total_steps=20)
        self.ema = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
        rng = np.random.default_rng(0)
        data = [mg.from_numpy(rng.standard_normal((24, n)).astype(np.float32)) for n in (4, 1)]
        self.loader = DataLoader(TensorDataset(*data), 4, shuffle=True, num_workers=2, seed=seed)
        self.batches = None
        self.losses = []

    @property
    def parts(self):
        names = ("model", "optimizer", "scheduler", "ema", "loader")
        return {name: getattr(self, name) for name in names}

    def train(self, steps):
        for _ in range(steps):
            batch = next(self.batches or iter(()), None)
            if batch is None:
                self.batches = iter(self.loader)
                batch = next(self.batches)
            x, y = batch
            loss = ((self.model(x) - y) ** 2).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()
            self.ema.update_parameters(self.model)
            self.losses.append(loss.item())

    def everything(self):
        """Every number that the run consists of."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        return flat(state, "") | {"losses": self.losses[-7:], "random": mg.rand(3).tolist()}


def flat(value, name):
    if isinstance(value, dict):
        return {k: v for key, x in value.items() for k, v in flat(x, f"{name}.{key}").items()}
    if isinstance(value, list | tuple):
        return flat(dict(enumerate(value)), name)
    return {name: value.tolist() if isinstance(value, mg.Tensor) else value}


def test_resuming_in_the_middle_of_an_epoch_gives_the_same_bits(tmp_path):
    path = tmp_path / "run.safetensors"
    run = Run(1)
    run.train(8)  # an epoch has six batches
    mg.save_checkpoint(path, step=8, note="mid", scores=[1.5, 2.0], **run.parts)
    run.train(7)
    expected = run.everything()

    other = Run(2)
    other.train(3)
    other.batches = None  # the next iteration goes on from the saved place
    assert mg.load_checkpoint(path, **other.parts) == {
        "step": 8, "note": "mid", "scores": [1.5, 2.0],
    }  # fmt: skip
    other.train(7)
    assert other.everything() == expected


def test_all_or_nothing_in_one_message(tmp_path):
    path = tmp_path / "run.safetensors"
    run = Run(1)
    run.train(3)
    mg.save_checkpoint(path, step=3, extra_part=run.ema, **{**run.parts, "ema": None})
    other, small = Run(2), nn.Linear(4, 8)
    other.train(2)
    before = (flat({n: p.state_dict() for n, p in other.parts.items()}, ""), mg.get_rng_state())

    def unchanged():
        now = flat({n: p.state_dict() for n, p in other.parts.items()}, "")
        return (now, mg.get_rng_state()) == before

    with pytest.raises(Error) as error:
        mg.load_checkpoint(
            path, model=small, optimizer=mg.optim.SGD(other.model.parameters(), 0.1),
            ema=other.ema, loader=[1],
        )  # fmt: skip
    for part in (
        "nothing was loaded", "model: missing: weight, bias", "optimizer: it is a SGD",
        "in the checkpoint a Adam", "ema: the checkpoint has no such part; its parts are: model",
        "loader: a list has no load_state_dict",
    ):  # fmt: skip
        assert part in str(error.value)
    assert unchanged()
    # The scheduler and the loader load before the last part turns out not to fit.
    bad = mg.optim.Adam(list(other.model.parameters())[:2])
    with pytest.raises(Error, match=r"optimizer_b: .* groups of \[6\]"):
        parts = {**other.parts, "ema": None, "optimizer_b": bad}
        mg.save_checkpoint(path, **{**run.parts, "optimizer_b": run.optimizer})
        mg.load_checkpoint(path, **parts)
    assert unchanged()
    mg.load_checkpoint(path, model=other.model)  # the model alone
    assert flat(other.model.state_dict(), "") == flat(run.model.state_dict(), "")


def test_what_is_no_checkpoint(tmp_path):
    path = tmp_path / "x.safetensors"
    mg.save({"a": 1}, path)
    with pytest.raises(FileFormatError, match="not written by save_checkpoint"):
        mg.load_checkpoint(path)
    mg.save({"checkpoint": 99}, path)
    with pytest.raises(FileFormatError, match="version 99"):
        mg.load_checkpoint(path)
    mg.save_checkpoint(path, model=nn.Linear(1, 1))
    sound, layer = mg.load(path), nn.Linear(1, 1)
    before = flat(layer.state_dict(), "")
    for changed in [{**sound, "generator": {}}, {**sound, "kinds": 3}] + [
        {key: value for key, value in sound.items() if key != gone}
        for gone in ("step", "generator", "kinds", "parts", "extra")
    ]:
        mg.save(changed, path)
        with pytest.raises(FileFormatError, match="was changed since"):
            mg.load_checkpoint(path, model=layer)
        assert flat(layer.state_dict(), "") == before
    with pytest.raises(ArgumentError, match="keep=0"):
        mg.save_checkpoint(path, keep=0)
    with pytest.raises(DTypeError, match="thing"):
        mg.save_checkpoint(path, thing=object())
    with pytest.raises(FileFormatError):
        mg.load_checkpoint(path)  # what stood there still does


def test_older_checkpoints_are_kept(tmp_path):
    for step in range(1, 6):
        mg.save_checkpoint(tmp_path / "run.safetensors", step=step, keep=3)
    found = {p.name: mg.load_checkpoint(p)["step"] for p in tmp_path.iterdir()}
    assert found == {"run.safetensors": 5, "run.1.safetensors": 4, "run.2.safetensors": 3}
    mg.save_checkpoint(tmp_path / "plain", step=1, keep=2)
    mg.save_checkpoint(tmp_path / "plain", step=2, keep=2)
    assert mg.load_checkpoint(tmp_path / "plain.1")["step"] == 1


def test_a_save_that_fails_loses_no_older_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    for step in range(1, 4):
        mg.save_checkpoint(path, step=step, keep=3)
    with pytest.raises(DTypeError, match=r"state\['extra'\]\['thing'\]"):
        mg.save_checkpoint(path, step=4, keep=3, thing=object())

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            mg.save_checkpoint(path, step=4, keep=3)
    found = {p.name: mg.load_checkpoint(p)["step"] for p in tmp_path.iterdir()}
    assert found == {"run.safetensors": 3, "run.1.safetensors": 2, "run.2.safetensors": 1}


def test_a_generator_of_ones_own(tmp_path):
    generator = mg.Generator(5)
    mg.rand(3, generator=generator)
    mg.save_checkpoint(tmp_path / "g", generator=generator)
    expected = mg.rand(3, generator=generator)
    default, again = mg.get_rng_state(), mg.Generator(0)
    mg.load_checkpoint(tmp_path / "g", generator=again)
    assert (mg.rand(3, generator=again) == expected).all() and mg.get_rng_state() == default


KILLED = """
import os, random, signal, sys, time
import minigrad as mg
from minigrad import nn

path = sys.argv[1]
model = nn.Linear(64, 64)
optimizer = mg.optim.SGD(model.parameters(), lr=1.0, momentum=0.5)

def load():
    found = mg.load_checkpoint(path, model=model, optimizer=optimizer)
    step = found["step"]
    for tensor in model.parameters():
        assert bool((tensor == step).all()), step          # whole, and of one moment
        assert bool((optimizer.state[tensor]["momentum_buffer"] == -step).all())
    assert found["note"] == "x" * (step % 7)
    return step

def train():
    step = load() if os.path.exists(path) else 0
    while True:
        step += 1
        with mg.no_grad():
            for tensor in model.parameters():
                tensor.fill_(float(step))
                optimizer.state[tensor]["momentum_buffer"] = mg.full_like(tensor, -float(step))
        mg.save_checkpoint(path, model=model, optimizer=optimizer, step=step, keep=3,
                           note="x" * (step % 7))
        os.write(told, b"%d\\n" % step)

random.seed(0)
last = 0
for kill in range(12):
    read, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        train()
    os.close(told)
    first = os.read(read, 10000)                           # it has begun
    time.sleep(random.uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    saved = first
    while more := os.read(read, 10000):
        saved += more
    os.close(read)
    step = load()
    assert step >= int(saved.split()[-1]) > last, (step, saved, last)
    last = step
    for older in (1, 2):
        name = path.replace(".safetensors", f".{older}.safetensors")
        if os.path.exists(name):
            assert mg.load_checkpoint(name)["step"] <= step
left = [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".tmp")]
mg.save_checkpoint(path, step=last, keep=2)
there = sorted(os.listdir(os.path.dirname(path)))          # what kills have left is gone
assert set(there) <= {"run.1.safetensors", "run.2.safetensors", "run.safetensors"}, there
print(last, len(left))
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="processes are forked")
def test_a_kill_at_any_moment_loses_nothing_that_was_saved(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "run.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 12


def test_the_page_runs(tmp_path, monkeypatch):
    page = Path(__file__).parent.parent / "docs" / "checkpoints.md"
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    space = {}
    exec(code, space)
    assert space["found"]["step"] == 5 and mg.load_checkpoint("run.safetensors")["step"] == 10
