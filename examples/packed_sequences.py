"""A GRU over packed sequences: which of nine speakers said "a-e"? Utterances have 7 to 29 steps.

The data, JapaneseVowels (Kudo, Toyama, Shimbo 1999), comes with a package:
``pip install --no-deps aeon``.
"""

import importlib.util
from pathlib import Path

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils.rnn import pack_sequence


class Reader(nn.Module):
    """Reads each sequence from both ends, and classifies what it then remembers."""

    def __init__(self, features, classes, hidden=64):
        super().__init__()
        self.gru = nn.GRU(features, hidden, bidirectional=True)
        self.head = nn.Linear(2 * hidden, classes)

    def forward(self, sequences):
        packed = pack_sequence(sequences, enforce_sorted=False)  # no step is spent on padding
        _, last = self.gru(packed)  # (2, N, hidden): each sequence's own last states
        return self.head(mg.cat([last[0], last[1]], 1))  # (N, classes)


def vowels(part):
    """The utterances of a part, "TRAIN" or "TEST", as tensors (T, 12), and their speakers (N,)."""
    found = importlib.util.find_spec("aeon")
    if found is None:
        raise SystemExit("JapaneseVowels comes with a package: pip install --no-deps aeon")
    folder = Path(found.submodule_search_locations[0], "datasets", "data", "JapaneseVowels")
    lines = (folder / f"JapaneseVowels_{part}.ts").read_text().split("@data\n")[1].splitlines()
    sequences, speakers = [], []
    for line in lines:
        *channels, speaker = line.split(":")
        rows = [[float(number) for number in channel.split(",")] for channel in channels]
        sequences.append(mg.tensor(rows).T)
        speakers.append(int(speaker) - 1)
    return sequences, mg.tensor(speakers)


def train(model, sequences, labels, epochs, batch=30):
    """Fit `model`; returns the mean loss of the last epoch."""
    optimizer = mg.optim.Adam(model.parameters(), lr=5e-3)
    schedule = mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        total = 0.0
        order = mg.randperm(len(sequences)).tolist()
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            scores = model([sequences[i] for i in chosen])
            loss = nn.functional.cross_entropy(scores, labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        schedule.step()
    return total / len(sequences)


def accuracy(model, sequences, labels):
    """The share of sequences that `model` puts into their class."""
    with mg.no_grad():
        return (model(sequences).argmax(1) == labels).float().mean().item()


def main():
    """Train on 270 utterances, test on 370 others."""
    mg.manual_seed(0)
    sequences, speakers = vowels("TRAIN")
    model = Reader(features=12, classes=9)
    loss = train(model, sequences, speakers, epochs=30)
    print(f"loss {loss:.4f}, accuracy on 370 others {accuracy(model, *vowels('TEST')):.3f}")


if __name__ == "__main__":
    main()
