"""A training that can be killed: its counts and its merges so far, in a folder.

request.json      what was asked, so that another request is not taken for this one
counts            the pretoken counts, once counting is done (`superword-counts`: the second ones)
merges.txt        `left right` a line in the trainer's numbers; after each batch of them a line
                  `= number-of-merges crc32` of all lines before it that are merges

The first two appear complete or not at all. Batches are appended; when a process was killed while
it wrote, what stands after the last line that adds up is cut off and learned again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from bpe.corpora.corpus import Corpus, FileFormat
from bpe.corpora.sources import find_files
from bpe.counts import PretokenCounts
from bpe.errors import CheckpointError
from bpe.files import leftovers, write_bytes
from bpe.text import to_bytes
from bpe.unicode_version import UNICODE_VERSION

Pair = tuple[int, int]

_FORMAT, _VERSION = "chimera-bpe training checkpoint", 1
_REQUEST, _MERGES = "request.json", "merges.txt"
_SECONDS_BETWEEN = 2.0


class TrainingCheckpoint:
    """One training's folder; a context manager that writes the rest when it is left.

    Attributes:
        merges: The merges learned so far, those of earlier runs first.
    """

    def __init__(self, folder: str | os.PathLike[str], request: dict[str, Any]) -> None:
        """Open the folder, or make it.

        Raises:
            CheckpointError: It belongs to another request, is damaged, or is something else.
        """
        self._folder = Path(folder)
        self._folder.mkdir(exist_ok=True)
        self._check_request(request | {"unicode_version": UNICODE_VERSION})
        for path in leftovers(self._folder):
            path.unlink(missing_ok=True)
        self.merges: list[Pair] = []
        self._checksum = 0
        end = self._read_merges()
        self._file: BinaryIO = (self._folder / _MERGES).open("ab")
        self._file.truncate(end)
        self._num_written = len(self.merges)
        self._written_at = time.monotonic()

    def __enter__(self) -> TrainingCheckpoint:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.write()
        finally:
            self._file.close()

    def counts(self, name: str, make: Callable[[], PretokenCounts]) -> PretokenCounts:
        """Return the counts of this name from the folder, made and saved if they are not there."""
        path = self._folder / name
        if path.exists():
            return PretokenCounts.load(path)
        counts = make()
        counts.save(path)
        return counts

    def add(self, pairs: Sequence[Pair]) -> None:
        """Note new merges; every few seconds they are written."""
        self.merges += pairs
        if time.monotonic() - self._written_at >= _SECONDS_BETWEEN:
            self.write()

    def write(self) -> None:
        """Append the merges that are not in the file yet, and see them to the disk."""
        new = self.merges[self._num_written :]
        self._written_at = time.monotonic()
        if not new:
            return
        lines = b"".join(b"%d %d\n" % pair for pair in new)
        self._checksum = zlib.crc32(lines, self._checksum)
        self._file.write(lines + b"= %d %08x\n" % (len(self.merges), self._checksum))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._num_written = len(self.merges)

    def _check_request(self, request: dict[str, Any]) -> None:
        path = self._folder / _REQUEST
        wanted = {"format": _FORMAT, "version": _VERSION, "request": request}
        if not path.exists():
            ours = leftovers(self._folder)
            foreign = sorted(path.name for path in self._folder.iterdir() if path not in ours)
            if foreign:
                raise CheckpointError(
                    f"{str(self._folder)!r} is no checkpoint of a training (it holds "
                    f"{foreign[0]!r} and no {_REQUEST}); give an empty or a new folder"
                )
            write_bytes(path, json.dumps(wanted, indent=1, sort_keys=True).encode() + b"\n")
            return
        try:
            found = json.loads(path.read_bytes())
            known = (found["format"], found["version"]) == (_FORMAT, _VERSION)
            before_by_name = dict(found["request"])
        except (ValueError, TypeError, KeyError, RecursionError):
            known = False
        if not known:
            raise CheckpointError(f"{path} is damaged, or was written by another release")
        for name, value in request.items():
            before = before_by_name.get(name)
            if before != value:
                raise CheckpointError(
                    f"the checkpoint {str(self._folder)!r} belongs to another training: its "
                    f"{_difference(name, before, value)}; give another folder, or delete this one"
                )

    def _read_merges(self) -> int:
        """Read the merges up to the last line that adds up, and return where that ends."""
        path = self._folder / _MERGES
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        merges: list[Pair] = []
        checksum = place = end = 0
        for line in lines:
            place += len(line)
            left, _, right = line.removesuffix(b"\n").partition(b" ")
            if left == b"=":
                if line != b"= %d %08x\n" % (len(merges), checksum):
                    break
                self.merges, self._checksum, end = list(merges), checksum, place
            elif left.isdigit() and right.isdigit():
                merges.append((int(left), int(right)))
                checksum = zlib.crc32(line, checksum)
            else:
                break
        return end


class NoCheckpoint:
    """The same without a folder: merges are kept in memory only."""

    def __init__(self) -> None:
        self.merges: list[Pair] = []

    def __enter__(self) -> NoCheckpoint:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def counts(self, name: str, make: Callable[[], PretokenCounts]) -> PretokenCounts:
        """Make the counts."""
        return make()

    def add(self, pairs: Sequence[Pair]) -> None:
        """Note new merges."""
        self.merges += pairs


AnyCheckpoint: TypeAlias = TrainingCheckpoint | NoCheckpoint


def _difference(name: str, before: object, value: object) -> str:
    """Say how two requests differ, in the innermost part that does."""
    if isinstance(before, dict) and isinstance(value, dict):
        part = next(key for key in {**value, **before} if before.get(key) != value.get(key))
        return _difference(part, before.get(part), value.get(part))
    return f"{name} was {before!r}, not {value!r}"


def fingerprint(source: object, file_format: FileFormat | None = None) -> object:
    """Return what tells one corpus from another, as far as that can be told without reading it.

    Files, those of folders and patterns too, are known by name and size, lists of texts and counts
    by their content; of what can only be iterated nothing is known.
    """
    if isinstance(source, PretokenCounts):
        return _digest(part for item in source.items() for part in (item[0], b"%d" % item[1]))
    if isinstance(source, Corpus):
        values = {option.name: getattr(source, option.name) for option in fields(source)}
        return values | {"source": fingerprint(source.source, source.format)}
    if isinstance(source, Mapping):
        return [[fingerprint(path, file_format), weight] for path, weight in source.items()]
    if isinstance(source, list | tuple) and all(isinstance(text, str | bytes) for text in source):
        return _digest(map(to_bytes, source))
    if isinstance(source, list | tuple):
        return [fingerprint(part, file_format) for part in source]
    if isinstance(source, str | os.PathLike):
        return [[file.name, file.size] for file in find_files(source, file_format)]
    return "an iterable"


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()
