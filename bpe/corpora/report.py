"""What became of the records of a corpus: how many were left out, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from bpe.corpora.corpus import BadRecord
from bpe.errors import CorpusError, SkippedRecordsWarning, warn_caller

_MAX_EXAMPLES = 5
_HINT = "; on_bad_record='skip' (--on-bad-record skip) leaves such records out and counts them"


@dataclass
class ReadingReport:
    """Counts what was read, and what was not.

    Attributes:
        num_bytes: Bytes of text.
        num_skipped: Records without a usable text, left out by `on_bad_record="skip"`.
        num_nulls: Rows of tables that hold no text.
        num_replaced: Documents in which U+FFFD stands for bytes that are not UTF-8.
        examples: The first skipped records: where they stand and why.
        position: Bytes of the files taken in so far, as they are on the disk.
    """

    num_bytes: int = 0
    num_skipped: int = 0
    num_nulls: int = 0
    num_replaced: int = 0
    examples: list[str] = field(default_factory=list)
    position: int = 0

    def add_bad_record(self, message: str, policy: BadRecord) -> None:
        """Raise CorpusError, or count the record as skipped."""
        if policy == "raise":
            raise CorpusError(message + _HINT)
        self.num_skipped += 1
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(message)

    def warn(self) -> None:
        """Warn about what was left out, if anything was, at the line that asked for the corpus."""
        sentences = []
        if self.num_skipped:
            examples = "; ".join(self.examples)
            more = "; ..." if self.num_skipped > len(self.examples) else ""
            sentences.append(f"skipped {self.num_skipped} bad record(s): {examples}{more}")
        if self.num_nulls:
            sentences.append(f"left out {self.num_nulls} row(s) that are null")
        if sentences:
            warn_caller(" and ".join(sentences), SkippedRecordsWarning)
