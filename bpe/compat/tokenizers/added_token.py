"""`tokenizers.AddedToken`: a special token and how it is matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bpe.compat.tokenizers.refusing import refuse


@dataclass(frozen=True)
class AddedToken:
    """A token that is found in the text before it is split; here always a special one."""

    content: str
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool = True
    special: bool = False

    def __post_init__(self) -> None:
        """Refuse what changes which text is matched."""
        for name in ("single_word", "lstrip", "rstrip"):
            if getattr(self, name):
                refuse(f"AddedToken({name}=True)")

    def __str__(self) -> str:
        return self.content


def contents(tokens: Sequence[str | AddedToken]) -> list[str]:
    """Return the texts of tokens, each once, in order; empty ones are none."""
    if isinstance(tokens, str) or not all(isinstance(t, str | AddedToken) for t in tokens):
        raise TypeError("tokens must be several str or AddedToken")
    return [text for text in dict.fromkeys(str(token) for token in tokens) if text]
