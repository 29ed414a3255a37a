"""Read documents from iterables: of texts, of mappings with a text field, of files, of batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from bpe.corpora.arrow import is_arrow, read_arrow
from bpe.corpora.corpus import Corpus
from bpe.corpora.jsonl import list_names
from bpe.corpora.packer import Packer, Step
from bpe.corpora.report import ReadingReport
from bpe.corpora.text import not_utf8
from bpe.text import to_bytes

# Items are pulled in groups, since C++ reads a list of them quickly; small groups, so that what an
# iterator makes need not all be held at once.
_GROUP_ITEMS = 1024
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
    index, size = 0, 1
    while group := list(islice(iterator, size)):
        num_bytes = packer.batch.num_bytes
        done = 0
        while True:
            first = len(packer.batch)
            start, done = done, packer.batch.add_items(group, done, corpus.text_field)
            _check_utf8(packer, first, index + start, corpus)
            if done == len(group):
                break
            yield from _read_unusual(group[done], index + done, corpus, packer, report, read_files)
            done += 1
        yield None
        index += len(group)
        mean = max(1, packer.batch.num_bytes - num_bytes) // len(group) + 1
        size = max(1, min(2 * size, _GROUP_ITEMS, _GROUP_BYTES // mean))


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
