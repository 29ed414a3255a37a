"""The vocabulary as `tokenizers` shows it: tokens as they are written in a `tokenizer.json`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bpe.compat.tokenizers.added_token import AddedToken
from bpe.compat.tokenizers.refusing import check_number, check_text
from bpe.formats.byte_alphabet import to_characters
from bpe.spec import TokenizerSpec

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer as _Tokenizer


class Vocabulary:
    """The part of the drop-in that looks tokens up."""

    _written: tuple[TokenizerSpec, dict[int, str], dict[str, int]] | None = None

    if TYPE_CHECKING:

        @property
        def _tokenizer(self) -> _Tokenizer: ...

    def token_to_id(self, token: str) -> int | None:
        """Return the id of a token as it is written in a `tokenizer.json`, or None."""
        check_text(token, "a token")
        return self._token_to_id.get(token)

    def id_to_token(self, id: int) -> str | None:
        """Return how the token of an id is written, or None."""
        return self._id_to_token.get(check_number(id, "an id"))

    def get_vocab(self, with_added_tokens: bool = True) -> dict[str, int]:
        """Return written token to id; without added tokens, those that are no special tokens."""
        if with_added_tokens:
            return dict(self._token_to_id)
        return {
            to_characters(token): id_ for id_, token in self._tokenizer.spec.id_to_bytes.items()
        }

    def get_vocab_size(self, with_added_tokens: bool = True) -> int:
        """Return the number of tokens."""
        spec = self._tokenizer.spec
        return len(spec.id_to_bytes) + with_added_tokens * len(spec.special_tokens)

    def get_added_tokens_decoder(self) -> dict[int, AddedToken]:
        """Return id to special token."""
        specials = self._tokenizer.spec.special_tokens
        return {
            id_: AddedToken(text, normalized=False, special=True) for text, id_ in specials.items()
        }

    @property
    def _id_to_token(self) -> dict[int, str]:
        return self._tables()[1]

    @property
    def _token_to_id(self) -> dict[str, int]:
        return self._tables()[2]

    @property
    def _special_ids(self) -> frozenset[int]:
        return frozenset(self._tokenizer.spec.special_tokens.values())

    def _tables(self) -> tuple[TokenizerSpec, dict[int, str], dict[str, int]]:
        spec = self._tokenizer.spec
        if self._written is None or self._written[0] is not spec:
            written = {id_: to_characters(token) for id_, token in spec.id_to_bytes.items()}
            written |= {id_: text for text, id_ in spec.special_tokens.items()}
            self._written = (spec, written, {token: id_ for id_, token in written.items()})
        return self._written


def with_special_tokens(spec: TokenizerSpec, texts: list[str]) -> tuple[TokenizerSpec, int]:
    """Return the spec with more special tokens, and how many of them are new tokens.

    Raises:
        ValueError: One is an ordinary token that merges make or use.
    """
    written = {to_characters(token): id_ for id_, token in spec.id_to_bytes.items()}
    used = {id_ for merge in spec.merges for id_ in merge[:3]} | set(spec.byte_ids)
    id_to_bytes, specials = dict(spec.id_to_bytes), dict(spec.special_tokens)
    number = 0
    for text in texts:
        if text in specials:
            continue
        if text not in written:
            specials[text] = max([*id_to_bytes, *specials.values()]) + 1
            number += 1
        elif written[text] in used:
            raise ValueError(f"{text!r} is an ordinary token, so it cannot be a special one")
        else:
            specials[text] = written[text]
            del id_to_bytes[written[text]]
    return replace(spec, id_to_bytes=id_to_bytes, special_tokens=specials), number
