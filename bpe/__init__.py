"""Train, use and compare byte-level BPE tokenizers.

>>> import bpe
>>> tokenizer = bpe.train(["the cat sat on the mat"] * 4, vocab_size=270, num_threads=1)
>>> tokenizer.decode(tokenizer.encode("the cat"))
'the cat'

`bpe.train` and `bpe.count` take files, folders and iterables; `bpe.get_encoding` gives the
published vocabularies; `bpe.Tokenizer.load` reads what was saved. `bpe.reference` holds the
definitions, in Python written to be read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from bpe.errors import (
    BPEError,
    CheckpointError,
    CorpusError,
    DecodeError,
    EncodeError,
    FormatError,
    MissingDependencyError,
    PatternError,
    SpecialTokenError,
    TrainingError,
    VocabularyError,
)
from bpe.unicode_version import UNICODE_VERSION
from chimera_bpe import warn_about_foreign_files

if TYPE_CHECKING:
    from bpe.corpora import Corpus
    from bpe.counting import count
    from bpe.counts import PretokenCounts
    from bpe.counts_merging import merge_counts
    from bpe.counts_summary import CountsSummary
    from bpe.encoding.chat import ChatTemplate, SpecialToken
    from bpe.patterns import Pattern
    from bpe.registry import encoding_for_model, get_encoding, list_encoding_names
    from bpe.spec import Merges, TokenizerSpec
    from bpe.tokenizer import Tokenizer
    from bpe.training import train

__version__ = "0.1.0"

warn_about_foreign_files()

# Loaded on first use, so that `import bpe` and `bpe --help` stay quick.
_HOME = {
    "ChatTemplate": "bpe.encoding.chat",
    "Corpus": "bpe.corpora.corpus",
    "CountsSummary": "bpe.counts_summary",
    "Merges": "bpe.spec",
    "Pattern": "bpe.patterns",
    "PretokenCounts": "bpe.counts",
    "SpecialToken": "bpe.encoding.chat",
    "Tokenizer": "bpe.tokenizer",
    "TokenizerSpec": "bpe.spec",
    "count": "bpe.counting",
    "encoding_for_model": "bpe.registry",
    "get_encoding": "bpe.registry",
    "list_encoding_names": "bpe.registry",
    "merge_counts": "bpe.counts_merging",
    "train": "bpe.training",
}

__all__ = [
    "UNICODE_VERSION",
    "BPEError",
    "ChatTemplate",
    "CheckpointError",
    "Corpus",
    "CorpusError",
    "CountsSummary",
    "DecodeError",
    "EncodeError",
    "FormatError",
    "Merges",
    "MissingDependencyError",
    "Pattern",
    "PatternError",
    "PretokenCounts",
    "SpecialToken",
    "SpecialTokenError",
    "Tokenizer",
    "TokenizerSpec",
    "TrainingError",
    "VocabularyError",
    "__version__",
    "count",
    "encoding_for_model",
    "get_encoding",
    "list_encoding_names",
    "merge_counts",
    "train",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'bpe' has no attribute {name!r}")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
