"""examples/char_gpt.py: its losses beside the same model's in PyTorch, and what it writes."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg

FILE = Path(__file__).parent.parent / "examples" / "char_gpt.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("char_gpt", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small(example, letters):
    mg.manual_seed(1)
    return example.GPT(letters, width=32, heads=4, depth=2)


def test_it_learns_and_writes(example, capsys):
    losses = example.main(40, example.TEXT[:2000], 32, width=32, heads=4, depth=1)
    assert losses[0] > 3.5 and np.mean(losses[-5:]) < 3.2
    first, written = capsys.readouterr().out.split("\n", 1)
    assert "after 40 steps" in first
    assert written.startswith(example.TEXT[:64]) and len(written) == 64 + 400 + 1


def test_the_cache_does_not_change_what_it_says(example):
    model = small(example, 30)
    text = example.write(model, mg.arange(10).reshape(1, 10), 20)
    scores = model(text)
    caches = [mg.nn.KeyValueCache() for _ in model.blocks]
    with mg.no_grad():
        parts = [model(part, caches) for part in text.split([10] + [1] * 20, 1)]
    np.testing.assert_allclose(mg.cat(parts, 1).array, scores.detach().array, 1e-4, 1e-5)
    assert example.write(model, text, 30, context=8).shape == (1, 60)


def in_pytorch(torch, state, heads):
    """The model's scores, written with PyTorch's functions."""
    F, p = torch.nn.functional, state

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], p[f"{name}.weight"], p[f"{name}.bias"])

    def linear(x, name):
        return F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])

    def rotate(x):
        D = x.shape[-1]
        powers = 10000 ** (-torch.arange(0, D, 2, dtype=torch.float64) / D)
        t = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * powers
        cos, sin = t.cos().float(), t.sin().float()
        a, b = x[..., : D // 2], x[..., D // 2 :]
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def attend(x, name):
        packed = F.linear(x, p[f"{name}.in_proj_weight"], p[f"{name}.in_proj_bias"])
        q, k, v = (y.unflatten(-1, (heads, -1)).transpose(1, 2) for y in packed.chunk(3, -1))
        y = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        return linear(y.transpose(1, 2).flatten(2), f"{name}.out_proj")

    def scores(letters):
        x = p["letter.weight"][letters]
        for block in sorted({name.split(".")[1] for name in p if name.startswith("blocks")}):
            name = f"blocks.{block}"
            x = x + attend(norm(x, f"{name}.norm1"), f"{name}.attention")
            wide = F.gelu(linear(norm(x, f"{name}.norm2"), f"{name}.expand"))
            x = x + linear(wide, f"{name}.shrink")
        return linear(norm(x, "norm"), "out")

    return scores


def test_losses_follow_pytorchs(example):
    """The same weights at first, the same passages, the same optimizer, schedule and clipping."""
    torch = pytest.importorskip("torch")
    text, steps = example.TEXT[:20_000], 60
    alphabet = sorted(set(text))
    data = mg.tensor([alphabet.index(letter) for letter in text])
    model = small(example, len(alphabet))
    state = {n: torch.tensor(t.numpy()).requires_grad_() for n, t in model.state_dict().items()}
    ours = example.train(model, example.batches(data, 8, 32), steps)

    scores = in_pytorch(torch, state, 4)
    optimizer = torch.optim.AdamW(state.values(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    theirs = []
    for _, (x, y) in zip(range(steps), example.batches(data, 8, 32)):
        x, y = torch.tensor(x.numpy()), torch.tensor(y.numpy())
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(scores(x).flatten(0, 1), y.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(state.values(), 1.0)
        optimizer.step()
        schedule.step()
        theirs.append(loss.item())
    assert np.mean(theirs[-5:]) < theirs[0] - 1
    np.testing.assert_allclose(ours, theirs, 1e-4)
