"""A limit on memory: how it is written, and how it is shared out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bpe.errors import TrainingError

MemoryLimit = int | str

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kKMGT]?i?)B?", re.ASCII)
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_UNITS |= {"K": 10**3, "ki": 2**10, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}

# What counting takes beside its tables: a batch of documents on their way, and for each thread a
# chunk of text. A table of less than 4 MB would be written out after nearly every chunk.
_FIXED_BYTES = 16 * 2**20
_CHUNK_BYTES = 2**20
_MIN_TABLE_BYTES = 4 * 2**20


def parse_memory(limit: MemoryLimit) -> int:
    """Return the number of bytes.

    Raises:
        TrainingError: It is no number of bytes.

    >>> parse_memory("300MB"), parse_memory("1.5 GiB"), parse_memory(4096)
    (300000000, 1610612736, 4096)
    """
    if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
        return limit
    match = _SIZE.fullmatch(limit.strip()) if isinstance(limit, str) else None
    if match is None or match[2] not in _UNITS:
        raise TrainingError(
            f"memory_limit must be a number of bytes such as 300_000_000, '300MB' or '2GiB', "
            f"not {limit!r}"
        )
    return int(float(match[1]) * _UNITS[match[2]])


@dataclass(frozen=True)
class CountingShare:
    """What counting does with a limit.

    Attributes:
        table_bytes: What the tables of all threads may take together.
        num_threads: How many threads that is enough for.
    """

    table_bytes: int
    num_threads: int

    @classmethod
    def of(cls, limit: MemoryLimit, num_threads: int) -> CountingShare:
        """Share the limit out to at most `num_threads` threads.

        Raises:
            TrainingError: It is not even enough for one; the message says what is.

        >>> CountingShare.of("64MiB", 8).num_threads
        8
        >>> CountingShare.of("32MiB", 8)
        CountingShare(table_bytes=13631488, num_threads=3)
        """
        num_bytes = parse_memory(limit)
        needed = _FIXED_BYTES + _CHUNK_BYTES + _MIN_TABLE_BYTES
        if num_bytes < needed:
            raise TrainingError(
                f"memory_limit={limit!r} is too small to count in: the smallest that would do is "
                f"{needed} bytes"
            )
        rest = num_bytes - _FIXED_BYTES
        threads = min(num_threads, rest // (_CHUNK_BYTES + _MIN_TABLE_BYTES))
        return cls(rest - threads * _CHUNK_BYTES, threads)
