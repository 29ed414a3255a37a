"""A vocabulary for a preset, learned from the text that its model is trained on.

It is what `bpe train` makes with the same size and special tokens. The tail of the text that is for
validation is read too, as it is when somebody trains a tokenizer on a corpus first.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bpe.token_files import is_token_file
from bpe.token_shards import is_token_shards
from model.presets import PRESET_VOCABULARIES
from model.shards import is_prepared
from model.vocabulary import MASK

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

#: All that any of our models asks for: a row that is added later would change every shape.
SPECIAL_TOKENS = ("<|endoftext|>", MASK, "<|im_start|>", "<|im_end|>")


def learn_vocabulary(
    preset: str, source: str, *, note: Callable[[str], None] = lambda message: None
) -> Tokenizer:
    """Return a tokenizer of the size that a preset names, trained on a text.

    Args:
        preset: A key of `PRESETS`.
        source: Anything that `bpe.train` reads: a file, a folder, a glob.
        note: Is told the size, the reason for it, and what is less than it should be.

    Raises:
        CorpusError: The text cannot be read.
    """
    import bpe

    size, reason = PRESET_VOCABULARIES[preset]
    note(f"vocabulary: learning {size:,} ids from {source}, since {reason}; -m takes another")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tokenizer = bpe.train(source, size, special_tokens=SPECIAL_TOKENS)
    for warning in caught:
        note(f"vocabulary: {warning.message}")
    return tokenizer


def holds_text(source: str) -> bool:
    """Return whether a source is text, not the ids of some tokenizer."""
    path = Path(source)
    return not (
        is_token_shards(path) or is_prepared(path) or (path.is_file() and is_token_file(source))
    )
