"""What `tokenizers` returns for a text or a pair: ids, tokens, and where each stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

Direction = Literal["left", "right"]
Span = tuple[int, int]

#: The columns, and what padding puts into those that `pad` does not name.
_COLUMNS: dict[str, Any] = {
    "ids": None,
    "tokens": None,
    "type_ids": None,
    "offsets": (0, 0),
    "attention_mask": 0,
    "special_tokens_mask": 1,
    "word_ids": None,
    "sequence_ids": None,
}


class Encoding:
    """An encoded text with the attributes of `tokenizers.Encoding`.

    Attributes:
        ids: The ids.
        tokens: How each is written in a `tokenizer.json`.
        offsets: First character and the one after the last of each token; a token that holds a
            part of a character takes that whole character.
        type_ids: The text that each is of, 0 or 1.
        attention_mask: 1 for each id, 0 where it is padding.
        special_tokens_mask: 0 for each id, 1 where it was added around the text.
        word_ids: The word that each is of, counted in its text; None where it was added.
        sequence_ids: The text that each is of; None where it was added.
        overflowing: What was cut off, in pieces as long as this one.
    """

    ids: list[int]
    tokens: list[str]
    offsets: list[Span]
    type_ids: list[int]
    attention_mask: list[int]
    special_tokens_mask: list[int]
    word_ids: list[int | None]
    sequence_ids: list[int | None]

    def __init__(
        self,
        ids: Sequence[int],
        tokens: Sequence[str],
        offsets: Sequence[Span],
        word_ids: Sequence[int | None],
    ) -> None:
        """Make the encoding of one text."""
        self.ids, self.tokens, self.offsets = list(ids), list(tokens), list(offsets)
        self.word_ids = list(word_ids)
        self.type_ids = [0] * len(self.ids)
        self.attention_mask = [1] * len(self.ids)
        self.special_tokens_mask = [0] * len(self.ids)
        self.sequence_ids = [0] * len(self.ids)
        self.overflowing: list[Encoding] = []
        self.n_sequences = 1

    @classmethod
    def added(cls, id_: int, token: str, type_id: int) -> Encoding:
        """Return the encoding of a special token around the text."""
        encoding = cls([id_], [token], [(0, 0)], [None])
        encoding.type_ids, encoding.special_tokens_mask = [type_id], [1]
        encoding.sequence_ids = [None]
        return encoding

    @property
    def words(self) -> list[int | None]:
        """The older name of `word_ids`."""
        return self.word_ids

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return (
            f"Encoding(num_tokens={len(self)}, attributes=[ids, type_ids, tokens, offsets, "
            "attention_mask, special_tokens_mask, overflowing])"
        )

    # ---- where things stand --------------------------------------------------------------------

    def char_to_token(self, char_pos: int, sequence_index: int = 0) -> int | None:
        """Return the index of the first token that holds a character, or None."""
        for index in self._range(sequence_index):
            if self.offsets[index][0] <= char_pos < self.offsets[index][1]:
                return index
        return None

    def char_to_word(self, char_pos: int, sequence_index: int = 0) -> int | None:
        """Return the word that holds a character, or None."""
        index = self.char_to_token(char_pos, sequence_index)
        return None if index is None else self.word_ids[index]

    def token_to_chars(self, token_index: int) -> Span | None:
        """Return the offsets of a token, or None if there is no such token in a text."""
        return self.offsets[token_index] if self._is_of_text(token_index) else None

    def token_to_sequence(self, token_index: int) -> int | None:
        """Return the text that a token is of, or None."""
        return self.sequence_ids[token_index] if 0 <= token_index < len(self) else None

    def token_to_word(self, token_index: int) -> int | None:
        """Return the word that a token is of, or None."""
        return self.word_ids[token_index] if self._is_of_text(token_index) else None

    def word_to_tokens(self, word_index: int, sequence_index: int = 0) -> Span | None:
        """Return the first token of a word and the one after its last, or None."""
        places = [i for i in self._range(sequence_index) if self.word_ids[i] == word_index]
        return (places[0], places[-1] + 1) if places else None

    def word_to_chars(self, word_index: int, sequence_index: int = 0) -> Span | None:
        """Return the characters of a word, or None."""
        tokens = self.word_to_tokens(word_index, sequence_index)
        return (
            None if tokens is None else (self.offsets[tokens[0]][0], self.offsets[tokens[1] - 1][1])
        )

    def _range(self, sequence_index: int) -> list[int]:
        return [i for i, sequence in enumerate(self.sequence_ids) if sequence == sequence_index]

    def _is_of_text(self, index: int) -> bool:
        return 0 <= index < len(self) and self.sequence_ids[index] is not None

    # ---- longer and shorter --------------------------------------------------------------------

    @staticmethod
    def merge(encodings: Sequence[Encoding], growing_offsets: bool = True) -> Encoding:
        """Return several encodings one after the other, without what was cut off.

        Args:
            encodings: Any number.
            growing_offsets: Whether the offsets of each go on where those before it end.
        """
        merged = Encoding([], [], [], [])
        for encoding in encodings:
            base = merged.offsets[-1][1] if growing_offsets and merged.offsets else 0
            for name in _COLUMNS:
                getattr(merged, name).extend(getattr(encoding, name))
            if base:
                start = len(merged) - len(encoding)
                merged.offsets[start:] = [(a + base, b + base) for a, b in encoding.offsets]
        merged.n_sequences = len({s for s in merged.sequence_ids if s is not None}) or 1
        return merged

    def truncate(self, max_length: int, stride: int = 0, direction: Direction = "right") -> None:
        """Keep at most so many tokens; the others go to `overflowing`, in overlapping pieces.

        Raises:
            ValueError: The stride is not below the length, or the direction is none.
        """
        _check(direction)
        if max_length >= len(self):
            return
        if max_length == 0:
            self.overflowing = [self._slice(0, len(self))]
            self._keep(0, 0)
            return
        if stride >= max_length:
            raise ValueError(f"stride {stride} must be below the maximal length {max_length}")
        first, *others = _parts(len(self), max_length, stride, direction)
        self.overflowing = [self._slice(*part) for part in others]
        self._keep(*first)

    def _slice(self, start: int, stop: int) -> Encoding:
        part = Encoding([], [], [], [])
        for name in _COLUMNS:
            setattr(part, name, getattr(self, name)[start:stop])
        part.n_sequences = self.n_sequences
        return part

    def _keep(self, start: int, stop: int) -> None:
        for name in _COLUMNS:
            setattr(self, name, getattr(self, name)[start:stop])

    def pad(
        self,
        length: int,
        direction: Direction = "right",
        pad_id: int = 0,
        pad_type_id: int = 0,
        pad_token: str = "[PAD]",
    ) -> None:
        """Pad to at least so many tokens, and what was cut off, too.

        Raises:
            ValueError: The direction is none.
        """
        _check(direction)
        for piece in self.overflowing:
            piece.pad(length, direction, pad_id, pad_type_id, pad_token)
        missing = max(0, length - len(self))
        values = {"ids": pad_id, "tokens": pad_token, "type_ids": pad_type_id}
        for name, value in (_COLUMNS | values).items():
            padding, column = [value] * missing, getattr(self, name)
            setattr(self, name, column + padding if direction == "right" else padding + column)


def _check(direction: str) -> None:
    if direction not in ("left", "right"):
        raise ValueError(f"the direction must be left or right, not {direction!r}")


def _parts(size: int, max_length: int, stride: int, direction: Direction) -> list[Span]:
    step = max_length - stride
    parts: list[Span] = []
    if direction == "right":
        for start in range(0, size, step):
            parts.append((start, min(start + max_length, size)))
            if parts[-1][1] == size:
                break
    else:
        for stop in range(size, 0, -step):
            parts.append((max(0, stop - max_length), stop))
            if parts[-1][0] == 0:
                break
    return parts
