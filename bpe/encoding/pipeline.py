"""A corpus as a stream of ids: read, cut, encoded, in groups and in order, in bounded memory.

    reader thread            this thread, and the threads of the engine
    files ─> documents,  ─>  ids and where each document's begin  ─>  whoever writes them
             pieces

A long document comes in *pieces* between safe cuts, so neither memory nor threads depend on how
long it is. What the pieces are depends on the source alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bpe.corpora.packer import Batch, PlainFile, TextPart
from bpe.corpora.read_ahead import read_ahead
from bpe.corpora.reading import Reading
from bpe.encoding.cutting import Cutter
from bpe.engines import Codec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# A group is what all threads encode together: enough to share, and little memory.
_GROUP_BYTES = 2**22
# Threads share a long document in pieces of this size.
_PIECE_BYTES = 2**17


@dataclass(frozen=True)
class Group:
    """Documents, or pieces of one, in order.

    Attributes:
        pieces: Their bytes.
        ends: Whether a document ends with each; None: with all.
        num_bytes: How many bytes they are.
        position: How much of the files was taken in until then.
    """

    pieces: Sequence[bytes]
    ends: Sequence[bool] | None
    num_bytes: int
    position: int

    def without(self, num_pieces: int) -> Group:
        """Return the group without its first pieces."""
        pieces = [self.pieces[i] for i in range(num_pieces, len(self.pieces))]
        ends = None if self.ends is None else self.ends[num_pieces:]
        return Group(pieces, ends, sum(map(len, pieces)), self.position)

    def count_documents(self, num_pieces: int) -> int:
        """Return how many documents end with the first pieces."""
        return num_pieces if self.ends is None else sum(self.ends[:num_pieces])

    def count_bytes(self, num_pieces: int) -> int:
        """Return how many bytes the first pieces are."""
        if num_pieces == len(self.pieces):
            return self.num_bytes
        return sum(len(self.pieces[i]) for i in range(num_pieces))


@dataclass(frozen=True)
class EncodedGroup:
    """The ids of a group; those of piece i are ids[offsets[i] : offsets[i + 1]]."""

    group: Group
    ids: npt.NDArray[np.uint16 | np.uint32]
    offsets: npt.NDArray[np.int64]


def groups_of(
    reading: Reading, cutter: Cutter, *, leave_files: bool = False
) -> Iterator[Group | PlainFile]:
    """Yield the documents of a reading in groups, long ones in pieces.

    With `leave_files`, text files that an engine can read itself are left to it.
    """
    joined = _LongDocument(cutter)
    for step in reading.steps(() if leave_files else None, _GROUP_BYTES):
        if isinstance(step, PlainFile):
            yield step
        elif isinstance(step, TextPart):
            yield from joined.add(step)
        else:
            yield _group_of_batch(step, cutter)


def encode_groups(
    groups: Iterator[Group | PlainFile],
    codec: Codec,
    allowed: frozenset[str],
    end: int | None,
    num_threads: int,
) -> Iterator[EncodedGroup | PlainFile]:
    """Encode group by group; `end` is put after each document. Files are passed on."""
    for group in read_ahead(groups):
        if isinstance(group, PlainFile):
            yield group
            continue
        every = end if group.ends is None else None
        ids, offsets = codec.encode_flat(group.pieces, allowed, num_threads, every)
        if end is not None and group.ends is not None and any(group.ends):
            ids, offsets = _insert_ends(ids, offsets, group.ends, end)
        yield EncodedGroup(group, ids, offsets)


def _insert_ends(ids: Any, offsets: Any, ends: Sequence[bool], end: int) -> tuple[Any, Any]:
    import numpy as np

    after = np.asarray(ends)
    ids = np.insert(ids, offsets[1:][after], end)
    return ids, offsets + np.concatenate([[0], np.cumsum(after)])


def _group_of_batch(batch: Batch, cutter: Cutter) -> Group:
    documents = batch.documents
    num_bytes = getattr(documents, "num_bytes", None)  # a native batch knows
    if num_bytes is None:
        num_bytes = sum(map(len, documents))
    if num_bytes < 2 * _PIECE_BYTES * len(documents):  # short ones, on average
        return Group(documents, None, num_bytes, batch.position)
    pieces: list[bytes] = []
    ends: list[bool] = []
    for document in documents:
        cut = list(cutter.pieces(document, _PIECE_BYTES)) or [b""]
        pieces += cut
        ends += [False] * (len(cut) - 1) + [True]
    return Group(pieces, ends, num_bytes, batch.position)


class _LongDocument:
    """Joins the parts of a text file and cuts them again where it is safe."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._parts: list[bytes] = []
        self._size, self._enough = 0, _GROUP_BYTES

    def add(self, part: TextPart) -> Iterator[Group]:
        """Take the next part, and yield what is certain."""
        self._parts.append(part.data)
        self._size += len(part.data)
        if not part.is_last and self._size < self._enough:
            return
        data = b"".join(self._parts)
        cut = len(data) if part.is_last else self._cutter.last(data)
        if cut == 0:  # one endless word: look again when there is twice as much
            self._parts, self._enough = [data], 2 * self._size
            return
        pieces = list(self._cutter.pieces(data[:cut], _PIECE_BYTES)) or [b""]
        ends = [False] * (len(pieces) - 1) + [part.is_last]
        yield Group(pieces, ends, cut, part.position)
        rest = data[cut:]
        self._parts, self._size, self._enough = [rest] if rest else [], len(rest), _GROUP_BYTES
