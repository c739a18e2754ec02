"""Small tokenizers, and what the `tokenizers` package makes of texts with them.

`python tests/data/text/tokenizer_samples.py` records both; it needs that package.
"""

import json
import random
import unicodedata
from pathlib import Path

RECORDED = Path(__file__).parent / "tokenizers.json"
PIECES = """
[PAD] [UNK] [CLS] [SEP] [MASK] a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4
##a ##b ##c ##d ##e ##f ##g ##h ##i ##j ##k ##l ##m ##n ##o ##p ##q ##r ##s ##t ##u ##v ##w ##x ##y
##z ##0 ##1 the cat un ##aff ##able play ##ing ##ed 中 国 . , ! ' $ ß ı ##ı ##able##s
""".split()
TEXTS = (
    """
Hello, World!|the unaffable cat isn't playing.|PLAYED  \t played|crème brûlée ÀÉÎ|İstanbul ıß
中国 in 中x国|$5 + 3^2|[MASK] the [mask][SEP]|don't we'll they've I'M|½ ² 三 Ⅷ 123 ٣|_under_score_
<|endoftext|>again<|endoftext|>|한국어 हिन्दी العربية|ﬁ ﬂ Σς ǅ|1,000.50 v2.0-rc1| two   three
""".strip("\n")
    .replace("\n", "|")
    .split("|")
)
TEXTS += [
    "", " ", "x" * 100, "x" * 101, "a\u200db\x00c\ufffdd\x0be\x1ff", "one\n\n  two\r\n\t\tthree ",
    "\u3000wide\u2003space\x1c\x85", "e\u0301 \u0301", "\U0001f600 \U0001f1e9",
    "\ud7ff\ue000",
]  # fmt: skip


def random_texts(count):
    """Of characters from all of Unicode 13, in whose classes no one differs."""
    rng = random.Random(0)
    rare = [c for c in map(chr, range(0x3000)) if unicodedata.ucd_3_2_0.category(c)[0] != "C"]
    common = [*" \n\t 's've1ab_,", "the ", "Cat", "[SEP]", "<|endoftext|>"]
    for _ in range(count):
        parts = rng.choices(common, k=12) + rng.choices(rare, k=3)
        yield "".join(rng.sample(parts, len(parts)))


def theirs(state):
    """The two tokenizers of the package from what was recorded of them."""
    import tokenizers
    from tokenizers import models, normalizers, pre_tokenizers, processors

    vocabulary = {token: number for number, token in enumerate(state["pieces"])}
    pieces = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer()
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    pieces.add_special_tokens(state["pieces"][:5])
    return pieces, tokenizers.Tokenizer.from_str(json.dumps(state["bpe"]))


def trained():
    import pydoc_data.topics

    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet
    )
    bpe.train_from_iterator([pydoc_data.topics.topics["naming"]], trainer)
    return json.loads(bpe.to_str())


if __name__ == "__main__":
    state = {"pieces": PIECES, "bpe": trained()}
    for name, tokenizer in zip(("wordpiece", "bytelevel"), theirs(state)):
        state[name] = [tokenizer.encode(text).ids for text in TEXTS]
    RECORDED.write_text(json.dumps(state) + "\n")
