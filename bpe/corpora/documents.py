"""The documents of a source, one by one, as bytes."""

from __future__ import annotations

from collections.abc import Iterator

from bpe.corpora.corpus import Source
from bpe.corpora.packer import Batch, TextPart
from bpe.corpora.reading import Reading

# Small batches: somebody may want the first document before the last is there.
_BATCH_BYTES = 2**20


def read_documents(source: Source) -> Iterator[bytes]:
    """Yield the documents of a source as bytes, in a fixed order; nothing is left out silently.

    Files are looked up at once. What records were skipped is warned about at the end.

    Raises:
        CorpusError: Something is damaged, not as declared, or empty; file and place are named.
        SourceNotFoundError: There is no such file.
        TypeError: An item is no document and no path; its index is named.
        OSError: A file cannot be read.

    >>> list(read_documents(["Grüße", b"\\xff"]))
    [b'Gr\\xc3\\xbc\\xc3\\x9fe', b'\\xff']
    """
    return documents_of(Reading(source))


def documents_of(reading: Reading) -> Iterator[bytes]:
    """Yield the documents of a reading, and warn at the end about what was left out."""
    parts: list[bytes] = []
    for step in reading.steps(batch_bytes=_BATCH_BYTES):
        if isinstance(step, Batch):
            yield from step.documents
        elif isinstance(step, TextPart):
            parts.append(step.data)
            if step.is_last:
                yield b"".join(parts)
                parts = []
    reading.report.warn()
