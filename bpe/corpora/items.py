"""Read documents from iterables: of texts, of mappings with a text field, of files, of batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bpe.corpora.arrow import is_arrow, read_arrow
from bpe.corpora.corpus import Corpus
from bpe.corpora.jsonl import list_names
from bpe.corpora.packer import Packer, Step
from bpe.corpora.report import ReadingReport
from bpe.corpora.text import not_utf8
from bpe.text import to_bytes

# So many are pulled before anybody looks whether a batch is full, or whether to stop.
_GROUP_ITEMS = 4096
_GROUP_BYTES = 2**20

#: Reads a path or a corpus that stands among the items.
ReadFiles = Callable[[Any], Iterator[Step]]


def read_items(
    items: Iterable[Any],
    corpus: Corpus,
    packer: Packer,
    report: ReadingReport,
    read_files: ReadFiles,
) -> Iterator[Step]:
    """Pack every item; what the iterator raises passes through.

    Raises:
        CorpusError: A mapping has no usable text; the index of the item is named.
        TypeError: An item is none of these things; its index is named.
    """
    iterator = iter(items)
    index = 0
    other: list[Any] | None = []
    while other is not None:
        first = len(packer.batch)
        number, other = packer.batch.add_items(
            iterator, _GROUP_ITEMS, _GROUP_BYTES, corpus.text_field
        )
        _check_utf8(packer, first, index, corpus)
        index += number
        if other:
            yield from _read_unusual(other[0], index, corpus, packer, report, read_files)
            index += 1
        yield None


def _read_unusual(
    item: Any,
    index: int,
    corpus: Corpus,
    packer: Packer,
    report: ReadingReport,
    read_files: ReadFiles,
) -> Iterator[Step]:
    name = f"item {index} of the source"
    if isinstance(item, os.PathLike | Corpus):
        yield from read_files(item)
    elif isinstance(item, Mapping):
        _pack_mapping(item, name, corpus, packer, report)
    elif isinstance(item, str | bytearray | memoryview):
        _pack_text(item, index, corpus, packer)
    elif is_arrow(item):
        yield from read_arrow(item, corpus, packer, report, name)
    else:
        raise TypeError(f"{name} is {named(item)}, not str, bytes or a mapping of them")


def _pack_mapping(
    item: Mapping[Any, Any], name: str, corpus: Corpus, packer: Packer, report: ReadingReport
) -> None:
    field = corpus.text_field
    if field not in item:
        message = f"{name} has no field {field!r}; the fields are {list_names(item)}"
    elif item[field] is None:
        report.num_nulls += 1
        return
    elif isinstance(text := item[field], str | bytes | bytearray | memoryview):
        packer.batch.add(to_bytes(text))
        return
    else:
        message = f"{name}: the field {field!r} is {named(item[field])}, not str or bytes"
    report.add_bad_record(message, corpus.on_bad_record)


def _pack_text(
    item: str | bytearray | memoryview, index: int, corpus: Corpus, packer: Packer
) -> None:
    first = len(packer.batch)
    packer.batch.add(to_bytes(item))
    _check_utf8(packer, first, index, corpus)


def _check_utf8(packer: Packer, first: int, index: int, corpus: Corpus) -> None:
    if corpus.errors == "strict" and (place := packer.batch.find_invalid_utf8(first)):
        document, offset = place
        where = f"item {index + document - first}"
        raise not_utf8(where, packer.batch[document][offset], offset)


def named(value: object) -> str:
    """Return what a value is, for a message."""
    return "None" if value is None else f"of type {type(value).__name__}"
