"""Read text files: one document each, or cut at lines or separators."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from bpe.corpora.corpus import Corpus
from bpe.corpora.packer import MAX_DOCUMENT_BYTES, Packer
from bpe.errors import CorpusError


def read_separated(
    blocks: Iterator[bytes], corpus: Corpus, packer: Packer, name: str
) -> Iterator[None]:
    """Pack the parts between separators, or the lines, of a text file.

    Raises:
        CorpusError: A document is too long to be held in memory.
    """
    separator = (corpus.separator or "\n").encode()
    keeps = corpus.separator is None
    unfinished: list[bytes] = []
    size = 0
    for block in blocks:
        unfinished.append(block)
        size += len(block)
        # One that lies across two blocks is found with the next: each byte is joined only once.
        if separator in block:
            data = packer.hold(b"".join(unfinished))
            rest = data[packer.batch.add_separated(data, separator, keeps) :]
            unfinished, size = [rest], len(rest)
        check_size(size, name)
        yield None
    data = packer.hold(b"".join(unfinished))
    rest = data[packer.batch.add_separated(data, separator, keeps) :]
    if rest:
        packer.batch.add(rest)
    yield None


def read_whole(blocks: Iterator[bytes], packer: Packer, name: str) -> Iterator[None]:
    """Pack a text file as one document.

    Raises:
        CorpusError: It is too long to be held in memory.
    """
    parts: list[bytes] = []
    size = 0
    for block in blocks:
        parts.append(block)
        size += len(block)
        check_size(size, name)
    packer.batch.add(packer.hold(b"".join(parts)))
    yield None


def check_size(size: int, name: str) -> None:
    """Raise CorpusError if a document would not fit into memory as a matter of course."""
    if size > MAX_DOCUMENT_BYTES:
        raise CorpusError(
            f"{name!r}: a document or line has more than {MAX_DOCUMENT_BYTES} bytes; is there no "
            "separator in it? Only a whole text file, unsampled, may be longer"
        )


def decode_blocks(blocks: Iterator[bytes], errors: str, name: str) -> Iterator[bytes]:
    """Yield the blocks as UTF-8: as they are, or with U+FFFD where they are not.

    Raises:
        CorpusError: `errors` is "strict" and a byte is not UTF-8; its place in the text is named.
    """
    if errors == "bytes":
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    offset = 0
    for block in blocks:
        text = _decode(decoder, block, False, offset, name)
        yield block if errors == "strict" else text.encode()
        offset += len(block)
    end = _decode(decoder, b"", True, offset, name)
    if end:
        yield end.encode()


def _decode(
    decoder: codecs.IncrementalDecoder, block: bytes, is_last: bool, offset: int, name: str
) -> str:
    waiting = decoder.getstate()[0]
    try:
        return decoder.decode(block, is_last)
    except UnicodeDecodeError as error:
        place = offset - len(waiting) + error.start
        raise not_utf8(repr(name), error.object[error.start], place, error.reason) from None


def not_utf8(name: str, byte: int, offset: int, reason: str = "") -> CorpusError:
    """Return the error for a byte that is not UTF-8."""
    why = f" ({reason})" if reason else ""
    return CorpusError(
        f"{name}: byte 0x{byte:02x} at offset {offset} is not UTF-8{why}; errors='bytes' keeps "
        "such bytes, 'replace' puts U+FFFD there"
    )
