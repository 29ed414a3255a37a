"""Documents on their way from readers to engines, packed into batches of a useful size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bpe._core import BufferPool, DocumentBatch

#: A batch is handed on when it holds so much: enough to share between threads, and little memory.
BATCH_BYTES = 16 * 2**20
#: A document costs some bytes too.
_BYTES_A_DOCUMENT = 128

#: A document, or a line of JSON, is held in memory; only a whole text file is read in parts.
MAX_DOCUMENT_BYTES = 2**30


@dataclass(frozen=True)
class Batch:
    """Whole documents. `position` is how much of the files was taken in until then."""

    documents: Sequence[bytes]
    weight: int
    position: int


@dataclass(frozen=True)
class TextPart:
    """A part of one long document, to be joined with the parts that follow up to the last."""

    data: bytes
    is_last: bool
    weight: int
    position: int


@dataclass(frozen=True)
class PlainFile:
    """A text file that an engine may read itself, cut at the separator if there is one."""

    path: Path
    separator: str | None
    position: int


#: What a reader yields after each step: None (documents are in the packer) or a thing of its own.
Step = Batch | TextPart | PlainFile | None


class Packer:
    """The batch that is being filled."""

    def __init__(self, batch_bytes: int) -> None:
        self._pool = BufferPool()
        self.batch = DocumentBatch(self._pool)
        self._batch_bytes = batch_bytes
        self._num_raw = 0

    def hold(self, data: bytes) -> bytes:
        """Count the bytes that the batch keeps alive, text or not."""
        self._num_raw += len(data)
        return data

    @property
    def is_full(self) -> bool:
        num_bytes = max(self._num_raw, self.batch.num_bytes)
        return num_bytes + len(self.batch) * _BYTES_A_DOCUMENT >= self._batch_bytes

    def take(self) -> DocumentBatch:
        """Return the batch and begin another."""
        batch = self.batch
        self.batch, self._num_raw = DocumentBatch(self._pool), 0
        return batch
