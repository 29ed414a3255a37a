"""`tokenizers.processors`: what is put around texts and pairs, and how offsets are trimmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bpe.compat.tokenizers.encodings import Encoding
from bpe.compat.tokenizers.refusing import refuse, refused

Piece = tuple[str, int]  # "$A", "$B" or a special token, and its type id
_SPACE = "Ġ"


@dataclass
class ByteLevel:
    """Leaves white space out of offsets, if asked to."""

    add_prefix_space: bool = True
    trim_offsets: bool = True
    use_regex: bool = True

    def num_special_tokens_to_add(self, is_pair: bool) -> int:
        """Return 0."""
        return 0

    def process(
        self, encoding: Encoding, pair: Encoding | None = None, add_special_tokens: bool = True
    ) -> Encoding:
        """Return the encoding of a text or a pair."""
        both = [encoding] if pair is None else [encoding, pair]
        if self.trim_offsets:
            for each in both:
                trim_offsets(each, self.add_prefix_space)
        return join(both)


class TemplateProcessing:
    """Puts special tokens around texts, as a template says: `"[CLS] $A [SEP] $B:1 [SEP]:1"`."""

    def __init__(
        self,
        single: str | Sequence[str] | None = None,
        pair: str | Sequence[str] | None = None,
        special_tokens: Sequence[tuple[str, int] | tuple[int, str]] | None = None,
    ) -> None:
        """Make one; the arguments are those of `tokenizers.processors.TemplateProcessing`."""
        self._single = _pieces(single if single is not None else "$0")
        self._pair = _pieces(pair if pair is not None else "$A:0 $B:1")
        self._ids: dict[str, int] = {}
        for one in special_tokens or ():
            if isinstance(one, dict):
                refuse("TemplateProcessing(special_tokens=[{...}])")
            text, id_ = one if isinstance(one[0], str) else one[::-1]
            self._ids[str(text)] = int(id_)
        missing = [t for t, _ in (*self._single, *self._pair) if t[0] != "$" and t not in self._ids]
        if missing:
            raise ValueError(f"Missing SpecialToken(s) with id(s) `{missing[0]}`")

    def num_special_tokens_to_add(self, is_pair: bool) -> int:
        """Return how many ids are put around a text, or around a pair."""
        return sum(text[0] != "$" for text, _ in (self._pair if is_pair else self._single))

    def to_fields(self) -> dict[str, object]:
        """Return what a `tokenizer.json` says of it."""

        def fields(pieces: list[Piece]) -> list[dict[str, object]]:
            return [
                {"Sequence": {"id": text[1:], "type_id": type_id}}
                if text[0] == "$"
                else {"SpecialToken": {"id": text, "type_id": type_id}}
                for text, type_id in pieces
            ]

        return {
            "type": "TemplateProcessing",
            "single": fields(self._single),
            "pair": fields(self._pair),
            "special_tokens": {
                text: {"id": text, "ids": [id_], "tokens": [text]}
                for text, id_ in self._ids.items()
            },
        }

    def process(
        self, encoding: Encoding, pair: Encoding | None = None, add_special_tokens: bool = True
    ) -> Encoding:
        """Return the encoding of a text or a pair with what the template puts around it."""
        parts: list[Encoding] = []
        texts = {"$A": (encoding, 0), "$B": (pair, 1)}
        for text, type_id in self._single if pair is None else self._pair:
            if text in texts:
                part, sequence = texts[text]
                assert part is not None
                part.type_ids = [type_id] * len(part)
                part.sequence_ids = [sequence] * len(part)
                parts.append(part)
            elif add_special_tokens:
                parts.append(Encoding.added(self._ids[text], text, type_id))
        merged = Encoding.merge(parts, growing_offsets=False)
        merged.n_sequences = 1 if pair is None else 2
        # What was cut off goes around the same way.
        for place, source in enumerate((encoding, pair)):
            for piece in source.overflowing if source is not None else ():
                other = (piece, pair) if place == 0 else (encoding, piece)
                merged.overflowing.append(self.process(*other, add_special_tokens))
        return merged


def BertProcessing(sep: tuple[str, int], cls: tuple[str, int]) -> object:
    """Return the template `cls $A sep`, `cls $A sep $B sep`."""
    return TemplateProcessing(
        [cls[0], "$A", sep[0]], [cls[0], "$A", sep[0], "$B:1", f"{sep[0]}:1"], [sep, cls]
    )


def __getattr__(name: str) -> type:
    return refused(__name__, name, ("PostProcessor", "RobertaProcessing", "Sequence"))


def join(encodings: Sequence[Encoding]) -> Encoding:
    """Return one text, or two as a pair; what was cut off of a pair is not kept."""
    if len(encodings) == 1:
        return encodings[0]
    for index, encoding in enumerate(encodings):
        encoding.type_ids = [index] * len(encoding)
        encoding.sequence_ids = [index] * len(encoding)
    merged = Encoding.merge(encodings, growing_offsets=False)
    merged.n_sequences = len(encodings)
    return merged


def trim_offsets(encoding: Encoding, add_prefix_space: bool) -> None:
    """Leave the white space at the ends of tokens out of their offsets."""
    for index, (token, (start, end)) in enumerate(
        zip(encoding.tokens, encoding.offsets, strict=True)
    ):
        leading = len(token) - len(token.lstrip(_SPACE + " \t\n\r"))
        trailing = len(token) - len(token.rstrip(_SPACE + " \t\n\r"))
        if leading and (index == 0 or start == 0) and add_prefix_space:
            leading -= 1  # the space that was put before the text
        start = min(start + leading, end)
        if trailing and end >= trailing:
            end = max(end - trailing, start)
        encoding.offsets[index] = (start, end)
    for piece in encoding.overflowing:
        trim_offsets(piece, add_prefix_space)


def _pieces(template: str | Sequence[str]) -> list[Piece]:
    words = template.split() if isinstance(template, str) else template
    return [_piece(word) for word in words]


def _piece(word: str) -> Piece:
    text, colon, number = word.rpartition(":")
    if not (colon and number.isdecimal()):
        text, number = word, ""
    if not text.startswith("$"):
        return text, int(number or 0)
    if text[1:].isdecimal():
        return "$A", int(text[1:])
    letter = text[1:].upper() or "A"
    if letter not in ("A", "B"):
        raise ValueError(f"the template has no sequence {text!r}; it is $A or $B")
    return f"${letter}", int(number or 0)
