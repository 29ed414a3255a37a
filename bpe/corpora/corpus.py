"""A source and how it is read, as one value: `bpe.Corpus`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, TypeAlias, get_args

#: What happens to bytes that are not UTF-8: kept, refused, or replaced by U+FFFD.
InvalidUTF8 = Literal["bytes", "strict", "replace"]
FileFormat = Literal["text", "jsonl", "parquet"]
DocumentUnit = Literal["file", "line"]
BadRecord = Literal["raise", "skip"]

#: A path, URL, folder, glob or `-`; several paths; paths with weights; an iterable of documents; a
#: table. `Corpus` says what each of them means.
Source: TypeAlias = "str | os.PathLike[str] | Corpus | Mapping[Any, int] | Iterable[Any] | Any"

_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Corpus:
    """A source, and how documents are read from it.

    Wherever a source is taken, a `Corpus` is one too, and a source by itself means `Corpus(source)`
    with every option at its default. Nothing is opened before it is read.

    A text file is one document, unless `documents` or `separator` says otherwise. JSON lines have
    one on each line, Parquet and tables one in each row. What a name ends in says how a file is
    read; `.gz`, `.xz`, `.bz2` and `.zst` are decompressed.

    Args:
        source: A path (a `str` by itself is always one): a file, a folder (searched deeply for
            `.txt`, `.md`, `.jsonl`, `.ndjson` and `.parquet`), a glob such as `data/**/*.py`, a
            URL such as `s3://bucket/part-*.parquet`, or `-` for standard input.
            Several of them: a list of `pathlib.Path` and `Corpus`, or `{path: weight}`.
            An iterable of documents: `str`, `bytes`, or mappings whose `text_field` is one.
            A table of Arrow, polars, pandas or Hugging Face `datasets`, or batches of one.
        text_field: The field or column that holds the text.
        format: How files are read, whatever their names end in: "text", "jsonl" or "parquet".
        documents: "file": a text file is one document. "line": every line is one; its line feed
            belongs to it, so that nothing is lost.
        separator: Cuts a text file into documents and belongs to none of them, such as
            `"<|endoftext|>"` or a blank line, `"\\n\\n"`.
        weight: Every document counts so often. Only counting knows weights.
        sample: The share of the documents to read. A document is in the sample or not by a hash of
            `seed` and its bytes alone: not by its place, its file, threads or chance. The sample of
            0.1 is a part of the sample of 0.2, and equal documents are in it together.
        seed: Chooses another sample.
        max_bytes: Read no more text than that, in the order of the source; the last document is
            cut there, at a character's border.
        errors: Bytes that are not UTF-8 in text files, tables and `bytes`: "bytes" keeps them (each
            is a symbol to the tokenizer), "strict" raises and names the place, "replace" puts
            U+FFFD. JSON is UTF-8 or an error. A lone surrogate in a `str` becomes U+FFFD.
        on_bad_record: A record without a text (a line that is no JSON object, a field that is
            missing or no string): "raise", or "skip" it; what was skipped is counted and warned
            about. Nulls of a table hold no text and are treated like that in either case.

    Raises:
        ValueError: An option has no such value, or contradicts another.

    >>> import bpe
    >>> corpus = Corpus(["a b", "b b"], weight=3)
    >>> bpe.count(corpus, pattern="gpt2", num_threads=1).top(2)
    [(b' b', 6), (b'a', 3)]
    """

    source: Source
    _: KW_ONLY
    text_field: str = "text"
    format: FileFormat | None = None
    documents: DocumentUnit = "file"
    separator: str | None = None
    weight: int = 1
    sample: float = 1.0
    seed: int = 0
    max_bytes: int | None = None
    errors: InvalidUTF8 = "bytes"
    on_bad_record: BadRecord = "raise"

    def __post_init__(self) -> None:
        if isinstance(self.source, Corpus):
            raise ValueError("the source of a Corpus is a Corpus; give [corpus] to wrap one")
        _check_text("text_field", self.text_field)
        _check_choice("format", self.format, (None, *get_args(FileFormat)))
        _check_choice("documents", self.documents, get_args(DocumentUnit))
        _check_choice("errors", self.errors, get_args(InvalidUTF8))
        _check_choice("on_bad_record", self.on_bad_record, get_args(BadRecord))
        _check_int("weight", self.weight, 1)
        _check_int("seed", self.seed, 0)
        if self.max_bytes is not None:
            _check_int("max_bytes", self.max_bytes, 1)
        if self.separator is not None:
            _check_text("separator", self.separator)
            if self.documents == "line":
                raise ValueError("documents='line' and a separator contradict each other")
        if isinstance(self.sample, bool) or not isinstance(self.sample, int | float):
            raise ValueError(f"sample must be a number, not {self.sample!r}")
        if not 0 < self.sample <= 1:
            raise ValueError(f"sample must be above 0 and at most 1, not {self.sample!r}")

    @classmethod
    def of(cls, source: Source) -> Corpus:
        """Return the source if it is a corpus, else one with the default options."""
        return source if isinstance(source, Corpus) else cls(source)


def _check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")


def _check_int(name: str, value: object, smallest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= _LARGEST:
        raise ValueError(f"{name} must be a whole number from {smallest} on, not {value!r}")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a str that is not empty, not {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds half of a surrogate pair: {value!r}") from None
