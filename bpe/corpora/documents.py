"""The documents of a source, one by one, as bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, cast

from bpe.corpora.compressed import naming, read_blocks
from bpe.corpora.jsonl import read_jsonl
from bpe.corpora.parquet import read_parquet
from bpe.corpora.sources import Source, SourceFile, find_files
from bpe.errors import CorpusError
from bpe.text import to_bytes

#: What happens to bytes that are not UTF-8: kept, refused, or replaced by U+FFFD.
InvalidUTF8 = Literal["bytes", "strict", "replace"]


def read_documents(
    source: Source, *, text_field: str = "text", errors: InvalidUTF8 = "bytes"
) -> Iterator[bytes]:
    """Yield the documents of a source as bytes, in a fixed order; nothing is left out.

    Args:
        source: A path (a `str` by itself is always one): a file, a folder, a glob such as
            `data/**/*.py`, or `-` for standard input. Or an iterable whose items are documents
            (`str`, `bytes`) or files to read (`pathlib.Path`).
            A text file is one document. `.jsonl` has one on each line and `.parquet` one in each
            row. A folder is searched deeply for these, `.md` and `.txt`; any other file is read
            as text when it is named. `.gz`, `.xz`, `.bz2` and `.zst` are decompressed.
        text_field: The field or column that holds the text of JSON lines and Parquet.
        errors: Bytes that are not UTF-8 in text files, Parquet and `bytes` items: `"bytes"` keeps
            them (each is a symbol to the tokenizer), `"strict"` raises, `"replace"` puts U+FFFD.
            A lone surrogate in a `str` becomes U+FFFD, as it does when it is encoded.

    Raises:
        CorpusError: Something is damaged, not as declared, or empty; file and place are named.
        SourceNotFoundError: There is no such file.
        TypeError: An item is no document and no path; its index is named.
        OSError: A file cannot be read.

    >>> list(read_documents(["Grüße", b"\\xff"]))
    [b'Gr\\xc3\\xbc\\xc3\\x9fe', b'\\xff']
    """
    if errors not in ("bytes", "strict", "replace"):
        raise ValueError(f"errors must be 'bytes', 'strict' or 'replace', not {errors!r}")
    # Paths are looked up here, not when the first document is asked for.
    files = _files_of(source)
    if files is not None:
        return _read_files(files, text_field, errors)
    return _read_items(_items_of(source), text_field, errors)


def plain_files(source: Source) -> list[Path] | None:
    """Return the files of a source if all of it is uncompressed text files, else None.

    Such files can be handed to an engine that reads them itself. An iterator is never touched.

    >>> plain_files(["a text"]) is None
    True
    """
    files = _files_of(source)
    if files is None or not all(file.is_plain for file in files):
        return None
    return [file.path for file in files]


def _files_of(source: Source) -> list[SourceFile] | None:
    if isinstance(source, str | os.PathLike):
        return find_files(source)
    if isinstance(source, list | tuple) and source:
        if all(isinstance(item, os.PathLike) for item in source):
            return [file for item in source for file in find_files(item)]
        _refuse_paths_as_texts(source)
    return None


def _refuse_paths_as_texts(items: Sequence[object]) -> None:
    # ["a.txt", "b.txt"] would otherwise train on ten letters without a word.
    if all(isinstance(item, str) and _names_a_file(item) for item in items):
        raise CorpusError(
            f"the str {items[0]!r} in a sequence is a document, but all {len(items)} of them are "
            "names of files; give pathlib.Path objects to read the files, or iter(...) if these "
            "names are the texts"
        )


def _names_a_file(text: str) -> bool:
    return os.path.exists(text)  # noqa: PTH110 - Path.exists raises on a text too long for a name


def _items_of(source: Source) -> Iterable[object]:
    if isinstance(source, bytes | bytearray | memoryview):
        raise TypeError("a source is a path or an iterable of documents; pass [data] for one text")
    try:
        return iter(cast(Iterable[object], source))
    except TypeError:
        raise TypeError(
            f"a source is a path or an iterable of str, bytes and paths, not {_named(source)}"
        ) from None


def _read_items(items: Iterable[object], text_field: str, errors: InvalidUTF8) -> Iterator[bytes]:
    for index, item in enumerate(items):
        if isinstance(item, str):
            yield to_bytes(item)
        elif isinstance(item, bytes | bytearray | memoryview):
            yield _check_utf8(bytes(item), errors, f"item {index}")
        elif isinstance(item, os.PathLike):
            yield from _read_files(find_files(item), text_field, errors)
        else:
            hint = "; give one of its fields, such as row['text']" if isinstance(item, dict) else ""
            raise TypeError(f"item {index} of the source is {_named(item)}, not str or bytes{hint}")


def _read_files(
    files: Iterable[SourceFile], text_field: str, errors: InvalidUTF8
) -> Iterator[bytes]:
    for file in files:
        name = "standard input" if file.is_stdin else str(file.path)
        if file.kind == "jsonl":
            blocks = read_blocks(file.path, file.compression)
            yield from map(to_bytes, read_jsonl(blocks, text_field, name))
        elif file.kind == "parquet":
            for row, text in enumerate(read_parquet(file.path, text_field)):
                yield _check_utf8(text, errors, f"{name!r}, row {row}")
        else:
            yield _check_utf8(_read_whole(file), errors, repr(name))


def _read_whole(file: SourceFile) -> bytes:
    if file.is_stdin:
        with naming(file.path):
            return sys.stdin.buffer.read()
    return b"".join(read_blocks(file.path, file.compression))


def _check_utf8(data: bytes, errors: InvalidUTF8, name: str) -> bytes:
    if errors == "bytes":
        return data
    if errors == "replace":
        return data.decode("utf-8", "replace").encode()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{name}: byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8 "
            f"({error.reason}); errors='bytes' keeps such bytes, 'replace' puts U+FFFD there"
        ) from None
    return data


def _named(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"
