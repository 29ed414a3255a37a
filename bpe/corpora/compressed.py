"""Read files as blocks of bytes, decompressed on the way.

One loop serves all four formats: a file is one or more compressed streams, one after the other. A
stream that is cut short, damaged, or followed by something else is an error with the offset in the
compressed file; the readers of the standard library let some of these pass. A block never grows
beyond `_MAX_OUTPUT`, whatever the archive expands to.
"""

from __future__ import annotations

import bz2
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Protocol

from bpe.errors import CorpusError, MissingDependencyError

if TYPE_CHECKING:
    from bpe.corpora.report import ReadingReport
    from bpe.corpora.sources import SourceFile

_BLOCK_BYTES = 1 << 20
_COMPRESSED_BLOCK_BYTES = 1 << 17
_MAX_OUTPUT = 1 << 22


class _Stream(Protocol):
    """One compressed stream, as `bz2`, `lzma` and `zstd` have it."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


def read_blocks(file: SourceFile, report: ReadingReport) -> Iterator[bytes]:
    """Yield the content of a file in blocks, decompressed if it is compressed.

    Raises:
        CorpusError: A compressed stream is damaged or cut short, or the file changes meanwhile.
        MissingDependencyError: Zstandard needs an optional package on this Python.
        OSError: The file cannot be read.
    """
    with file.open() as handle:
        if file.compression:
            raw = _read(handle, _COMPRESSED_BLOCK_BYTES, file, report)
            yield from _decompress(raw, COMPRESSIONS[file.compression], file.name)
        else:
            yield from _read(handle, _BLOCK_BYTES, file, report)


def _read(
    handle: BinaryIO, block_bytes: int, file: SourceFile, report: ReadingReport
) -> Iterator[bytes]:
    before = _state(handle)
    position = 0
    while block := handle.read(block_bytes):
        position += len(block)
        report.position += len(block)
        yield block
    expected = file.size
    if before is not None:
        expected = before[0]
        if _state(handle) != before or position != expected:
            raise CorpusError(
                f"{file.name!r} changed while it was read: it had {expected} bytes, and "
                f"{position} were read; read a copy that nobody writes to"
            )
    elif expected is not None and position != expected:
        raise CorpusError(f"{file.name!r} ended at byte {position} of {expected}; read it again")


def _state(handle: BinaryIO) -> tuple[int, int] | None:
    """Return what changes when a file is written to; None if it is no file of this machine."""
    try:
        status = os.fstat(handle.fileno())
    except (OSError, AttributeError):  # in memory, or behind a URL
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _decompress(
    blocks: Iterator[bytes], new_stream: Callable[[], _Stream], name: str
) -> Iterator[bytes]:
    stream, position = new_stream(), 0
    for block in blocks:
        rest = block
        while rest:
            if stream.eof:
                rest = rest.lstrip(b"\0")  # padding between streams is legal
                if not rest:
                    break
                stream = new_stream()
            yield from _expand(stream, rest, name, position + len(block) - len(rest))
            rest = stream.unused_data if stream.eof else b""
        position += len(block)
    if not stream.eof:
        raise CorpusError(f"{name!r} is cut short: it ends inside a stream, at byte {position}")


def _expand(stream: _Stream, data: bytes, name: str, position: int) -> Iterator[bytes]:
    try:
        yield stream.decompress(data, _MAX_OUTPUT)
        while not (stream.eof or stream.needs_input):
            yield stream.decompress(b"", _MAX_OUTPUT)
    except (MemoryError, GeneratorExit):
        raise
    except Exception as error:  # each of the formats has errors of its own
        raise CorpusError(
            f"{name!r} is damaged, or not of the format that its name says: {error} "
            f"(in the block at byte {position})"
        ) from None


class _Gzip:
    """A gzip stream with the interface of the others."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int = _MAX_OUTPUT) -> bytes:
        output = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self.needs_input = len(output) < max_length and not self._inflate.unconsumed_tail
        return output


def _new_zstd() -> _Stream:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise MissingDependencyError(
            'reading .zst files needs one more package: pip install "chimera-bpe[zstd]"'
        ) from None
    stream: _Stream = zstd.ZstdDecompressor()
    return stream


#: Suffix to what makes a new stream of that format.
COMPRESSIONS: dict[str, Callable[[], _Stream]] = {
    ".gz": _Gzip,
    ".xz": lzma.LZMADecompressor,
    ".bz2": bz2.BZ2Decompressor,
    ".zst": _new_zstd,
}
