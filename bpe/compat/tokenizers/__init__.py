"""`tokenizers`, over our engine, for byte-level BPE.

`from bpe.compat.tokenizers import Tokenizer, models, pre_tokenizers, trainers, processors` in place
of `from tokenizers import ...`: train, load, save, encode texts and pairs with offsets and word
ids, pad, truncate, decode. Everything that is not byte-level BPE is refused by its name when it is
asked for.

Different, on purpose: a vocabulary always holds all 256 bytes, as if `initial_alphabet` were
`ByteLevel.alphabet()`.
Reference: tokenizers 0.23.
"""

from bpe.compat.tokenizers.added_token import AddedToken
from bpe.compat.tokenizers.byte_level_bpe import ByteLevelBPETokenizer
from bpe.compat.tokenizers.encodings import Encoding
from bpe.compat.tokenizers.tokenizer import Tokenizer

__all__ = ["AddedToken", "ByteLevelBPETokenizer", "Encoding", "Tokenizer"]
