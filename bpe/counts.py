"""Pretoken counts: all that training needs to know of a corpus, as a thing of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from bpe.counts_header import CountsHeader, read_header
from bpe.counts_summary import CountsSummary
from bpe.engines import Counts, CountTable, EngineName, Progress, StoredCounts, get_engine
from bpe.errors import TrainingError
from bpe.patterns import Pattern
from bpe.unicode_version import UNICODE_VERSION

if TYPE_CHECKING:
    from os import PathLike

    from bpe.corpora.report import ReadingReport
    from bpe.spill_folder import SpillFolder

    StrPath = str | PathLike[str]


class PretokenCounts:
    """Distinct pretokens and how often each occurs, with the pattern that made them.

    Counts of two corpora add up to the counts of both, so a corpus may be counted in shards.

    Attributes:
        header: How the corpus was counted: pattern, special tokens, Unicode version.
        dropped: How many pretokens and occurrences `filter` left out so far.
        engine: The engine that holds the counts.
        table: The counts in memory, or, after `open`, on the disk.

    >>> import bpe
    >>> counts = bpe.count(["a b b"], pattern="gpt2", num_threads=1)
    >>> counts.top(1), len(counts), counts.total
    ([(b' b', 2)], 2, 3)
    """

    def __init__(
        self,
        items: Iterable[tuple[bytes, int]] = (),
        *,
        pattern: Pattern | str | Sequence[str] | None = "o200k",
        special_tokens: Iterable[str] = (),
        engine: EngineName = "native",
    ) -> None:
        specials = tuple(sorted(set(special_tokens)))
        self.header = CountsHeader(Pattern.of(pattern), specials, UNICODE_VERSION)
        self.dropped = (0, 0)
        self.engine: EngineName = engine
        self.table: Counts = get_engine(engine).count_table(items)
        self._folder: SpillFolder | None = None
        #: What became of the records of the corpus; None if these counts were not just made.
        self.report: ReadingReport | None = None

    @property
    def pattern(self) -> Pattern:
        """The split pattern that made the pretokens."""
        return self.header.pattern

    def items(self) -> list[tuple[bytes, int]]:
        """Return all (pretoken, count), sorted by the pretoken's bytes."""
        return self.table.items()

    def top(self, n: int) -> list[tuple[bytes, int]]:
        """Return the n most frequent, by count descending, then by bytes ascending."""
        return self.table.top(n)

    @property
    def total(self) -> int:
        """The number of pretokens counted, repetitions included."""
        return self.table.total

    def __len__(self) -> int:
        """Return the number of distinct pretokens."""
        return len(self.table)

    def summary(self) -> CountsSummary:
        """Return numbers that describe the counts.

        >>> summary = PretokenCounts([(b" the", 9), (b"a", 1)]).summary()
        >>> summary.num_text_bytes, summary.share_of_singletons, summary.length_to_num_distinct
        (37, 0.5, {1: 1, 4: 1})
        """
        distinct_bytes, text_bytes, singletons, longest, by_length = self.table.summary()
        lengths = {2**k: number for k, number in enumerate(by_length) if number}
        numbers = (distinct_bytes, text_bytes, singletons, longest)
        return CountsSummary(len(self), self.total, *numbers, lengths, *self.dropped)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PretokenCounts)
            and self.header == other.header
            and self.items() == other.items()
        )

    __hash__ = None  # type: ignore[assignment]  # counts grow

    def __repr__(self) -> str:
        return f"<PretokenCounts: {len(self)} distinct of {self.total}>"

    def __add__(self, other: PretokenCounts) -> PretokenCounts:
        """Return the counts of both corpora.

        Raises:
            TrainingError: They were made with different patterns, special tokens or Unicode
                versions, or a sum leaves 64 bits.
        """
        if not isinstance(other, PretokenCounts):
            return NotImplemented
        self.header.check_adds_up(other.header)
        both = self._emptied()
        both += self
        both += other
        return both

    def __iadd__(self, other: PretokenCounts) -> PretokenCounts:
        """Add the counts of another corpus to these; raises as `+` does, and changes nothing."""
        if not isinstance(other, PretokenCounts):
            return NotImplemented
        self.header.check_adds_up(other.header)
        stages = get_engine(self.engine)
        table, added = self.table, other.table
        if isinstance(table, StoredCounts) or added is table:
            table = stages.count_table()
            stages.add_counts(table, self.table, 1, None)
        stages.add_counts(cast("CountTable", table), added, 1, None)
        self.table = table
        self.dropped = (self.dropped[0] + other.dropped[0], self.dropped[1] + other.dropped[1])
        return self

    def filter(self, min_frequency: int) -> PretokenCounts:
        """Return the counts without the pretokens that occur less often; `dropped` says how many.

        Filter the sum of all shards, not each shard: a pretoken may be rare in every shard and
        frequent in all of them together.

        >>> counts = PretokenCounts([(b" the", 9), (b" teh", 1), (b" hte", 1)]).filter(2)
        >>> counts.items(), counts.dropped
        ([(b' the', 9)], (2, 2))
        """
        if not isinstance(min_frequency, int) or min_frequency < 1:
            raise TrainingError(
                f"min_frequency must be an integer of at least 1, not {min_frequency!r}"
            )
        kept = self._emptied()
        table = get_engine(self.engine).count_table()
        get_engine(self.engine).add_counts(table, self.table, min_frequency, None)
        kept.table = table
        kept.dropped = (
            self.dropped[0] + len(self) - len(kept),
            self.dropped[1] + self.total - kept.total,
        )
        return kept

    def save(
        self,
        path: StrPath,
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> None:
        """Write a counts file (docs/counts_file.md): binary, sorted, with checksums.

        The same counts give the same bytes; the file appears complete or not at all.

        Raises:
            OutputExistsError: The file is there and `overwrite` is not set.
            OSError: The disk is full, the folder is missing, and so on.
        """
        from bpe.files import open_for_writing

        header, crc = self.header.pack()
        with open_for_writing(path, overwrite) as file:
            file.write(header)
            file.flush()
            get_engine(self.engine).save_counts(
                self.table, file, str(path), crc, self.dropped, progress
            )

    @classmethod
    def load(
        cls,
        path: StrPath,
        *,
        engine: EngineName = "native",
        progress: Progress | None = None,
    ) -> PretokenCounts:
        """Read a counts file into memory.

        Raises:
            FormatError: It is damaged or no counts file; the message names the offset.
        """
        stored = cls.open(path, engine=engine)
        loaded = stored._emptied()
        loaded.table = table = get_engine(engine).count_table()
        get_engine(engine).add_counts(table, stored.table, 1, progress)
        loaded.dropped = stored.dropped
        return loaded

    @classmethod
    def open(cls, path: StrPath, *, engine: EngineName = "native") -> PretokenCounts:
        """Use the counts in a file without holding them in memory.

        They are read, and checked, whenever they are needed; the native engine does so in a few
        megabytes. What is added to them brings them into memory.

        Raises:
            FormatError: It is damaged or no counts file; the message names the offset.
        """
        header, body, crc = read_header(path)
        counts = cls(pattern=header.pattern, special_tokens=header.special_tokens, engine=engine)
        counts.header = header
        counts.table = stored = get_engine(engine).open_counts(str(path), body, crc)
        counts.dropped = stored.dropped
        return counts

    def hold(self, table: Counts, folder: SpillFolder) -> None:
        """Take over counts; what lies in the folder stays there as long as these counts live."""
        self.table = table
        if isinstance(table, StoredCounts):
            self._folder = folder
        else:
            folder.remove()

    def _emptied(self) -> PretokenCounts:
        empty = PretokenCounts(pattern=self.pattern, engine=self.engine)
        empty.header = self.header
        return empty
