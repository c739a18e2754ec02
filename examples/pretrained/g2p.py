"""How is it said? A GRU that writes phonemes for a word, as in the CMU dictionary.

    python examples/pretrained/g2p.py tensor gradient

Park and Kim, g2pE, 2019; Apache 2.0.
"""

import sys

from wheels import folder

import minigrad as mg
from minigrad import nn
from minigrad.data.text import Vocabulary

LETTERS = Vocabulary(["<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz"], unk="<unk>")
PHONEMES = Vocabulary(
    """<pad> <unk> <s> </s> AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO0 AO1 AO2 AW0 AW1 AW2 AY0 AY1 AY2
    B CH D DH EH0 EH1 EH2 ER0 ER1 ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L M N NG OW0
    OW1 OW2 OY0 OY1 OY2 P R S SH T TH UH0 UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH""".split()
)


class Speller(nn.Module):
    """Reads the letters of a word into one state, from which phonemes are written one by one."""

    def __init__(self, letters=29, phonemes=74, width=256):
        super().__init__()
        self.letter = nn.Embedding(letters, width)
        self.encoder = nn.GRU(width, width)
        self.phoneme = nn.Embedding(phonemes, width)
        self.decoder = nn.GRUCell(width, width)
        self.out = nn.Linear(width, phonemes)

    def forward(self, letters, start, end, longest=20):
        """(L,) numbers of letters -> a list of numbers of phonemes, the likeliest at each step."""
        _, state = self.encoder(self.letter(letters))  # (1, width)
        said, last = [], start
        for _ in range(longest):
            state = self.decoder(self.phoneme(mg.tensor([last])), state)
            last = self.out(state).argmax(1).item()
            if last == end:
                break
            said.append(last)
        return said


NAMES = {"enc_emb": "letter.weight", "dec_emb": "phoneme.weight", "fc_w": "out.weight",
         "fc_b": "out.bias"}  # fmt: skip
for part in ("w_ih", "w_hh", "b_ih", "b_hh"):
    name = part.replace("w_", "weight_").replace("b_", "bias_")
    NAMES |= {f"enc_{part}": f"encoder.{name}_l0", f"dec_{part}": f"decoder.{name}"}


def load():
    """The trained network."""
    arrays = mg.load(folder("g2p_en") / "checkpoint20.npz")
    model = Speller()
    model.load_state_dict({NAMES[name]: array for name, array in arrays.items()})
    return model.eval()


def spell(model, word):
    """The phonemes of a word; the digit of a vowel is its stress."""
    letters = mg.tensor(LETTERS.encode([*word.lower(), "</s>"]))
    with mg.no_grad():
        return PHONEMES.decode(model(letters, PHONEMES["<s>"], PHONEMES["</s>"]))


if __name__ == "__main__":
    model = load()
    for word in sys.argv[1:] or ["tensor", "gradient"]:
        print(word, *spell(model, word))
