"""Pretoken counts: all that training needs to know of a corpus, as a thing of its own."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.engines import CountTable, EngineName, get_engine
from bpe.errors import FormatError, TrainingError
from bpe.patterns import Pattern

if TYPE_CHECKING:
    from os import PathLike

    from bpe.corpora.report import ReadingReport

_FORMAT, _VERSION = "chimera-bpe counts", 1


class PretokenCounts:
    """Distinct pretokens and how often each occurs, with the pattern that made them.

    Counts of two corpora add up to the counts of both, so a corpus may be counted in shards.

    >>> import bpe
    >>> counts = bpe.count(["a b b"], pattern="gpt2", num_threads=1)
    >>> counts.top(1), len(counts), counts.total
    ([(b' b', 2)], 2, 3)
    """

    def __init__(
        self,
        items: Iterable[tuple[bytes, int]] = (),
        *,
        pattern: Pattern | str | None = "o200k",
        engine: EngineName = "native",
    ) -> None:
        self.pattern = Pattern.of(pattern)
        self.engine: EngineName = engine
        self.table: CountTable = get_engine(engine).count_table(items)
        #: What became of the records of the corpus; None if these counts were not just made.
        self.report: ReadingReport | None = None

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

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PretokenCounts)
            and self.pattern.stages == other.pattern.stages
            and self.items() == other.items()
        )

    __hash__ = None  # type: ignore[assignment]  # counts grow

    def __repr__(self) -> str:
        return f"<PretokenCounts: {len(self)} distinct of {self.total}>"

    def __add__(self, other: PretokenCounts) -> PretokenCounts:
        """Return the counts of both corpora.

        Raises:
            TrainingError: They were made with different patterns.
        """
        if not isinstance(other, PretokenCounts):
            return NotImplemented
        if self.pattern.stages != other.pattern.stages:
            raise TrainingError("counts made with different patterns do not add up")
        both = PretokenCounts(pattern=self.pattern, engine=self.engine)
        both.table.merge(self.table)
        both.table.merge(other.table)
        return both

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write a counts file: a JSON line, then base64 pretoken and count, a line each, sorted.

        The same counts give the same bytes; the file appears complete or not at all.
        """
        from bpe.files import write_bytes

        body = b"".join(b"%s %d\n" % (base64.b64encode(p), n) for p, n in self.items())
        header = {
            "format": _FORMAT,
            "version": _VERSION,
            "pattern": list(self.pattern.stages),
            "distinct": len(self),
            "total": self.total,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        line = json.dumps(header, sort_keys=True).encode() + b"\n"
        write_bytes(Path(path), line + body, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | PathLike[str], *, engine: EngineName = "native") -> PretokenCounts:
        """Read a counts file.

        Raises:
            FormatError: It is damaged or not a counts file; the message names the line.
        """
        line, _, body = Path(path).read_bytes().partition(b"\n")
        header = _read_header(Path(path), line)
        if hashlib.sha256(body).hexdigest() != header["sha256"]:
            raise FormatError(f"{path}: the checksum does not match; the file is damaged")
        try:
            stages = header["pattern"]
            pattern = Pattern.of(stages[0] if len(stages) == 1 else stages)
            return cls(_read_items(Path(path), body), pattern=pattern, engine=engine)
        except (KeyError, TypeError) as error:
            raise FormatError(f"{path}: the header is incomplete ({error})") from None


def _read_header(path: Path, line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != _FORMAT or "sha256" not in header:
        raise FormatError(f"{path} is not a counts file: it does not begin with its header")
    if header.get("version") != _VERSION:
        raise FormatError(
            f"{path}: counts version {header.get('version')!r} is unknown; this is version "
            f"{_VERSION} of the format, written by another release"
        )
    return header


def _read_items(path: Path, body: bytes) -> Iterable[tuple[bytes, int]]:
    for number, line in enumerate(body.splitlines(), start=2):
        pretoken, _, count = line.partition(b" ")
        try:
            yield base64.b64decode(pretoken, validate=True), int(count)
        except (binascii.Error, ValueError):
            raise FormatError(f"{path}, line {number}: {line!r} is not a pretoken count") from None
