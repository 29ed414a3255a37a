"""Counting: documents → how often each pretoken occurs.

Merges never cross the border of a pretoken, so training needs the distinct pretokens and their
numbers only, not the text. The result does not depend on the order of the documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bpe import engines
from bpe.errors import TrainingError
from bpe.patterns import Pattern
from bpe.reference.split import split
from bpe.special_tokens import cut_at_special_tokens

#: Counts are 64-bit with a sign, here as in the native engine.
MAX_COUNT = 2**63 - 1


class CountTable:
    """Distinct pretokens and how often each occurs.

    >>> table = CountTable([(b"to", 2), (b"be", 1)])
    >>> table.add(b"be", 1)
    >>> table.items(), len(table), table.total
    ([(b'be', 2), (b'to', 2)], 2, 4)
    """

    def __init__(self, items: Iterable[tuple[bytes, int]] = ()) -> None:
        self._counts: dict[bytes, int] = {}
        self._total = 0
        for pretoken, count in items:
            self.add(pretoken, count)

    def add(self, pretoken: bytes, count: int) -> None:
        """Count a pretoken `count` more times.

        Raises:
            TrainingError: The pretoken is empty or no bytes, or the count is not a whole number of
                at least 1, or the sum of all counts leaves 64 bits.
        """
        check_item(pretoken, count)
        if self._total + count > MAX_COUNT:
            raise TrainingError(f"the counts add up to more than {MAX_COUNT} at {pretoken!r}")
        self._counts[pretoken] = self._counts.get(pretoken, 0) + count
        self._total += count

    def merge(self, other: engines.Counts, min_frequency: int = 1) -> None:
        """Add everything that was counted there at least `min_frequency` times."""
        for pretoken, count in other.items():
            if count >= min_frequency:
                self.add(pretoken, count)

    def add_times(self, other: engines.CountTable, times: int) -> None:
        """Add everything that another table counted, so many times."""
        for pretoken, count in other.items():
            self.add(pretoken, count * times)

    def items(self) -> list[tuple[bytes, int]]:
        """Return all (pretoken, count), sorted by the pretoken's bytes."""
        return sorted(self._counts.items())

    def top(self, n: int) -> list[tuple[bytes, int]]:
        """Return the n largest, by count descending, then by bytes ascending.

        >>> CountTable([(b"b", 1), (b"a", 1), (b"c", 2)]).top(2)
        [(b'c', 2), (b'a', 1)]
        """
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[: max(n, 0)]

    def summary(self) -> tuple[int, int, int, int, list[int]]:
        """Return bytes of the distinct pretokens, of all occurrences, singletons, longest, lengths.

        Element k of the last is the number of distinct pretokens of 2^k to 2^(k+1) - 1 bytes.

        >>> CountTable([(b"a", 1), (b"abc", 5)]).summary()[:4]
        (4, 16, 1, 3)
        """
        by_length = [0] * 64
        for pretoken in self._counts:
            by_length[len(pretoken).bit_length() - 1] += 1
        return (
            sum(map(len, self._counts)),
            sum(len(pretoken) * count for pretoken, count in self._counts.items()),
            sum(count == 1 for count in self._counts.values()),
            max(map(len, self._counts), default=0),
            by_length,
        )

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return self._total


def count_documents(
    table: engines.CountTable,
    documents: Sequence[bytes],
    pattern: Pattern,
    special_tokens: Sequence[str],
    progress: engines.Progress | None,
) -> None:
    """Add the pretokens of every document to the table.

    Special tokens cut a document before it is split, and are not counted.
    """
    total = sum(map(len, documents))
    done = 0
    for document in documents:
        for part, _special in cut_at_special_tokens(document, special_tokens):
            for pretoken in split(part, pattern):
                table.add(pretoken, 1)
        done += len(document)
        if progress is not None:
            progress("counting", done, total)


def check_item(pretoken: object, count: object) -> None:
    """Refuse what cannot be counted; a bool is no number here."""
    if not isinstance(pretoken, bytes) or not pretoken:
        raise TrainingError(f"a pretoken must be a non-empty bytes object, not {pretoken!r}")
    if type(count) is not int or count < 1:
        raise TrainingError(
            f"the count of pretoken {pretoken!r} must be a whole number of at least 1, "
            f"not {count!r}"
        )
