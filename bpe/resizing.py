"""Smaller vocabularies: a prefix of the merges is a tokenizer too."""

from __future__ import annotations

from bpe.errors import VocabularyError
from bpe.spec import Merges, TokenizerSpec


def resized(spec: TokenizerSpec, vocab_size: int) -> TokenizerSpec:
    """Return what training to a smaller size would have given; special tokens follow the merges.

    Raises:
        VocabularyError: The vocabulary has no such prefix (gaps between ids), or is smaller.
    """
    size = len(spec.id_to_bytes) + len(spec.special_tokens)
    num_ordinary = vocab_size - len(spec.special_tokens)
    if not 256 <= num_ordinary <= len(spec.id_to_bytes):
        raise VocabularyError(
            f"cannot resize {size} tokens to {vocab_size!r}: at least 256 bytes and "
            f"{len(spec.special_tokens)} special tokens stay, and nothing can be added"
        )
    kept = dict(list(spec.id_to_bytes.items())[:num_ordinary])
    if list(kept) != list(range(num_ordinary)):
        raise VocabularyError("cannot resize: the ids below the new size have gaps")
    return TokenizerSpec(
        pattern=spec.pattern,
        id_to_bytes=kept,
        merges=Merges(merge for merge in spec.merges if merge.new_id < num_ordinary),
        special_tokens={text: num_ordinary + i for i, text in enumerate(spec.special_tokens)},
        whole_pretoken_first=spec.whole_pretoken_first,
        name=spec.name,
    )
