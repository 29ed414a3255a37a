"""Read files as blocks of bytes, decompressed on the way.

One loop serves all four formats: a file is one or more compressed streams, one after the other. A
stream that is cut short, damaged, or followed by something else is an error with the offset in the
compressed file; the readers of the standard library let some of these pass. A block never grows
beyond `_MAX_OUTPUT`, whatever the archive expands to.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from bpe.errors import CorpusError, MissingDependencyError

_BLOCK_BYTES = 1 << 16
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


def read_blocks(path: Path, compression: str = "") -> Iterator[bytes]:
    """Yield the content of a file in blocks, decompressed if it is compressed.

    Raises:
        CorpusError: A compressed stream is damaged or cut short.
        MissingDependencyError: Zstandard needs an optional package on this Python.
        OSError: The file cannot be read.
    """
    with naming(path), path.open("rb") as file:
        if compression:
            yield from _decompress(file, COMPRESSIONS[compression])
        else:
            yield from _read(file)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Make a read error of the block name the file."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def _read(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block


def _decompress(file: BinaryIO, new_stream: Callable[[], _Stream]) -> Iterator[bytes]:
    stream, position = new_stream(), 0
    for block in _read(file):
        rest = block
        while rest:
            if stream.eof:
                rest = rest.lstrip(b"\0")  # padding between streams is legal
                if not rest:
                    break
                stream = new_stream()
            yield from _expand(stream, rest, file, position + len(block) - len(rest))
            rest = stream.unused_data if stream.eof else b""
        position += len(block)
    if not stream.eof:
        raise CorpusError(
            f"{str(file.name)!r} is cut short: it ends inside a stream, at byte {position}"
        )


def _expand(stream: _Stream, data: bytes, file: BinaryIO, position: int) -> Iterator[bytes]:
    try:
        yield stream.decompress(data, _MAX_OUTPUT)
        while not (stream.eof or stream.needs_input):
            yield stream.decompress(b"", _MAX_OUTPUT)
    except (MemoryError, GeneratorExit):
        raise
    except Exception as error:  # each of the formats has errors of its own
        raise CorpusError(
            f"{str(file.name)!r} is damaged, or not of the format that its name says: {error} "
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
