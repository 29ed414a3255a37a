"""Read a corpus: find its files, then turn everything into batches of documents.

    corpus ──> parts ──> readers (text, jsonl, arrow, items) ──> packer ──> batches

What the options say about documents as such, their repair, sample and limit, is done here, in one
place, whatever they were read from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, cast

from bpe.corpora.arrow import read_arrow, read_parquet
from bpe.corpora.compressed import read_blocks
from bpe.corpora.corpus import Corpus, Source
from bpe.corpora.items import read_items
from bpe.corpora.jsonl import read_jsonl
from bpe.corpora.packer import BATCH_BYTES, Batch, Packer, PlainFile, Step, TextPart
from bpe.corpora.parts import Part, is_table, parts_of
from bpe.corpora.read_ahead import read_ahead
from bpe.corpora.report import ReadingReport
from bpe.corpora.sources import SourceFile, find_files
from bpe.corpora.text import decode_blocks, read_separated, read_whole
from bpe.counts_header import MAGIC as COUNTS_MAGIC
from bpe.errors import CorpusError

# A smaller file is read at once and shares a batch with others.
_SMALL_FILE = 2**20


class Reading:
    """A corpus that is being read, once: `steps()` gives what is in it, `report` what became of it.

    Files are looked up when this is made, not when the first step is asked for.
    """

    def __init__(self, source: Source) -> None:
        self.report = ReadingReport()
        self._parts = list(parts_of(Corpus.of(source)))
        sizes = [part.size for part in self._parts]
        known = [size for size in sizes if size is not None]
        #: Bytes on the disk, or 0 if only reading would tell.
        self.total = sum(known) if len(known) == len(sizes) else 0

    @property
    def files(self) -> list[SourceFile] | None:
        """The files to be read, or None if something else is among the sources."""
        if any(part.files is None for part in self._parts):
            return None
        return [file for part in self._parts for file in part.files or ()]

    def steps(
        self, cuts: Sequence[str] | None = None, batch_bytes: int = BATCH_BYTES
    ) -> Iterator[Batch | TextPart | PlainFile]:
        """Yield everything in order.

        Args:
            cuts: Texts that will cut every document anyway. Given, uncompressed text files may be
                left to whoever asks, as `PlainFile`, when it makes no difference.
            batch_bytes: About how much text to pack into a batch.
        """
        for part in self._parts:
            if part.limit.left == 0:
                continue
            steps = _PartReader(part, self.report, batch_bytes, cuts).steps()
            yield from read_ahead(steps) if part.may_read_ahead else steps


class _PartReader:
    """Reads one part, and applies the options that concern documents whatever they came from."""

    def __init__(
        self,
        part: Part,
        report: ReadingReport,
        batch_bytes: int,
        cuts: Sequence[str] | None = None,
    ) -> None:
        self._part, self._corpus, self._report, self._cuts = part, part.corpus, report, cuts
        self._batch_bytes = batch_bytes
        self._packer = Packer(batch_bytes)
        self._limit = part.limit

    def steps(self) -> Iterator[Batch | TextPart | PlainFile]:
        for step in self._read():
            if step is not None or self._packer.is_full or self._reaches_limit():
                yield from self._flush()
            if isinstance(step, TextPart):
                yield self._limit_part(step)
            elif step is not None:
                yield step
            if self._limit.left == 0:
                return
        yield from self._flush()

    def _reaches_limit(self) -> bool:
        left = self._limit.left
        return left is not None and self._packer.batch.num_bytes >= left

    # --- readers --------------------------------------------------------------

    def _read(self) -> Iterator[Step]:
        corpus, source = self._corpus, self._corpus.source
        if self._part.files is not None:
            for file in self._part.files:
                yield from self._read_file(file)
        elif is_table(source):
            yield from read_arrow(source, corpus, self._packer, self._report, "the source")
        else:
            items = _arrow_batches(source)
            yield from read_items(items, corpus, self._packer, self._report, self._read_place)

    def _read_place(self, place: Any) -> Iterator[Step]:
        inner = place if isinstance(place, Corpus) else replace(self._corpus, source=place)
        if not isinstance(place, Corpus):
            for file in find_files(place, inner.format):
                yield from self._read_file(file)
            return
        for part in parts_of(inner, self._limit):
            yield from _PartReader(part, self._report, self._batch_bytes).steps()

    def _read_file(self, file: SourceFile) -> Iterator[Step]:
        corpus = self._corpus
        if file.kind == "parquet":
            yield from read_parquet(file, corpus, self._packer, self._report)
            return
        if file.kind == "text" and self._may_be_plain(file):
            self._report.position += file.size or 0
            self._report.num_bytes += file.size or 0
            with file.open() as handle:
                _look_at_start(handle.read(len(COUNTS_MAGIC)), file.name, self._report)
            yield PlainFile(file.path, corpus.separator, self._report.position)
            return
        blocks = _texts_only(read_blocks(file, self._report), file.name, self._report)
        if file.kind == "jsonl":
            yield from read_jsonl(blocks, corpus, self._packer, self._report, file.name)
            return
        blocks = decode_blocks(blocks, corpus.errors, file.name)
        if corpus.separator is not None or corpus.documents == "line":
            yield from read_separated(blocks, corpus, self._packer, file.name)
        elif corpus.sample < 1 or (
            file.size is not None and file.size < _SMALL_FILE and not file.compression
        ):
            yield from read_whole(blocks, self._packer, file.name)
        else:
            yield from self._read_parts(blocks)

    def _read_parts(self, blocks: Iterator[bytes]) -> Iterator[Step]:
        weight = self._corpus.weight
        for block in blocks:
            yield TextPart(block, False, weight, self._report.position)
        yield TextPart(b"", True, weight, self._report.position)

    def _may_be_plain(self, file: SourceFile) -> bool:
        corpus, size = self._corpus, file.size
        return (
            self._cuts is not None
            and file.is_regular
            and not file.compression
            and size is not None
            and size >= _SMALL_FILE
            and corpus.weight == 1
            and corpus.sample == 1
            and corpus.errors == "bytes"
            and self._limit.left is None
            and corpus.documents == "file"
            and (corpus.separator is None or cuts_alike(corpus.separator, self._cuts))
        )

    # --- documents ------------------------------------------------------------

    def _flush(self) -> Iterator[Batch]:
        batch = self._packer.take()
        documents = cast(Sequence[bytes], batch)  # it has of a sequence what engines need
        if self._corpus.errors == "replace" and batch.find_invalid_utf8():
            documents = [document.decode("utf-8", "replace").encode() for document in batch]
            self._report.num_replaced += sum(map(bytes.__ne__, documents, batch))
        if self._corpus.sample < 1:
            documents = list(filter(self._is_in_sample, documents))
        if self._limit.left is not None:
            documents = self._cut_documents(documents)
        if len(documents):
            is_whole = cast(object, documents) is batch
            num_bytes = batch.num_bytes if is_whole else sum(map(len, documents))
            self._report.num_bytes += num_bytes
            if self._part.files is None:
                self._report.position += num_bytes
            yield Batch(documents, self._corpus.weight, self._report.position)

    def _is_in_sample(self, document: bytes) -> bool:
        # The definition of a sample: docs/corpora.md.
        key = self._corpus.seed.to_bytes(8, "little")
        digest = blake2b(document, digest_size=8, key=key).digest()
        return int.from_bytes(digest, "little") < int(self._corpus.sample * 2**64)

    def _cut_documents(self, documents: Sequence[bytes]) -> Sequence[bytes]:
        kept = []
        for document in documents:
            kept.append(self._cut(document))
            if self._limit.left == 0:
                break
        return kept

    def _limit_part(self, part: TextPart) -> TextPart:
        data = self._cut(part.data)
        self._report.num_bytes += len(data)
        return replace(part, data=data, is_last=part.is_last or self._limit.left == 0)

    def _cut(self, data: bytes) -> bytes:
        left = self._limit.left
        if left is None:
            return data
        kept = cut_at_character(data, left)
        self._limit.take(len(kept))
        if len(kept) < len(data):
            self._limit.end()
        return kept


def _texts_only(blocks: Iterator[bytes], name: str, report: ReadingReport) -> Iterator[bytes]:
    """Yield the blocks, unless they begin like a counts file: trained on, it would be no text."""
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(COUNTS_MAGIC):
            break
    _look_at_start(start, name, report)
    if start:
        yield start
    yield from blocks


def _look_at_start(start: bytes, name: str, report: ReadingReport) -> None:
    report.look_at_start(start, name)
    if start.startswith(COUNTS_MAGIC):
        raise CorpusError(
            f"{name!r} is a counts file, no text; name it alone, or in a list of counts files, or "
            "add such files up with bpe merge-counts"
        )


def cut_at_character(data: bytes, size: int) -> bytes:
    """Return at most `size` bytes from the start, and no part of a character.

    >>> cut_at_character("aé".encode(), 2), cut_at_character(b"abc", 5)
    (b'a', b'abc')
    """
    if len(data) <= size:
        return data
    end = size
    while end > max(0, size - 3) and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[:end] if data[end] & 0xC0 != 0x80 else data[:size]


def cuts_alike(separator: str, cuts: Sequence[str]) -> bool:
    """Tell whether cutting at the separator and the cuts together is like one after the other.

    It is if the separator shares no byte with an occurrence of a cut, other than being one.

    >>> cuts_alike("<|end|>", ["<|end|>"]), cuts_alike("\\n\\n", ["\\n"]), cuts_alike("ab", ["bc"])
    (True, False, False)
    """
    return not any(_can_overlap(separator, cut) for cut in cuts if cut != separator)


def _can_overlap(left: str, right: str) -> bool:
    if left in right or right in left:
        return True
    shorter = min(len(left), len(right))
    return any(
        left[-size:] == right[:size] or right[-size:] == left[:size] for size in range(1, shorter)
    )


def _arrow_batches(source: Any) -> Any:
    """Return the batches of a data set in the manner of Hugging Face, else the source itself."""
    if hasattr(source, "with_format") and hasattr(source, "iter"):
        return source.with_format("arrow").iter(batch_size=1024)
    return source
