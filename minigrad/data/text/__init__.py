"""Text as numbers: vocabularies, and readers of BERT's and GPT-2's tokenizers.

Imported on its own: ``from minigrad.data import text``.
"""

from .batch import TokenBatch as TokenBatch
from .batch import pad as pad
from .bytelevel import ByteLevelBPE as ByteLevelBPE
from .vocabulary import Vocabulary as Vocabulary
from .wordpiece import WordPiece as WordPiece

__all__ = ["ByteLevelBPE", "TokenBatch", "Vocabulary", "WordPiece", "pad"]
