"""`tokenizers.trainers`: BpeTrainer, and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bpe.compat.tokenizers.added_token import AddedToken
from bpe.compat.tokenizers.refusing import refuse, refused


@dataclass
class BpeTrainer:
    """What to train: the arguments, names and defaults of `tokenizers.trainers.BpeTrainer`.

    `limit_alphabet` and `initial_alphabet` have no effect: all 256 bytes are tokens.
    """

    vocab_size: int = 30000
    min_frequency: int = 0
    show_progress: bool = True
    special_tokens: Sequence[str | AddedToken] = ()
    limit_alphabet: int | None = None
    initial_alphabet: Sequence[str] = ()
    continuing_subword_prefix: str | None = None
    end_of_word_suffix: str | None = None
    max_token_length: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is not byte-level."""
        if self.continuing_subword_prefix:
            refuse("BpeTrainer(continuing_subword_prefix=...)")
        if self.end_of_word_suffix:
            refuse("BpeTrainer(end_of_word_suffix=...)")


def __getattr__(name: str) -> type:
    names = (
        "ParityBpeTrainer",
        "Trainer",
        "UnigramTrainer",
        "WordLevelTrainer",
        "WordPieceTrainer",
    )
    return refused(__name__, name, names)
