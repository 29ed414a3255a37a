"""`tokenizers`, over our engine, for byte-level BPE.

`from bpe.compat.tokenizers import Tokenizer, Regex, models, pre_tokenizers, trainers` in place of
`from tokenizers import ...`: train, load, save, encode texts and pairs with offsets and word
ids, pad, truncate, decode. Everything that is not byte-level BPE is refused by its name when it is
asked for.

Different, on purpose: a vocabulary always holds all 256 bytes, as if `initial_alphabet` were
`ByteLevel.alphabet()`; of a pair that is cut, what is cut off is not kept in `overflowing`.
Reference: tokenizers 0.23.
"""

from bpe.compat.tokenizers import (
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from bpe.compat.tokenizers.added_token import AddedToken
from bpe.compat.tokenizers.byte_level_bpe import ByteLevelBPETokenizer
from bpe.compat.tokenizers.encodings import Encoding
from bpe.compat.tokenizers.pre_tokenizers import Regex
from bpe.compat.tokenizers.tokenizer import Tokenizer

__all__ = [
    "AddedToken",
    "ByteLevelBPETokenizer",
    "Encoding",
    "Regex",
    "Tokenizer",
    "decoders",
    "models",
    "normalizers",
    "pre_tokenizers",
    "processors",
    "trainers",
]
