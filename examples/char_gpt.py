"""A small GPT that learns to write Python's documentation, letter by letter.

    python examples/char_gpt.py        # 600 steps, a few minutes on two cores
    python examples/char_gpt.py 3000

Radford et al., "Improving Language Understanding by Generative Pre-Training", 2018; positions as in
Su et al., "RoFormer", 2021; each block normalises its input (Xiong et al., 2020).
"""

import sys
from pydoc_data.topics import topics

import minigrad as mg
from minigrad import nn, optim
from minigrad.data.text import Vocabulary
from minigrad.nn import functional as F

TEXT = "\n".join(topics[name] for name in sorted(topics))  # the same order in every Python


class Block(nn.Module):
    def __init__(self, width, heads, rotary):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.CausalSelfAttention(width, heads, rotary=rotary)
        self.expand, self.shrink = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, cache=None):
        x = x + self.attention(self.norm1(x), cache)
        return x + self.shrink(F.gelu(self.expand(self.norm2(x))))


class GPT(nn.Module):
    def __init__(self, letters, width=96, heads=4, depth=3):
        super().__init__()
        rotary = nn.RotaryEmbedding(width // heads)
        self.letter = nn.Embedding(letters, width)
        self.blocks = nn.ModuleList([Block(width, heads, rotary) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, letters)

    def forward(self, letters, caches=None):
        """(N, L) numbers of letters -> (N, L, letters) scores of the next."""
        x = self.letter(letters)
        for i, block in enumerate(self.blocks):
            x = block(x, caches and caches[i])
        return self.out(self.norm(x))


def batches(data, count, length, seed=0):
    """Random passages, and the same one letter later: (count, length) each, without end."""
    generator = mg.Generator().manual_seed(seed)
    while True:
        starts = mg.randint(len(data) - length, (count, 1), generator=generator)
        places = starts + mg.arange(length)
        yield data[places], data[places + 1]


def train(model, passages, steps, learning_rate=2e-3):
    """The loss of each step: nats a letter."""
    optimizer = optim.AdamW(model.parameters(), learning_rate)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    for _, (x, y) in zip(range(steps), passages):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


@mg.no_grad()
def write(model, start, count, context=128, temperature=0.7):
    """`count` letters after those of `start` (1, L), each drawn from the model's odds."""
    caches = None
    for _ in range(count):
        if caches is None or len(caches[0]) >= context:  # full: go on from the latest half
            caches, new = [nn.KeyValueCache() for _ in model.blocks], start[:, -context // 2 :]
        scores = model(new, caches)[:, -1]  # of the new letters only: the others are remembered
        new = mg.multinomial(F.softmax(scores / temperature, 1), 1)
        start = mg.cat([start, new], 1)
    return start


def main(steps=600, text=TEXT, length=128, **sizes):
    mg.manual_seed(0)
    alphabet = Vocabulary(sorted(set(text)))
    data = mg.tensor(alphabet.encode(text))
    model = GPT(len(alphabet), **sizes)
    losses = train(model, batches(data, 16, length), steps)
    last = sum(losses[-20:]) / len(losses[-20:])
    print(f"{len(alphabet)} letters: loss {losses[0]:.3f} at first, {last:.3f} after {steps} steps")
    print("".join(alphabet.decode(write(model, data[None, :64], 400, length)[0].tolist())))
    return losses


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
