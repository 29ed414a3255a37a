"""`tokenizers.pre_tokenizers`: ByteLevel, and refusals."""

from __future__ import annotations

from dataclasses import dataclass

from bpe.compat.tokenizers.refusing import refused
from bpe.formats.byte_alphabet import to_characters
from bpe.patterns import Pattern
from bpe.regex_split import split


@dataclass
class ByteLevel:
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


def __getattr__(name: str) -> type:
    names = ("BertPreTokenizer", "CharDelimiterSplit", "Digits", "FixedLength", "Metaspace")
    others = ("PreTokenizer", "Punctuation", "Sequence", "Split", "UnicodeScripts")
    return refused(__name__, name, (*names, *others, "Whitespace", "WhitespaceSplit"))
