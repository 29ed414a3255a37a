"""What `tokenizers` returns for one text: ids, tokens, and where each stands in the text."""

from __future__ import annotations

from itertools import accumulate
from typing import Literal


class Encoding:
    """An encoded text with the attributes of `tokenizers.Encoding`.

    Attributes:
        ids: The ids.
        tokens: How each is written in a `tokenizer.json`.
        offsets: First character and the one after the last of each token; a token that holds a
            part of a character takes that whole character.
        type_ids: Zeros, one for each id.
        attention_mask: 1 for each id, 0 where it is padding.
        special_tokens_mask: 0 for each id, 1 where it was added around the text: padding.
    """

    def __init__(self, ids: list[int], tokens: list[str], text: str, sizes: list[int]) -> None:
        """Make the encoding of a text.

        Args:
            ids: Of its tokens.
            tokens: How they are written.
            text: The text.
            sizes: How many bytes each token has.
        """
        self.ids = ids
        self.tokens = tokens
        self.offsets = _offsets(text, sizes)
        self.type_ids = [0] * len(ids)
        self.attention_mask = [1] * len(ids)
        self.special_tokens_mask = [0] * len(ids)

    @property
    def n_sequences(self) -> int:
        """The number of texts: 1."""
        return 1

    @property
    def overflowing(self) -> list[Encoding]:
        """What was cut off; it is not kept, so nothing."""
        return []

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return (
            f"Encoding(num_tokens={len(self)}, attributes=[ids, type_ids, tokens, offsets, "
            "attention_mask, special_tokens_mask, overflowing])"
        )

    def char_to_token(self, char_pos: int, sequence_index: int = 0) -> int | None:
        """Return the index of the first token that holds a character, or None."""
        for index, (start, end) in enumerate(self.offsets):
            if start <= char_pos < end:
                return index
        return None

    def token_to_chars(self, token_index: int) -> tuple[int, int] | None:
        """Return the offsets of a token, or None if there is no such token."""
        return self.offsets[token_index] if 0 <= token_index < len(self) else None

    def truncate(
        self, max_length: int, stride: int = 0, direction: Literal["left", "right"] = "right"
    ) -> None:
        """Keep at most so many tokens.

        Raises:
            ValueError: A stride, or a direction that is none.
        """
        if stride or direction not in ("left", "right"):
            raise ValueError(f"stride {stride} or direction {direction!r} is not supported")
        cut = max(0, len(self) - max_length)
        kept = slice(0, len(self) - cut) if direction == "right" else slice(cut, None)
        for name in _COLUMNS:
            setattr(self, name, getattr(self, name)[kept])

    def pad(
        self,
        length: int,
        direction: Literal["left", "right"] = "right",
        pad_id: int = 0,
        pad_type_id: int = 0,
        pad_token: str = "[PAD]",
    ) -> None:
        """Pad to at least so many tokens.

        Raises:
            ValueError: The direction is none.
        """
        if direction not in ("left", "right"):
            raise ValueError(f"the direction must be left or right, not {direction!r}")
        missing = max(0, length - len(self))
        for name, value in zip(
            _COLUMNS, (pad_id, pad_token, (0, 0), pad_type_id, 0, 1), strict=True
        ):
            padding, column = [value] * missing, getattr(self, name)
            setattr(self, name, column + padding if direction == "right" else padding + column)


_COLUMNS = ("ids", "tokens", "offsets", "type_ids", "attention_mask", "special_tokens_mask")


def _offsets(text: str, sizes: list[int]) -> list[tuple[int, int]]:
    """Return the characters that each token covers, from the numbers of their bytes.

    >>> _offsets("aéb", [1, 1, 2])
    [(0, 1), (1, 2), (1, 3)]
    """
    ends = list(accumulate(sizes))
    if text.isascii():
        return [(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    character_of = [i for i, c in enumerate(text) for _ in range(_num_bytes(c))]
    return [
        (character_of[end - size], character_of[end - 1] + 1)
        for size, end in zip(sizes, ends, strict=True)
    ]


def _num_bytes(character: str) -> int:
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
