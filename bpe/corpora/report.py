"""What became of the records of a corpus: how many were left out, and why."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

from bpe.corpora.corpus import BadRecord
from bpe.errors import CorpusError, SkippedRecordsWarning, warn_caller

_MAX_EXAMPLES = 5
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HINT = "; on_bad_record='skip' (--on-bad-record skip) leaves such records out and counts them"


@dataclass
class ReadingReport:
    """Counts what was read, and what was not.

    Attributes:
        num_bytes: Bytes of text.
        num_skipped: Records without a usable text, left out by `on_bad_record="skip"`.
        num_nulls: Rows of tables that hold no text.
        num_replaced: Documents in which U+FFFD stands for bytes that are not UTF-8.
        not_utf8: Text files that begin with the byte order mark of UTF-16, read all the same.
        examples: The first skipped records: where they stand and why.
        position: Bytes of the files taken in so far, as they are on the disk.
    """

    num_bytes: int = 0
    num_skipped: int = 0
    num_nulls: int = 0
    num_replaced: int = 0
    not_utf8: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    position: int = 0

    def add_bad_record(self, message: str, policy: BadRecord) -> None:
        """Raise CorpusError, or count the record as skipped."""
        if policy == "raise":
            raise CorpusError(message + _HINT)
        self.num_skipped += 1
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(message)

    def look_at_start(self, start: bytes, name: str) -> None:
        """Note a text file that is none in UTF-8, by its first bytes."""
        if start.startswith(_UTF_16):
            self.not_utf8.append(name)

    def warn(self) -> None:
        """Warn about what was left out, or is no text, at the line that asked for the corpus."""
        if self.not_utf8:
            more = f" and {len(self.not_utf8) - 1} more" if len(self.not_utf8) > 1 else ""
            warn_caller(
                f"{self.not_utf8[0]!r}{more} begins with the byte order mark of UTF-16, and was "
                "read as bytes; text is UTF-8 here: iconv -f UTF-16 -t UTF-8 makes it that",
                UserWarning,
            )
        sentences = []
        if self.num_skipped:
            examples = "; ".join(self.examples)
            more = "; ..." if self.num_skipped > len(self.examples) else ""
            sentences.append(f"skipped {self.num_skipped} bad record(s): {examples}{more}")
        if self.num_nulls:
            sentences.append(f"left out {self.num_nulls} row(s) that are null")
        if sentences:
            warn_caller(" and ".join(sentences), SkippedRecordsWarning)
