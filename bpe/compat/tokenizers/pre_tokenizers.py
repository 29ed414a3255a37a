"""`tokenizers.pre_tokenizers`: what ends in ByteLevel, and refusals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from bpe.compat.tokenizers.refusing import refuse, refused
from bpe.formats.byte_alphabet import to_characters
from bpe.formats.huggingface_pieces import read_pattern, write_pattern
from bpe.patterns import Pattern
from bpe.regex_split import split


@dataclass(frozen=True)
class Regex:
    """`tokenizers.Regex`: an expression as Oniguruma reads it."""

    pattern: str


class _Words:
    """What shows how a pre-tokenizer cuts a text."""

    add_prefix_space: bool
    pattern: Any

    def pre_tokenize_str(self, sequence: str) -> list[tuple[str, tuple[int, int]]]:
        """Return the words of a text, and where they stand in it."""
        from bpe.encoding.offsets import spans_of

        added = int(bool(sequence) and self.add_prefix_space and not sequence.startswith(" "))
        data = b" " * added + sequence.encode()
        words = split(data, self.pattern)
        _, spans = spans_of(data, [len(word) for word in words])
        return [
            (to_characters(word), (max(0, start - added), max(added, end - added)))
            for word, (start, end) in zip(words, spans, strict=True)
        ]


@dataclass
class ByteLevel(_Words):
    """GPT-2's way to words: its expression, and a character for each byte.

    Attributes:
        add_prefix_space: Whether a space is put before text that does not begin with one.
        trim_offsets: Has no effect here, as there: the post-processor trims.
        use_regex: Whether to split by GPT-2's expression.
    """

    add_prefix_space: bool = True
    trim_offsets: bool = True
    use_regex: bool = True

    @staticmethod
    def alphabet() -> list[str]:
        """Return the 256 characters that stand for bytes."""
        return [to_characters(bytes([byte])) for byte in range(256)]

    @property
    def pattern(self) -> Pattern:
        """The split pattern of a tokenizer with this."""
        return Pattern.of("gpt2" if self.use_regex else None)

    def to_fields(self) -> dict[str, Any]:
        """Return what stands for it in a `tokenizer.json`."""
        return {"type": "ByteLevel", **vars(self)}


@dataclass
class Split:
    """Cuts at an expression, or at a text, and keeps what it cuts at as a word of its own."""

    pattern: Regex | str
    behavior: str = "isolated"
    invert: bool = False

    def to_fields(self) -> dict[str, Any]:
        """Return what stands for it in a `tokenizer.json`."""
        is_regex = isinstance(self.pattern, Regex)
        text = self.pattern.pattern if isinstance(self.pattern, Regex) else self.pattern
        behavior = "".join(word.capitalize() for word in self.behavior.split("_"))
        pattern = {"Regex" if is_regex else "String": text}
        return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": self.invert}


@dataclass
class Digits:
    """Cuts digits off: each, or runs of them."""

    individual_digits: bool = False

    def to_fields(self) -> dict[str, Any]:
        """Return what stands for it in a `tokenizer.json`."""
        return {"type": "Digits", **vars(self)}


class Sequence(_Words):
    """Several, one after the other; the last of them is ByteLevel.

    >>> cut = Sequence([Split(Regex(r"\\d"), "isolated"), ByteLevel(False, use_regex=False)])
    >>> cut.pre_tokenize_str("a12")
    [('a', (0, 1)), ('1', (1, 2)), ('2', (2, 3))]
    """

    add_prefix_space = False

    def __init__(self, pretokenizers: Iterable[Any]) -> None:
        """Put them together.

        Raises:
            FormatError: One of them cuts in a way that a split pattern cannot.
        """
        self._parts: list[Any] | None = list(pretokenizers)
        for part in self._parts:
            if not hasattr(part, "to_fields"):
                refuse(f"{type(part).__name__} in a Sequence of pre-tokenizers")
        self.pattern = read_pattern(self.to_fields(), "the Sequence")

    def to_fields(self) -> dict[str, Any]:
        """Return what stands for it in a `tokenizer.json`."""
        if self._parts is None:
            return write_pattern(self.pattern)
        parts = [part.to_fields() for part in self._parts]
        return {"type": "Sequence", "pretokenizers": parts}

    @classmethod
    def of_pattern(cls, pattern: Pattern) -> PreTokenizer:
        """Return the pre-tokenizer that cuts like a pattern."""
        for byte_level in (ByteLevel(False), ByteLevel(False, use_regex=False)):
            if pattern.stages == byte_level.pattern.stages:
                return byte_level
        made = cls.__new__(cls)
        made._parts, made.pattern = None, pattern
        return made


#: What a tokenizer may have.
PreTokenizer: TypeAlias = ByteLevel | Sequence


def __getattr__(name: str) -> type:
    names = ("BertPreTokenizer", "CharDelimiterSplit", "FixedLength", "Metaspace")
    others = ("Punctuation", "UnicodeScripts")
    return refused(__name__, name, (*names, *others, "Whitespace", "WhitespaceSplit"))
