"""Say what a source means: files to be found, or items, each with the options it is read with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bpe.corpora.arrow import is_arrow
from bpe.corpora.corpus import Corpus
from bpe.corpora.items import named
from bpe.corpora.remote import is_url
from bpe.corpora.sources import SourceFile, find_files
from bpe.errors import CorpusError


@dataclass
class Limit:
    """How many bytes of text may still be read; an outer limit holds too."""

    own: int | None = None
    outer: Limit | None = None

    @property
    def left(self) -> int | None:
        outer = self.outer.left if self.outer is not None else None
        return (
            min(self.own, outer)
            if self.own is not None and outer is not None
            else (outer if self.own is None else self.own)
        )

    def take(self, num_bytes: int) -> None:
        """Count bytes as read."""
        if self.own is not None:
            self.own -= num_bytes
        if self.outer is not None:
            self.outer.take(num_bytes)

    def end(self) -> None:
        """Allow nothing more."""
        self.take(self.left or 0)


@dataclass(frozen=True)
class Part:
    """Files, or else items or a table, that are read with the same options."""

    corpus: Corpus
    files: list[SourceFile] | None
    limit: Limit

    @property
    def size(self) -> int | None:
        """Bytes on the disk, or None if only reading would tell how many will be read."""
        sizes = [file.size for file in self.files or ()]
        known = [size for size in sizes if size is not None]
        is_known = self.files is not None and len(known) == len(sizes)
        return sum(known) if is_known and self.limit.left is None else None

    @property
    def may_read_ahead(self) -> bool:
        """Other people's iterators, and pipes that may never end, stay in the calling thread."""
        return self.files is not None and all(file.is_regular or file.remote for file in self.files)


def parts_of(corpus: Corpus, outer: Limit | None = None) -> Iterator[Part]:
    """Yield the parts of a corpus in order; files are looked up, nothing is opened.

    Raises:
        CorpusError: A folder holds nothing to read, or texts stand where paths are meant.
        SourceNotFoundError: There is no such file.
        TypeError: This is no source.
    """
    source = corpus.source
    limit = Limit(corpus.max_bytes, outer)
    if isinstance(source, str | os.PathLike):
        yield Part(corpus, find_files(source, corpus.format), limit)
    elif is_table(source):
        yield Part(corpus, None, limit)
    elif isinstance(source, Mapping):
        for path, weight in source.items():
            yield from parts_of(_weighted(corpus, path, weight), limit)
    elif isinstance(source, list | tuple) and source and all(map(_is_place, source)):
        for is_corpus, places in groupby(source, lambda place: isinstance(place, Corpus)):
            if is_corpus:
                for place in places:
                    yield from parts_of(place, limit)
            else:
                files = [file for path in places for file in find_files(path, corpus.format)]
                yield Part(corpus, files, limit)
    else:
        _check_items(source)
        yield Part(corpus, None, limit)


def is_table(source: object) -> bool:
    """Tell whether a source is read as a table of Arrow, at once and not item by item."""
    return is_arrow(source) and not hasattr(source, "__next__")


def _is_place(item: object) -> bool:
    return isinstance(item, os.PathLike | Corpus)


def _weighted(corpus: Corpus, path: object, weight: object) -> Corpus:
    if not isinstance(path, str | os.PathLike) or isinstance(weight, bool):
        weight = None
    if not isinstance(weight, int):
        raise TypeError(
            "a mapping as a source has paths as keys and whole numbers, their weights, as values, "
            f"not {path!r}; of a mapping of data sets, give one"
        )
    return replace(corpus, source=path, weight=weight * corpus.weight, max_bytes=None)


def _check_items(source: object) -> None:
    if isinstance(source, bytes | bytearray | memoryview):
        raise TypeError("a source is a path or an iterable of documents; pass [data] for one text")
    if hasattr(source, "columns"):
        raise TypeError(
            f"a source {named(source)} is a table whose rows cannot be read; give one of its "
            "columns, such as table['text']"
        )
    if not hasattr(source, "__iter__") and not hasattr(source, "__getitem__"):
        raise TypeError(
            f"a source is a path or an iterable of str, bytes and paths, not {named(source)}"
        )
    if isinstance(source, list | tuple) and source:
        _refuse_paths_as_texts(source)


def _refuse_paths_as_texts(items: Sequence[object]) -> None:
    # ["a.txt", "b.txt"] would otherwise train on ten letters without a word.
    if all(isinstance(item, str) and _names_a_file(item) for item in items):
        raise CorpusError(
            f"the str {items[0]!r} in a sequence is a document, but all {len(items)} of them are "
            "names of files; give pathlib.Path objects (or bpe.Corpus for a URL) to read the "
            "files, or iter(...) if these names are the texts"
        )


def _names_a_file(text: str) -> bool:
    return is_url(text) or os.path.exists(text)  # noqa: PTH110 - Path.exists raises on a long text
